"""What a reservoir reads of a series: its values, or their changes over a season, with mean 0 and variance 1.

level:    z_t = (y_t − μ) / σ
season:   z_t = (y_t − y_{t−m} − μ) / σ        level, trend and season continue from the last season
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqbench.interface import Floats, Ids

Base = Literal["level", "season"]


@dataclass(frozen=True)
class Scales:
    """The scales of N series."""

    mean: Floats
    """(N,) μ."""
    sd: Floats
    """(N,) σ; 0: z is 0, whatever the values."""
    lag: Ids
    """(N,) m, in steps; 0: z are the values themselves."""

    @classmethod
    def of(cls, values: Sequence[Floats], base: Base, season: int) -> "Scales":
        """Estimate the scales. A series of no more values than a season uses a lag of 1 step."""
        lag = np.array([0 if base == "level" else season if len(v) > season else 1 for v in values], np.int64)
        moves = [_moves(v, m) for v, m in zip(values, lag.tolist(), strict=True)]
        sd = np.array([z.std() if len(z) else 0.0 for z in moves])
        size = np.array([np.abs(v).max() for v in values])
        return cls(np.array([z.mean() if len(z) else 0.0 for z in moves]), np.where(sd > 1e-12 * size, sd, 0.0), lag)

    def take(self, rows: Ids) -> "Scales":
        return Scales(self.mean[rows], self.sd[rows], self.lag[rows])

    def beside(self, other: "Scales") -> "Scales":
        """Return these scales followed by those of `other`."""
        pairs = zip((self.mean, self.sd, self.lag), (other.mean, other.sd, other.lag), strict=True)
        mean, sd, lag = (np.concatenate(pair) for pair in pairs)
        return Scales(mean, sd, lag)

    def apply(self, values: Sequence[Floats]) -> list[Floats]:
        """Return z of each series, `lag` steps shorter than the series, but at least one step."""
        found = []
        for n, v in enumerate(values):
            moves = _moves(v, int(self.lag[n]))
            still = not (len(moves) and self.sd[n])
            found.append(np.zeros(max(1, len(moves))) if still else (moves - self.mean[n]) / self.sd[n])
        return found

    def accumulated(self, errors: Floats, n: int) -> Floats:
        """Return the errors (…, H) of the values of series n, given those of z: changes add up over the lags."""
        lag = int(self.lag[n])
        total: Floats = self.sd[n] * errors
        for h in range(lag, errors.shape[-1] if lag else 0):
            total[..., h] += total[..., h - lag]
        return total

    def undo(self, z: Floats, values: Sequence[Floats]) -> Floats:
        """Return the next values (N, H) of the series `values`, given their z (N, H)."""
        ahead: Floats = self.mean[:, None] + self.sd[:, None] * z
        for n, v in enumerate(values):
            lag = min(int(self.lag[n]), len(v))
            for h in range(z.shape[-1] if lag else 0):
                ahead[n, h] += ahead[n, h - lag] if h >= lag else v[len(v) - lag + h]
        return ahead


def _moves(values: Floats, lag: int) -> Floats:
    return values[lag:] - values[:-lag] if lag else values
