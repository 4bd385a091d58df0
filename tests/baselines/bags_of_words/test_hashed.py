"""Hashed n-grams are those that Python's whole numbers give; what is learned in pieces is what a pipeline learns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import SGDClassifier

from seqbench.baselines.bags_of_words import features, hashed
from seqbench.baselines.bags_of_words.features import WordCounts
from seqbench.baselines.bags_of_words.hashed import HashedLogisticConfig, HashedLogisticRegression
from seqbench.baselines.bags_of_words.hashing import hashed_ngrams
from seqbench.baselines.bags_of_words.naive_bayes import MultinomialNaiveBayes
from seqbench.interface import Budget
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.language.vocab import UNK, Vocab

V = 30
DOCUMENTS = st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=12), min_size=1, max_size=8)


def texts(documents: list[np.ndarray]) -> Texts:
    return Texts(documents, [[f"w{i}" for i in d] for d in documents])


def draw(documents: int, seed: int = 0, classes: int = 3) -> Labelled:
    """Documents of several classes, each with words that it favours."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=documents)
    made = [(rng.integers(1, V, size=rng.integers(3, 20)) // classes * classes + y) % V for y in labels]
    return Labelled(texts(made), labels)


def lend(valid: Labelled, classes: int = 3, updates: int | None = None, epochs: int = 2) -> ClassificationContext:
    return ClassificationContext(
        seed=7,
        budget=Budget(epochs=epochs, updates=updates),
        valid=valid,
        vocab=Vocab((UNK, *(f"w{i}" for i in range(1, V)))),
        classes=tuple(map(str, range(classes))),
    )


def fitted(train: Labelled, **given: int) -> HashedLogisticRegression:
    model = HashedLogisticRegression(HashedLogisticConfig(buckets=1 << 10))
    model.fit(train, lend(train, **given))
    return model


def mixed(z: int) -> int:
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31


@settings(max_examples=40, deadline=None)
@given(DOCUMENTS, st.integers(1, 4))
def test_each_ngram_has_the_hash_of_its_words_and_the_place_of_its_document(
    documents: list[list[int]], longest: int
) -> None:
    lengths = np.array([len(document) for document in documents])
    hashes, places = hashed_ngrams(np.concatenate(list(map(np.array, documents))), lengths, longest)
    expected = []
    for place, document in enumerate(documents):
        for n in range(1, longest + 1):
            for start in range(len(document) - n + 1):
                value = 0
                for word in document[start : start + n]:
                    value = mixed((value + word) % 2**64)
                expected.append((place, value))
    assert sorted(zip(places.tolist(), hashes.tolist(), strict=True)) == sorted(expected)


@pytest.mark.parametrize("classes", [2, 3])
def test_scores_are_the_normalised_sigmoids_of_what_scikit_learn_has_learned(classes: int) -> None:
    train = draw(200, classes=classes)
    model = fitted(train, classes=classes)
    theirs = SGDClassifier(loss="log_loss", alpha=1e-5, random_state=np.random.RandomState(7))
    vectors = model._vectors(train.texts.ids)
    np.testing.assert_allclose(np.sqrt(vectors.multiply(vectors).sum(axis=1)), 1)
    for _ in range(2):
        theirs.partial_fit(vectors, train.labels, classes=np.arange(classes))
    np.testing.assert_array_equal(model.weights, theirs.coef_)
    np.testing.assert_allclose(np.exp(model.predict(train.texts)), theirs.predict_proba(vectors), atol=1e-12)


def test_classes_are_learned_and_more_than_two_pieces_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashed, "PIECE", 64)
    model, test = fitted(draw(300)), draw(100, seed=1)
    assert (model.predict(test.texts).argmax(axis=1) == test.labels).mean() > 0.95


@pytest.mark.parametrize(("updates", "sizes"), [(None, [64, 36, 64, 36]), (70, [64, 6]), (130, [64, 36, 30])])
def test_the_budget_counts_documents(monkeypatch: pytest.MonkeyPatch, updates: int | None, sizes: list[int]) -> None:
    seen: list[int] = []

    class Spy(SGDClassifier):
        def partial_fit(self, vectors, labels, classes):  # type: ignore[no-untyped-def]
            seen.append(len(labels))
            return super().partial_fit(vectors, labels, classes)

    monkeypatch.setattr(hashed, "PIECE", 64)
    monkeypatch.setattr(hashed, "SGDClassifier", Spy)
    train = draw(100)
    HashedLogisticRegression(HashedLogisticConfig(buckets=100)).fit(train, lend(train, updates=updates))
    assert seen == sizes


def test_nothing_to_train_on_is_told() -> None:
    with pytest.raises(ValueError, match="nothing to train on"):
        fitted(draw(0))


def test_naive_bayes_learns_the_same_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    train, test = draw(100), draw(30, seed=1)
    whole = MultinomialNaiveBayes()
    whole.fit(train, lend(train))
    monkeypatch.setattr(features, "PIECE", 7)
    pieces = MultinomialNaiveBayes()
    pieces.fit(train, lend(train))
    np.testing.assert_array_equal(pieces.predict(test.texts), whole.predict(test.texts))


@settings(max_examples=40, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_counts_of_words_are_those_of_scikit_learn_entry_by_entry(
    train: list[list[int]], test: list[list[int]]
) -> None:
    ours, theirs = WordCounts(), features.CountVectorizer(analyzer=features._Ngrams(1), dtype=np.float64)
    a, b = list(map(np.array, train)), list(map(np.array, test))
    for mine, other in (
        (ours.fit_transform(a), theirs.fit_transform(a)),
        (ours.transform(b), theirs.transform(b)),
    ):
        assert mine.shape == other.shape
        for name in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(other, name))
