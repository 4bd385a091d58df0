"""Classic classifiers on the harness's words say what scikit-learn's own pipelines, built by hand, say."""

import os
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression as TheirRegression
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from seqbench.baselines.bags_of_words.features import BUCKETS, DocumentFeatures
from seqbench.baselines.bags_of_words.linear import (
    LinearClassifier,
    LinearConfig,
    LinearSVM,
    LogisticRegression,
    PenalisedConfig,
    Perceptron,
    SVMConfig,
    temperature,
)
from seqbench.baselines.bags_of_words.naive_bayes import (
    ComplementNaiveBayes,
    Majority,
    MultinomialNaiveBayes,
    NaiveBayesConfig,
)
from seqbench.interface import Budget
from seqbench.tasks import task
from seqbench.tasks.documents.data import LabelledData
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts
from seqbench.tasks.language.vocab import UNK, Vocab

VOCAB = Vocab((UNK, *(f"w{i}" for i in range(1, 40))))
CLASSES = ("a", "b", "c")


def made(documents: int, seed: int) -> Labelled:
    """Documents whose words lean towards their class, some words unknown."""
    rng = np.random.default_rng(seed)
    leanings = np.random.default_rng(9).dirichlet(np.full(39, 0.5), size=3)
    labels = rng.integers(3, size=documents)
    ids = [rng.choice(39, size=rng.integers(1, 15), p=leanings[label]) + 1 for label in labels]
    words = [[*VOCAB.decode(document), *(["never-met"] if seed else [])] for document in ids]
    return Labelled(Texts([VOCAB.encode(of) for of in words], words), labels)


def fitted(model: Classifier, train: Labelled, classes: tuple[str, ...] = CLASSES, **changed: Any) -> Classifier:
    given = {"seed": 0, "budget": Budget(), "valid": train, "vocab": VOCAB, "classes": classes, **changed}
    model.fit(train, ClassificationContext(**given))
    return model


@cache
def trec() -> LabelledData:
    if "SEQBENCH_DATA" not in os.environ:
        pytest.skip("TREC is read from SEQBENCH_DATA")
    from seqbench.datasets.documents.trec import Trec

    return Trec().load()


PIPELINES = [
    (MultinomialNaiveBayes(NaiveBayesConfig()), make_pipeline(CountVectorizer(analyzer=lambda w: w), MultinomialNB())),
    (
        ComplementNaiveBayes(NaiveBayesConfig(alpha=0.5)),
        make_pipeline(CountVectorizer(analyzer=lambda w: w), ComplementNB(alpha=0.5, norm=True)),
    ),
    (
        LogisticRegression(PenalisedConfig()),
        make_pipeline(CountVectorizer(analyzer=lambda w: w), TheirRegression(max_iter=10_000, tol=1e-8)),
    ),
    (
        LogisticRegression(PenalisedConfig(features="tfidf", ngrams=2, c=10.0, class_weight="balanced")),
        make_pipeline(
            TfidfVectorizer(
                tokenizer=str.split, token_pattern=None, lowercase=False, ngram_range=(1, 2), sublinear_tf=True
            ),
            TheirRegression(C=10.0, class_weight="balanced", max_iter=10_000, tol=1e-8),
        ),
    ),
    (
        LinearSVM(SVMConfig()),
        make_pipeline(
            TfidfVectorizer(
                tokenizer=str.split, token_pattern=None, lowercase=False, ngram_range=(1, 2), sublinear_tf=True
            ),
            LinearSVC(random_state=0),
        ),
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), PIPELINES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("source", ["made", "trec"])
def test_predictions_are_those_of_the_pipeline_built_by_hand(ours: Classifier, theirs: Any, source: str) -> None:
    if source == "trec":
        data = trec()
        train, test, vocab, classes = data.train, data.test, data.vocab, data.classes
    else:
        train, test, vocab, classes = made(200, 0), made(100, 1), VOCAB, CLASSES
    by_words = theirs[0].analyzer != "word"  # the others split a text of their own
    form: Any = list if by_words else " ".join
    theirs.fit([form(words) for words in train.texts.words], train.labels)
    expected = theirs.predict([form(words) for words in test.texts.words])
    fitted(ours, train, classes, vocab=vocab)
    assert (ours.predict(test.texts).argmax(axis=1) == expected).all()


@pytest.mark.parametrize(("ours", "theirs"), PIPELINES[:1] + PIPELINES[2:3], ids=["naive Bayes", "regression"])
def test_probabilities_are_those_of_the_pipeline_where_it_has_any(ours: Classifier, theirs: Any) -> None:
    train, test = made(200, 0), made(100, 1)
    theirs.fit(train.texts.words, train.labels)
    fitted(ours, train)
    assert ours.predict(test.texts) == pytest.approx(theirs.predict_log_proba(test.texts.words), abs=1e-9)


def test_naive_bayes_is_its_closed_form() -> None:
    train = Labelled(Texts([np.array([1, 1, 2]), np.array([2])], [["w1", "w1", "w2"], ["w2"]]), np.array([0, 1]))
    model = fitted(MultinomialNaiveBayes(NaiveBayesConfig(alpha=1.0)), train, ("a", "b"))
    joint = np.array([1 / 2 * 3 / 5 * 2 / 5, 1 / 2 * 1 / 3 * 2 / 3])
    log_p = model.predict(Texts([np.array([1, 2])], [["w1", "w2"]]))
    assert np.exp(log_p[0]) == pytest.approx(joint / joint.sum())


@pytest.mark.parametrize("kind", [LinearSVM, Perceptron, LogisticRegression])
def test_a_temperature_makes_margins_likely_and_moves_no_prediction(kind: type[LinearClassifier]) -> None:
    """Documents that nobody learned from: the log-loss is better than that of certainty and that of none."""
    train, test = made(300, 0), made(300, 1)
    model = fitted(kind(), train)
    log_p = model.predict(test.texts)
    nats = -log_p[np.arange(300), test.labels].mean()
    assert nats < 0.8 * np.log(3)
    assert np.allclose(np.exp(log_p).sum(axis=1), 1)
    assert isinstance(model, LinearClassifier)
    assert (log_p.argmax(axis=1) == model.model.predict(model.features(test.texts))).all()


def test_two_classes_have_margins_of_opposite_sign() -> None:
    rows = np.flatnonzero((whole := made(300, 0)).labels < 2)
    train = whole.take(rows)
    model = fitted(LinearSVM(), train, ("a", "b"))
    assert isinstance(model, LinearSVM)
    assert (model.predict(train.texts).argmax(1) == model.model.predict(model.features(train.texts))).all()


@pytest.mark.parametrize("size", [1e-4, 1.0, 300.0])
def test_the_temperature_is_the_best_on_a_grid_whatever_the_size_of_the_margins(size: float) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=400)
    decision = size * (rng.normal(size=(400, 3)) + 2 * (labels[:, None] == np.arange(3)))
    grid = size * np.exp(np.linspace(-3, 3, 2001))
    nats = [-log_softmax(decision / t, axis=1)[np.arange(400), labels].mean() for t in grid]
    assert temperature(decision, labels) == pytest.approx(grid[int(np.argmin(nats))], rel=0.01)


def test_complement_naive_bayes_is_calibrated_too() -> None:
    train, test = made(300, 0), made(300, 1)
    nats = -fitted(ComplementNaiveBayes(), train).predict(test.texts)[np.arange(300), test.labels].mean()
    assert nats < 0.8 * np.log(3)


def test_a_balanced_weight_is_that_of_repeated_documents() -> None:
    """90 documents of one class and 30 of the other: as if each of the second were there three times."""
    train = made(400, 0)
    rows = np.concatenate([np.flatnonzero(train.labels == 0)[:90], np.flatnonzero(train.labels == 1)[:30]])
    repeated = np.concatenate([rows[:90], np.repeat(rows[90:], 3)])
    few, test = train.take(rows), made(50, 1).texts
    # The penalty is held against a sum of weights: 120 balanced documents weigh 120, 180 repeated ones 180.
    balanced = fitted(LogisticRegression(PenalisedConfig(c=1.5, class_weight="balanced")), few, ("a", "b"))
    plain = fitted(LogisticRegression(PenalisedConfig(c=1.0)), train.take(repeated), ("a", "b"))
    assert balanced.predict(test) == pytest.approx(plain.predict(test), abs=1e-3)


def test_letters_are_hashed_pieces_of_marked_words() -> None:
    """#wo wor ord rd#, #or ord rdw dw#, #i#: nine pieces in all, of which `ord` is shared."""
    texts = Texts([np.array([0]), np.array([0, 0]), np.array([0])], [["word"], ["ordw", "i"], ["word"]])
    features = DocumentFeatures("characters")
    vectors = features.fit(texts).toarray()
    assert vectors.shape == (3, 8)
    assert np.allclose((vectors**2).sum(axis=1), 1)
    assert (vectors > 0).sum(axis=1).tolist() == [4, 5, 4]
    assert ((vectors[0] > 0) & (vectors[1] > 0)).sum() == 1
    assert (features(texts).toarray() == vectors).all()


def test_models_of_words_see_the_vocabulary_alone() -> None:
    """Words outside it are one word, `<unk>`, whatever their letters."""
    unknown = Texts([np.array([0, 1]), np.array([1, 0])], [["never", "w1"], ["w1", "met"]])
    for features in (DocumentFeatures("counts"), DocumentFeatures("tfidf")):
        vectors = features.fit(unknown).toarray()
        assert vectors.shape == (2, 2)
        assert (vectors[0] == vectors[1]).all()


def test_no_document_is_so_sure_that_a_class_becomes_impossible() -> None:
    train = made(200, 0)
    model = fitted(LogisticRegression(PenalisedConfig(c=1e4)), train)
    longest = Texts([np.tile(train.texts.ids[0], 400)], [list(train.texts.words[0]) * 400])
    assert np.isfinite(model.predict(longest)).all()


def test_a_word_that_training_lacks_is_known_by_its_letters() -> None:
    rng = np.random.default_rng(0)
    stems, endings = ("walk", "talk", "chalk", "stalk"), ("ing", "ness")
    words = [[str(rng.choice(stems)) + endings[i % 2]] for i in range(40)]
    train = Labelled(Texts([np.array([0])] * 40, words), np.arange(40) % 2)
    model = fitted(LogisticRegression(PenalisedConfig(features="characters", c=10.0)), train, ("a", "b"))
    unseen = Texts([np.array([0])] * 2, [["singing"], ["kindness"]])
    assert model.predict(unseen).argmax(axis=1).tolist() == [0, 1]


def test_pieces_that_share_a_bucket_are_counted() -> None:
    """Enough distinct pieces that some must meet; the expected number by the law of the birthday."""
    rng = np.random.default_rng(0)
    alphabet = np.array([chr(0x4E00 + i) for i in range(3000)])
    words = [["".join(rng.choice(alphabet, 3)) for _ in range(4000)]]
    distinct = len({f"#{w}#"[i : i + 3] for w in words[0] for i in range(3)})
    shared = DocumentFeatures("characters").collisions(Texts([np.zeros(4000, np.int64)], words))
    expected = distinct * (1 - (1 - 1 / BUCKETS) ** (distinct - 1))
    assert shared is not None
    assert abs(shared - expected) < 5 * np.sqrt(2 * expected)
    assert DocumentFeatures("characters").collisions(Texts([np.array([0])], [["word"]])) == 0
    assert DocumentFeatures("counts").collisions(Texts([np.array([0])], [["word"]])) is None


def test_a_fit_says_what_it_cannot_do() -> None:
    train = made(30, 0)
    with pytest.raises(ValueError, match="fewer than two"):
        fitted(LogisticRegression(), train.take(np.flatnonzero(train.labels == 0)))


@pytest.mark.parametrize(
    "make",
    [
        Majority,
        MultinomialNaiveBayes,
        ComplementNaiveBayes,
        lambda: Perceptron(LinearConfig()),
        lambda: LogisticRegression(PenalisedConfig(features="characters")),
        LinearSVM,
    ],
)
def test_all_laws_hold(make: Any) -> None:
    assert [check.message for check in task("classify").check_class(make, 0) if not check.passed] == []


def test_the_order_of_the_words_columns_changes_no_score_of_a_logistic_regression() -> None:
    source = trec()
    order = np.random.default_rng(0).permutation(source.vocab.size)
    place = np.argsort(order)
    symbols = tuple(source.vocab.symbols[i] for i in order)

    def moved(texts: Texts) -> Texts:
        return Texts([place[ids] for ids in texts.ids], texts.words)

    scores = []
    for vocab, move in ((source.vocab, lambda texts: texts), (Vocab(symbols), moved)):
        model = LogisticRegression(PenalisedConfig())
        train, valid = (Labelled(move(part.texts), part.labels) for part in (source.train, source.valid))
        ctx = ClassificationContext(seed=0, budget=Budget(), valid=valid, vocab=vocab, classes=source.classes)
        model.fit(train, ctx)
        scores.append(model.predict(move(source.test.texts)))
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-4)
