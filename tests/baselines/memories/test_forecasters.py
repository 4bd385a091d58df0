"""Memories as forecasters: what is recalled of a series that repeats, coding, and the Gaussian machine."""

import numpy as np
import pytest
import torch

from seqbench import Budget, ForecastContext, Forecaster, Panel
from seqbench.baselines.memories.boltzmann.forecaster import GaussianConfig, GaussianMachine
from seqbench.baselines.memories.forecasters import (
    EDGE,
    DenseForecaster,
    HopfieldForecaster,
    HopfieldForecasterConfig,
    MemoryForecasterConfig,
)
from seqbench.baselines.series.naive import SeasonalNaive
from seqbench.datasets.synthetic.series import MackeyGlass


def fitted(model: Forecaster, values: np.ndarray, horizon: int) -> Forecaster:
    nothing = Panel([], [], 1)
    model.fit(Panel([values], ["a"], 1), ForecastContext(seed=0, budget=Budget(), valid=nothing, horizon=horizon))
    return model


def ahead(model: Forecaster, past: np.ndarray, horizon: int) -> np.ndarray:
    return model.predict(Panel([past], ["a"], 1), horizon, np.array([0.5])).mean[0]


def test_a_dense_memory_recalls_what_followed_the_same_window() -> None:
    pattern = np.random.default_rng(0).normal(size=20)
    values = np.tile(pattern, 12)
    model = fitted(DenseForecaster(MemoryForecasterConfig(window=10)), values, 4)
    np.testing.assert_allclose(ahead(model, values[:115], 4), values[115:119], atol=0.05)


def test_a_dense_memory_is_the_mean_of_futures_by_the_distance_of_their_windows() -> None:
    model, rng = DenseForecaster(MemoryForecasterConfig(window=6)), np.random.default_rng(1)
    fitted(model, rng.normal(size=60), 2)
    z = torch.from_numpy(rng.normal(size=(1, model.window)))
    model.beta = 3.0
    distances = ((model.windows - z) ** 2).sum(1)
    weights = torch.softmax(-3.0 * distances / (2 * model.window), 0)
    torch.testing.assert_close(model.ahead(z)[0], weights @ model.futures)


def test_a_thermometer_shows_a_value_to_within_a_step() -> None:
    model = HopfieldForecaster(HopfieldForecasterConfig(levels=32))
    values = torch.linspace(-2.9, 2.9, 50, dtype=torch.float64)[None]
    shown = EDGE * model._coded(values).reshape(50, 32).mean(axis=1)
    assert np.abs(shown - values[0].numpy()).max() <= EDGE / 32 + 1e-9


def test_a_hopfield_network_recalls_one_of_a_few_stored_patterns() -> None:
    rng, model = np.random.default_rng(3), HopfieldForecaster(HopfieldForecasterConfig(levels=16))
    model.window, model.horizon = 12, 3
    x, y = torch.from_numpy(rng.uniform(-2.5, 2.5, (4, 12))), torch.from_numpy(rng.uniform(-2.5, 2.5, (4, 3)))
    model.store(x, y)
    assert float((model.ahead(x) - y).abs().max()) <= EDGE / 16 + 1e-9


def test_a_dense_memory_beats_the_seasonal_naive_on_noisy_chaos() -> None:
    values = MackeyGlass(noise=0.1).draw(2500, np.random.default_rng(0))
    model, naive = DenseForecaster(), SeasonalNaive()
    train = values[:1500]
    fitted(model, train, 12)
    errors = []
    for start in range(1500, len(values) - 12, 37):
        past, true = values[:start], values[start : start + 12]
        errors.append([np.abs(ahead(m, past, 12) - true).mean() for m in (model, naive)])
    mine, naives = np.mean(errors, axis=0)
    assert mine < 0.7 * naives


def gaussian() -> GaussianMachine:
    torch.manual_seed(0)
    machine = GaussianMachine(3, GaussianConfig(hidden_size=4, width=0.5)).double()
    with torch.no_grad():
        machine.W.normal_()
        machine.b.normal_()
        machine.c.normal_()
    return machine


def test_the_free_energy_of_a_gaussian_machine_is_the_sum_over_its_hidden_units() -> None:
    machine, v = gaussian(), torch.randn(5, 3, dtype=torch.float64)
    hidden = (torch.arange(16)[:, None] >> torch.arange(4) & 1).double()
    apart = ((v - machine.b) ** 2).sum(1)[:, None] / (2 * 0.5**2)
    energy = apart - (hidden @ machine.c)[None] - v @ machine.W @ hidden.T / 0.5
    torch.testing.assert_close(machine.free_energy(v), -torch.logsumexp(-energy, 1))


def test_the_mean_of_visible_units_is_where_the_energy_is_least() -> None:
    machine, h = gaussian(), torch.tensor([1.0, 0, 1, 1], dtype=torch.float64)
    v = machine.mean(h).detach().requires_grad_()
    energy = ((v - machine.b) ** 2).sum() / (2 * 0.5**2) - v @ machine.W @ h / 0.5
    (slope,) = torch.autograd.grad(energy, v)
    assert float(slope.abs().max()) == pytest.approx(0, abs=1e-9)


def test_a_completed_future_is_a_fixed_point_of_the_mean_field() -> None:
    machine, x = gaussian(), torch.randn(6, 2, dtype=torch.float64)
    with torch.no_grad():
        machine.W.mul_(0.3)
        y = machine.completed(x, 1)
        h = torch.sigmoid(machine.c + torch.cat([x, y], 1) @ machine.W / 0.5)
        torch.testing.assert_close(machine.mean(h)[:, -1:], y, atol=1e-6, rtol=0)
