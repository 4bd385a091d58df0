"""Forecasts that need no fit, the simplest baselines.

Hyndman & Athanasopoulos, "Forecasting: principles and practice", 3rd ed., section 5.2.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from seqbench.interface import Arrays, Floats
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel
from seqbench.tasks.forecasts.naive2 import naive2


class Unfitted(Forecaster):
    """Base class of point forecasters that compute their forecast from the past alone."""

    stochastic: ClassVar[bool] = False

    @abstractmethod
    def ahead(self, past: Floats, horizon: int, season: int) -> Floats:
        """Return the values (H,) expected after `past` (T,)."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        """Nothing to learn."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(np.stack([self.ahead(values, horizon, past.season) for values in past.values]))

    def arrays(self) -> Arrays:
        return {}

    def restore(self, arrays: Arrays) -> None:
        """Nothing to restore."""


class Naive(Unfitted):
    """Repeats the last value: the best forecast of a random walk."""

    def ahead(self, past: Floats, horizon: int, season: int) -> Floats:
        return np.full(horizon, past[-1])


class SeasonalNaive(Unfitted):
    """Repeats the last season, or the last value if the past is shorter than a season."""

    def ahead(self, past: Floats, horizon: int, season: int) -> Floats:
        return np.resize(past[-season:] if len(past) >= season else past[-1:], horizon)


class Drift(Unfitted):
    """Continues the line through the first and the last value, that is, repeats the mean step."""

    def ahead(self, past: Floats, horizon: int, season: int) -> Floats:
        step = (past[-1] - past[0]) / max(len(past) - 1, 1)
        ahead: Floats = past[-1] + step * np.arange(1, horizon + 1)
        return ahead


class Naive2(Unfitted):
    """Repeats the last value of the seasonally adjusted series; OWA compares all other models with it."""

    def ahead(self, past: Floats, horizon: int, season: int) -> Floats:
        return naive2(past, horizon, season)
