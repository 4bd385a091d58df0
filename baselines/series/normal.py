"""Forecasts of one series as normal distributions, and what keeps them numbers, whatever unit the series has."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from seqbench.interface import Floats
from seqbench.tasks.forecasts.model import Forecast

DIVERGED = 10.0
"""Ranges of a past that its forecasts may lead away from its last value, over as many steps as the past has."""


@dataclass(frozen=True)
class Normal:
    """What is expected of one series, in H steps."""

    mean: Floats
    sd: Floats

    def sane(self, past: Floats) -> bool:
        """Whether these are numbers that a past (T,) can lead to."""
        if not (np.isfinite(self.mean).all() and np.isfinite(self.sd).all()):
            return False
        reach = DIVERGED * np.ptp(past) * max(1.0, len(self.mean) / len(past))
        return bool(np.abs(self.mean - past[-1]).max() <= reach)


def random_walk(past: Floats, horizon: int) -> Normal:
    """The last value, and the root mean square of the steps of `past` times √h."""
    step = np.sqrt(np.mean(np.diff(past) ** 2)) if len(past) > 1 else 0.0
    return Normal(np.full(horizon, past[-1]), step * np.sqrt(np.arange(1, horizon + 1)))


def exponent(values: Floats) -> int:
    """Of the power of two that brings half the range of `values` (T,) to 1/2..1: a product with it is exact."""
    return int(np.frexp(values.max() / 2 - values.min() / 2)[1])


def forecast(told: list[tuple[Normal, int]], levels: Floats) -> Forecast:
    """Normal quantiles about the mean of each series, once they are back in its unit, two to the power given."""
    mean = np.stack([np.ldexp(one.mean, power) for one, power in told])
    sd = np.stack([np.ldexp(one.sd, power) for one, power in told])
    return Forecast(mean, mean[..., None] + sd[..., None] * ndtri(levels))


@contextmanager
def quietly() -> Iterator[None]:
    """Optimisers try what has no value, and say so; what comes out of them is looked at instead."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
