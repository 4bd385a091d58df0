"""A series without its season and its unit: what a model without a memory of seasons can be told.

z_t = (y_t − μ_{t mod m}) / σ
"""

from dataclasses import dataclass

import numpy as np

from seqbench.interface import Floats, Panel


@dataclass(frozen=True)
class SeasonalStandard:
    """Of N series, from their pasts."""

    profile: Floats
    """(N, m) means of the phases; the first is that of the step after the past."""
    sd: Floats
    """(N,) of what the profile leaves; 0: nothing."""

    @classmethod
    def of(cls, panel: Panel) -> "SeasonalStandard":
        """Phases are told apart in series of two seasons or more; a shorter one has its mean at each."""
        profile = np.stack([_profile(values, panel.season) for values in panel.values])
        rest = (v - _along(p, len(v)) for v, p in zip(panel.values, profile, strict=True))
        sd = np.array([left.std() for left in rest])
        size = np.array([np.abs(v).max() for v in panel.values])
        return cls(profile, np.where(sd > 1e-12 * size, sd, 0.0))

    def apply(self, panel: Panel) -> list[Floats]:
        """z of each past, (T_n,); zeros of a series that its profile tells in full."""
        divisors = np.where(self.sd > 0, self.sd, np.inf)
        return [(v - _along(p, len(v))) / d for v, p, d in zip(panel.values, self.profile, divisors, strict=True)]

    def undo(self, z: Floats) -> Floats:
        """(N, H, …) z of the steps after the pasts → values."""
        horizon, rest = z.shape[1], (1,) * (z.ndim - 2)
        phases = np.stack([np.resize(p, horizon) for p in self.profile]).reshape(*z.shape[:2], *rest)
        values: Floats = phases + self.sd.reshape(-1, 1, *rest) * z
        return values


def _profile(values: Floats, season: int) -> Floats:
    if len(values) < 2 * season:
        return np.full(season, values.mean())
    phase = np.arange(-len(values), 0) % season
    profile: Floats = np.bincount(phase, values, minlength=season) / np.bincount(phase, minlength=season)
    return profile


def _along(profile: Floats, length: int) -> Floats:
    """(T,) the profile as it lies over a past."""
    along: Floats = profile[np.arange(-length, 0) % len(profile)]
    return along
