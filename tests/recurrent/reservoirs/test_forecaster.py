"""The echo state forecaster: what it must learn, what its forecasts depend on, how its penalty is chosen."""

import numpy as np
import pytest

from seqbench.datasets.synthetic.chaos import mackey_glass
from seqbench.interface import Budget, Floats
from seqbench.recurrent.reservoirs.forecaster import PENALTIES, EchoStateForecaster, EchoStateForecasterConfig
from seqbench.recurrent.reservoirs.readout import Triangle
from seqbench.recurrent.reservoirs.scales import Base, Scales
from seqbench.tasks.forecasts.metrics import LEVELS
from seqbench.tasks.forecasts.model import ForecastContext, Panel


def fitted(
    panel: Panel, horizon: int, curves: dict[str, list[float]] | None = None, **settings: object
) -> EchoStateForecaster:
    model = EchoStateForecaster(EchoStateForecasterConfig.model_validate({"hidden_size": 60} | settings))
    kept = {} if curves is None else curves
    model.fit(
        panel,
        ForecastContext(
            seed=0,
            budget=Budget(),
            valid=panel,
            horizon=horizon,
            log=lambda name, value: kept.setdefault(name, []).append(value),
        ),
    )
    return model


def ahead(model: EchoStateForecaster, past: Panel, horizon: int) -> Floats:
    forecast = model.predict(past, horizon, np.array(LEVELS))
    assert forecast.quantiles is None
    return forecast.mean


def test_chaos_is_forecast_where_a_linear_rule_fails() -> None:
    x = mackey_glass(1200, every=1, delay=17, rng=np.random.default_rng(0))
    model = fitted(Panel([x[:1000]], ["x"], 1), 20, hidden_size=200)
    lags = np.stack([x[t - 40 : t] for t in range(40, 980)])
    triangle = Triangle(40, 1)
    triangle.add(lags, x[60:1000, None])  # the value 20 steps after the last lag, less one
    linear = triangle.ridge().solve([1e-9])
    errors, others = [], []
    for t in range(1000, 1180, 5):
        errors.append(ahead(model, Panel([x[:t]], ["x"], 1), 20)[0, -1] - x[t + 19])
        others.append(linear(x[None, t - 40 : t])[0, 0, 0] - x[t + 20])
    assert np.sqrt(np.mean(np.square(errors))) < 0.02 * x.std()
    assert np.sqrt(np.mean(np.square(others))) > 0.2 * x.std()


@pytest.mark.parametrize("trend", [0.0, 3.0])
def test_a_season_and_a_trend_go_on(trend: float) -> None:
    t = np.arange(220)
    values = 50 + trend * t + 20 * np.sin(2 * np.pi * t / 12) + 5 * (t % 12 == 3)
    curves: dict[str, list[float]] = {}
    model = fitted(Panel([values[:180]], ["a"], 12), 24, curves)
    np.testing.assert_allclose(ahead(model, Panel([values[:190]], ["a"], 12), 24)[0], values[190:214], atol=0.5)
    assert curves["season"] == [1.0]


def test_the_forecast_of_a_series_is_its_own_and_follows_its_units() -> None:
    rng = np.random.default_rng(0)
    values = [rng.normal(size=150).cumsum() for _ in range(3)]
    panel = Panel(values, ["a", "b", "c"], 1)
    model = fitted(panel, 5)
    together = ahead(model, panel, 5)
    for n in range(3):
        np.testing.assert_allclose(ahead(model, Panel([values[n]], ["abc"[n]], 1), 5)[0], together[n], rtol=1e-12)
    moved = [1e6 + 1e4 * v for v in values]
    again = fitted(Panel(moved, ["a", "b", "c"], 1), 5)
    np.testing.assert_allclose(ahead(again, Panel(moved, ["a", "b", "c"], 1), 5), 1e6 + 1e4 * together, rtol=1e-6)


def test_values_before_the_washout_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=400)
    model = fitted(Panel([values], ["a"], 1), 3, base="level", washout=50)
    changed = values.copy()
    changed[:340] += 100
    past = [Panel([v], ["a"], 1) for v in (values, changed)]
    np.testing.assert_array_equal(ahead(model, past[0], 3), ahead(model, past[1], 3))


def test_forecasts_beyond_the_horizon_build_on_forecasts() -> None:
    values = np.random.default_rng(0).normal(size=200).cumsum()
    model = fitted(Panel([values], ["a"], 1), 4)
    past = Panel([values], ["a"], 1)
    far = ahead(model, past, 7)[0]
    np.testing.assert_array_equal(far[:4], ahead(model, past, 4)[0])
    longer = Panel([np.concatenate([values, far[:4]])], ["a"], 1)
    np.testing.assert_array_equal(far[4:], ahead(model, longer, 4)[0, :3])


def test_noise_asks_for_a_larger_penalty_than_chaos() -> None:
    chosen = {}
    x = mackey_glass(600, every=1, delay=17, rng=np.random.default_rng(0))
    for name, values in {"chaos": x, "noise": np.random.default_rng(0).normal(size=600)}.items():
        curves: dict[str, list[float]] = {}
        fitted(Panel([values], ["a"], 1), 3, curves, base="level")
        (chosen[name],) = curves["penalty"]
    assert chosen["chaos"] <= 1e-5
    assert chosen["noise"] >= 1
    assert set(chosen.values()) <= set(PENALTIES)


def test_a_stored_fit_forecasts_the_same_and_counts_its_read_out() -> None:
    values = np.random.default_rng(0).normal(size=100).cumsum()
    model = fitted(Panel([values], ["a"], 1), 4)
    again = EchoStateForecaster(model.config)
    again.restore(model.arrays())
    past = Panel([values, 3 + values[:50]], ["a", "new"], 1)
    np.testing.assert_array_equal(ahead(again, past, 4), ahead(model, past, 4))
    assert again.parameter_count() == (61 + 1) * 4


@pytest.mark.parametrize(("base", "season", "lag"), [("level", 4, 0), ("season", 4, 4), ("season", 1, 1)])
def test_scales_are_undone_by_the_values_that_follow(base: Base, season: int, lag: int) -> None:
    y = np.random.default_rng(0).normal(size=(2, 40)).cumsum(axis=1) * np.array([[1.0], [100.0]])
    past, ahead = [row[:30] for row in y], y[:, 30:]
    scales = Scales.of(past, base, season)
    assert scales.lag.tolist() == [lag, lag]
    seen = scales.apply(past)
    np.testing.assert_allclose([z.mean() for z in seen], 0, atol=1e-12)
    np.testing.assert_allclose([z.std() for z in seen], 1, rtol=1e-12)
    whole = np.stack(scales.apply(list(y)))[:, -10:]
    np.testing.assert_allclose(scales.undo(whole, past), ahead, rtol=1e-10)
    moved = whole + np.random.default_rng(1).normal(size=whole.shape)
    errors = scales.undo(moved, past) - ahead
    for n in range(2):
        np.testing.assert_allclose(scales.accumulated((moved - whole)[n], n), errors[n], rtol=1e-9, atol=1e-9)
