"""Dynamics: energy falls, minima are those that enumeration finds, cycles are seen, and company changes nothing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.baselines.memories.connections import Connections
from seqbench.baselines.memories.dynamics import BLOCK, settle
from seqbench.baselines.memories.learning import hebbian_of


def symmetric(units: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(units, units))
    weights = noise + noise.T
    np.fill_diagonal(weights, 0)
    return weights


def states(count: int, units: int, seed: int = 0) -> np.ndarray:
    return np.where(np.random.default_rng([seed, 1]).random((count, units)) < 0.5, 1, -1).astype(np.int8)


def ring(units: int) -> np.ndarray:
    """Each unit takes the sign of the one before it."""
    return np.roll(np.eye(units), 1, axis=0)


@given(st.integers(2, 40), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_energy_never_rises_when_units_move_one_by_one(units: int, seed: int) -> None:
    weights, start = symmetric(units, seed), states(5, units, seed)
    order = np.random.default_rng(seed).permutation(units)
    before = Connections(weights).energy(start)
    for limit in range(1, 6):
        settled = settle(Connections(weights), start, "asynchronous", limit, order)
        after = Connections(weights).energy(settled.patterns)
        np.testing.assert_allclose(settled.energy, after, rtol=1e-5, atol=1e-5)
        assert (after <= before + 1e-12 * np.abs(before)).all()
        before = after
    final = settle(Connections(weights), start, "asynchronous", 1000, order)
    assert (np.asarray(final.period) == 1).all()


@pytest.mark.parametrize("units", [5, BLOCK, 2 * BLOCK + 7])
def test_units_in_blocks_become_what_a_loop_over_them_makes(units: int) -> None:
    weights, start = symmetric(units, 3), states(9, units)
    order = np.random.default_rng(2).permutation(units)
    expected = start.copy().astype(float)
    for row in expected:
        for i in order:
            row[i] = np.sign(weights[i] @ row)
    np.testing.assert_array_equal(settle(Connections(weights), start, "asynchronous", 1, order).patterns, expected)


def test_states_at_rest_are_the_minima_that_enumeration_finds() -> None:
    units = 10
    weights = symmetric(units, 5)
    every = np.array(list(itertools.product([-1, 1], repeat=units)), dtype=np.int8)
    lowest = Connections(weights).energy(every)
    minima = np.ones(len(every), dtype=bool)
    for i in range(units):
        flipped = every.copy()
        flipped[:, i] *= -1
        minima &= lowest <= Connections(weights).energy(flipped)
    settled = settle(Connections(weights), every, "asynchronous", 100)
    ends = np.unique(settled.patterns, axis=0)
    np.testing.assert_array_equal(ends, np.unique(every[minima], axis=0))
    still = (settled.patterns == every).all(axis=1)
    np.testing.assert_array_equal(still, minima)
    np.testing.assert_allclose(settled.energy, Connections(weights).energy(settled.patterns), rtol=1e-5)


def test_two_units_that_swap_oscillate_with_period_two_all_at_once_and_rest_one_by_one() -> None:
    weights, start = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1, -1], [1, 1]], dtype=np.int8)
    together = settle(Connections(weights), start, "synchronous", 50)
    assert np.asarray(together.period).tolist() == [2, 1]
    assert np.asarray(together.steps)[0] < 5
    assert np.asarray(settle(Connections(weights), start, "asynchronous", 50).period).tolist() == [1, 1]


@given(st.integers(2, 24), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_symmetric_weights_have_no_period_beyond_two(units: int, seed: int) -> None:
    """Goles-Chacc, Fogelman-Soulie & Pellegrin 1985."""
    period = settle(Connections(symmetric(units, seed)), states(8, units, seed), "synchronous", 500).period
    assert set(np.asarray(period).tolist()) <= {1, 2}


def test_asymmetric_weights_that_do_not_rest_are_reported_with_their_period_or_without_rest() -> None:
    start = np.array([[1, -1, -1, -1, -1, -1, -1], [1] * 7], dtype=np.int8)
    settled = settle(Connections(ring(7)), start, "synchronous", 20)
    assert np.asarray(settled.period).tolist() == [7, 1]
    assert np.asarray(settled.steps).tolist() == [20, 1]
    assert np.asarray(settle(Connections(ring(7)), start, "synchronous", 5).period).tolist() == [0, 1]


@pytest.mark.parametrize("dynamics", ["asynchronous", "synchronous"])
def test_what_a_state_becomes_does_not_depend_on_others_even_where_fields_vanish(dynamics: str) -> None:
    stored = states(8, 64)
    between, start = hebbian_of(stored), states(30, 64, 2)
    start[::3, :20] = 0
    together = settle(between, start, dynamics, 30)  # type: ignore[arg-type]
    for i in range(30):
        alone = settle(between, start[i : i + 1], dynamics, 30)  # type: ignore[arg-type]
        np.testing.assert_array_equal(alone.patterns[0], together.patterns[i])
        assert np.asarray(alone.steps)[0] == np.asarray(together.steps)[i]
    assert set(np.unique(together.patterns)) == {-1, 1}


def test_a_unit_without_a_field_stays() -> None:
    start = np.array([[1, -1, 1]], dtype=np.int8)
    np.testing.assert_array_equal(settle(Connections(np.zeros((3, 3))), start, "asynchronous", 5).patterns, start)


@pytest.mark.parametrize("dynamics", ["asynchronous", "synchronous"])
def test_weights_that_are_products_of_few_vectors_move_states_as_their_matrix_does(dynamics: str) -> None:
    stored, start = states(20, 150), states(60, 150, 4)
    between, order = hebbian_of(stored), np.random.default_rng(3).permutation(150)
    assert between.vectors is not None
    few = settle(between, start, dynamics, 50, order)  # type: ignore[arg-type]
    whole = settle(Connections(between.weights()), start, dynamics, 50, order)  # type: ignore[arg-type]
    np.testing.assert_array_equal(few.patterns, whole.patterns)
    np.testing.assert_array_equal(few.steps, whole.steps)
    np.testing.assert_array_equal(few.period, whole.period)
    np.testing.assert_allclose(few.energy, whole.energy, rtol=1e-5)
    np.testing.assert_allclose(between.energy(start), Connections(between.weights()).energy(start), rtol=1e-12)
