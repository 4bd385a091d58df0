"""Synthetic series: their true models forecast as simulation does, and what is drawn follows its equation."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from seqbench.datasets.synthetic.chaos import lorenz, mackey_glass, runge_kutta
from seqbench.datasets.synthetic.series import (
    KnownSeries,
    Lorenz,
    MackeyGlass,
    SyntheticAR,
    SyntheticSeasonal,
    SyntheticSeries,
    SyntheticThreshold,
)
from seqbench.datasets.synthetic.series_processes import LinearProcess, SeriesProcess, ThresholdProcess, stationary
from seqbench.interface import Floats
from seqbench.tasks.forecasts.metrics import LEVELS
from seqbench.tasks.forecasts.model import Panel

ALL: list[type[SyntheticSeries]] = [SyntheticAR, SyntheticSeasonal, SyntheticThreshold, MackeyGlass, Lorenz]
KNOWN: list[type[KnownSeries]] = [SyntheticAR, SyntheticSeasonal, SyntheticThreshold]


def small(dataset: type[SyntheticSeries], **options: Any) -> SyntheticSeries:
    return dataset(**({"train_steps": 300, "valid_steps": 100, "test_steps": 120} | options))


def futures(process: SeriesProcess, past: Floats, horizon: int, number: int) -> Floats:
    """(number, H) continuations by the equations themselves."""
    rng, paths = np.random.default_rng(0), np.tile(past, (number, 1))
    for _ in range(horizon):
        if isinstance(process, LinearProcess):
            t, m = paths.shape[1], len(process.pattern)
            lags = range(1, len(process.coefficients) + 1)
            x = [paths[:, t - i] - process.pattern[(t - i) % m] for i in lags]
            mean = process.pattern[t % m] + process.coefficients @ np.array(x)
        else:
            assert isinstance(process, ThresholdProcess)
            low, high = (a + b * paths[:, -1] for a, b in (process.below, process.above))
            mean = np.where(paths[:, -1] <= 0, low, high)
        paths = np.column_stack([paths, mean + np.sqrt(process.innovation_variance) * rng.normal(size=number)])
    return paths[:, len(past) :]


@pytest.mark.parametrize("dataset", KNOWN)
@pytest.mark.parametrize("end", [307, 400])
def test_the_true_model_forecasts_the_mean_and_the_quantiles_of_simulated_futures(
    dataset: type[KnownSeries], end: int
) -> None:
    data, number = small(dataset).load(), 40_000
    assert isinstance(data.truth, SeriesProcess)
    past = data.series.values[0][:end]
    found = data.truth.predict(Panel([past], ["a"], data.season), 6, np.array(LEVELS))
    simulated = futures(data.truth, past, 6, number)
    error = simulated.std(axis=0) / np.sqrt(number)
    assert (np.abs(found.mean[0] - simulated.mean(axis=0)) < 4.5 * error).all()
    assert found.quantiles is not None
    for i, level in enumerate(LEVELS):
        below = (simulated <= found.quantiles[0, :, i]).mean(axis=0)
        assert np.abs(below - level).max() < 4.5 * np.sqrt(level * (1 - level) / number)


@pytest.mark.parametrize("dataset", KNOWN)
def test_the_floor_is_the_error_of_the_true_model_at_one_step(dataset: type[KnownSeries]) -> None:
    data = small(dataset, test_steps=4000, horizon=1).load()
    assert data.truth is not None
    forecast = data.truth.predict(data.past(data.test), 1, np.array(LEVELS))
    error = (data.actual(data.test) - forecast.mean) ** 2
    assert data.innovation_variance == 1
    assert error.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / 4000))


@pytest.mark.parametrize("dataset", ALL)
def test_a_source_is_its_options(dataset: type[SyntheticSeries]) -> None:
    one, again, other = small(dataset, series=2), small(dataset, series=3), small(dataset, series=2, seed=1)
    a, b, c = (source.load().series.values for source in (one, again, other))
    assert [len(v) for v in a] == [520, 520]
    np.testing.assert_array_equal(a, b[:2])
    assert not np.array_equal(a[0], a[1])
    assert not np.array_equal(a[0], c[0])
    assert one.fingerprint() == small(dataset, series=2).fingerprint() != other.fingerprint()
    longer = small(dataset, test_steps=200).load().series.values[0]
    np.testing.assert_array_equal(longer[:520], a[0])


def test_partial_autocorrelations_make_the_autoregression_that_has_them() -> None:
    process = pytest.importorskip("statsmodels.tsa.arima_process")
    partial = np.array([0.7, -0.5, 0.3, 0.9, -0.2])
    found = process.arma_pacf(np.r_[1, -stationary(partial)], [1], lags=8)
    np.testing.assert_allclose(found, [1, *partial, 0, 0], atol=1e-12)


def test_an_autoregression_has_its_theoretical_moments() -> None:
    process = LinearProcess(np.array([0.5, 0.3]), np.array([1.0, 3.0]), sd=2)
    y = process.draw(200_000, np.random.default_rng(0))
    assert [y[::2].mean(), y[1::2].mean()] == pytest.approx([1, 3], abs=0.1)
    variance = 4 * (1 - 0.3) / ((1 + 0.3) * ((1 - 0.3) ** 2 - 0.5**2))  # Box & Jenkins, eq. 3.2.28
    assert (y - np.resize([1.0, 3.0], len(y))).var() == pytest.approx(variance, rel=0.03)


def test_no_linear_equation_comes_near_a_threshold() -> None:
    y = small(SyntheticThreshold, train_steps=20_000).load().train.values[0]
    lags = np.column_stack([*(y[10 - k : -k] for k in range(1, 11)), np.ones(len(y) - 10)])
    rest = y[10:] - lags @ np.linalg.lstsq(lags, y[10:], rcond=None)[0]
    assert rest.var() > 1.6  # the true model's is 1


def test_the_lorenz_steps_are_of_order_four() -> None:
    def slope(point: tuple[float, float, float]) -> tuple[float, float, float]:
        x, y, z = point
        return 10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z

    exact = solve_ivp(lambda _, p: slope(tuple(p)), (0, 0.4), (1.0, 2.0, 20.0), rtol=1e-12, atol=1e-12).y[:, -1]
    errors = []
    for steps in (40, 80):
        point = (1.0, 2.0, 20.0)
        for _ in range(steps):
            point = runge_kutta(slope, point, 0.4 / steps)
        errors.append(np.abs(np.array(point) - exact).max())
    assert errors[1] < 1e-5
    assert 12 < errors[0] / errors[1] < 20


def test_the_lorenz_attractor_has_its_known_form() -> None:
    x = lorenz(10_000, 0.05, np.random.default_rng(0))
    assert (17 < x.max() < 20, -20 < x.min() < -17) == (True, True)
    assert (x**2).mean() == pytest.approx(8 / 3 * 23.55, rel=0.03)  # stationary: E x² = E xy = β E z
    assert (x > 0).mean() == pytest.approx(0.5, abs=0.06)


def test_mackey_glass_follows_its_equation() -> None:
    """The slope between neighbouring values, by a central difference of the path, is that of the equation."""
    x = mackey_glass(2000, 0.1, 17, np.random.default_rng(0))
    slope = (x[173:-1] - x[171:-3]) / 0.2
    late, now = x[2:-172], x[172:-2]
    np.testing.assert_allclose(slope, 0.2 * late / (1 + late**10) - 0.1 * now, atol=2e-5)


def test_mackey_glass_is_chaos_from_a_delay_of_17_on_and_a_cycle_before() -> None:
    def spread(delay: float) -> float:
        """How far apart the peaks are of a path that has settled."""
        x = mackey_glass(3000, 1, delay, np.random.default_rng(0))
        peaks = x[1:-1][(x[1:-1] > x[:-2]) & (x[1:-1] > x[2:])]
        return float(peaks.std())

    assert spread(8) < 0.01 < 0.1 < spread(17)
