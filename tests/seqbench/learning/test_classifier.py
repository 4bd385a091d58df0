"""What holds of every neural classifier, shown on the simplest one: the mean of a document's word vectors."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from seqbench.interface import Budget, Documents
from seqbench.learning.classifier import (
    DocumentBatches,
    DocumentNetwork,
    NeuralClassifier,
    NeuralClassifierConfig,
    balanced_weights,
)
from seqbench.learning.order import random_batches
from seqbench.learning.padding import mean_over
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.language.vocab import UNK, Vocab

V = 30
"""Words; number 0 is <unk>."""
CPU = torch.device("cpu")


class MeanNetwork(DocumentNetwork):
    def encode(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        return mean_over(vectors, lengths)


class WordMeans(NeuralClassifier):
    def build(self, vocab_size: int, classes: int) -> MeanNetwork:
        return MeanNetwork(vocab_size, classes, self.config.embedding_size, self.config)


def small(**changes: object) -> NeuralClassifierConfig:
    settings = {"embedding_size": 8, "batch_size": 4, "learning_rate": 0.02, "dropout": 0.2}
    return NeuralClassifierConfig.model_validate(settings | changes)


def texts(documents: Documents) -> Texts:
    return Texts(documents, [[f"w{i}" for i in d] for d in documents])


def draw(documents: int, seed: int = 0, longest: int = 20) -> Labelled:
    """Documents of three classes, each with words that it favours."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=documents)
    ids = [(rng.integers(1, V, size=rng.integers(1, longest)) // 3 * 3 + y) % V for y in labels]
    return Labelled(texts(ids), labels)


def lend(
    epochs: int = 1, valid: Labelled | None = None, seed: int = 0, curves: dict[str, list[float]] | None = None
) -> ClassificationContext:
    kept = {} if curves is None else curves
    return ClassificationContext(
        seed=seed,
        budget=Budget(epochs=epochs),
        valid=draw(0) if valid is None else valid,
        vocab=Vocab((UNK, *(f"w{i}" for i in range(1, V)))),
        classes=("a", "b", "c"),
        log=lambda name, value: kept.setdefault(name, []).append(value),
    )


@pytest.fixture(scope="module")
def fitted() -> WordMeans:
    model = WordMeans(small())
    model.fit(draw(60), lend(epochs=3))
    return model


def batches(train: Labelled, **changes: object) -> DocumentBatches:
    torch.manual_seed(0)
    network = WordMeans(small(**changes)).build(V, 3).eval()
    return DocumentBatches(network, train, lend(), small(**changes), CPU)


def documents_of_any_length(least: int = 1) -> st.SearchStrategy[list[list[int]]]:
    return st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=40), min_size=least, max_size=8)


@given(documents_of_any_length(), st.randoms(use_true_random=False))
def test_what_is_said_of_a_document_depends_on_no_other_and_on_no_order(
    fitted: WordMeans, documents: list[list[int]], random: object
) -> None:
    ids = [np.array(d) for d in documents]
    together = fitted.predict(texts(ids))
    for row, document in enumerate(ids):
        np.testing.assert_allclose(fitted.predict(texts([document]))[0], together[row], rtol=0, atol=1e-6)
        np.testing.assert_allclose(
            fitted.predict(texts([document, np.ones(90, np.int64)]))[0], together[row], rtol=0, atol=1e-6
        )
    order = np.random.default_rng(len(ids)).permutation(len(ids))
    np.testing.assert_allclose(fitted.predict(texts([ids[i] for i in order])), together[order], rtol=0, atol=1e-6)


def test_scores_are_the_log_softmax_of_the_linear_layer_over_the_mean_vector(fitted: WordMeans) -> None:
    w, document = fitted.arrays(), np.array([3, 7, 7, 0])
    mean = w["embedding.weight"][document].astype(float).mean(0)
    logits = w["output.weight"] @ mean + w["output.bias"]
    expected = logits - np.log(np.exp(logits).sum())
    np.testing.assert_allclose(fitted.predict(texts([document]))[0], expected, rtol=0, atol=1e-6)


def test_scoring_holds_a_bounded_number_of_padded_words(fitted: WordMeans, monkeypatch: pytest.MonkeyPatch) -> None:
    unbounded = fitted.predict(draw(50, seed=3).texts)
    monkeypatch.setattr("seqbench.learning.classifier.SCORED", 40)
    shapes: list[tuple[int, int]] = []
    hook = fitted.network.register_forward_pre_hook(lambda _, inputs: shapes.append(tuple(inputs[0].shape)))
    np.testing.assert_allclose(fitted.predict(draw(50, seed=3).texts), unbounded, rtol=0, atol=1e-6)
    longest = fitted.predict(texts([np.ones(41, np.int64), np.ones(41, np.int64)]))
    hook.remove()
    assert longest.shape == (2, 3)
    assert shapes[-2:] == [(1, 41), (1, 41)]
    assert all(rows * width <= 40 for rows, width in shapes[:-2])
    assert sum(rows for rows, _ in shapes) == 52


def test_no_documents_give_no_rows(fitted: WordMeans) -> None:
    assert fitted.predict(texts([])).shape == (0, 3)


def test_a_document_without_words_is_refused_by_its_number(fitted: WordMeans) -> None:
    with pytest.raises(ValueError, match="document 1 has no words"):
        fitted.predict(texts([np.ones(2, np.int64), np.zeros(0, np.int64)]))


@pytest.mark.parametrize("word", [-1, V])
def test_words_outside_the_vocabulary_are_refused(word: int, fitted: WordMeans) -> None:
    with pytest.raises(ValueError, match=r"0\.\.29"):
        fitted.predict(texts([np.array([1, word])]))


def test_training_data_without_documents_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to train on"):
        WordMeans(small()).fit(draw(0), lend())


def test_balanced_weights_give_every_class_the_same_sum_and_documents_one_on_average() -> None:
    labels = np.array([0, 0, 0, 1, 3, 3])
    weights = balanced_weights(labels, 4)
    np.testing.assert_allclose(weights, [6 / 9, 6 / 3, 0, 6 / 6])
    np.testing.assert_allclose(np.bincount(labels, weights[labels]), [2, 2, 0, 2])


def test_doubling_the_weight_of_a_class_is_duplicating_its_documents() -> None:
    train = draw(20)
    weighted, plain = (
        batches(train),
        batches(train.take(np.concatenate([np.arange(20), *np.nonzero(train.labels == 1)]))),
    )
    weighted.weights = torch.tensor([1.0, 2.0, 1.0])
    ours, theirs = (
        sum(float(loss.mean.detach()) * loss.items for loss in b)
        for b in (without_noise(weighted), without_noise(plain))
    )
    assert ours == pytest.approx(theirs, rel=1e-6)


def without_noise(made: DocumentBatches) -> DocumentBatches:
    made.unk = None
    return made


def test_the_balanced_loss_is_the_mean_over_classes_of_their_mean_losses() -> None:
    train = draw(23)
    losses = list(without_noise(batches(train, class_weight="balanced")))
    ours = sum(float(loss.mean.detach()) * loss.items for loss in losses) / 23
    each = []
    for label in range(3):
        part = train.take(np.flatnonzero(train.labels == label))
        losses = list(without_noise(batches(part)))
        each.append(sum(float(loss.mean.detach()) * loss.items for loss in losses) / len(part))
    assert ours == pytest.approx(np.mean(each), rel=1e-6)


def test_an_epoch_meets_every_document_once_in_an_order_drawn_from_torchs_generator() -> None:
    train = Labelled(texts([np.full(1 + i % 7, i % V) for i in range(90)]), np.arange(90) % 3)
    made, orders = batches(train), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        orders.append([rows.tolist() for rows in random_batches(made.documents.lengths, made.config.batch_size)])
    assert len(made) == len(orders[0]) == 23
    assert sorted(itertools.chain(*orders[0])) == list(range(90))
    assert orders[0] == orders[1] != orders[2]


def test_documents_of_like_length_go_together() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 200, size=400)
    train = Labelled(texts([np.ones(n, np.int64) for n in lengths]), np.zeros(400, np.int64))
    padded = sum(len(rows) * lengths[rows].max() for rows in random_batches(lengths, batches(train).config.batch_size))
    assert padded < 1.1 * lengths.sum()


def test_words_are_hidden_at_the_rate_given_and_padding_never() -> None:
    made = batches(draw(4), word_dropout=0.3)
    ids = torch.full((200, 100), 5)
    ids[:, 60:] = V
    hidden = made._hide_words(ids)
    assert bool((hidden[:, 60:] == V).all())
    share = float((hidden[:, :60] == 0).float().mean())
    assert abs(share - 0.3) < 4 * math.sqrt(0.3 * 0.7 / 12_000)
    assert bool(((hidden[:, :60] == 0) | (hidden[:, :60] == 5)).all())


@pytest.mark.parametrize(("word_dropout", "learned"), [(0.3, True), (0.0, False)])
def test_word_dropout_teaches_the_vector_of_unknown_words(word_dropout: float, learned: bool) -> None:
    train = Labelled(texts([np.full(6, 1 + i % 9) for i in range(30)]), np.arange(30) % 3)
    vectors = []
    for epochs in (0, 2):
        model = WordMeans(small(word_dropout=word_dropout))
        model.fit(train, lend(epochs))
        vectors.append(model.arrays()["embedding.weight"])
    assert (not np.array_equal(vectors[0][0], vectors[1][0])) == learned
    assert not np.array_equal(vectors[0][1], vectors[1][1])
    np.testing.assert_array_equal(vectors[0][20], vectors[1][20])
    np.testing.assert_array_equal(vectors[1][V], 0)


def test_among_epochs_of_equal_errors_the_weights_of_the_least_log_loss_are_kept() -> None:
    valid, curves = draw(40, seed=1), {}
    valid.labels[:12] = (valid.labels[:12] + 1) % 3  # wrong ones, so that certainty costs in the end
    model = WordMeans(small(schedule="constant"))
    model.fit(draw(20), lend(epochs=12, valid=valid, curves=curves))
    scores, nats = model.predict(valid.texts), curves["valid_log_loss"]
    errors = [round(error * 40) for error in curves["valid_error"]]
    assert errors[:2] == [29, 29]
    assert errors[4:] == [12] * 8
    assert (scores.argmax(1) != valid.labels).sum() == 12
    assert -scores[np.arange(40), valid.labels].mean() == pytest.approx(min(nats), rel=1e-6)
    assert 4 < nats.index(min(nats)) < 11


def test_fewer_validation_errors_count_more_than_any_log_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    right, valid = np.array([0.9, 0.5, 0.4]), draw(3)
    model, scores = WordMeans(small()), []
    for p in (right, np.array([0.9, 0.6, 1e-9])):  # all right; one wrong, with great confidence
        table = np.log(np.repeat((1 - p[:, None]) / 2, 3, axis=1))
        table[np.arange(3), valid.labels] = np.log(p)
        monkeypatch.setattr(model, "predict", lambda _, table=table: table)
        scores.append(model._validate(lend(valid=valid)))
    always = np.log(np.full((3, 3), 0.3))
    always[np.arange(3), (valid.labels + 1) % 3] = np.log(0.4)
    monkeypatch.setattr(model, "predict", lambda _: always)
    scores.append(model._validate(lend(valid=valid)))
    assert scores[0] < scores[1] < scores[2]


def test_a_fit_follows_from_the_seed_whatever_was_drawn_before() -> None:
    fits = []
    for seed, disturbance in [(3, 0), (3, 17), (4, 0)]:
        torch.manual_seed(disturbance)
        before = torch.get_rng_state()
        model = WordMeans(small(dropout=0.5))
        model.fit(draw(50), lend(epochs=2, seed=seed))
        assert torch.equal(torch.get_rng_state(), before)
        fits.append(model.arrays())
    first, again, other = fits
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["embedding.weight"], other["embedding.weight"])


def test_arrays_restore_the_fitted_model(fitted: WordMeans) -> None:
    arrays = {name: value.copy() for name, value in fitted.arrays().items()}
    copy = WordMeans(fitted.config)
    copy.restore(arrays)
    np.testing.assert_array_equal(copy.predict(draw(9).texts), fitted.predict(draw(9).texts))
    assert (copy.vocab_size, copy.classes) == (V, 3)
    assert copy.parameter_count() == fitted.parameter_count() == (V + 1) * 8 + 8 * 3 + 3


def test_words_that_decide_are_learned() -> None:
    train, test = draw(300), draw(200, seed=5)
    model = WordMeans(small())
    model.fit(train, lend(epochs=5))
    assert (model.predict(test.texts).argmax(1) == test.labels).mean() > 0.97
