"""Least squares of windows against scikit-learn's ridge regression and the doubled regression of DLinear."""

import numpy as np
import pytest
import torch

from seqbench.interface import Floats
from seqbench.learning.least_squares import least_squares, moving_mean
from seqbench.learning.series_windows import ErrorUnit, SeriesWindows, training_windows
from seqbench.tasks.forecasts.model import Panel


def windows(window: int = 12, horizon: int = 3) -> SeriesWindows:
    rng = np.random.default_rng(0)
    values = [rng.normal(size=length).cumsum() * scale for length, scale in ((60, 1.0), (45, 50.0), (8, 3.0))]
    return training_windows(Panel(values, ["a", "b", "c"], 4), window, horizon)


def equations(some: SeriesWindows, errors: ErrorUnit) -> tuple[Floats, Floats, Floats]:
    x, y, rough = some.scaled(torch.arange(len(some)), False, errors)
    return x.numpy(), y.numpy(), rough.numpy()[:, 0]


@pytest.mark.parametrize("errors", ["season", "width", "value"])
@pytest.mark.parametrize("kernel", [1, 4, 5])
def test_the_map_is_the_ridge_regression_on_trend_and_rest(kernel: int, errors: ErrorUnit) -> None:
    ridge = pytest.importorskip("sklearn.linear_model").Ridge
    some, penalty = windows(), 0.01
    x, y, rough = equations(some, errors)
    trend = moving_mean(12, kernel)
    rest = np.eye(12) - trend
    both = np.concatenate([x @ trend.T, x @ rest.T], axis=1)
    strength = penalty * np.mean(((x / rough[:, None]) ** 2).sum(axis=0))
    oracle = ridge(alpha=strength, solver="cholesky").fit(both, y, sample_weight=1 / rough**2)
    weight = oracle.coef_[:, :12] @ trend + oracle.coef_[:, 12:] @ rest
    found, bias = least_squares(some, False, errors, penalty, kernel)
    np.testing.assert_allclose(found, weight, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(bias, oracle.intercept_, rtol=1e-7, atol=1e-9)


def test_the_moving_mean_is_that_of_the_padded_window() -> None:
    x = np.random.default_rng(1).normal(size=10)
    padded = np.concatenate([np.repeat(x[0], 2), x, np.repeat(x[-1], 2)])
    np.testing.assert_allclose(moving_mean(10, 5) @ x, np.convolve(padded, np.ones(5) / 5, "valid"), rtol=1e-13)
    np.testing.assert_array_equal(moving_mean(4, 1), np.eye(4))


def test_windows_that_never_move_teach_zeros() -> None:
    still = training_windows(Panel([np.full(30, 2.0)], ["a"], 1), 5, 2)
    weight, bias = least_squares(still, True, "season", 1e-4, 3)
    assert not weight.any()
    assert not bias.any()
