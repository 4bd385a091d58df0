"""Series whose values tell their time, and forecasters that tell what they were shown; found by this file's path."""

import numpy as np

from seqbench.data import Dataset
from seqbench.interface import Floats
from seqbench.tasks.forecasts.data import SeriesData, rolling
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel
from seqbench.tasks.forecasts.stretches import Stretches


class Ramp(Dataset[SeriesData]):
    """Two series, 0, 1, 2, … and 1000, 1001, …; the test part begins at 60, validation at 40."""

    task = "forecast"
    inside: bool = True
    """Whether validation lies inside the training part."""
    stride: int = 4

    def fingerprint(self) -> str:
        return self.model_dump_json()

    def load(self) -> SeriesData:
        values = [np.arange(80.0), 1000 + np.arange(80.0)]
        valid, test, end = np.array([40, 40]), np.array([60, 60]), np.array([80, 80])
        return SeriesData(
            name="ramp",
            series=Panel(values, ["a", "b"], 1),
            train_ends=test if self.inside else valid,
            valid=rolling(valid, test, 4, self.stride),
            test=rolling(test, end, 4, self.stride),
            horizon=4,
        )


class Spy(Forecaster):
    """The last value; it logs the newest that a fit saw, wherever it could look for one."""

    stochastic = False

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        shown = [*train.values, *ctx.valid.values]
        bases = [values if values.base is None else values.base for values in shown]
        ctx.log("newest", max(float(np.max(base[base < 1000], initial=-1)) for base in bases))

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        assert len(Stretches.of(past.values).flat) == sum(map(len, past.values))  # nothing lies behind the views
        return Forecast(np.stack([np.full(horizon, values[-1]) for values in past.values]))
