"""Forecasts of one series as normal distributions, which stay finite in any unit of the series."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from seqbench.interface import Floats
from seqbench.tasks.forecasts.model import Forecast

DIVERGED = 10.0
"""How far forecasts may be from the last value, as a multiple of the range of the past.

If there are more forecast steps than past steps, the limit grows in proportion.
"""


@dataclass(frozen=True)
class Normal:
    """The forecast of one series, H steps ahead."""

    mean: Floats
    sd: Floats

    def sane(self, past: Floats) -> bool:
        """Return whether the forecast is finite and not too far from the last value of a past (T,)."""
        if not (np.isfinite(self.mean).all() and np.isfinite(self.sd).all()):
            return False
        reach = DIVERGED * np.ptp(past) * max(1.0, len(self.mean) / len(past))
        return bool(np.abs(self.mean - past[-1]).max() <= reach)


def random_walk(past: Floats, horizon: int) -> Normal:
    """Return the last value as mean, and √h times the root mean square of the steps of `past` as standard deviation."""
    step = np.sqrt(np.mean(np.diff(past) ** 2)) if len(past) > 1 else 0.0
    return Normal(np.full(horizon, past[-1]), step * np.sqrt(np.arange(1, horizon + 1)))


def exponent(values: Floats) -> int:
    """Return k such that division by 2^k, which is exact, scales half the range of `values` (T,) to 1/2..1."""
    return int(np.frexp(values.max() / 2 - values.min() / 2)[1])


def forecast(told: list[tuple[Normal, int]], levels: Floats) -> Forecast:
    """Return the means and normal quantiles of all series, each scaled back to its unit by the given power of two."""
    mean = np.stack([np.ldexp(one.mean, power) for one, power in told])
    sd = np.stack([np.ldexp(one.sd, power) for one, power in told])
    return Forecast(mean, mean[..., None] + sd[..., None] * ndtri(levels))


@contextmanager
def quietly() -> Iterator[None]:
    """Silence the warnings of optimisers: they try invalid values, but their results are checked afterwards."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
