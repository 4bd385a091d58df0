"""Deleted interpolation: against Brants' pseudo-code, and as a distribution."""

import itertools

import numpy as np
import pytest

from seqbench.baselines.taggers.transitions import interpolated, trigram_counts, weights
from seqbench.interface import Floats, Ids


def sentences(seed: int, count: int = 40, tags: int = 3) -> list[Ids]:
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(tags, 0.3), size=(tags, tags))
    found = []
    for _ in range(count):
        own = [0, 1]
        for _ in range(int(rng.integers(1, 7))):
            own.append(int(rng.choice(tags, p=table[own[-2], own[-1]])))
        found.append(np.array(own[2:]))
    return found


def test_trigrams_are_counted_within_sentences_with_their_ends() -> None:
    f = trigram_counts([np.array([0, 1, 0]), np.array([1])], 2)
    expected = np.zeros((3, 3, 3))
    for trigram in [(2, 2, 0), (2, 0, 1), (0, 1, 0), (1, 0, 2), (2, 2, 1), (2, 1, 2)]:
        expected[trigram] += 1
    np.testing.assert_array_equal(f, expected)


def brants(f: Floats) -> Floats:
    """Figure 1 of the paper, with one vote for λ₁ from the start."""
    λ = np.array([1.0, 0, 0])
    for a, b, c in itertools.product(range(len(f)), repeat=3):
        if f[a, b, c] > 0:
            pairs = [
                (f[:, :, c].sum() - 1, f.sum() - 1),
                (f[:, b, c].sum() - 1, f[:, b].sum() - 1),
                (f[a, b, c] - 1, f[a, b].sum() - 1),
            ]
            λ[int(np.argmax([0 if low == 0 else high / low for high, low in pairs]))] += f[a, b, c]
    return np.asarray(λ / λ.sum())


@pytest.mark.parametrize("seed", range(3))
def test_the_weights_are_those_of_the_papers_loop(seed: int) -> None:
    f = trigram_counts(sentences(seed), 3)
    np.testing.assert_allclose(weights(f, 2), brants(f), rtol=0, atol=1e-12)


def test_tags_that_depend_on_two_tags_give_weight_to_trigrams() -> None:
    pairs = [np.array([0, 0, 1, 1] * 10) for _ in range(30)]  # one tag back says nothing
    assert weights(trigram_counts(pairs, 2), 2)[2] > 0.9
    alternating = [np.array([0, 1] * 10) for _ in range(30)]  # one tag back says all
    assert weights(trigram_counts(alternating, 2), 1)[1] > 0.9


@pytest.mark.parametrize("order", [1, 2])
def test_transitions_are_distributions_in_which_nothing_is_impossible(order: int) -> None:
    p = interpolated(trigram_counts(sentences(1), 4), order)  # the last tag is missing in the sentences
    np.testing.assert_allclose(p.sum(axis=2), 1, rtol=0, atol=1e-12)
    assert p.min() > 0


def test_order_1_knows_one_tag_back_alone() -> None:
    p = interpolated(trigram_counts(sentences(2), 3), 1)
    np.testing.assert_array_equal(p, np.broadcast_to(p[:1], p.shape))
    assert not np.allclose(interpolated(trigram_counts(sentences(2), 3), 2), p)
