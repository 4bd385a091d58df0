"""Window forecasters: what they must learn exactly, what they must not see, and what a forecast depends on."""

from typing import Any

import numpy as np
import pytest
import torch

from seqbench.baselines.convolutions.forecaster import TemporalConvolutionForecaster
from seqbench.baselines.series.naive import SeasonalNaive
from seqbench.baselines.windows.forecasters import LinearWindow, WindowMLPForecaster
from seqbench.interface import Budget, Floats
from seqbench.learning.forecaster import NetworkForecaster, WindowForecaster
from seqbench.learning.segments import Segments
from seqbench.recurrent.forecasters import ElmanForecaster, GRUForecaster, LSTMForecaster
from seqbench.tasks.forecasts.metrics import LEVELS
from seqbench.tasks.forecasts.model import ForecastContext, Panel

SMALL: dict[type[WindowForecaster], dict[str, Any]] = {
    LinearWindow: {},
    WindowMLPForecaster: {"hidden_size": 16},
    TemporalConvolutionForecaster: {"hidden_size": 8, "levels": 2, "kernel_size": 2},
    ElmanForecaster: {"hidden_size": 12},
    GRUForecaster: {"hidden_size": 12},
    LSTMForecaster: {"hidden_size": 12},
}
EMPTY = Panel([], [], 6)


def make(kind: type[WindowForecaster], **settings: Any) -> WindowForecaster:
    return kind(kind.config_class(**SMALL[kind] | {"window": 18} | settings))


def context(horizon: int = 6, seed: int = 0, epochs: int = 1, valid: Panel = EMPTY) -> ForecastContext:
    return ForecastContext(seed=seed, budget=Budget(epochs=epochs), valid=valid, horizon=horizon)


def waves(length: int = 60, count: int = 3, noise: float = 0.0) -> Panel:
    """Series of one season and many units, all positive."""
    rng, t = np.random.default_rng(0), np.arange(length)
    values = [
        10.0**n * (3 + np.sin(2 * np.pi * (t + n) / 6) + 0.004 * t + noise * rng.normal(size=length))
        for n in range(count)
    ]
    return Panel(values, [f"w{n}" for n in range(count)], 6)


def ahead(model: WindowForecaster, past: Panel, horizon: int = 6) -> Floats:
    forecast = model.predict(past, horizon, np.array(LEVELS))
    assert forecast.quantiles is None
    return forecast.mean


def test_the_linear_window_goes_on_exactly_where_a_linear_rule_holds() -> None:
    t = np.arange(160)
    values = [a + b * t + c * np.sin(2 * np.pi * (t + a) / 12) for a, b, c in ((3, 0.2, 5), (90, -0.1, 1), (7, 0, 40))]
    whole = Panel(values, ["a", "b", "c"], 12)
    model = make(LinearWindow, window=36, ridge=1e-9, values="linear")
    model.fit(whole.until(np.array([120, 120, 120])), context(horizon=20))
    pasts = whole.until(np.array([130, 140, 125]))
    found, true = ahead(model, pasts, 20), np.stack([values[0][130:150], values[1][140:160], values[2][125:145]])
    np.testing.assert_allclose(found, true, atol=2e-3)


@pytest.mark.parametrize("kind", [k for k in SMALL if issubclass(k, NetworkForecaster)])
def test_a_network_learns_what_its_base_cannot_say(kind: type[NetworkForecaster]) -> None:
    """The logistic map: each value follows from the one before, and least squares see nothing of it."""
    values = np.empty(300)
    values[0] = 0.3
    for t in range(1, 300):
        values[t] = 4 * values[t - 1] * (1 - values[t - 1])
    rate = {"channel_dropout" if kind is TemporalConvolutionForecaster else "dropout": 0.0, "learning_rate": 2e-2}
    model = make(kind, window=8, around="linear", values="linear", batch_size=64, patience=99, **rate)
    logged: list[float] = []
    lend = ForecastContext(
        seed=0,
        budget=Budget(epochs=30),
        valid=EMPTY,
        horizon=1,
        log=lambda name, value: logged.append(value) if name == "train_loss" else None,
    )
    model.fit(Panel([values], ["a"], 1), lend)
    assert logged[-1] < 0.7 * logged[0]


@pytest.mark.parametrize("kind", SMALL)
def test_what_is_said_of_a_series_depends_on_its_own_past_alone(kind: type[WindowForecaster]) -> None:
    model = make(kind)
    model.fit(waves(noise=0.1), context())
    pasts = Panel([*waves(70, 3, noise=0.2).values, np.array([4.0]), np.full(30, 2.0)], list("abcde"), 6)
    together = ahead(model, pasts)
    alone = [ahead(model, Panel([past], ["x"], 6))[0] for past in pasts.values]
    np.testing.assert_allclose(together, alone, rtol=2e-5)
    np.testing.assert_allclose(together[3:], [[4.0] * 6, [2.0] * 6], rtol=1e-12)


@pytest.mark.parametrize("kind", SMALL)
def test_forecasts_change_their_unit_with_the_series(kind: type[WindowForecaster]) -> None:
    model = make(kind)
    model.fit(waves(noise=0.1), context())
    past = waves(70, 2, noise=0.2)
    scaled = Panel([1024 * v for v in past.values], past.names, 6)
    np.testing.assert_allclose(ahead(model, scaled), 1024 * ahead(model, past), rtol=1e-6)


@pytest.mark.parametrize("kind", SMALL)
def test_a_fit_is_written_and_restored_to_the_last_digit(kind: type[WindowForecaster]) -> None:
    model, past = make(kind), waves(70, noise=0.2)
    model.fit(waves(noise=0.1), context())
    arrays, again = model.arrays(), make(kind)
    assert arrays is not None
    again.restore(arrays)
    np.testing.assert_array_equal(ahead(again, past), ahead(model, past))
    assert again.parameter_count() == model.parameter_count()


@pytest.mark.parametrize("kind", SMALL)
def test_a_seed_stands_for_one_fit(kind: type[WindowForecaster]) -> None:
    said = []
    for seed in (1, 1, 2):
        model = make(kind)
        model.fit(waves(noise=0.1), context(seed=seed))
        said.append(ahead(model, waves(noise=0.1)))
    np.testing.assert_array_equal(said[0], said[1])
    assert np.array_equal(said[0], said[2]) != kind.stochastic


def test_a_longer_forecast_goes_on_from_itself() -> None:
    model, past = make(LinearWindow), waves(60, 2, noise=0.1)
    model.fit(waves(noise=0.1), context())
    long = ahead(model, past, 15)
    first = ahead(model, past)
    extended = Panel([np.append(v, f) for v, f in zip(past.values, first, strict=True)], past.names, 6)
    np.testing.assert_array_equal(long[:, :6], first)
    np.testing.assert_allclose(long[:, 6:12], ahead(model, extended), rtol=1e-12)
    assert long.shape == (2, 15)
    np.testing.assert_array_equal(ahead(model, past, 4), first[:, :4])


def test_an_untrained_network_around_the_season_is_the_seasonal_naive_forecast() -> None:
    model = make(WindowMLPForecaster, around="season", learning_rate=1e-30, values="linear")
    model.fit(waves(), context(horizon=9))
    for layer in model.network.network:  # type: ignore[attr-defined]
        for parameter in layer.parameters():
            parameter.data.zero_()
    past = waves(61)
    naive = SeasonalNaive().predict(past, 9, np.array(LEVELS)).mean
    np.testing.assert_allclose(ahead(model, past, 9), naive, rtol=1e-6)


def test_a_network_around_least_squares_starts_from_the_linear_window() -> None:
    linear = make(LinearWindow)
    linear.fit(waves(noise=0.1).until(np.full(3, 54)), context())
    network = make(WindowMLPForecaster, around="linear")
    network.fit(waves(noise=0.1), context())  # the last 6 values are held out
    base = network.network.base  # type: ignore[attr-defined]
    np.testing.assert_allclose(base.weight.numpy(), linear.weight, rtol=1e-5, atol=1e-7)  # type: ignore[attr-defined]
    hidden = 18 * 16 + 16 + 16 * 16 + 16 + 16 * 6 + 6
    assert network.parameter_count() == hidden + 18 * 6 + 6


def test_training_stops_early_on_the_values_held_out() -> None:
    """Poisoned held-out values change when it stops, and nothing else: no weight learns from them."""
    whole, logged = waves(noise=0.1), []
    poisoned = Panel([np.append(v[:-6], 1e3 * v[-6:]) for v in whole.values], whole.names, 6)
    said = []
    for train in (whole, poisoned):
        curves: dict[str, list[float]] = {}
        model = make(WindowMLPForecaster)
        model.fit(
            train,
            ForecastContext(
                seed=0,
                budget=Budget(epochs=1),
                valid=EMPTY,
                horizon=6,
                log=lambda n, v, c=curves: c.setdefault(n, []).append(v),
            ),
        )
        logged.append(curves)
        said.append(ahead(model, waves(60)))
    assert logged[0]["train_loss"] == logged[1]["train_loss"]
    assert logged[0]["valid_loss"] != logged[1]["valid_loss"]
    np.testing.assert_array_equal(said[0], said[1])


@pytest.mark.parametrize(
    ("values", "below", "logs"), [("auto", 0, True), ("auto", -1, False), ("log", -1, True), ("linear", 0, False)]
)
def test_logarithms_are_taken_where_no_value_is_negative(values: str, below: float, logs: bool) -> None:
    model = make(LinearWindow, values=values)
    model.fit(Panel([np.append(np.arange(1.0, 40.0), below)], ["a"], 1), context())
    assert model.logarithm == logs


def test_growth_is_a_straight_line_in_logarithms() -> None:
    series = [a * np.exp(b * np.arange(90)) for a, b in ((1, 0.03), (500, 0.02), (7, 0.05), (2, -0.01))]
    panel = Panel(series, list("abcd"), 1)
    model = make(LinearWindow, ridge=1e-9)
    model.fit(panel.until(np.full(4, 84)), context())
    np.testing.assert_allclose(ahead(model, panel.until(np.full(4, 84))), [v[84:] for v in series], rtol=0.01)


def test_segments_are_whole_at_the_new_end() -> None:
    read = Segments(3)(torch.arange(1, 6)[None])
    assert read.tolist() == [[[0, 1, 2], [3, 4, 5]]]


def test_without_a_series_longer_than_the_horizon_a_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter horizon"):
        make(LinearWindow).fit(waves(6), context())
