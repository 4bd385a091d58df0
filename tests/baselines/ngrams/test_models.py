import os
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.lm import WittenBellInterpolated

from seqbench.baselines.ngrams import models as ngram
from seqbench.baselines.ngrams.counts import count_ngrams, sort_together
from seqbench.baselines.ngrams.table import KeyTable
from seqbench.interface import Budget
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import EOS, Vocab

Corpus = list[list[int]]
METHODS = ["add-k", "witten-bell", "absolute discounting", "kneser-ney"]

A, B, C = 0, 1, 2
HAND: Corpus = [[A, B], [A, C]]


def skewed(documents: int, length: int, size: int) -> Corpus:
    return [(np.random.default_rng(seed).zipf(1.5, size=length) % size).tolist() for seed in range(documents)]


SKEWED = skewed(documents=10, length=40, size=9)
WIDE = skewed(documents=12, length=60, size=100)  # enough rare symbols to estimate all discounts


def fitted(method: str, corpus: Corpus, size: int, order: int, k: float = 0.1) -> ngram.Ngram:
    config = ngram.NgramConfig(order=order)
    model = {
        "add-k": ngram.AddK(ngram.AddKConfig(order=order, k=k)),
        "witten-bell": ngram.WittenBell(config),
        "absolute discounting": ngram.AbsoluteDiscounting(config),
        "kneser-ney": ngram.KneserNey(config),
    }[method]
    model.fit([np.array(d, dtype=np.int64) for d in corpus], context(size))
    return model


def context(size: int, log: Callable[[str, float], None] = lambda name, value: None) -> LanguageContext:
    vocab = Vocab(tuple(str(i) for i in range(size)))
    return LanguageContext(seed=0, budget=Budget(), valid=[], vocab=vocab, log=log)


def probability(model: ngram.Ngram, history: Sequence[int], symbol: int) -> float:
    """p(symbol | <s> history)"""
    return float(np.exp(model.predict(np.array([[*history, symbol]]))[0][0, -1]))


# The formulas of the textbooks over dictionaries. Grams are tuples; <s> is -1 and opens each document once.
Gram = tuple[int, ...]


def occurrences(corpus: Corpus, longest: int) -> Counter[Gram]:
    grams = Counter[Gram]()
    for document in corpus:
        symbols = (-1, *document)
        for n in range(1, longest + 1):
            grams.update(symbols[i : i + n] for i in range(len(symbols) - n + 1))
    del grams[(-1,)]
    return grams


def textbook(method: str, corpus: Corpus, size: int, order: int, k: float = 0.1) -> Callable[[Gram, int], float]:
    """p(w | h) for a history h from <s> on."""
    raw = occurrences(corpus, order)
    counts = raw
    if method == "kneser-ney":
        before = Counter(gram[1:] for gram in raw if len(gram) > 1)
        counts = Counter({g: c if len(g) == order or g[0] == -1 else before[g] for g, c in raw.items()})

    def followers(h: Gram) -> dict[int, int]:
        return {w: counts[(*h, w)] for w in range(size) if counts[(*h, w)]}

    def discounts(n: int) -> list[float]:
        t = Counter(c for g, c in counts.items() if len(g) == n)
        if method == "absolute discounting":
            return [t[1] / (t[1] + 2 * t[2])] if t[1] and t[2] else [0.75]
        if not (t[1] and t[2] and t[3]):
            return [0.5, 1.0, 1.5]
        y = t[1] / (t[1] + 2 * t[2])
        d1, d2, d3 = 1 - 2 * y * t[2] / t[1], 2 - 3 * y * t[3] / t[2], 3 - 4 * y * t[4] / t[3]
        return [d1, d2, d3] if 0 < d1 <= 1 and 0 < d2 <= 2 and 0 < d3 <= 3 else [0.5, 1.0, 1.5]

    discount = {n: discounts(n) for n in range(1, order + 1)}

    def taken(n: int, count: int) -> float:
        return discount[n][min(count, len(discount[n])) - 1] if count else 0.0

    def p(h: Gram, w: int) -> float:
        seen = followers(h)
        total = sum(seen.values())
        if method == "add-k":
            return (seen.get(w, 0) + k) / (total + k * size)
        lower = p(h[1:], w) if h else 1 / size
        if not total:
            return lower
        if method == "witten-bell":
            return (seen.get(w, 0) + len(seen) * lower) / (total + len(seen))
        n = len(h) + 1
        free = sum(taken(n, c) for c in seen.values())
        return (seen.get(w, 0) - taken(n, seen.get(w, 0)) + free * lower) / total

    return lambda h, w: p(h[len(h) - order + 1 :] if len(h) >= order else h, w)


corpora = st.integers(1, 4).flatmap(
    lambda size: st.tuples(st.lists(st.lists(st.integers(0, size - 1), max_size=8), max_size=6), st.just(size))
)
documents = st.lists(st.integers(0, 4), min_size=1, max_size=7)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60, deadline=None)
@given(corpus=corpora, order=st.integers(1, 7), document=documents)
def test_scores_are_the_textbooks_on_any_corpus(
    method: str, corpus: tuple[Corpus, int], order: int, document: list[int]
) -> None:
    train, size = corpus
    size += 1  # one symbol that is never seen
    document = [w % size for w in document]
    p = textbook(method, train, size, order)
    expected = [p((-1, *document[:t]), w) for t, w in enumerate(document)]
    scores, _ = fitted(method, train, size, order).predict(np.array([document]))
    np.testing.assert_allclose(scores[0], np.log(expected), rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_scores_are_the_textbooks_where_discounts_are_estimated(method: str, order: int) -> None:
    test = WIDE[0][:30] + np.random.default_rng(99).integers(101, size=30).tolist()
    p = textbook(method, WIDE, 101, order)
    model = fitted(method, WIDE, 101, order)
    expected = [p((-1, *test[:t]), w) for t, w in enumerate(test)]
    np.testing.assert_allclose(model.predict(np.array([test]))[0][0], np.log(expected), rtol=0, atol=1e-12)
    if isinstance(model, ngram.Discounting):
        assert model.fallback_orders == ()


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(corpus=corpora, order=st.integers(1, 7), rows=st.lists(documents, min_size=1, max_size=4))
def test_next_holds_what_predict_scores_and_sums_to_one(
    method: str, corpus: tuple[Corpus, int], order: int, rows: list[list[int]]
) -> None:
    train, size = corpus
    model = fitted(method, train, size, order)
    shortest = min(map(len, rows))
    ids = np.array([row[:shortest] for row in rows]) % size
    for state, start in ((None, 0), (model.predict(ids)[1], shortest)):
        p = model.next(state, batch=len(ids))
        assert p.shape == (len(ids), size)
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=1e-12)
        for symbol in range(size):
            column = np.full((len(ids), 1), symbol)
            whole, _ = model.predict(np.concatenate([ids[:, :start], column], axis=1))
            np.testing.assert_allclose(np.log(p[:, symbol]), whole[:, -1], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("method", "b_after_a", "a_at_start", "a_after_unseen"),
    [
        # c(ab) = c(ac) = 1, c(<s>a) = 2, nothing follows b; the unigrams in brackets.
        ("add-k", (1 + 1) / (2 + 3), (2 + 1) / (2 + 3), 1 / 3),
        ("witten-bell", (1 + 2 * (2 / 7)) / (2 + 2), (2 + 1 * (3 / 7)) / (2 + 1), 3 / 7),
        # t = 2, 1 at both orders: d = 2 / (2 + 2 · 1) = ½; p(a) = (2 − ½ + ½ · 3 · ⅓) / 4, p(b) = (½ + ½) / 4.
        ("absolute discounting", (0.5 + 2 * 0.5 * (1 / 4)) / 2, (1.5 + 0.5 * (1 / 2)) / 2, 1 / 2),
        # Each symbol stood after one other: all unigrams ⅓. t_3 = 0 at both orders: D = ½, 1, 1½.
        ("kneser-ney", (0.5 + 2 * 0.5 * (1 / 3)) / 2, (2 - 1 + 1 * (1 / 3)) / 2, 1 / 3),
    ],
)
def test_bigrams_of_two_lines_computed_by_hand(
    method: str, b_after_a: float, a_at_start: float, a_after_unseen: float
) -> None:
    model = fitted(method, HAND, 3, order=2, k=1)
    assert probability(model, [A], B) == pytest.approx(b_after_a, abs=1e-15)
    assert probability(model, [], A) == pytest.approx(a_at_start, abs=1e-15)
    assert probability(model, [A, B], A) == pytest.approx(a_after_unseen, abs=1e-15)


def test_witten_bell_is_nltks_above_the_unigrams() -> None:
    # nltk's unigrams are unsmoothed and its padding counts <s> as a symbol that follows <s>: it is given our
    # unigrams and the n-grams from a single <s>.
    order, size = 4, 10
    grams = [gram for gram, count in occurrences(SKEWED, order).items() for _ in range(count)]
    ours = fitted("witten-bell", SKEWED, size, order)
    unigrams = fitted("witten-bell", SKEWED, size, order=1).next()[0]
    theirs = WittenBellInterpolated(order)
    theirs.fit([[tuple(map(str, gram)) for gram in grams]], vocabulary_text=[str(w) for w in range(-1, size)])
    theirs.estimator.unigram_score = lambda word: unigrams[int(word)]
    for document in SKEWED[:3]:
        history = ["-1", *map(str, document)]
        expected = [theirs.logscore(w, history[max(0, t - 2) : t + 1]) for t, w in enumerate(history[1:])]
        actual = ours.predict(np.array([document]))[0][0] / np.log(2)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12)


def test_unigrams_add_one_and_the_uniform_knows_nothing() -> None:
    unigram, uniform = ngram.Unigram(), ngram.Uniform()
    for model in (unigram, uniform):
        model.fit([np.array(d) for d in HAND], context(4))
    np.testing.assert_allclose(unigram.next(batch=2), np.tile([3 / 8, 2 / 8, 2 / 8, 1 / 8], (2, 1)), rtol=1e-15)
    np.testing.assert_allclose(unigram.predict(np.array([[A, 3]]))[0], np.log([[3 / 8, 1 / 8]]), rtol=1e-15)
    np.testing.assert_allclose(uniform.predict(np.array([[A, 3]]))[0], np.log([[1 / 4, 1 / 4]]), rtol=1e-15)
    assert (unigram.parameter_count(), uniform.parameter_count()) == (4, 0)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(order=st.integers(1, 7), cuts=st.lists(st.integers(0, 30), max_size=5))
def test_a_stream_in_pieces_scores_as_in_one(method: str, order: int, cuts: list[int]) -> None:
    model = fitted(method, SKEWED, 10, order)
    ids = np.array([SKEWED[0][:30], SKEWED[1][5:35], [9] * 30])
    whole, end = model.predict(ids)
    pieces, state = [], None
    for start, stop in pairwise([0, *sorted(cuts), 30]):
        scores, state = model.predict(ids[:, start:stop], state)
        pieces.append(scores)
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)
    np.testing.assert_array_equal(model.next(state), model.next(end))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [1, 2, 5])
def test_a_row_scores_alike_in_any_batch(method: str, order: int) -> None:
    model = fitted(method, SKEWED, 10, order)
    ids = np.array([document[:25] for document in SKEWED])
    together, state = model.predict(ids)
    further, _ = model.predict(ids, state)
    for row, document in enumerate(ids):
        alone, own_state = model.predict(document[None])
        np.testing.assert_array_equal(together[row], alone[0])
        np.testing.assert_array_equal(further[row], model.predict(document[None], own_state)[0][0])


@pytest.mark.parametrize("method", METHODS)
def test_no_n_gram_reaches_over_a_document_start(method: str) -> None:
    several, test = fitted(method, SKEWED, 10, order=4), np.array(SKEWED[:4])
    shuffled = fitted(method, SKEWED[::-1], 10, order=4)
    np.testing.assert_allclose(several.predict(test)[0], shuffled.predict(test)[0], rtol=0, atol=1e-12)
    joined = fitted(method, [list(chain.from_iterable(SKEWED))], 10, order=4)
    assert not np.allclose(several.predict(test)[0], joined.predict(test)[0], rtol=0, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_symbols_never_seen_share_equally_in_every_context(method: str) -> None:
    model = fitted(method, SKEWED, 13, order=3)
    _, state = model.predict(np.array([document[-5:] for document in SKEWED]))
    p = model.next(state)
    np.testing.assert_allclose(p[:, 9:], p[:, 9:10] * np.ones(4), rtol=1e-14)
    assert np.all(p > 0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [1, 3])
def test_a_restored_model_is_the_fitted_one(method: str, order: int, tmp_path: Path) -> None:
    model = fitted(method, SKEWED, 10, order)
    np.savez(tmp_path / "fit.npz", **model.arrays())
    restored = type(model)(model.config)
    restored.restore(np.load(tmp_path / "fit.npz"))
    ids = np.array(SKEWED)
    np.testing.assert_array_equal(restored.predict(ids)[0], model.predict(ids)[0])
    np.testing.assert_array_equal(restored.next(), model.next())
    assert restored.parameter_count() == model.parameter_count()
    if isinstance(model, ngram.Discounting) and isinstance(restored, ngram.Discounting):
        np.testing.assert_array_equal(restored.discounts, model.discounts)
        assert restored.fallback_orders == model.fallback_orders


def test_parameters_are_probabilities_and_back_off_weights() -> None:
    # Unigrams a, b, c; bigrams <s>a, ab, ac. Contexts: the empty one, a, b, c, <s>.
    assert fitted("kneser-ney", HAND, 3, order=2).parameter_count() == (3 + 3) + 5
    assert fitted("kneser-ney", HAND, 3, order=1).parameter_count() == 3 + 1


def test_undefined_discounts_fall_back_by_order_and_are_reported() -> None:
    logged: list[tuple[str, float]] = []
    model = ngram.KneserNey(ngram.NgramConfig(order=3))
    model.fit([np.array(d) for d in SKEWED], context(10, lambda name, value: logged.append((name, value))))
    assert model.fallback_orders == (1,), "ten symbols leave no adjusted counts of 1 to 3"
    assert logged == [("fallback_discounts_at_order", 1)]
    np.testing.assert_array_equal(model.discounts[0], [0.5, 1, 1.5])
    assert np.all(model.discounts[1:] > 0)
    assert np.all(model.discounts[1:] != [0.5, 1, 1.5])


@pytest.mark.parametrize("method", METHODS)
def test_a_model_that_saw_nothing_is_uniform(method: str) -> None:
    for corpus in ([], [[]]):
        model = fitted(method, corpus, 5, order=3)
        np.testing.assert_allclose(model.next(model.predict(np.array([[1, 2, 3]]))[1]), np.full((1, 5), 0.2))


@pytest.mark.parametrize("method", METHODS)
def test_no_symbols_have_no_scores_and_leave_the_state(method: str) -> None:
    model = fitted(method, SKEWED, 10, order=3)
    _, state = model.predict(np.array([[1, 2, 3]]))
    scores, after = model.predict(np.empty((1, 0), dtype=np.int64), state)
    assert scores.shape == (1, 0)
    np.testing.assert_array_equal(after, state)
    assert model.predict(np.empty((0, 4), dtype=np.int64))[0].shape == (0, 4)


@pytest.mark.parametrize("symbol", [-1, 10])
def test_ids_outside_the_vocabulary_are_refused(symbol: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.9"):
        fitted("kneser-ney", SKEWED, 10, order=3).predict(np.array([[symbol]]))


@settings(max_examples=40, deadline=None)
@given(
    corpus=st.lists(st.lists(st.integers(0, 3), max_size=12), max_size=5),
    size=st.sampled_from([4, 33_278, 200_000]),
    order=st.integers(1, 7),
)
def test_counts_are_a_dictionarys_in_any_vocabulary(corpus: Corpus, size: int, order: int) -> None:
    high = [[size - 1 - w for w in document] for document in corpus]  # symbols that fill all bits of a key
    expected = occurrences(high, order)
    grams = np.empty((1, 0), dtype=np.int64)
    for n, level in enumerate(count_ngrams([np.array(d, dtype=np.int64) for d in high], size, order), start=1):
        below, symbols = grams, level.key & ((1 << level.bits) - 1)
        grams = np.column_stack([below[level.key >> level.bits], np.where(symbols == size, -1, symbols)])
        assert level.contexts == len(below)
        np.testing.assert_array_equal(grams[:, 1:], below[level.suffix])
        np.testing.assert_array_equal(grams[:, 0] == -1, np.arange(len(grams)) >= level.opening)
        assert np.all(np.diff(level.key) > 0)
        seen = level.count > 0
        counted = dict(zip(map(tuple, grams[seen].tolist()), level.count[seen].tolist(), strict=True))
        assert counted == {gram: c for gram, c in expected.items() if len(gram) == n}


@pytest.mark.parametrize("top", [2**20, 2**60], ids=["packed into 63 bits", "too wide to pack"])
def test_keys_sort_with_their_positions(top: int) -> None:
    rng = np.random.default_rng(0)
    keys, positions = rng.choice(rng.integers(top, size=50), size=300), np.arange(7, 907, 3)
    order = np.lexsort((positions, keys))
    expected = keys[order], positions[order]
    sort_together(keys, positions)
    np.testing.assert_array_equal(keys, expected[0])
    np.testing.assert_array_equal(positions, expected[1])


@settings(max_examples=200, deadline=None)
@given(keys=st.sets(st.integers(0, 150), max_size=60), scale=st.sampled_from([1, 2**16, 2**40 + 1]))
def test_a_key_table_finds_all_its_keys_and_no_other(keys: set[int], scale: int) -> None:
    listed = np.array([-1, *sorted(keys)]) * scale
    sought = np.arange(151)
    expected = [1 + sorted(keys).index(key) if key in keys else 0 for key in sought]
    np.testing.assert_array_equal(KeyTable(listed).find(sought * scale), expected)


def test_a_large_key_table_finds_all_its_keys_and_no_other() -> None:
    keys = np.unique(np.random.default_rng(0).integers(2**40, size=100_000))
    table = KeyTable(np.append(-1, keys))
    np.testing.assert_array_equal(table.find(keys), np.arange(1, len(keys) + 1))
    absent = np.setdiff1d(keys + 1, keys)
    assert not table.find(absent).any()


DATA = Path(os.environ.get("SEQBENCH_DATA", "")) / "wikitext2"


@pytest.mark.skipif(
    "SEQBENCH_DATA" not in os.environ or not DATA.is_dir(),
    reason="needs wikitext2 in the folder that SEQBENCH_DATA names",
)
class TestWikiText2:
    """Perplexities of KenLM's `lmplz` with `<unk>` as an ordinary word."""

    @pytest.fixture(scope="class")
    @classmethod
    def splits(cls) -> tuple[int, dict[str, list[np.ndarray]]]:
        index: dict[str, int] = {}
        encoded = {}
        for split in ("train", "valid", "test"):
            lines = (line.split() for line in (DATA / f"{split}.txt").read_text(encoding="utf-8").split("\n"))
            encoded[split] = [
                np.array([index.setdefault(w, len(index)) for w in (*line, EOS)]) for line in lines if line
            ]
        assert sum(map(len, encoded["test"])) == 244_102
        return len(index), encoded

    @staticmethod
    def perplexity(model: ngram.Ngram, documents: list[np.ndarray]) -> float:
        lengths = {len(document) for document in documents}
        batches = [np.stack([d for d in documents if len(d) == length]) for length in lengths]
        nats = sum(model.predict(batch)[0].sum() for batch in batches)
        return float(np.exp(-nats / sum(map(len, documents))))

    @pytest.mark.parametrize(("order", "valid", "test"), [(3, "247.66", "230.89"), (5, "239.98", "224.81")])
    def test_kneser_ney_is_kenlms_to_five_digits(
        self, order: int, valid: str, test: str, splits: tuple[int, dict[str, list[np.ndarray]]]
    ) -> None:
        size, documents = splits
        assert size == 33_278
        model = ngram.KneserNey(ngram.NgramConfig(order=order))
        model.fit(documents["train"], context(size))
        assert model.fallback_orders == ()
        assert f"{self.perplexity(model, documents['valid']):.5g}" == valid
        assert f"{self.perplexity(model, documents['test']):.5g}" == test

    def test_with_lmplzs_own_unknown_word_beside_ours_it_is_kenlms_to_six(
        self, splits: tuple[int, dict[str, list[np.ndarray]]]
    ) -> None:
        size, documents = splits
        model = ngram.KneserNey(ngram.NgramConfig(order=5))
        model.fit(documents["train"], context(size + 1))
        assert f"{self.perplexity(model, documents['valid']):.6g}" == "239.984"
        assert f"{self.perplexity(model, documents['test']):.6g}" == "224.812"
