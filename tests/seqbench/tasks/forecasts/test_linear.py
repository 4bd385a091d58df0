"""Forecasts of linear autoregressions against closed forms and statsmodels."""

import numpy as np
import pytest
from scipy.stats import norm

from seqbench.tasks.forecasts.linear import error_variances, gaussian_quantiles, iterate, last


def test_an_autoregression_of_order_one_has_closed_forms() -> None:
    phi, h = np.array([[0.7], [-0.9], [1.0]]), np.arange(1, 9)
    mean = iterate(np.array([[2.0], [3.0], [4.0]]), phi, np.array([0.3, 0.0, 0.5]), 8)
    np.testing.assert_allclose(mean[0], 1 + 0.7**h * (2 - 1), rtol=1e-13)  # 1 = c / (1 − φ)
    np.testing.assert_allclose(mean[1], 3 * (-0.9) ** h, rtol=1e-13)
    np.testing.assert_allclose(mean[2], 4 + 0.5 * h, rtol=1e-13)
    variances = error_variances(phi, np.array([2.0, 1.0, 3.0]), 8)
    np.testing.assert_allclose(variances[0], 2 * (1 - 0.49**h) / (1 - 0.49), rtol=1e-13)
    np.testing.assert_allclose(variances[2], 3 * h, rtol=1e-13)


def test_psi_weights_are_those_of_statsmodels() -> None:
    to_ma = pytest.importorskip("statsmodels.tsa.arima_process").arma2ma
    phi = np.random.default_rng(0).normal(size=(5, 6)) / 4
    variances = error_variances(phi, np.full(5, 2.0), 12)
    psi = np.stack([to_ma(np.r_[1, -row], [1], lags=12) for row in phi])
    np.testing.assert_allclose(variances, 2 * np.cumsum(psi**2, axis=1), rtol=1e-12)


def test_iteration_is_the_equation_step_by_step() -> None:
    rng = np.random.default_rng(1)
    recent, phi, c = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)) / 3, rng.normal(size=3)
    found = iterate(recent, phi, c, 7)
    for n in range(3):
        values = list(recent[n])
        for _ in range(7):
            values.append(c[n] + sum(phi[n, i] * values[-1 - i] for i in range(4)))
        np.testing.assert_allclose(found[n], values[4:], rtol=1e-12)


def test_without_lags_the_mean_is_the_intercept() -> None:
    nothing = np.zeros((2, 0))
    np.testing.assert_array_equal(iterate(nothing, nothing, np.array([3.0, 4.0]), 2), [[3, 3], [4, 4]])
    np.testing.assert_array_equal(error_variances(nothing, np.array([1.0, 2.0]), 3), [[1, 1, 1], [2, 2, 2]])


def test_a_short_past_is_led_by_its_first_value() -> None:
    found = last([np.arange(5.0), np.array([7.0, 8.0]), np.array([9.0])], 3)
    np.testing.assert_array_equal(found, [[2, 3, 4], [7, 7, 8], [9, 9, 9]])
    assert last([np.arange(5.0)], 0).shape == (1, 0)


def test_quantiles_are_those_of_the_normal_distribution() -> None:
    levels = np.array([0.025, 0.5, 0.9])
    found = gaussian_quantiles(np.array([[1.0, 2.0]]), np.array([[4.0, 9.0]]), levels)
    np.testing.assert_allclose(found[0], [norm.ppf(levels, 1, 2), norm.ppf(levels, 2, 3)], rtol=1e-12)


def test_an_explosive_equation_ends_in_infinity_not_in_a_warning() -> None:
    assert iterate(np.ones((1, 1)), np.array([[100.0]]), np.zeros(1), 200)[0, -1] == np.inf
    assert error_variances(np.array([[100.0]]), np.ones(1), 200)[0, -1] == np.inf
