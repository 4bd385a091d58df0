"""The Theta method with statsforecast, fitted to each series separately.

Assimakopoulos & Nikolopoulos 2000, "The theta model", Int. J. Forecasting 16(4), written as exponential smoothing with
drift (Hyndman & Billah 2003, "Unmasking the Theta method", Int. J. Forecasting 19(2)).
"""

from typing import Any, ClassVar

import numpy as np
from pydantic import Field
from statsforecast import models as library

from seqbench.baselines.series.normal import Normal, exponent, forecast, quietly, random_walk
from seqbench.interface import Arrays, Config, Floats
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel

ORDINARY = range(-5, 31)
"""A series is rescaled only if its `exponent` is outside this range.

The result of Theta's simplex changes by a thousandth with the unit, and the published figures use the original unit.
"""


class ThetaConfig(Config):
    history: int | None = Field(
        None,
        ge=10,
        description="newest values of each past that are used; None: all",
        json_schema_extra={"search": {"choices": [None, 150, 336, 672, 1000]}},
    )


class Theta(Forecaster):
    """The standard Theta method; `predict` estimates it on each past, which takes milliseconds.

    A season of 4 steps or more is removed by decomposition if a test at the 90 % level finds one. The decomposition is
    multiplicative, or additive if values or factors are not positive. The variances are those of simple exponential
    smoothing with drift, σ² (1 + (h − 1) α²), times the squared seasonal factor. There is no search; if the estimation
    fails, the last value is repeated.
    """

    stochastic: ClassVar[bool] = False
    config_class = ThetaConfig
    config: ThetaConfig

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        """Nothing to learn."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return forecast([self._ahead(values, past.season, horizon) for values in past.values], levels)

    def arrays(self) -> Arrays:
        return {}

    def restore(self, arrays: Arrays) -> None:
        """Nothing to restore."""

    def _ahead(self, past: Floats, season: int, horizon: int) -> tuple[Normal, int]:
        seen = past[-(self.config.history or len(past)) :]
        power = 0 if exponent(seen) in ORDINARY else exponent(seen)
        x = np.ldexp(seen, -power)
        if np.ptp(x) > 0:
            try:
                with quietly():
                    told = _theta(x, season, horizon)
                if told.sane(x):
                    return told, power
            except Exception:  # statsforecast raises whatever its parts do
                pass
        return random_walk(x, horizon), power


def _theta(x: Floats, season: int, horizon: int) -> Normal:
    fitted = library.Theta(season).fit(x)
    model: dict[str, Any] = fitted.model_
    errors, factor = model["residuals"], np.ones(horizon)
    if model.get("decompose"):
        cycle = model["seas_forecast"]["mean"]
        before = cycle[np.arange(-len(x), 0) % season]
        multiplied = model["decomposition_type"] == "multiplicative"
        errors = errors / before if multiplied else errors - before
        factor = np.resize(cycle, horizon) if multiplied else factor
    errors = errors[3:] if len(errors) > 4 else errors  # the initial level is a parameter
    growth = 1 + np.arange(horizon) * model["par"]["alpha"] ** 2
    return Normal(fitted.predict(horizon)["mean"], factor * np.std(errors, ddof=1) * np.sqrt(growth))
