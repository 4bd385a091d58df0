"""The general Boltzmann machine against the enumeration of its states."""

import numpy as np
import pytest
from scipy import stats

from seqbench.baselines.memories.boltzmann.machine import BoltzmannMachine, Gradient, learned


def machine(units: int, visible: int, seed: int = 0, scale: float = 1.0) -> BoltzmannMachine:
    rng = np.random.default_rng(seed)
    W = scale * rng.normal(size=(units, units))
    W = np.triu(W, 1)
    return BoltzmannMachine(W + W.T, scale * rng.normal(size=units), visible)


def test_the_energy_is_that_of_biases_and_of_pairs() -> None:
    of = machine(5, 5)
    for state, energy in zip(of.states(), of.energy(of.states()), strict=True):
        pairs = sum(of.W[i, j] * state[i] * state[j] for i in range(5) for j in range(i + 1, 5))
        assert energy == pytest.approx(-of.b @ state - pairs)


def test_probabilities_of_visible_states_sum_to_one() -> None:
    of = machine(7, 4)
    every = BoltzmannMachine.zero(4, 4).states()
    assert np.exp(of.log_p(every)).sum() == pytest.approx(1)


def test_the_gradient_is_that_of_finite_differences() -> None:
    of, rng, step = machine(6, 4), np.random.default_rng(1), 1e-5
    data = (rng.random((3, 4)) < 0.5) * 1.0
    found = of.gradient(data)
    for i in range(6):
        for j in range(i + 1, 6):
            change = np.zeros((6, 6))
            change[i, j] = change[j, i] = 1
            moved = [of.moved(Gradient(change, np.zeros(6)), s * step).log_p(data).mean() for s in (1, -1)]
            assert found.W[i, j] == pytest.approx((moved[0] - moved[1]) / (2 * step), abs=1e-8)
        moved = [of.moved(Gradient(np.zeros((6, 6)), np.eye(6)[i]), s * step).log_p(data).mean() for s in (1, -1)]
        assert found.b[i] == pytest.approx((moved[0] - moved[1]) / (2 * step), abs=1e-8)
    np.testing.assert_array_equal(found.W, found.W.T)
    assert not np.diag(found.W).any()


def test_gibbs_samples_have_the_exact_probabilities() -> None:
    of, rng = machine(5, 5, seed=2, scale=0.8), np.random.default_rng(0)
    drawn = (rng.random((20_000, 5)) < 0.5) * 1.0
    for _ in range(40):
        drawn = of.gibbs(drawn, np.arange(5), rng)
    counts = np.bincount((drawn @ 2.0 ** np.arange(5)).astype(int), minlength=32)
    assert stats.chisquare(counts, np.exp(of.log_p(of.states())) * 20_000).pvalue > 1e-3


def test_units_that_are_held_stay_and_the_others_follow_their_conditional() -> None:
    of, rng = machine(4, 4, seed=3), np.random.default_rng(0)
    held = np.tile([1.0, 0.0, 0.0, 0.0], (20_000, 1))
    for _ in range(40):
        held = of.gibbs(held, [2, 3], rng)
    assert (held[:, :2] == [1, 0]).all()
    every = of.states()
    own = every[(every[:, :2] == [1, 0]).all(axis=1)]
    p = np.exp(-of.energy(own))
    counts = np.bincount((held[:, 2:] @ [1.0, 2.0]).astype(int), minlength=4)
    assert stats.chisquare(counts, p / p.sum() * 20_000).pvalue > 1e-3


def test_annealing_finds_the_state_of_least_energy_of_a_small_net() -> None:
    of, rng = machine(12, 12, seed=4, scale=2.0), np.random.default_rng(0)
    start = (rng.random((200, 12)) < 0.5) * 1.0
    ended = of.annealed(start, np.arange(12), rng, list(np.geomspace(5, 0.02, 60)))
    best = of.energy(of.states()).min()
    assert of.energy(ended).min() == pytest.approx(best)
    assert np.mean(of.energy(ended) <= best + 1e-9) > 0.5


@pytest.mark.parametrize("hidden", [0, 2])
def test_sampled_learning_reaches_the_likelihood_of_exact_learning(hidden: int) -> None:
    rng = np.random.default_rng(0)
    data = np.array([[1, 0, 1, 0], [1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0]], dtype=np.float64)
    start = machine(4 + hidden, 4, seed=5, scale=0.1)
    exact = start
    for _ in range(300):
        exact = exact.moved(exact.gradient(data), 0.3)
    sampled = learned(start, data, updates=300, rate=0.3, sweeps=3, chains=200, rng=rng)
    assert sampled.log_p(data).mean() > start.log_p(data).mean() + 0.5
    assert sampled.log_p(data).mean() == pytest.approx(exact.log_p(data).mean(), abs=0.2)


def test_too_many_units_are_refused() -> None:
    with pytest.raises(ValueError, match="21 units have too many states to enumerate; 20 is the most"):
        BoltzmannMachine.zero(21, 21).states()
