"""The mean of forecasts: of numbers, of quantiles, of seeds, of budgets."""

import numpy as np
import pytest

from seqbench.baselines.series.autoregression import Autoregression, AutoregressionConfig
from seqbench.baselines.series.naive import Drift, Naive
from seqbench.baselines.windows.forecasters import WindowMLPForecaster
from seqbench.combination import CombinationConfig
from seqbench.interface import Budget, Config, Floats
from seqbench.tasks.forecasts.mean import MeanOfModels, mean_of
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel

PANEL = Panel([np.random.default_rng(n).normal(size=40).cumsum() for n in range(3)], ["a", "b", "c"], 1)
LEVELS = np.array([0.1, 0.5, 0.9])


def context(logged: dict[str, float] | None = None) -> ForecastContext:
    curves = {} if logged is None else logged
    return ForecastContext(
        seed=3, budget=Budget(epochs=7), valid=Panel([], [], 1), horizon=5, log=lambda n, v: curves.__setitem__(n, v)
    )


class Told(Forecaster):
    """Forecasts the seed and the epochs that it was lent."""

    config_class = Config

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        self.told = float(ctx.seed), float(ctx.budget.epochs)
        ctx.log("seed", ctx.seed)

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(np.full((len(past), horizon), self.told[1]))


def test_the_mean_is_that_of_the_parts() -> None:
    model = mean_of([Naive, Drift, Naive])()
    model.fit(PANEL, context())
    said = model.predict(PANEL, 5, LEVELS)
    naive, drift = (kind().predict(PANEL, 5, LEVELS).mean for kind in (Naive, Drift))
    np.testing.assert_allclose(said.mean, (2 * naive + drift) / 3, rtol=1e-14)
    assert said.quantiles is None


def test_quantiles_are_the_mean_of_the_parts_quantiles_and_missing_where_one_has_none() -> None:
    parts = AutoregressionConfig(lags=1), AutoregressionConfig(lags=4)
    model = mean_of([Autoregression, Autoregression])(CombinationConfig(parts=parts))
    model.fit(PANEL, context())
    quantiles = []
    for part in parts:
        alone = Autoregression(part)
        alone.fit(PANEL, context())
        quantiles.append(alone.predict(PANEL, 5, LEVELS).quantiles)
    np.testing.assert_allclose(model.predict(PANEL, 5, LEVELS).quantiles, np.mean(quantiles, axis=0), rtol=1e-13)
    mixed = mean_of([Autoregression, Naive])()
    mixed.fit(PANEL, context())
    assert mixed.predict(PANEL, 5, LEVELS).quantiles is None


def test_each_part_has_a_seed_a_budget_and_a_log_of_its_own() -> None:
    config = CombinationConfig(parts=(Config(), Config()), budgets=(Budget(epochs=2), Budget(epochs=4)))
    logged: dict[str, float] = {}
    model = mean_of([Told, Told])(config)
    model.fit(PANEL, context(logged))
    assert (model.predict(PANEL, 5, LEVELS).mean == 3).all()
    assert logged["1.seed"] != logged["2.seed"]


def test_a_mean_is_written_with_its_parts() -> None:
    model = mean_of([Autoregression, Drift])()
    model.fit(PANEL, context())
    written, again = model.arrays(), mean_of([Autoregression, Drift])()
    assert written is not None
    again.restore(written)
    np.testing.assert_array_equal(again.predict(PANEL, 5, LEVELS).mean, model.predict(PANEL, 5, LEVELS).mean)
    unwritten = mean_of([Told, Drift])()
    unwritten.fit(PANEL, context())
    assert unwritten.arrays() is None
    assert unwritten.parameter_count() is None


def test_a_mean_is_what_its_parts_are() -> None:
    def nature(kind: type[MeanOfModels]) -> tuple[str, bool, str]:
        return kind.kind, kind.stochastic, kind.__name__

    assert nature(mean_of([Naive, Drift])) == ("classic", False, "Naive+Drift")
    assert nature(mean_of([Naive, WindowMLPForecaster])) == ("neural", True, "Naive+WindowMLPForecaster")
    with pytest.raises(ValueError, match="two parts"):
        mean_of([Naive])
