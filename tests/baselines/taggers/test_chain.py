"""Messages along a chain of tags, against enumeration of all sequences."""

import itertools

import numpy as np
import pytest

from seqbench.baselines.taggers.chain import Chain
from seqbench.interface import Floats


def transitions(tags: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(tags + 1, 0.5), size=(tags + 1, tags + 1)) * 0.99 + 0.01 / (tags + 1)


def enumerated(p: Floats, emissions: Floats, best: bool) -> tuple[Floats, tuple[int, ...]]:
    """Return the normalised marginals (T, C), and the best sequence."""
    C, T = len(p) - 1, len(emissions)
    totals, found = np.full((T, C), -np.inf), {}
    for tags in itertools.product(range(C), repeat=T):
        padded = (C, C, *tags, C)
        score = sum(np.log(p[padded[i : i + 3]]) for i in range(T + 1)) + emissions[range(T), tags].sum()
        found[tags] = score
        for t, c in enumerate(tags):
            totals[t, c] = max(totals[t, c], score) if best else np.logaddexp(totals[t, c], score)
    return totals - np.logaddexp.reduce(totals, axis=1, keepdims=True), max(found, key=lambda tags: found[tags])


@pytest.mark.parametrize("best", [False, True])
@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_marginals_are_those_of_all_sequences_of_tags(length: int, best: bool) -> None:
    p, emissions = transitions(3, length), np.random.default_rng(length).normal(scale=3, size=(4, length, 3))
    found = Chain(p, best).marginals(emissions)
    for own, e in zip(found, emissions, strict=True):
        expected, path = enumerated(p, e, best)
        np.testing.assert_allclose(own, expected, rtol=0, atol=1e-10)
        if best:
            assert tuple(own.argmax(axis=1)) == path


def test_the_most_probable_tags_are_not_always_the_most_probable_sequence() -> None:
    p, emissions = transitions(3, 0), np.random.default_rng(1).normal(size=(200, 6, 3))
    posterior, viterbi = (Chain(p, best).marginals(emissions).argmax(axis=2) for best in (False, True))
    assert (posterior != viterbi).any()


@pytest.mark.parametrize("best", [False, True])
def test_thousands_of_improbable_words_neither_underflow_nor_lose_digits(best: bool) -> None:
    """A constant per word changes no marginal, even one far below the smallest number."""
    p, emissions = transitions(4, 3), np.random.default_rng(4).normal(size=(1, 2000, 4))
    low = Chain(p, best).marginals(emissions - 500)
    assert np.isfinite(low).all()
    np.testing.assert_allclose(low, Chain(p, best).marginals(emissions), rtol=0, atol=1e-7)


def test_reading_backwards_with_reversed_transitions_gives_the_same_posterior() -> None:
    """p(c | a, b) that is symmetric in a and c as a weight makes a chain without direction."""
    rng = np.random.default_rng(5)
    weight = rng.random((4, 4, 4)) + 0.1
    weight += weight.transpose(2, 1, 0)
    weight[3, 3] = 1.0  # the ends of a sentence: two words before it, one after it
    weight[:, :, 3] = 1.0
    weight[3] = 1.0
    emissions = rng.normal(size=(2, 5, 3))
    ahead = Chain(weight, False).marginals(emissions)
    back = Chain(weight, False).marginals(emissions[:, ::-1])[:, ::-1]
    np.testing.assert_allclose(ahead, back, rtol=0, atol=1e-10)
