"""Forecasts without a fit: their definitions, statsmodels' decomposition, and M4's published scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.baselines.series.naive import Drift, Naive, Naive2, SeasonalNaive, Unfitted
from seqbench.datasets.download import verify
from seqbench.datasets.series.m4_hourly import M4Hourly
from seqbench.interface import Floats
from seqbench.tasks.forecasts.metrics import LEVELS, MASE, OWA, SMAPE, against_naive2, item_columns, seasonal_scale
from seqbench.tasks.forecasts.model import Panel
from seqbench.tasks.forecasts.naive2 import is_seasonal, seasonal_indices

ALL = [Naive, SeasonalNaive, Drift, Naive2]


def forecast(model: Unfitted, past: Floats, horizon: int, season: int = 1) -> Floats:
    return model.predict(Panel([past], ["a"], season), horizon, np.array(LEVELS)).mean[0]


def seasonal(length: int, season: int, noise: float = 0.0) -> Floats:
    """A positive series with a trend times a season."""
    rng, t = np.random.default_rng(0), np.arange(length)
    return (50 + 0.3 * t) * (1 + 0.4 * np.sin(2 * np.pi * t / season)) * np.exp(noise * rng.normal(size=length))


def test_each_does_what_its_definition_says() -> None:
    past = np.array([1.0, 4.0, 2.0, 5.0, 3.0, 7.0])
    np.testing.assert_array_equal(forecast(Naive(), past, 3), [7, 7, 7])
    np.testing.assert_array_equal(forecast(SeasonalNaive(), past, 5, season=4), [2, 5, 3, 7, 2])
    np.testing.assert_allclose(forecast(Drift(), past, 3), 7 + np.array([1, 2, 3]) * 6 / 5, rtol=1e-15)


@pytest.mark.parametrize("season", [4, 7, 24])
@pytest.mark.parametrize("rest", [0, 1, 3])
def test_the_indices_are_those_of_statsmodels_decomposition(season: int, rest: int) -> None:
    decompose = pytest.importorskip("statsmodels.tsa.seasonal").seasonal_decompose
    past = seasonal(5 * season + rest, season, noise=0.1)
    theirs = decompose(past, model="multiplicative", period=season).seasonal
    np.testing.assert_allclose(seasonal_indices(past[None], season)[0], theirs[-season:], rtol=1e-12)


def test_the_test_of_a_season_is_that_of_statsmodels_autocorrelations() -> None:
    acf = pytest.importorskip("statsmodels.tsa.stattools").acf
    told = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        past = rng.normal(size=90) + rng.random() * np.sin(np.arange(90) * 2 * np.pi / 12)
        r = acf(past, nlags=12, fft=False)[1:]
        bound = 1.645 * np.sqrt((1 + 2 * np.sum(r[:11] ** 2)) / 90)
        told.append(bool(is_seasonal(past[None], 12)[0]))
        assert told[-1] == (abs(r[11]) > bound)
    assert 10 < sum(told) < 50


def test_naive2_goes_on_with_a_season_and_is_naive_without_one() -> None:
    ratio = forecast(Naive2(), seasonal(120, 12), 24, season=12) / seasonal(144, 12)[120:]
    assert np.abs(ratio - 1).max() < 0.1  # off by the trend alone, which Naive2 leaves out
    noise = np.random.default_rng(4).random(120) + 1
    np.testing.assert_array_equal(forecast(Naive2(), noise, 6, 12), forecast(Naive(), noise, 6))
    below = seasonal(120, 12) - 60
    np.testing.assert_array_equal(forecast(Naive2(), below, 6, 12), forecast(Naive(), below, 6))


@given(st.floats(0.01, 1e6), st.integers(1, 400), st.integers(1, 30), st.sampled_from(ALL))
def test_a_series_that_never_moves_goes_on(value: float, length: int, season: int, model: type[Unfitted]) -> None:
    np.testing.assert_array_equal(forecast(model(), np.full(length, value), 5, season), np.full(5, value))


@pytest.mark.parametrize("model", ALL)
def test_what_is_said_of_a_series_depends_on_its_own_past_alone(model: type[Unfitted]) -> None:
    pasts = [seasonal(100, 12, 0.1), seasonal(37, 12, 0.3), np.array([3.0])]
    together = model().predict(Panel(pasts, ["a", "b", "c"], 12), 15, np.array(LEVELS)).mean
    np.testing.assert_array_equal(together, [forecast(model(), past, 15, 12) for past in pasts])


@pytest.mark.parametrize("model", ALL)
def test_forecasts_change_their_unit_with_the_series(model: type[Unfitted]) -> None:
    past = seasonal(100, 12, 0.1)
    np.testing.assert_allclose(forecast(model(), past * 8, 15, 12), 8 * forecast(model(), past, 15, 12), rtol=1e-13)


def test_m4_hourly_has_the_published_scores() -> None:
    """Makridakis et al. 2020, the organisers' own figures for their benchmarks."""
    if any(row.state != "good" for row in verify(["m4-hourly"])):
        pytest.skip("m4-hourly is not at hand: run `seqbench data fetch m4-hourly`, or set SEQBENCH_DATA")
    data = M4Hourly().load()
    past, actual = data.past(data.test), data.actual(data.test)
    scale = seasonal_scale(past.values, data.season)
    found = {
        model: item_columns(actual, model().predict(past, 48, np.array(LEVELS)).mean, scale)
        for model in (SeasonalNaive, Naive2)
    }
    for model, published in ((SeasonalNaive, [13.912, 1.193]), (Naive2, [18.383, 2.395])):
        assert [round(float(metric(found[model])[0]), 3) for metric in (SMAPE, MASE)] == published
    owa = OWA(against_naive2(found[SeasonalNaive], found[Naive2]))[0]
    assert owa == pytest.approx(0.62750, abs=5e-6)  # published as 0.627
