"""Batched autoregression against statsmodels' AutoReg, series by series, and on series whose future is known."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from seqbench.baselines.series import autoregression
from seqbench.baselines.series.autoregression import LIMIT, Autoregression, AutoregressionConfig, estimate, usual_orders
from seqbench.datasets.download import verify
from seqbench.datasets.series.m4_hourly import M4Hourly
from seqbench.datasets.series.statsmodels_series import Macrodata, Nile, YearlySunspots
from seqbench.datasets.synthetic.series import MackeyGlass, SyntheticAR
from seqbench.interface import Budget, Floats
from seqbench.tasks.forecasts.metrics import COVERAGE_80, COVERAGE_95, LEVELS, MASE, SMAPE, item_columns, seasonal_scale
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Panel


def panel(values: Sequence[Floats], season: int = 1) -> Panel:
    return Panel(values, [f"series {n}" for n in range(len(values))], season)


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


@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
@pytest.mark.parametrize("level", [0.0, 0.1, -1e6])
@pytest.mark.parametrize("lags", [1, 3])
@pytest.mark.parametrize("known", [72, 73, 74, 76])
def test_a_series_that_moves_only_at_its_end_is_forecast_as_by_statsmodels(known: int, lags: int, level: float) -> None:
    y = np.zeros(80)
    y[[71, 75]] = 3, 2
    ours = forecast([level + y[:known]], 7, lags=lags).mean
    np.testing.assert_allclose(ours - level, by_statsmodels([y[:known]], 7, lags), rtol=0, atol=1e-8)


@given(
    st.integers(20, 80),
    st.integers(1, 4),
    st.sampled_from([0, 7, -1_000_000]),
    st.lists(st.tuples(st.integers(1, 12), st.integers(-9, 9)), max_size=4),
    st.sampled_from([1.0, 1e-12, 0.1, 1e12]),
)
def test_a_nearly_constant_series_has_the_least_squares_of_numpy(
    length: int, lags: int, level: int, jumps: list[tuple[int, int]], unit: float
) -> None:
    y = np.full(length, level)
    for back, size in jumps:
        y[-back] += size
    windows = np.lib.stride_tricks.sliding_window_view(y, lags + 1)[:, ::-1]
    centred = len(windows) * windows - windows.sum(axis=0)  # whole numbers, so that the rank is beyond doubt
    expected = np.linalg.lstsq(centred[:, 1:], centred[:, 0], rcond=None)[0]
    for aic in (False, True):
        equations = estimate([unit * y], lags, aic=aic)
        if not aic:
            np.testing.assert_allclose(equations.coefficients[0], expected, rtol=0, atol=1e-6)
        assert np.abs(equations.coefficients).max() < 100


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


@pytest.mark.parametrize(("seen", "new"), [(40, 300), (300, 40)])
def test_a_series_that_fit_has_not_seen_may_have_another_order(seen: int, new: int) -> None:
    values = wandering([seen, new])
    model = fitted(Panel(values[:1], ["seen"], 1))
    found = model.predict(Panel(values, ["seen", "new"], 1), 12, np.array(LEVELS))
    whole = forecast(values)
    np.testing.assert_allclose(found.mean, whole.mean, rtol=1e-9)
    np.testing.assert_allclose(found.quantiles, whole.quantiles, rtol=1e-9)


def test_the_equation_is_that_of_the_fit_whatever_came_since() -> None:
    past = wandering([200])[0]
    model = fitted(panel([past[:150]]), lags=5)
    equation = estimate([past[:150]], 5)
    expected = equation.intercept[0] + equation.coefficients[0] @ past[:-6:-1]
    assert model.predict(panel([past]), 1, np.array(LEVELS)).mean[0, 0] == pytest.approx(expected, rel=1e-12)


def test_a_restored_fit_says_the_same() -> None:
    train = panel([np.abs(wandering([200])[0]), *wandering([90, 3])])
    model, again = fitted(train, logarithm=True), Autoregression(AutoregressionConfig(logarithm=True))
    again.restore(model.arrays())
    one, two = (m.predict(train, 12, np.array(LEVELS)) for m in (model, again))
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.quantiles, two.quantiles)


@pytest.mark.parametrize("aic", [False, True])
def test_very_short_series_have_forecasts(aic: bool) -> None:
    values = [np.array([4.0]), np.array([4.0, 6.0]), np.arange(5.0) ** 2, np.random.default_rng(0).normal(size=30)]
    found = forecast(values, lags=24, aic=aic)
    assert np.isfinite(found.mean).all()
    assert found.quantiles is not None
    assert (np.diff(found.quantiles, axis=-1) >= 0).all()
    np.testing.assert_array_equal(found.mean[:2], [[4] * 12, [5] * 12])


def test_the_usual_order_is_that_of_rs_ar_and_a_season_as_far_as_the_series_bears_it() -> None:
    lengths = np.array([1, 10, 30, 100, 700, 20_000])
    orders = [usual_orders(lengths, season).tolist() for season in (1, 12, 24, 365)]
    assert orders[0] == [0, 0, 4, 15, 28, 43]
    assert orders[1] == [0, 0, 4, 15, 40, 55]
    assert orders[2] == [0, 0, 4, 15, 52, 67]
    assert orders[3] == [0, 0, 4, 15, 28, 408]  # 700 values bear 115 lags, which reach over no year


@given(st.integers(1, 10**6), st.integers(1, 10**4))
def test_each_parameter_of_the_usual_order_stands_on_five_steps(length: int, season: int) -> None:
    order, longer = usual_orders(np.array([length, length + 1]), season).tolist()
    assert order == 0 or length - order >= 5 * (order + 1)
    assert longer >= order


@pytest.mark.parametrize("season", [1, 12])
def test_without_lags_each_series_takes_the_usual_order(season: int) -> None:
    values = wandering([30, 100, 400])
    found = fitted(panel(values, season)).predict(panel(values, season), 12, np.array(LEVELS)).mean
    for v, mean, order in zip(values, found, usual_orders(np.array([30, 100, 400]), season).tolist(), strict=True):
        np.testing.assert_allclose(mean, forecast([v], lags=order).mean[0], rtol=1e-9)


def test_lags_are_honoured_by_a_series_with_more_steps_than_parameters_and_are_the_usual_ones_below() -> None:
    values = wandering([50, 49])
    found = forecast(values, lags=24).mean
    np.testing.assert_allclose(found[0], by_statsmodels(values[:1], 12, 24)[0], rtol=1e-6)
    np.testing.assert_allclose(found[1], by_statsmodels(values[1:], 12, 7)[0], rtol=1e-6)


@pytest.mark.parametrize("data", [Nile(), YearlySunspots(), Macrodata()], ids=lambda data: data.name)
@pytest.mark.parametrize("lags", [None, 168])
def test_on_short_real_series_it_is_better_than_naive2(data: Nile | Macrodata, lags: int | None) -> None:
    """Where lags are no fewer than half of the values, equations that take all they can are up to forty times worse."""
    pytest.importorskip("statsmodels")
    held = data.load()
    past, actual = held.past(held.valid), held.actual(held.valid)
    found = fitted(held.before(held.valid), lags=lags).predict(past, held.horizon, np.array(LEVELS)).mean
    ours = MASE(item_columns(actual, found, seasonal_scale(past.values, held.season)))[0]
    assert ours < MASE(held.yardstick("valid").naive2)[0]


def test_slabs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = wandering([300, 120, 300, 45, 119, 300])
    whole = forecast(values, lags=24)
    monkeypatch.setattr(autoregression, "SLAB_BYTES", 1)
    np.testing.assert_allclose(forecast(values, lags=24).mean, whole.mean, rtol=1e-9)


@pytest.mark.parametrize("logarithm", [False, True])
@pytest.mark.parametrize("root", [1.5, -1.5, 1.1])
def test_an_explosive_equation_is_followed_up_to_the_limit_and_held_there(root: float, logarithm: bool) -> None:
    u = 9 + root ** np.arange(6.0)
    values = [np.expm1(u) if logarithm else u]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = forecast(values, 8000, lags=1, logarithm=logarithm)
    assert found.quantiles is not None
    assert np.isfinite(found.quantiles).all()
    assert np.abs(found.quantiles).max() == pytest.approx(LIMIT)
    assert (np.diff(found.quantiles, axis=-1) >= 0).all()
    exact = 9 + root ** np.arange(6.0, 100)
    exact = exact[: np.argmax(np.append(np.abs(exact), np.inf) > (np.log(LIMIT) if logarithm else LIMIT))]
    np.testing.assert_allclose(found.mean[0, : len(exact)], np.expm1(exact) if logarithm else exact, rtol=1e-6)
    last = found.mean[0, -1]
    assert last == pytest.approx(LIMIT) or last == (-1 if logarithm else -LIMIT)


def test_a_series_that_falls_explosively_falls_as_the_mirrored_one_rises() -> None:
    u = 9 + 1.5 ** np.arange(6.0)
    up, down = (forecast([v], 3000, lags=1).mean for v in (u, -u))
    assert down[0, -1] == -LIMIT
    np.testing.assert_allclose(down, -up, rtol=1e-9)


def test_lags_that_explode_by_the_hundred_leave_numbers() -> None:
    """Half as many lags as values, far ahead: infinities of both signs meet in the sums that the forecasts are."""
    values = [np.abs(v) for v in wandering([150, 250, 420], seed=9)]
    for logarithm in (False, True):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = forecast(values, 20_000, lags=74, logarithm=logarithm)
        assert found.quantiles is not None
        assert np.isfinite(found.mean).all()
        assert np.isfinite(found.quantiles).all()
        assert (np.diff(found.quantiles, axis=-1) >= 0).all()
        assert np.abs(found.mean).max() == pytest.approx(LIMIT)


@pytest.mark.parametrize("lags", [4, 12])
def test_an_equation_of_the_logarithm_is_that_of_statsmodels_and_its_quantiles_are_transformed(lags: int) -> None:
    values = [np.expm1(5 + v / v.std() - v.mean() / v.std()) for v in wandering([120, 80], seed=2)]
    u = [np.log1p(v) for v in values]
    found, inside = forecast(values, lags=lags, logarithm=True), forecast(u, lags=lags)
    np.testing.assert_allclose(found.mean, np.expm1(by_statsmodels(u, 12, lags)), rtol=1e-8)
    assert found.quantiles is not None
    assert inside.quantiles is not None
    np.testing.assert_allclose(found.quantiles, np.expm1(inside.quantiles), rtol=1e-9)
    np.testing.assert_array_equal(found.quantiles[..., LEVELS.index(0.5)], found.mean)


def test_quantiles_of_a_logarithm_hold_what_they_promise() -> None:
    rng = np.random.default_rng(4)
    u, shocks = np.empty(9000), 0.3 * rng.normal(size=9000)
    u[0] = 4.0
    for t in range(1, len(u)):
        u[t] = 0.8 + 0.8 * u[t - 1] + shocks[t]
    y, ends = np.expm1(u), np.arange(3000, 8990, 3)
    past, actual = Panel([y[:end] for end in ends], ["y"] * len(ends), 1), np.stack([y[end : end + 6] for end in ends])
    found = fitted(Panel([y[:3000]], ["y"], 1), lags=2, logarithm=True).predict(past, 6, np.array(LEVELS))
    columns = item_columns(actual, found.mean, np.ones(len(ends)), found.quantiles)
    assert COVERAGE_80(columns)[0] == pytest.approx(0.8, abs=0.02)
    assert COVERAGE_95(columns)[0] == pytest.approx(0.95, abs=0.01)
    assert (actual > found.mean).mean() == pytest.approx(0.5, abs=0.03)  # the median, which the mean of y lies above


def test_a_series_with_values_below_zero_is_modelled_as_it_is_among_others_in_logarithms() -> None:
    first, second, zeros = (v / v.std() for v in wandering([90, 120, 90], seed=7))
    positive, zeros = np.exp(first), np.maximum(zeros - zeros.mean(), 0)
    found = forecast([positive, second - second.mean(), zeros], lags=5, logarithm=True)
    for row, (v, logarithm) in enumerate([(positive, True), (second - second.mean(), False), (zeros, True)]):
        alone = forecast([np.log1p(v) if logarithm else v], lags=5)
        expected = np.expm1(alone.mean) if logarithm else alone.mean
        np.testing.assert_allclose(found.mean[row], expected[0], rtol=1e-9)


def test_a_series_that_falls_below_zero_after_the_fit_gets_an_equation_of_its_levels() -> None:
    rest, later = (np.exp(v / v.std()) for v in wandering([90, 90], seed=8))
    later[-3] = -1.0
    model = fitted(panel([rest, later[:80]]), lags=5, logarithm=True)
    found = model.predict(panel([rest, later]), 12, np.array(LEVELS))
    np.testing.assert_allclose(found.mean[0], forecast([rest], lags=5, logarithm=True).mean[0], rtol=1e-9)
    np.testing.assert_allclose(found.mean[1], forecast([later], lags=5).mean[0], rtol=1e-9)


def test_two_series_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="each series needs a name of its own"):
        fitted(Panel(wandering([50, 50]), ["a", "a"], 1), lags=2)
