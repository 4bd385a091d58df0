"""Intervals around the forecasts of a model that gives none: split conformal prediction, a width a step ahead.

The validation part, which the fit never saw, calibrates. Each of its forecasts gives at every step h an error in units
of its series, |y_h − ŷ_h| / s, where s is the mean |y_t − y_{t−m}| of what was known at its origin (MASE's scale; of a
past no longer than a season, or one that a season repeats exactly, the mean |y_t − y_{t−1}|). All series are pooled:
n errors a step. The central interval of level c reaches from ŷ − w s to ŷ + w s, with w the ⌈(n + 1) c⌉-th smallest of
them: where errors of validation and test are exchangeable, it holds the value with probability c or more, and c +
1/(n + 1) at most (Vovk, Gammerman & Shafer 2005; Lei et al. 2018, "Distribution-free predictive inference for
regression", theorem 2.2). Errors that drift are not exchangeable: coverage is therefore measured, not promised.

Fewer than c/(1 − c) errors cannot promise c. The largest of them is taken then, which promises n/(n + 1).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqbench.interface import Floats
from seqbench.tasks.forecasts.metrics import seasonal_scale


def units(pasts: Sequence[Floats], scale: Floats) -> Floats:
    """(I,) s of each past, from its `seasonal_scale`; 0 where it never moved, and its intervals have no width."""
    still = np.flatnonzero(scale == 0).tolist()
    found = scale.copy()
    found[still] = seasonal_scale([pasts[i] for i in still], 1)
    return found


def central(level: float) -> float:
    """The level of the central interval that a quantile bounds: 0.8 of the quantiles 0.1 and 0.9."""
    return round(abs(1 - 2 * level), 9)


@dataclass(frozen=True)
class Intervals:
    widths: dict[float, Floats]
    """By the central level: (H,) half of the interval in units of the series."""
    errors: int
    """n, at each step."""

    @classmethod
    def of(cls, errors: Floats, unit: Floats, levels: Sequence[float]) -> "Intervals":
        """Calibrated on forecasts.

        Args:
            errors: (I, H).
            unit: (I,) s; items where it is 0 tell nothing.
            levels: of the quantiles that will be asked for.
        """
        moved = unit > 0
        sizes = np.sort(np.abs(errors[moved].astype(np.float64)) / unit[moved, None], axis=0)
        widths = {
            level: sizes[rank(len(sizes), level) - 1] if level and len(sizes) else np.zeros(errors.shape[1])
            for level in sorted({central(level) for level in levels})
        }
        return cls(widths, len(sizes))

    def around(self, mean: Floats, unit: Floats, levels: Sequence[float]) -> Floats:
        """(I, H, Q) quantiles at `levels` around forecasts (I, H)."""
        with np.errstate(invalid="ignore"):  # ∞ · 0: an endless width of a series that never moved
            offsets = [np.sign(level - 0.5) * self.widths[central(level)] * unit[:, None] for level in levels]
        return np.stack([mean + np.nan_to_num(offset, posinf=np.inf, neginf=-np.inf) for offset in offsets], axis=-1)

    def promise(self, level: float) -> float:
        """What the interval of a central level promises: the level, or the most that so few errors can."""
        return min(level, self.errors / (self.errors + 1))

    def plain(self) -> dict[str, Any]:
        """For JSON; `read` reads it."""
        return {"errors": self.errors, "widths": {str(level): w.tolist() for level, w in self.widths.items()}}

    @classmethod
    def read(cls, plain: dict[str, Any]) -> "Intervals":
        return cls({float(level): np.array(w) for level, w in plain["widths"].items()}, plain["errors"])


def rank(errors: int, level: float) -> int:
    """⌈(n + 1) c⌉, or n where that is more."""
    return min(math.ceil(round((errors + 1) * level, 6)), errors)
