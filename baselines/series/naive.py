"""Forecasts that need no fit, the simplest baselines.

Hyndman & Athanasopoulos, "Forecasting: principles and practice", 3rd ed., section 5.2.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from seqbench.interface import Arrays, Floats
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel
from seqbench.tasks.forecasts.naive2 import naive2
from seqbench.tasks.forecasts.stretches import Stretches


class Unfitted(Forecaster):
    """Base class of point forecasters that compute their forecast from the past alone."""

    stochastic: ClassVar[bool] = False

    @abstractmethod
    def ahead(self, pasts: Stretches, horizon: int, season: int) -> Floats:
        """Return the values (N, H) expected after each past."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        """Nothing to learn."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(self.ahead(Stretches.of(past.values), horizon, past.season))

    def arrays(self) -> Arrays:
        return {}

    def restore(self, arrays: Arrays) -> None:
        """Nothing to restore."""


class Naive(Unfitted):
    """Repeats the last value: the best forecast of a random walk."""

    def ahead(self, pasts: Stretches, horizon: int, season: int) -> Floats:
        return pasts.flat[pasts.ends - 1, None].repeat(horizon, axis=1)


class SeasonalNaive(Unfitted):
    """Repeats the last season, or the last value if the past is shorter than a season."""

    def ahead(self, pasts: Stretches, horizon: int, season: int) -> Floats:
        period = np.where(pasts.lengths >= season, season, 1)[:, None]
        ahead: Floats = pasts.flat[pasts.ends[:, None] - period + np.arange(horizon) % period]
        return ahead


class Drift(Unfitted):
    """Continues the line through the first and the last value, that is, repeats the mean step."""

    def ahead(self, pasts: Stretches, horizon: int, season: int) -> Floats:
        first, last = pasts.flat[pasts.starts], pasts.flat[pasts.ends - 1]
        step = (last - first) / np.maximum(pasts.lengths - 1, 1)
        ahead: Floats = last[:, None] + step[:, None] * np.arange(1, horizon + 1)
        return ahead


class Naive2(Unfitted):
    """Repeats the last value of the seasonally adjusted series; OWA compares all other models with it."""

    def ahead(self, pasts: Stretches, horizon: int, season: int) -> Floats:
        return naive2(pasts, horizon, season)
