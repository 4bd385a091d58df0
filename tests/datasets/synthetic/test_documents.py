"""Synthetic documents: their posterior by enumeration, and what each source hides from whom."""

import hashlib
import math
from collections import defaultdict
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from seqbench.data import DataError
from seqbench.datasets.synthetic.documents import (
    DocumentProcess,
    MarkerProcess,
    OrderProcess,
    SyntheticDistance,
    SyntheticDocuments,
    SyntheticOrder,
    SyntheticWords,
    WordProcess,
)
from seqbench.interface import Floats, Ids
from seqbench.tasks.documents.data import LabelledData
from seqbench.tasks.documents.model import Labelled, Texts
from seqbench.tasks.language.vocab import UNK

KINDS: list[type[SyntheticDocuments]] = [SyntheticWords, SyntheticOrder, SyntheticDistance]
SMALL = {"train_documents": 60, "valid_documents": 20, "test_documents": 30}
PARTS = ("train", "valid", "test")

LENGTHS = range(1, 5)
TINY: list[SyntheticDocuments] = [
    SyntheticWords(classes=3, words=3, shortest=1, longest=4, seed=5),
    SyntheticOrder(words=4, flow=0.4, shortest=1, longest=4, seed=5),
    SyntheticDistance(distance=2, before=1, classes=3, noise=2, wrong=0.2, seed=5),
]

Joint = dict[tuple[int, ...], list[float]]
"""p(class, document) of every document that can be drawn, by class."""


def words_joint(rows: Floats) -> Joint:
    c, v = rows.shape
    return {
        ids: [math.prod(rows[k, i - 1] for i in ids) / len(LENGTHS) / c for k in range(c)]
        for length in LENGTHS
        for ids in product(range(1, v + 1), repeat=length)
    }


def order_joint(rows: Floats, stationary: Floats) -> Joint:
    """A document has the probability backwards that its reverse has forwards; no reversed chain is made."""

    def forwards(ids: tuple[int, ...]) -> float:
        return float(stationary[ids[0] - 1] * math.prod(rows[x - 1, y - 1] for x, y in pairwise(ids)))

    return {
        ids: [forwards(read) / len(LENGTHS) / 2 for read in (ids[::-1], ids)]
        for length in LENGTHS
        for ids in product(range(1, len(rows) + 1), repeat=length)
    }


def distance_joint(source: SyntheticDistance) -> Joint:
    c, noise = source.classes, range(source.classes + 1, source.classes + source.noise + 1)
    joint = {}
    for before in range(source.before + 1):
        for words in product(noise, repeat=before + source.distance):
            for marker in range(c):
                ids = (*words[:before], marker + 1, *words[before:])
                of_marker = [1 - source.wrong if k == marker else source.wrong / (c - 1) for k in range(c)]
                joint[ids] = [p / c / (source.before + 1) / source.noise ** len(words) for p in of_marker]
    return joint


def parameters(source: SyntheticDocuments) -> DocumentProcess:
    truth = source.load().truth
    assert isinstance(truth, DocumentProcess)
    return truth


TRUTHS = {kind: parameters(kind(**SMALL)) for kind in KINDS}
ORDER = TRUTHS[SyntheticOrder]


def joint_of(source: SyntheticDocuments) -> Joint:
    """By formula, from the parameters alone."""
    truth = parameters(source)
    if isinstance(truth, WordProcess):
        return words_joint(truth.rows)
    if isinstance(truth, OrderProcess):
        return order_joint(truth.rows, truth.stationary)
    assert isinstance(source, SyntheticDistance)
    return distance_joint(source)


def texts(documents: list[tuple[int, ...]]) -> Texts:
    ids = [np.array(d, dtype=np.int64) for d in documents]
    return Texts(ids, [[""] * len(d) for d in documents])


def posterior(joint: Joint) -> Floats:
    table = np.array(list(joint.values()))
    return table / table.sum(axis=1, keepdims=True)


def truth_of(data: LabelledData) -> DocumentProcess:
    assert isinstance(data.truth, DocumentProcess)
    return data.truth


def accuracy(log_p: Floats, labels: Ids) -> float:
    return float((log_p.argmax(axis=1) == labels).mean())


def counts(part: Labelled, vocab_size: int) -> Floats:
    return np.array([np.bincount(ids, minlength=vocab_size) for ids in part.texts.ids], dtype=np.float64)


@pytest.mark.parametrize("source", TINY, ids=lambda s: s.name)
def test_the_posterior_is_bayes_rule_on_all_documents_there_are(source: SyntheticDocuments) -> None:
    joint = joint_of(source)
    assert math.fsum(p for of_document in joint.values() for p in of_document) == pytest.approx(1, abs=1e-12)
    log_p = parameters(source).predict(texts(list(joint)))
    np.testing.assert_allclose(np.exp(log_p), posterior(joint), rtol=0, atol=1e-12)


@pytest.mark.parametrize("source", TINY, ids=lambda s: s.name)
def test_documents_are_drawn_with_their_probabilities(source: SyntheticDocuments) -> None:
    """Pearson's statistic of 20,000 draws over all pairs of class and document that are expected five times."""
    joint, n = joint_of(source), 20_000
    data = source.model_copy(update={"test_documents": n}).load()
    drawn: dict[tuple[int, ...], Floats] = defaultdict(lambda: np.zeros(len(data.classes)))
    for label, ids in zip(data.test.labels, data.test.texts.ids, strict=True):
        drawn[tuple(ids.tolist())][label] += 1
    assert set(drawn) <= set(joint)
    expected = n * np.array(list(joint.values())).ravel()
    observed = np.array([drawn[document] for document in joint]).ravel()
    often = expected >= 5
    pooled_expected = np.append(expected[often], expected[~often].sum())
    pooled_observed = np.append(observed[often], observed[~often].sum())
    kept = pooled_expected > 0
    statistic = float((((pooled_observed - pooled_expected) ** 2)[kept] / pooled_expected[kept]).sum())
    freedom = int(kept.sum()) - 1
    assert abs(statistic - freedom) < 4 * math.sqrt(2 * freedom)


@pytest.mark.parametrize("source", TINY, ids=lambda s: s.name)
def test_the_log_loss_and_accuracy_of_the_truth_are_their_expectations_within_four_standard_errors(
    source: SyntheticDocuments,
) -> None:
    joint, n = joint_of(source), 5000
    weights, nats = np.array(list(joint.values())), -np.log(posterior(joint))
    loss = float((weights * nats).sum())
    spread = math.sqrt((weights * (nats - loss) ** 2).sum() / n)
    right = float(weights.max(axis=1).sum())
    data = source.model_copy(update={"test_documents": n}).load()
    log_p = truth_of(data).predict(data.test.texts)
    assert abs(-log_p[np.arange(n), data.test.labels].mean() - loss) < 4 * spread
    # Ties of the posterior are decided either way with the same chance of being right.
    assert abs(accuracy(log_p, data.test.labels) - right) < 4 * math.sqrt(right * (1 - right) / n)


@pytest.mark.parametrize("flow", [0.0, 0.4, 0.9])
def test_words_without_their_order_are_equally_likely_in_both_classes(flow: float) -> None:
    truth = parameters(SyntheticOrder(words=4, flow=flow, seed=2, **SMALL))
    bags: dict[tuple[int, ...], Floats] = defaultdict(lambda: np.zeros(2))
    for length in LENGTHS:
        for ids in product(range(1, 5), repeat=length):
            bags[tuple(sorted(ids))] += np.exp(truth.log_likelihoods(np.array(ids)))
    both = np.array(list(bags.values()))
    assert both.sum() == pytest.approx(2 * len(LENGTHS), abs=1e-12)
    np.testing.assert_allclose(both[:, 0], both[:, 1], rtol=0, atol=1e-14)


@given(arrays(np.int64, st.integers(1, 40), elements=st.integers(0, 8)))
def test_the_reverse_of_a_document_has_the_other_class(ids: Ids) -> None:
    there, back = ORDER.log_likelihoods(ids), ORDER.log_likelihoods(ids[::-1])
    np.testing.assert_allclose(there, back[::-1], rtol=0, atol=1e-11)


def test_the_chain_is_stationary_and_flows() -> None:
    assert isinstance(ORDER, OrderProcess)
    np.testing.assert_allclose(ORDER.rows.sum(axis=1), 1, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ORDER.stationary @ ORDER.rows, ORDER.stationary, rtol=0, atol=1e-12)
    flows = ORDER.stationary[:, None] * ORDER.rows
    assert np.abs(flows - flows.T).max() > 0.01


def test_without_flow_the_classes_are_one() -> None:
    data = SyntheticOrder(flow=0, **SMALL).load()
    np.testing.assert_allclose(truth_of(data).predict(data.test.texts), math.log(1 / 2), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_words_say_nothing(kind: type[SyntheticDocuments]) -> None:
    data = kind(**SMALL).load()
    truth, c = truth_of(data), len(data.classes)
    alone = truth.predict(Texts([np.array([0]), np.array([0, 0, 0])], [[UNK], [UNK] * 3]))
    np.testing.assert_allclose(alone, math.log(1 / c), rtol=0, atol=1e-12)
    ids = data.test.texts.ids
    framed = [np.concatenate([[0], document, [0]]) for document in ids]
    np.testing.assert_allclose(
        truth.predict(Texts(framed, [[""] * len(d) for d in framed])), truth.predict(data.test.texts), atol=1e-12
    )


@pytest.mark.parametrize("kind", KINDS)
@given(documents=st.lists(arrays(np.int64, st.integers(1, 12), elements=st.integers(0, 8)), max_size=5))
def test_any_documents_get_probabilities_that_sum_to_one(kind: type[SyntheticDocuments], documents: list[Ids]) -> None:
    truth = TRUTHS[kind]
    log_p = truth.predict(Texts(documents, [[""] * len(d) for d in documents]))
    assert log_p.shape == (len(documents), truth.classes)
    assert np.isfinite(log_p).all()
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_and_words_lie_in_range_and_words_are_those_of_the_ids(kind: type[SyntheticDocuments]) -> None:
    data = kind(**SMALL).load()
    assert data.vocab.unk == 0
    assert list(data.classes) == sorted(data.classes)
    for name, documents in zip(PARTS, SMALL.values(), strict=True):
        part = getattr(data, name)
        assert len(part) == len(part.texts) == len(part.texts.words) == documents
        assert set(part.labels.tolist()) == set(range(len(data.classes)))
        for ids, words in zip(part.texts.ids, part.texts.words, strict=True):
            assert ids.dtype == np.int64
            assert ids.min() >= 1
            assert ids.max() < data.vocab.size
            assert data.vocab.decode(ids) == words


@pytest.mark.parametrize("kind", KINDS)
def test_equal_options_give_equal_data_and_another_seed_or_part_gives_other(kind: type[SyntheticDocuments]) -> None:
    a, b, c = (kind(seed=seed, **SMALL).load() for seed in (3, 3, 4))
    assert a.train.texts.words == b.train.texts.words
    np.testing.assert_array_equal(a.train.labels, b.train.labels)
    assert a.train.texts.words != c.train.texts.words
    firsts = [tuple(map(tuple, getattr(a, part).texts.words[:20])) for part in PARTS]
    assert len(set(firsts)) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_longer_training_part_goes_on_where_the_shorter_ends_and_leaves_the_test_part(
    kind: type[SyntheticDocuments],
) -> None:
    short, long = (kind(**SMALL | {"train_documents": n}).load() for n in (60, 90))
    assert short.test.texts.words == long.test.texts.words
    assert short.train.texts.words == long.train.texts.words[:60]
    np.testing.assert_array_equal(short.train.labels, long.train.labels[:60])


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_is_part_of_the_fingerprint(kind: type[SyntheticDocuments]) -> None:
    base = kind()
    assert kind().fingerprint() == base.fingerprint()
    for name in kind.model_fields:
        value = getattr(base, name)
        changed = value / 2 if isinstance(value, float) else value + 1
        assert kind(**{name: changed}).fingerprint() != base.fingerprint(), name
    assert len({k(**SMALL).fingerprint() for k in KINDS}) == 3


@pytest.mark.parametrize("distance", [0, 1, 10, 50])
def test_the_marker_stands_at_its_distance_from_the_end_and_nowhere_else(distance: int) -> None:
    data = SyntheticDistance(distance=distance, **SMALL).load()
    markers = range(1, len(data.classes) + 1)
    for ids in data.train.texts.ids:
        assert [len(ids) - 1 - i for i, word in enumerate(ids) if word in markers] == [distance]
    assert {len(ids) - 1 - distance for ids in data.train.texts.ids} == set(range(6))
    assert isinstance(data.truth, MarkerProcess)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_naive_bayes_comes_within_two_points_of_the_truth_where_words_decide(seed: int) -> None:
    from sklearn.naive_bayes import MultinomialNB

    data = SyntheticWords(seed=seed).load()
    model = MultinomialNB().fit(counts(data.train, data.vocab.size), data.train.labels)
    truth = accuracy(truth_of(data).predict(data.test.texts), data.test.labels)
    assert 0.84 < truth < 0.93
    assert model.score(counts(data.test, data.vocab.size), data.test.labels) > truth - 0.02


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_naive_bayes_is_at_chance_where_order_decides_and_of_pairs_of_words_it_is_not(seed: int) -> None:
    """Chance within four standard errors of 2,000 coin tosses."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB

    data = SyntheticOrder(seed=seed).load()
    model = MultinomialNB().fit(counts(data.train, data.vocab.size), data.train.labels)
    chance = 4 * math.sqrt(0.25 / len(data.test))
    assert abs(model.score(counts(data.test, data.vocab.size), data.test.labels) - 0.5) < chance
    truth = accuracy(truth_of(data).predict(data.test.texts), data.test.labels)
    assert 0.92 < truth < 0.985
    pairs = CountVectorizer(analyzer=lambda words: list(pairwise(words)))
    train, test = pairs.fit_transform(data.train.texts.words), pairs.transform(data.test.texts.words)
    assert MultinomialNB().fit(train, data.train.labels).score(test, data.test.labels) > truth - 0.02


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        (SyntheticWords, "2ba248900cd69bd5"),
        (SyntheticOrder, "99a7a55eaaf8fa42"),
        (SyntheticDistance, "c4fabfcd7a946576"),
    ],
)
def test_the_data_is_the_same_on_every_machine(kind: type[SyntheticDocuments], start: str) -> None:
    test = kind(**SMALL).load().test
    lines = [f"{label} {' '.join(words)}" for label, words in zip(test.labels, test.texts.words, strict=True)]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16] == start


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_words_is_read_as_the_test_part(kind: type[SyntheticDocuments], tmp_path: Path) -> None:
    data, file = kind(**SMALL).load(), tmp_path / "documents.txt"
    encoding = {"symbols": data.vocab.symbols}
    file.write_text("".join(f"{'  '.join(words)}\r\n" for words in data.test.texts.words))
    read = kind().read(file, encoding)
    assert [list(w) for w in read.words] == [list(w) for w in data.test.texts.words]
    for ours, theirs in zip(read.ids, data.test.texts.ids, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    file.write_text("never w1\n \n")
    with pytest.raises(DataError, match=r"documents\.txt: line 2 holds no word"):
        kind().read(file, encoding)


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (SyntheticWords, {"shortest": 6, "longest": 5}, "longest=5 is less than shortest=6"),
        (SyntheticWords, {"own": 1}, "less than 1"),
        (SyntheticOrder, {"words": 2}, "greater than or equal to 3"),
        (SyntheticOrder, {"flow": 1}, "less than 1"),
        (SyntheticDistance, {"classes": 9}, "less than or equal to 8"),
        (SyntheticDistance, {"wrong": 0}, "greater than 0"),
        (SyntheticDistance, {"test_documents": 0}, "greater than or equal to 1"),
    ],
)
def test_options_out_of_range_are_refused(kind: type[SyntheticDocuments], options: dict[str, int], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        kind(**options)
