"""Removes season and scale from series, for models that cannot represent seasons.

profile:   z_t = (y_t − μ_{t mod m}) / σ        season and level stay at their averages
last:      z_t = (y_t − y_{t−m}) / σ            season and level continue from the last season
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqbench.interface import Floats, Ids
from seqbench.tasks.forecasts.model import Panel

SeasonalBase = Literal["profile", "last"]


@dataclass(frozen=True)
class SeasonalStandard:
    """Season and scale of N series, estimated from their pasts."""

    base: SeasonalBase
    ahead: Floats
    """(N, m) base values for the steps of the season after the past."""
    sd: Floats
    """(N,) root mean square of the series minus its base; 0: nothing remains."""
    lags: Ids
    """(N,) m; 1 if the series is too short for a season."""

    @classmethod
    def of(cls, panel: Panel, base: SeasonalBase) -> "SeasonalStandard":
        """Estimate base and scale from the pasts.

        A profile needs at least two seasons; a shorter series uses its mean. The last season needs more than one
        season; a shorter series uses its last value.
        """
        m, lengths = panel.season, np.array([len(v) for v in panel.values], np.int64)
        lags = np.where(lengths >= 2 * m if base == "profile" else lengths > m, m, 1)
        found = _profile if base == "profile" else _last
        ahead = np.stack([np.resize(found(v, lag), m) for v, lag in zip(panel.values, lags.tolist(), strict=True)])
        rest = _left(panel, base, ahead, lags)
        sd = np.array([np.sqrt(np.mean(left**2)) if len(left) else 0.0 for left in rest])
        size = np.array([np.abs(v).max() for v in panel.values])
        return cls(base, ahead, np.where(sd > 1e-12 * size, sd, 0.0), lags)

    def take(self, rows: Ids) -> "SeasonalStandard":
        """Return the season and scale of the series at `rows`, in this order."""
        return SeasonalStandard(self.base, self.ahead[rows], self.sd[rows], self.lags[rows])

    def apply(self, panel: Panel) -> list[Floats]:
        """Return z of each past: zeros if nothing remains; `lags` steps shorter if the base is the last season."""
        divisors = np.where(self.sd > 0, self.sd, np.inf)
        rest = _left(panel, self.base, self.ahead, self.lags)
        return [left / divisor for left, divisor in zip(rest, divisors, strict=True)]

    def earlier(self, z: Floats) -> Floats:
        """Return, for each step of z (N, H, …) after the pasts, the sum of z at the steps one lag, two lags, … earlier.

        If the base is the last season, forecasts beyond one lag build on earlier forecasts, so these sums are added to
        z. If the base is a profile, the sums are zeros.
        """
        total = z.copy()
        if self.base == "last":
            for h in range(z.shape[1]):
                (rows,) = np.nonzero(self.lags <= h)
                total[rows, h] += total[rows, h - self.lags[rows]]
        earlier: Floats = total - z
        return earlier

    def undo(self, z: Floats) -> Floats:
        """Turn z (N, H, …) of the steps after the pasts, to which `earlier` was added, into values."""
        horizon, rest = z.shape[1], (1,) * (z.ndim - 2)
        base = np.stack([np.resize(a, horizon) for a in self.ahead]).reshape(*z.shape[:2], *rest)
        values: Floats = base + self.sd.reshape(-1, 1, *rest) * z
        return values


def _profile(values: Floats, lag: int) -> Floats:
    phase = np.arange(-len(values), 0) % lag
    profile: Floats = np.bincount(phase, values, minlength=lag) / np.bincount(phase, minlength=lag)
    return profile


def _last(values: Floats, lag: int) -> Floats:
    return values[-lag:]


def _left(panel: Panel, base: SeasonalBase, ahead: Floats, lags: Ids) -> list[Floats]:
    if base == "last":
        return [v[lag:] - v[:-lag] for v, lag in zip(panel.values, lags.tolist(), strict=True)]
    return [v - a[np.arange(-len(v), 0) % len(a)] for v, a in zip(panel.values, ahead, strict=True)]
