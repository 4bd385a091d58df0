"""ARIMA, ETS and Theta against statsforecast asked directly, closed forms, simulated paths, and M4's figures."""

import warnings
from typing import Any

import numpy as np
import pytest
from statsforecast import models as library

from seqbench.baselines.series.arima import ARIMA
from seqbench.baselines.series.ets import ETS, smoothed
from seqbench.baselines.series.normal import Normal, random_walk
from seqbench.baselines.series.searched import Found, Searched
from seqbench.baselines.series.theta import Theta
from seqbench.datasets.download import verify
from seqbench.datasets.series.m4_hourly import M4Hourly
from seqbench.interface import Budget, Floats
from seqbench.tasks.forecasts.checks import check_class
from seqbench.tasks.forecasts.data import SeriesData
from seqbench.tasks.forecasts.metrics import MASE, SMAPE, item_columns, seasonal_scale
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel

ALL: list[type[Forecaster]] = [ARIMA, ETS, Theta]
LEVELS = np.array([0.025, 0.1, 0.5, 0.9, 0.975])


def made(kind: type[Forecaster], **options: Any) -> Forecaster:
    """ARIMA searches few models, but where its search is the matter."""
    few = {"max_p": 1, "max_q": 1, "models": 6} if issubclass(kind, ARIMA) else {}
    return kind(kind.config_class(**few | options))


def fitted(kind: type[Forecaster], train: Panel, **options: Any) -> Forecaster:
    model = made(kind, **options)
    model.fit(train, ForecastContext(seed=0, budget=Budget(), valid=train, horizon=12))
    return model


def one(past: Floats, season: int = 1) -> Panel:
    return Panel([past], ["a"], season)


def forecast(kind: type[Forecaster], past: Floats, horizon: int = 12, season: int = 1, **options: Any) -> Forecast:
    return fitted(kind, one(past, season), **options).predict(one(past, season), horizon, LEVELS)


def found(model: Forecaster) -> Found:
    assert isinstance(model, Searched)
    return model._found["a"]


def unit(values: Floats) -> Floats:
    """With a range of 1.5, which the models leave as it is, so that the library sees the very same numbers."""
    return values * (1.5 / np.ptp(values))


def seasonal(length: int, season: int, noise: float = 0.1, seed: int = 0) -> Floats:
    """A positive series, a trend times a season times an autoregression."""
    rng, y, t = np.random.default_rng(seed), 0.0, np.arange(length)
    walk = np.array([y := 0.8 * y + noise * float(e) for e in rng.normal(size=length)])
    return unit((50 + 0.1 * t) * (1 + 0.4 * np.sin(2 * np.pi * t / season)) * np.exp(walk))


def spread(said: Forecast) -> Floats:
    """(H,) standard deviations, from the quantiles at 10 and 90 %."""
    assert said.quantiles is not None
    sd: Floats = (said.quantiles[0, :, 3] - said.quantiles[0, :, 1]) / (2 * 1.2815515655446004)
    return sd


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("season", [1, 4])
def test_arima_is_statsforecasts_search_and_its_exact_filter(season: int) -> None:
    past = seasonal(150, 4)
    auto = library.AutoARIMA(season_length=season, method="CSS", max_p=3, max_q=3, max_P=1, max_Q=1, nmodels=30).fit(
        past
    )
    model = fitted(ARIMA, one(past, season), max_p=3, max_q=3, models=30)
    p, q, sp, sq, _, d, sd = auto.model_["arma"]
    assert found(model).structure[:6] == (p, d, q, sp, sd, sq)
    np.testing.assert_array_equal(found(model).parameters, list(auto.model_["coef"].values()))
    auto.method = "CSS-ML"  # `forward` filters by this one alone; its coefficients are fixed
    theirs = auto.forward(past, 12, level=[80])
    said = model.predict(one(past, season), 12, LEVELS)
    np.testing.assert_allclose(said.mean[0], theirs["mean"], rtol=1e-9)
    ratio = spread(said) / ((theirs["hi-80"] - theirs["lo-80"]) / (2 * 1.2815515655446004))
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)
    assert 0.9 < ratio[0] < 1  # σ² here is of all errors, theirs of the degrees of freedom that the fit left


@pytest.mark.parametrize(("season", "names"), [(1, ["ZZZ"]), (4, ["ZZZ"]), (16, ["AZA", "MZM"])])
@pytest.mark.parametrize("sign", [1, -1])
def test_ets_is_the_best_of_statsforecasts_models_step_by_step(season: int, names: list[str], sign: int) -> None:
    past = sign * seasonal(150, 16)
    if sign < 0:
        names = [name for name in names if name != "MZM"]
    best = min((library.AutoETS(season, model=n).fit(past) for n in names), key=lambda m: float(m.model_["aicc"]))
    model = fitted(ETS, one(past, season))
    assert bytes(found(model).structure[1:]).decode() == best.model_["components"]
    said = model.predict(one(past, season), 20, LEVELS).mean[0]
    steps = [best.forward(np.append(past, said[:h]), 1)["mean"][0] for h in range(20)]
    np.testing.assert_allclose(said, steps, rtol=1e-9)
    if best.model_["components"][3] == "N":  # statsforecast 2.1.1 damps a trend one step late, but for the first step
        np.testing.assert_allclose(said, best.predict(20)["mean"], rtol=1e-9)


@pytest.mark.parametrize("kind", ["ANN", "AAN", "MNN", "MAN", "MNA"])
def test_deviations_are_statsforecasts_where_it_has_the_published_formula(kind: str) -> None:
    past = seasonal(80, 4)
    theirs = library.AutoETS(4, model=kind, damped=False).fit(past)
    parameters = np.nan_to_num(theirs.model_["par"])
    model = made(ETS)
    assert isinstance(model, ETS)
    letters = theirs.model_["components"].encode()
    own = model.apply(past, Found(80, 0, 4, (theirs.model_["n_params"], *letters), parameters), 12)
    told = theirs.predict(12, level=[80])
    np.testing.assert_allclose(own.mean, told["mean"], rtol=1e-9)
    np.testing.assert_allclose(own.sd, (told["hi-80"] - told["lo-80"]) / (2 * 1.2815515655446004), rtol=1e-6)


@pytest.mark.parametrize("kind", ["AAAN", "AAAD", "MAAN", "MAAD", "MNMN", "MAMN", "MAMD"])
def test_deviations_are_those_of_simulated_paths(kind: str) -> None:
    """Errors of 8 %, 100,000 paths: a standard deviation is known to half a percent."""
    alpha, beta, gamma, phi, m, horizon = 0.4, 0.1 * (kind[1] == "A"), 0.3, 0.9 if kind[3] == "D" else 1.0, 4, 10
    season = np.array([1.3, 0.9, 0.7, 1.1]) if kind[2] == "M" else np.array([3.0, -1.0, -4.0, 2.0])
    sigma = 0.08 if kind[0] == "M" else 2.0
    rng, level, slope = np.random.default_rng(1), np.full(100_000, 20.0), np.full(100_000, 0.5 * (kind[1] == "A"))
    states, paths = [np.full(100_000, s) for s in season], np.empty((horizon, 100_000))
    told = smoothed(
        kind,
        np.array([alpha, beta, gamma]),
        phi,
        m,
        sigma**2,
        level[0] + slope[0] * np.cumsum(phi ** np.arange(1.0, horizon + 1)),
        np.resize(season, horizon),
    )
    for h in range(horizon):
        start, state = level + phi * slope, states[h]
        expected = start * state if kind[2] == "M" else start + state
        error = sigma * rng.normal(size=100_000) * (expected if kind[0] == "M" else 1)
        paths[h] = expected + error
        shift = error / state if kind[2] == "M" else error
        level, slope = start + alpha * shift, phi * slope + beta * shift
        states.append(state + gamma * (error / start if kind[2] == "M" else error))
    np.testing.assert_allclose(told.sd[:m], paths.std(axis=1)[:m], rtol=0.01)
    np.testing.assert_allclose(told.sd, paths.std(axis=1), rtol=0.02)
    assert np.abs(told.mean - paths.mean(axis=1)).max() < 0.1


def test_simple_exponential_smoothing_is_its_recursion() -> None:
    past = unit(np.random.default_rng(2).normal(size=120).cumsum() * 0.2 + np.random.default_rng(3).normal(size=120))
    model = fitted(ETS, one(past), multiplicative=False)
    assert bytes(found(model).structure[1:]) == b"ANNN"
    (alpha, _, _, _, level), errors = found(model).parameters, []
    for y in past:
        errors.append(y - level)
        level += alpha * errors[-1]
    said = model.predict(one(past), 5, LEVELS)
    np.testing.assert_allclose(said.mean[0], np.full(5, level), rtol=1e-12)
    variance = np.sum(np.square(errors)) / (120 - found(model).structure[0] - 1)
    np.testing.assert_allclose(spread(said), np.sqrt(variance * (1 + alpha**2 * np.arange(5))), rtol=1e-9)


def test_theta_goes_on_with_half_the_slope_of_a_line() -> None:
    said = forecast(Theta, 7 + 0.5 * np.arange(200.0), 10)
    np.testing.assert_allclose(np.diff(said.mean[0]), 0.25, rtol=1e-6)
    assert said.mean[0, 0] == pytest.approx(7 + 0.5 * 199 + 0.25, abs=0.02)  # the level lags by (1/α − 1) steps


@pytest.mark.parametrize("shift", [0.0, -1.0])
def test_theta_is_statsforecasts_and_as_wide_as_smoothing_with_drift(shift: float) -> None:
    """A shifted series has values below 0, and so a season that is added."""
    past = seasonal(160, 8) + shift
    theirs = library.Theta(8).fit(past)
    said = forecast(Theta, past, 20, season=8)
    np.testing.assert_allclose(said.mean[0], theirs.predict(20)["mean"], rtol=1e-12)
    alpha, cycle = theirs.model_["par"]["alpha"], np.resize(theirs.model_["seas_forecast"]["mean"], 20)
    growth = spread(said) / np.sqrt(1 + alpha**2 * np.arange(20))
    if not shift:
        growth = growth / cycle
    np.testing.assert_allclose(growth, growth[0], rtol=1e-9)
    adjusted = past / np.resize(cycle[:8], 160) if not shift else past - np.resize(cycle[:8], 160)
    plain = library.Theta(1).fit(adjusted)
    assert growth[0] == pytest.approx(np.std(plain.model_["residuals"][3:], ddof=1), rel=1e-3)


@pytest.mark.parametrize("kind", [ARIMA, ETS])
def test_a_later_origin_keeps_what_fit_found_and_follows_its_own_past(kind: type[Searched]) -> None:
    past = seasonal(200, 4)
    model = fitted(kind, one(past[:150], 4))
    kept, said = found(model), model.predict(one(past, 4), 12, LEVELS)
    assert found(model) is kept
    own = model.apply(np.ldexp(past, -kept.power), kept, 12)
    np.testing.assert_array_equal(said.mean[0], np.ldexp(own.mean, kept.power))
    assert np.abs(said.mean - model.predict(one(past[:150], 4), 12, LEVELS).mean).max() > 0.01
    other = past.copy()
    other[150:] += 0.3
    assert np.abs(said.mean - model.predict(one(other, 4), 12, LEVELS).mean).max() > 0.1


def test_ets_at_a_later_origin_is_statsforecasts_forward() -> None:
    past = seasonal(200, 4)
    theirs = library.AutoETS(4).fit(past[:150])
    said = fitted(ETS, one(past[:150], 4)).predict(one(past, 4), 12, LEVELS).mean[0]
    power = found(fitted(ETS, one(past[:150], 4))).power
    assert power == 0
    np.testing.assert_allclose(said, theirs.forward(past, 12)["mean"], rtol=1e-9)


@pytest.mark.parametrize("kind", [ARIMA, ETS])
def test_no_forecast_from_an_earlier_origin_knows_what_fit_saw_after_it(kind: type[Searched]) -> None:
    past = seasonal(150, 4)
    early = fitted(kind, one(past, 4)).predict(one(past[:120], 4), 12, LEVELS).mean
    np.testing.assert_array_equal(early, forecast(kind, past[:120], season=4).mean)


@pytest.mark.parametrize("kind", ALL)
def test_values_older_than_the_history_change_nothing(kind: type[Forecaster]) -> None:
    past = seasonal(200, 4)
    poisoned = past.copy()
    poisoned[:100] = np.random.default_rng(0).normal(size=100) * 1e6
    one_, two = (forecast(kind, values, season=4, history=100) for values in (past, poisoned))
    np.testing.assert_array_equal(one_.mean, two.mean)
    np.testing.assert_array_equal(one_.quantiles, two.quantiles)
    poisoned[100] += 0.5
    assert (forecast(kind, poisoned, season=4, history=100).mean != one_.mean).any()


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("power", [-300, -40, 40, 300])
def test_forecasts_change_their_unit_with_the_series(kind: type[Forecaster], power: int) -> None:
    past = seasonal(100, 4)
    plain, scaled = (forecast(kind, values, season=4) for values in (past, np.ldexp(past, power)))
    np.testing.assert_array_equal(scaled.mean, np.ldexp(plain.mean, power))
    np.testing.assert_allclose(scaled.quantiles, np.ldexp(plain.quantiles, power), rtol=1e-12)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("season", [4, 24, 100])
@pytest.mark.parametrize(
    "past",
    [
        np.array([3.0]),
        np.array([3.0, 5.0]),
        np.array([3.0, 5.0, 4.0]),
        np.arange(5.0),
        np.arange(30.0),
        np.zeros(40),
        np.full(60, 3.0),
        np.tile([1.0, 5.0, 2.0, 8.0], 12),
        1e300 * np.sin(np.arange(60.0)),
        1e-300 * np.sin(np.arange(60.0)),
        1e9 + np.sin(np.arange(60.0)),
        np.where(np.arange(60) == 40, 1e12, np.sin(np.arange(60.0))),
        np.append(np.zeros(59), 1.0),
        1.5 ** np.arange(60.0),
    ],
    ids=[
        "one",
        "two",
        "three",
        "five",
        "line",
        "zeros",
        "threes",
        "period",
        "huge",
        "tiny",
        "far",
        "outlier",
        "last",
        "explosive",
    ],
)
def test_any_series_gets_numbers_and_quantiles_in_order_and_no_warning(
    kind: type[Forecaster], season: int, past: Floats
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = forecast(kind, past, 12, season)
    assert said.quantiles is not None
    assert np.isfinite(said.mean).all()
    assert np.isfinite(said.quantiles).all()
    assert (np.diff(said.quantiles, axis=-1) >= 0).all()
    if np.ptp(past) == 0:
        np.testing.assert_array_equal(said.mean, np.full((1, 12), past[0]))
        np.testing.assert_array_equal(said.quantiles, np.full((1, 12, 5), past[0]))


@pytest.mark.parametrize("kind", [ARIMA, ETS])
def test_a_failing_season_is_left_out_and_a_failing_search_leaves_a_random_walk(kind: type[Searched]) -> None:
    class Failing(kind):  # type: ignore[misc, valid-type]
        without: tuple[int, ...] = (4,)

        def search(self, x: Floats, season: int) -> Any:
            if season in self.without:
                raise ZeroDivisionError
            return super().search(x, season)

    past = seasonal(80, 4)
    without_season = forecast(Failing, past, season=4)
    np.testing.assert_array_equal(without_season.mean, forecast(kind, past).mean)
    Failing.without = (4, 1)
    said = forecast(Failing, past, season=4)
    np.testing.assert_array_equal(said.mean, np.full((1, 12), past[-1]))
    step = np.sqrt(np.mean(np.diff(past) ** 2))
    np.testing.assert_allclose(spread(said), step * np.sqrt(np.arange(1, 13)), rtol=1e-9)


@pytest.mark.parametrize("mean", [np.full(12, np.nan), np.full(12, np.inf), np.full(12, 1e4)])
def test_a_model_that_diverges_at_a_later_origin_gives_way_to_a_random_walk(
    mean: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = seasonal(80, 4)
    model = fitted(ETS, one(past, 4))
    monkeypatch.setattr(ETS, "apply", lambda *_: Normal(mean, np.ones(12)))
    np.testing.assert_array_equal(model.predict(one(past, 4), 12, LEVELS).mean[0], random_walk(past, 12).mean)


@pytest.mark.parametrize("kind", [ARIMA, ETS])
def test_a_series_that_began_to_move_after_fit_is_a_random_walk(kind: type[Searched]) -> None:
    past = np.append(np.zeros(40), [1e200, 0.0, 3e200])
    said = fitted(kind, one(past[:40])).predict(one(past), 12, LEVELS)
    np.testing.assert_array_equal(said.mean, np.full((1, 12), 3e200))
    step = 1e200 * np.sqrt((1 + 1 + 9) / 42)
    np.testing.assert_allclose(spread(said), step * np.sqrt(np.arange(1, 13)), rtol=1e-9)


@pytest.mark.parametrize("kind", [ARIMA, ETS])
def test_a_season_too_long_for_the_model_is_taken_off_and_put_back(kind: type[Forecaster]) -> None:
    t = np.arange(400)
    wave = 5 * np.sin(2 * np.pi * t / 80) + 0.02 * t
    past = wave[:360] + 0.1 * np.random.default_rng(0).normal(size=360)
    said = forecast(kind, past, 40, season=80)
    assert np.abs(said.mean[0] - wave[360:]).mean() < 0.4
    assert np.abs(forecast(kind, past, 40).mean[0] - wave[360:]).mean() > 0.8


@pytest.mark.parametrize("kind", [ARIMA, ETS])
def test_a_restored_fit_says_the_same(kind: type[Searched]) -> None:
    values = [seasonal(90, 4), np.full(20, 2.0), seasonal(70, 4, seed=1), np.array([1.0])]
    train = Panel(values, ["a", "constant", "c", "d"], 4)
    model, again = fitted(kind, train), made(kind)
    again.restore(model.arrays() or {})
    later = Panel([np.append(v, v[-1] + [0.1, 0.2, 0.1]) for v in values], train.names, 4)
    for past in (train, later):
        ours, theirs = (m.predict(past, 12, LEVELS) for m in (model, again))
        np.testing.assert_array_equal(ours.mean, theirs.mean)
        np.testing.assert_array_equal(ours.quantiles, theirs.quantiles)


@pytest.mark.parametrize("kind", [ARIMA, ETS])
def test_two_series_of_one_name_are_refused(kind: type[Searched]) -> None:
    with pytest.raises(ValueError, match="each series needs a name of its own"):
        fitted(kind, Panel([np.arange(9.0), np.arange(9.0)], ["a", "a"], 1))


@pytest.mark.parametrize("kind", ALL)
def test_the_laws_of_forecasters_hold(kind: type[Forecaster]) -> None:
    assert [check for check in check_class(lambda: made(kind)) if not check.passed] == []


@pytest.fixture(scope="module")
def m4() -> SeriesData:
    if any(row.state != "good" for row in verify(["m4-hourly"])):
        pytest.skip("m4-hourly is not at hand: run `seqbench data fetch m4-hourly`, or set SEQBENCH_DATA")
    return M4Hourly().load()


def some(past: Panel, rows: list[int]) -> Panel:
    return Panel([past.values[n] for n in rows], [past.names[n] for n in rows], past.season)


def test_theta_forecasts_m4_hourly_as_statsforecast_does(m4: SeriesData) -> None:
    past = some(m4.past(m4.test), list(range(5, 414, 41)))
    ours = Theta().predict(past, 48, LEVELS).mean
    theirs = np.stack([library.Theta(24).fit(values).predict(48)["mean"] for values in past.values])
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.slow
def test_theta_has_the_published_scores_on_m4_hourly(m4: SeriesData) -> None:
    """18.138 and 2.455 by its authors' program; statsforecast rounds to 18.133 and 2.454."""
    past = m4.past(m4.test)
    found = Theta().predict(past, 48, LEVELS).mean
    columns = item_columns(m4.actual(m4.test), found, seasonal_scale(past.values, 24))
    assert [round(float(metric(columns)[0]), 3) for metric in (SMAPE, MASE)] == [18.133, 2.454]
