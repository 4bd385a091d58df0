"""EM of model 1 against enumeration of all alignments, on made lexicons, and as a climb."""

from itertools import islice, product, repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.baselines.translation.lexicon import Lexicon, expectation_maximisation, posterior
from seqbench.interface import Floats, Ids

Corpus = tuple[list[Ids], list[Ids]]
WORDS = 3
"""Source words, of which the last is the empty word, and target words, of the small cases."""


def corpora() -> st.SearchStrategy[Corpus]:
    """Up to five pairs of few words; the empty word is the last of each source."""
    side = st.lists(st.integers(0, WORDS - 1), max_size=3)
    source = st.lists(st.integers(0, WORDS - 2), max_size=2)
    pairs = st.lists(st.tuples(source, side), min_size=1, max_size=5).filter(lambda p: any(e for _, e in p))
    return pairs.map(lambda p: ([np.array([*f, WORDS - 1]) for f, _ in p], [np.array(e, dtype=np.int64) for _, e in p]))


def dense(lexicon: Lexicon) -> Floats:
    return lexicon(np.arange(WORDS)[:, None], np.arange(lexicon.targets))


def by_enumeration(t: Floats, sources: list[Ids], targets: list[Ids]) -> tuple[Floats, float]:
    """A step of EM, and the log-likelihood before it, from sums over all alignments."""
    count, total = np.zeros_like(t), 0.0
    for f, e in zip(sources, targets, strict=True):
        alignments = list(product(range(len(f)), repeat=len(e)))
        p = np.array([np.prod([t[f[i], e[j]] for j, i in enumerate(a)]) for a in alignments])
        for weight, alignment in zip(p / p.sum(), alignments, strict=True):
            for j, i in enumerate(alignment):
                count[f[i], e[j]] += weight
        total += float(np.log(p.sum()) - len(e) * np.log(len(f)))
    mass = count.sum(axis=1, keepdims=True)
    return count / np.where(mass > 0, mass, 1), total


@given(corpora())
def test_a_step_and_the_likelihood_equal_sums_over_all_alignments(corpus: Corpus) -> None:
    before = None
    for step in islice(expectation_maximisation(*corpus, WORDS), 3):
        if before is not None:
            after, log_likelihood = by_enumeration(before, *corpus)
            assert dense(step.lexicon) == pytest.approx(after, abs=1e-10)
            assert step.log_likelihood == pytest.approx(log_likelihood, abs=1e-10)
        before = dense(step.lexicon)


@given(corpora())
def test_the_likelihood_never_falls(corpus: Corpus) -> None:
    climb = [step.log_likelihood for step in islice(expectation_maximisation(*corpus, WORDS), 12)]
    assert (np.diff(climb) >= -1e-10).all()


@given(corpora())
def test_translations_of_a_word_that_was_met_sum_to_one(corpus: Corpus) -> None:
    *_, step = islice(expectation_maximisation(*corpus, WORDS), 4)
    met = {int(w) for f, e in zip(*corpus, strict=True) if len(e) for w in f}
    assert dense(step.lexicon).sum(axis=1) == pytest.approx([float(word in met) for word in range(WORDS)])


@given(corpora(), st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=6))
def test_the_mean_is_over_all_source_words_the_unknown_ones_by_their_own_distribution(
    corpus: Corpus, source: list[int]
) -> None:
    *_, step = islice(expectation_maximisation(*corpus, WORDS), 2)
    unknown, t = np.array([0.2, 0.5, 0.3]), dense(step.lexicon)
    by_hand = np.mean([t[word] if t[word].any() else unknown for word in source], axis=0)
    assert step.lexicon.mean(np.array(source), unknown) == pytest.approx(by_hand)


def test_the_posterior_is_the_share_of_alignments() -> None:
    t = np.array([[0.5, 0.2, 0.3], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
    lexicon = Lexicon(np.arange(9), t.ravel(), 3)
    f, e = np.array([0, 1, 1, 2]), np.array([1, 0])
    alignments = list(product(range(4), repeat=2))
    p = np.array([t[f[a], e[0]] * t[f[b], e[1]] for a, b in alignments])
    for j in range(2):
        share = [p[[a[j] == i for a in alignments]].sum() / p.sum() for i in range(4)]
        assert posterior(lexicon, f, e)[j] == pytest.approx(share)


def made(pairs: int, rng: np.random.Generator) -> Corpus:
    """Source word w is translated as 10 + w; the order is random, and now and then word 0 comes from nowhere."""
    sources, targets = [], []
    for _ in repeat(None, pairs):
        f = rng.choice(10, size=int(rng.integers(2, 6)), replace=False)
        e = rng.permutation(10 + f)
        sources.append(np.append(f, 10))
        targets.append(np.append(e, 0) if rng.random() < 0.4 else e)
    return sources, targets


def test_a_made_lexicon_and_its_alignments_are_found() -> None:
    sources, targets = made(300, np.random.default_rng(0))
    *_, step = islice(expectation_maximisation(sources, targets, 20), 20)
    candidates = step.lexicon.candidates(11, 2, without=[])
    assert candidates.words[:, 0].tolist() == [*range(10, 20), 0]
    assert np.exp(candidates.log_t[:10, 0]).min() > 0.9
    for f, e in zip(sources, targets, strict=True):
        aligned = f[posterior(step.lexicon, f, e).argmax(axis=1)]
        assert aligned.tolist() == [10 if word == 0 else word - 10 for word in e]


def test_candidates_are_ordered_by_probability_then_by_index_and_leave_words_out() -> None:
    t = np.array([0.2, 0.4, 0.4, 1.0])
    lexicon = Lexicon(np.array([0, 1, 3, 2 * 4 + 2]), t, 4)
    found = lexicon.candidates(3, 2, without=[])
    assert found.words.tolist() == [[1, 3], [0, 0], [2, 0]]
    assert np.exp(found.log_t).tolist() == pytest.approx(np.array([[0.4, 0.4], [0, 0], [1, 0]]))
    assert lexicon.candidates(3, 2, without=[1, 2]).words[0].tolist() == [3, 0]
    assert (lexicon.candidates(3, 2, without=[1, 2]).log_t[2] == -np.inf).all()
