"""The read-out against scikit-learn's ridge regression, and what it leaves out against explicit refits."""

import numpy as np
import pytest

from seqbench.interface import Floats
from seqbench.recurrent.reservoirs.readout import Ridge, Triangle

PENALTIES = (1e-6, 1e-2, 1.0, 50.0, 1e5)


def rows(count: int = 60, inputs: int = 8, outputs: int = 3, seed: int = 0) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, inputs)) @ rng.normal(size=(inputs, inputs)) + rng.normal(size=inputs)
    return x, x @ rng.normal(size=(inputs, outputs)) + 5 + rng.normal(size=(count, outputs))


def ridge(x: Floats, y: Floats, pieces: int = 1) -> Ridge:
    triangle = Triangle(x.shape[1], y.shape[1])
    for part in np.array_split(np.arange(len(x)), pieces):
        triangle.add(x[part], y[part])
    return triangle.ridge()


@pytest.mark.parametrize("pieces", [1, 4, 60])
def test_every_penalty_gives_scikit_learns_ridge_regression(pieces: int) -> None:
    oracle = pytest.importorskip("sklearn.linear_model").Ridge
    x, y = rows()
    found = ridge(x, y, pieces).solve(PENALTIES)
    for place, penalty in enumerate(PENALTIES):
        exact = oracle(alpha=penalty, solver="svd").fit(x, y)
        np.testing.assert_allclose(found.weight[place], exact.coef_.T, rtol=0, atol=1e-10)
        np.testing.assert_allclose(found.bias[place], exact.intercept_, rtol=0, atol=1e-10)
        np.testing.assert_allclose(found(x)[place], exact.predict(x), rtol=0, atol=1e-10)


@pytest.mark.parametrize("left", [[7], [0, 1, 2, 3], [5, 20, 59]])
def test_errors_of_rows_left_out_are_those_of_a_fit_without_them(left: list[int]) -> None:
    x, y = rows()
    found = ridge(x, y).left_out(x[left], y[left], PENALTIES)
    rest = np.setdiff1d(np.arange(len(x)), left)
    again = y[left] - ridge(x[rest], y[rest]).solve(PENALTIES)(x[left])
    np.testing.assert_allclose(found, again, rtol=1e-9, atol=1e-9)


def test_fewer_rows_than_inputs_have_the_solution_of_smallest_norm() -> None:
    x, y = rows(count=6)
    found = ridge(x, y).solve([0.0])
    centred = np.linalg.pinv(x - x.mean(axis=0)) @ (y - y.mean(axis=0))
    np.testing.assert_allclose(found.weight[0], centred, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found(x)[0], y, rtol=0, atol=1e-9)


def test_inputs_that_never_move_get_no_weight() -> None:
    x, y = rows()
    x[:, 2] = 4.0
    found = ridge(x, y).solve([0.0, 1.0])
    np.testing.assert_allclose(found.weight[:, 2], 0, atol=1e-10)


def test_digits_that_a_gram_matrix_would_lose_are_kept() -> None:
    """Two inputs that differ in the ninth digit: their Gram matrix is singular in float64."""
    rng = np.random.default_rng(0)
    base, apart = rng.normal(size=(200, 1)), rng.normal(size=(200, 1))
    x = np.concatenate([base, base + 1e-9 * apart], axis=1)
    assert np.linalg.matrix_rank(x.T @ x) == 1
    np.testing.assert_allclose(ridge(x, apart).solve([0.0])(x)[0], apart, atol=1e-5)


def test_the_unit_of_penalties_is_the_mean_sum_of_squares() -> None:
    x, y = rows()
    assert ridge(x, y).scale == pytest.approx(((x - x.mean(axis=0)) ** 2).sum(axis=0).mean(), rel=1e-12)


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        Triangle(2, 1).ridge()
