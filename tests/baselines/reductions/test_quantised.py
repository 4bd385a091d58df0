"""Quantised series: bins of equal mass, and draws whose distribution is the language model's."""

import numpy as np
import pytest
from pydantic import Field

from seqbench.baselines.ngrams.models import KneserNey, Unigram
from seqbench.baselines.reductions.quantised import quantised
from seqbench.interface import Budget, Config
from seqbench.tasks.forecasts.metrics import LEVELS
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel


def fitted(kind: type[Forecaster], train: Panel, **settings: object) -> Forecaster:
    model = kind(kind.config_class(**settings))
    model.fit(train, ForecastContext(seed=5, budget=Budget(), valid=Panel([], [], train.season), horizon=4))
    return model


def forecast(model: Forecaster, past: Panel, horizon: int = 4) -> Forecast:
    return model.predict(past, horizon, np.array(LEVELS))


def test_bins_have_equal_mass() -> None:
    train = Panel([np.random.default_rng(0).exponential(size=5000)], ["a"], 1)
    model = fitted(quantised(Unigram), train, bins=10, base="profile")
    probability = model.model.next()[0]  # type: ignore[attr-defined]
    np.testing.assert_allclose(probability, 0.1, atol=1e-3)


def test_quantiles_of_a_model_without_memory_are_those_of_the_values() -> None:
    rng = np.random.default_rng(1)
    train = Panel([rng.gamma(2.0, size=4000)], ["a"], 1)
    said = forecast(fitted(quantised(Unigram), train, bins=50, paths=4000, base="profile"), train)
    assert said.quantiles is not None
    for step in said.quantiles[0]:
        below = (train.values[0][:, None] <= step).mean(axis=0)
        np.testing.assert_allclose(below, LEVELS, atol=0.01)
    np.testing.assert_allclose(said.mean, train.values[0].mean(), rtol=0.02)


def test_a_chain_is_followed_for_as_long_as_the_order_remembers_it() -> None:
    """Five values in a fixed order: the bigram goes on with it."""
    cycle = np.array([1.0, 40.0, 20.0, 3.0, 10.0])
    train = Panel([np.resize(cycle, 600)], ["a"], 1)
    said = forecast(
        fitted(quantised(KneserNey), train, bins=5, order=2, paths=200, base="profile"),
        Panel([np.resize(cycle, 103)], ["b"], 1),
        7,
    )
    assert said.quantiles is not None
    median = said.quantiles[0, :, LEVELS.index(0.5)]
    np.testing.assert_allclose(median, np.resize(cycle, 110)[103:], rtol=0.1)


def test_drawn_changes_add_up_from_season_to_season() -> None:
    """A trend of one step a season, in noise that is nothing beside it: two seasons ahead it has made two."""
    past = np.resize([1.0, 5.0, 2.0], 60) + np.arange(60) // 3 + 1e-6 * np.random.default_rng(0).normal(size=60)
    panel = Panel([past], ["a"], 3)
    said = forecast(fitted(quantised(Unigram), panel, bins=4), panel, 6)
    np.testing.assert_allclose(said.mean[0], np.resize([1.0, 5.0, 2.0], 6) + np.repeat([20, 21], 3), atol=1e-4)


def test_what_is_said_of_a_series_depends_on_its_own_past_alone() -> None:
    rng = np.random.default_rng(2)
    train = Panel([rng.normal(size=200).cumsum() for _ in range(3)], ["a", "b", "c"], 4)
    model = fitted(quantised(KneserNey), train, bins=8, memory=20)
    pasts = [rng.normal(size=90), rng.normal(size=12), np.full(5, 2.0), rng.normal(size=90)]
    together = forecast(model, Panel(pasts, list("wxyz"), 4))
    for n, past in enumerate(pasts):
        alone = forecast(model, Panel([past], ["x"], 4))
        np.testing.assert_allclose(together.mean[n], alone.mean[0], rtol=1e-12)
        np.testing.assert_allclose(together.quantiles[n], alone.quantiles[0], rtol=1e-12)
    np.testing.assert_array_equal(together.mean[2], 2.0)


def test_a_fit_is_written_and_restored() -> None:
    train = Panel([np.random.default_rng(3).normal(size=300).cumsum()], ["a"], 1)
    model = fitted(quantised(KneserNey), train, bins=8)
    again = type(model)(model.config)
    written = model.arrays()
    assert written is not None
    again.restore(written)
    np.testing.assert_array_equal(forecast(again, train).mean, forecast(model, train).mean)
    assert again.parameter_count() == model.parameter_count()


def test_the_settings_are_those_of_both_and_a_clash_is_refused() -> None:
    kind = quantised(KneserNey)
    assert {"order", "bins", "paths", "memory"} <= set(kind.config_class.model_fields)
    assert (kind.kind, kind.task, kind.__name__) == ("classic", "forecast", "QuantisedKneserNey")

    class Clashing(Unigram):
        config_class = type("C", (Config,), {"__annotations__": {"bins": int}, "bins": Field(3)})

    with pytest.raises(ValueError, match="'bins'"):
        quantised(Clashing)
