"""Intervals for models without quantiles of their own: split conformal prediction, with one width per step ahead.

The validation part, which the fit never saw, is used for calibration. Each of its forecasts gives an error at every
step h, in units of its series, |y_h − ŷ_h| / s, where s is the mean |y_t − y_{t−m}| of the values known at its origin
(MASE's scale; if the past is no longer than a season, or repeats it exactly, the mean |y_t − y_{t−1}|). All series are
pooled: n errors per step. The central interval of level c reaches from ŷ − w s to ŷ + w s, with w the ⌈(n + 1) c⌉-th
smallest of the errors. If errors of validation and test are exchangeable, the interval holds the value with probability
at least c and at most c + 1/(n + 1) (Vovk, Gammerman & Shafer 2005; Lei et al. 2018, "Distribution-free predictive
inference for regression", theorem 2.2). Errors that drift are not exchangeable: therefore coverage is measured, not
assumed.

Fewer than c/(1 − c) errors cannot guarantee a coverage of c. Then the largest error is used; it guarantees n/(n + 1).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqbench.interface import Floats
from seqbench.tasks.forecasts.metrics import seasonal_scale
from seqbench.tasks.forecasts.stretches import Stretches


def units(pasts: Sequence[Floats], scale: Floats) -> Floats:
    """Return the unit s (I,) of each past, given its `seasonal_scale`.

    If the past is constant, s is 0 and so is the width of the intervals.
    """
    still = np.flatnonzero(scale == 0)
    found = scale.copy()
    found[still] = seasonal_scale(Stretches.of(pasts).take(still), 1)
    return found


def central(level: float) -> float:
    """Return the level of the central interval that the quantile at `level` bounds: 0.8 for 0.1 and 0.9."""
    return round(abs(1 - 2 * level), 9)


@dataclass(frozen=True)
class Intervals:
    widths: dict[float, Floats]
    """Half the width (H,) of each interval, in units of the series, by the level of the central interval."""
    errors: int
    """n, the number of errors at each step."""

    @classmethod
    def of(cls, errors: Floats, unit: Floats, levels: Sequence[float]) -> "Intervals":
        """Calibrate on the errors of forecasts.

        Args:
            errors: (I, H).
            unit: (I,) s; items with s = 0 are left out.
            levels: the levels of the quantiles that will be needed.
        """
        moved = unit > 0
        sizes = np.sort(np.abs(errors[moved].astype(np.float64)) / unit[moved, None], axis=0)
        widths = {
            level: sizes[rank(len(sizes), level) - 1] if level and len(sizes) else np.zeros(errors.shape[1])
            for level in sorted({central(level) for level in levels})
        }
        return cls(widths, len(sizes))

    def around(self, mean: Floats, unit: Floats, levels: Sequence[float]) -> Floats:
        """Return quantiles (I, H, Q) at `levels` around the forecasts `mean` (I, H)."""
        with np.errstate(invalid="ignore"):  # ∞ · 0: an infinite width of a constant series
            offsets = [np.sign(level - 0.5) * self.widths[central(level)] * unit[:, None] for level in levels]
        return np.stack([mean + np.nan_to_num(offset, posinf=np.inf, neginf=-np.inf) for offset in offsets], axis=-1)

    def promise(self, level: float) -> float:
        """Return the coverage that an interval guarantees: its level, or less if there are few errors."""
        return min(level, self.errors / (self.errors + 1))

    def plain(self) -> dict[str, Any]:
        """Return plain values for JSON; `read` restores them."""
        return {"errors": self.errors, "widths": {str(level): w.tolist() for level, w in self.widths.items()}}

    @classmethod
    def read(cls, plain: dict[str, Any]) -> "Intervals":
        return cls({float(level): np.array(w) for level, w in plain["widths"].items()}, plain["errors"])


def rank(errors: int, level: float) -> int:
    """Return ⌈(n + 1) c⌉ for n = `errors` and c = `level`, but at most n."""
    return min(math.ceil(round((errors + 1) * level, 6)), errors)
