"""Batched autoregression against statsmodels' AutoReg, series by series, and on series whose future is known."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from seqbench.baselines import autoregression
from seqbench.baselines.autoregression import Autoregression, AutoregressionConfig, estimate
from seqbench.datasets.download import verify
from seqbench.datasets.m4_hourly import M4Hourly
from seqbench.datasets.synthetic_series import MackeyGlass, SyntheticAR
from seqbench.interface import Budget, Floats, Forecast, ForecastContext, Panel
from seqbench.series_metrics import COVERAGE_80, COVERAGE_95, LEVELS, MASE, SMAPE, item_columns, seasonal_scale


def panel(values: Sequence[Floats]) -> Panel:
    return Panel(values, [f"series {n}" for n in range(len(values))], 1)


def fitted(train: Panel, **options: Any) -> Autoregression:
    model = Autoregression(AutoregressionConfig(**options))
    model.fit(train, ForecastContext(seed=0, budget=Budget(), valid=train, horizon=12))
    return model


def forecast(values: Sequence[Floats], horizon: int = 12, **options: Any) -> Forecast:
    return fitted(panel(values), **options).predict(panel(values), horizon, np.array(LEVELS))


def by_statsmodels(values: Sequence[Floats], horizon: int, lags: int, trend: str = "c") -> Floats:
    AutoReg = pytest.importorskip("statsmodels.tsa.ar_model").AutoReg
    return np.stack([AutoReg(v, lags, trend=trend).fit().forecast(horizon) for v in values])


def wandering(lengths: Sequence[int], seed: int = 0) -> list[Floats]:
    """Series with a memory, of any level and unit."""
    rng = np.random.default_rng(seed)
    return [
        10 ** rng.uniform(-3, 5) * (rng.normal() * 3 + np.convolve(rng.normal(size=n + 9), rng.random(10), "valid"))
        for n in lengths
    ]


@pytest.mark.parametrize(("intercept", "trend"), [(True, "c"), (False, "n")])
@pytest.mark.parametrize("lags", [1, 7, 30])
def test_forecasts_are_those_of_statsmodels_for_series_of_any_length(lags: int, intercept: bool, trend: str) -> None:
    values = wandering([400, 131, 90, 400, 62])
    scale = np.array([[v.std()] for v in values])
    ours = forecast(values, 20, lags=lags, intercept=intercept).mean
    np.testing.assert_allclose(ours / scale, by_statsmodels(values, 20, lags, trend) / scale, rtol=0, atol=1e-8)


@pytest.mark.parametrize(("lags", "smape", "mase"), [(24, 16.027, 0.951), (48, 15.534, 0.884), (168, 13.586, 0.852)])
def test_m4_hourly_has_the_scores_and_the_forecasts_of_a_loop_over_statsmodels(
    lags: int, smape: float, mase: float
) -> None:
    if any(row.state != "good" for row in verify(["m4-hourly"])):
        pytest.skip("m4-hourly is not at hand: run `seqbench data fetch m4-hourly`, or set SEQBENCH_DATA")
    data = M4Hourly().load()
    past = data.past(data.test)
    found = fitted(data.train, lags=lags).predict(past, 48, np.array(LEVELS)).mean
    columns = item_columns(data.actual(data.test), found, seasonal_scale(past.values, 24))
    assert [round(float(metric(columns)[0]), 3) for metric in (SMAPE, MASE)] == [smape, mase]
    some = np.arange(3, 414, 40)
    theirs = by_statsmodels([past.values[n] for n in some], 48, lags)
    scale = np.array([[past.values[n].std()] for n in some])
    np.testing.assert_allclose(found[some] / scale, theirs / scale, rtol=0, atol=1e-6)


def test_a_series_that_its_lags_repeat_almost_exactly_is_solved_as_well() -> None:
    """Twenty lags of Mackey–Glass leave a millionth of each other: a Gram matrix alone would be off by 4e-4."""
    values = MackeyGlass(train_steps=3000).load().train.values
    ours = forecast(values, 48, lags=24).mean
    np.testing.assert_allclose(ours, by_statsmodels(values, 48, 24), rtol=0, atol=1e-6 * values[0].std())


@pytest.mark.parametrize("aic", [False, True])
@pytest.mark.parametrize(
    "whole",
    [
        np.sin(np.arange(448.0) / 5),
        1e6 + np.arange(448.0),
        np.tile(np.random.default_rng(0).normal(size=10), 44),
        np.full(400, 7.0),
        np.zeros(400),
    ],
    ids=["sine", "line", "period", "constant", "zero"],
)
def test_a_series_that_obeys_an_equation_goes_on_by_it(whole: Floats, aic: bool) -> None:
    found = forecast([whole[:-48]], 48, lags=12, aic=aic)
    np.testing.assert_allclose(found.mean[0], whole[-48:], rtol=0, atol=1e-9 * max(np.abs(whole).max(), 1))
    assert found.quantiles is not None
    np.testing.assert_allclose(found.quantiles[0, :, 0], whole[-48:], rtol=0, atol=1e-6 * max(np.abs(whole).max(), 1))


def test_the_order_is_the_one_that_statsmodels_finds_by_aic() -> None:
    ar_model = pytest.importorskip("statsmodels.tsa.ar_model")
    values, found = wandering([300] * 20, seed=3), []
    equations = estimate(values, 20, aic=True)
    for v, coefficients in zip(values, equations.coefficients, strict=True):
        lags = ar_model.ar_select_order(v, 20, ic="aic").ar_lags or []
        found.append(len(lags))
        theirs = ar_model.AutoReg(v, len(lags), hold_back=20).fit().params
        np.testing.assert_allclose(coefficients, np.pad(theirs[1:], (0, 20 - len(lags))), atol=1e-8)
    assert len(set(found)) > 4


def test_ridge_is_that_of_scikit_learn() -> None:
    y, lags, ridge = wandering([200], seed=5)[0], 12, 0.01
    windows = np.lib.stride_tricks.sliding_window_view(y, lags + 1)
    theirs = Ridge(alpha=ridge * ((y - y.mean()) ** 2).sum(), tol=1e-14).fit(windows[:, -2::-1], windows[:, -1])
    ours = estimate([y], lags, ridge=ridge)
    np.testing.assert_allclose(ours.coefficients[0], theirs.coef_, atol=1e-10)
    np.testing.assert_allclose(ours.intercept[0], theirs.intercept_, rtol=1e-9)
    rest = windows[:, -1] - theirs.predict(windows[:, -2::-1])
    np.testing.assert_allclose(ours.variance[0], rest @ rest / (len(windows) - lags - 1), rtol=1e-9)


def test_ridge_is_the_same_where_series_are_solved_from_their_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    values = wandering([200, 150], seed=6)
    one = [estimate(values, 9, ridge=0.01, aic=aic, intercept=c) for aic in (False, True) for c in (False, True)]
    monkeypatch.setattr(autoregression, "DOUBTFUL", np.inf)
    two = [estimate(values, 9, ridge=0.01, aic=aic, intercept=c) for aic in (False, True) for c in (False, True)]
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a.coefficients, b.coefficients, atol=1e-9)
        np.testing.assert_allclose(a.intercept, b.intercept, rtol=1e-8)
        np.testing.assert_allclose(a.variance, b.variance, rtol=1e-8)


def test_on_an_autoregression_it_is_as_good_as_the_true_model_and_its_intervals_hold() -> None:
    data = SyntheticAR(stride=1, test_steps=8000).load()
    past, actual = data.past(data.test), data.actual(data.test)
    model = fitted(data.train, lags=20, aic=True)
    assert data.truth is not None
    ours, true = (m.predict(past, data.horizon, np.array(LEVELS)) for m in (model, data.truth))
    mse = [((actual - f.mean) ** 2).mean(axis=0) for f in (ours, true)]
    assert mse[0][0] / mse[1][0] == pytest.approx(1, abs=0.02)
    assert np.abs(mse[0] / mse[1] - 1).max() < 0.02
    columns = item_columns(actual, ours.mean, np.ones(len(actual)), ours.quantiles)
    assert COVERAGE_80(columns)[0] == pytest.approx(0.8, abs=0.02)
    assert COVERAGE_95(columns)[0] == pytest.approx(0.95, abs=0.01)


@given(st.floats(-100, 100), st.floats(0.001, 1000), st.booleans(), st.sampled_from([0.0, 0.001]))
def test_level_and_unit_of_a_series_pass_through(level: float, unit: float, aic: bool, ridge: float) -> None:
    y = np.random.default_rng(1).normal(size=150).cumsum()
    one, two = (forecast([v], lags=6, aic=aic, ridge=ridge) for v in (y, level + unit * y))
    assert one.quantiles is not None
    assert two.quantiles is not None
    np.testing.assert_allclose(two.mean, level + unit * one.mean, rtol=0, atol=1e-7 * unit)
    np.testing.assert_allclose(two.quantiles, level + unit * one.quantiles, rtol=0, atol=1e-7 * unit)


def test_a_series_that_fit_has_not_seen_gets_an_equation_of_its_own() -> None:
    values = wandering([200, 90, 120])
    model, whole = fitted(Panel(values[:2], ["a", "b"], 1), lags=8), forecast(values, lags=8).mean
    asked = Panel([values[2], values[1], values[2]], ["new", "b", "newer"], 1)
    np.testing.assert_allclose(model.predict(asked, 12, np.array(LEVELS)).mean, whole[[2, 1, 2]], rtol=1e-9)


def test_the_equation_is_that_of_the_fit_whatever_came_since() -> None:
    past = wandering([200])[0]
    model = fitted(panel([past[:150]]), lags=5)
    equation = estimate([past[:150]], 5)
    expected = equation.intercept[0] + equation.coefficients[0] @ past[:-6:-1]
    assert model.predict(panel([past]), 1, np.array(LEVELS)).mean[0, 0] == pytest.approx(expected, rel=1e-12)


def test_a_restored_fit_says_the_same() -> None:
    train = panel(wandering([200, 90, 3]))
    model, again = fitted(train, lags=8), Autoregression(AutoregressionConfig(lags=8))
    again.restore(model.arrays())
    one, two = (m.predict(train, 12, np.array(LEVELS)) for m in (model, again))
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.quantiles, two.quantiles)


@pytest.mark.parametrize("aic", [False, True])
def test_a_short_series_takes_as_many_lags_as_it_can(aic: bool) -> None:
    values = [np.array([4.0]), np.array([4.0, 6.0]), np.arange(5.0) ** 2, np.random.default_rng(0).normal(size=30)]
    found = forecast(values, lags=24, aic=aic)
    assert np.isfinite(found.mean).all()
    assert found.quantiles is not None
    assert (np.diff(found.quantiles, axis=-1) >= 0).all()
    np.testing.assert_array_equal(found.mean[:2], [[4] * 12, [5] * 12])
    np.testing.assert_allclose(found.mean[3], forecast(values[3:], lags=14, aic=aic).mean[0], rtol=1e-9)


def test_slabs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = wandering([300, 120, 300, 45, 119, 300])
    whole = forecast(values, lags=24)
    monkeypatch.setattr(autoregression, "SLAB_BYTES", 1)
    np.testing.assert_allclose(forecast(values, lags=24).mean, whole.mean, rtol=1e-9)


def test_an_explosive_equation_is_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert forecast([1.5 ** np.arange(60.0)], 2000, lags=1).mean[0, -1] == np.inf


def test_two_series_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="each series needs a name of its own"):
        fitted(Panel(wandering([50, 50]), ["a", "a"], 1), lags=2)
