"""The averaged-embedding classifier against its equations, by hand and by autograd."""

import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from seqbench.baselines.bags_of_words.averaged_embeddings import (
    AveragedEmbeddings,
    AveragedEmbeddingsConfig,
    Bags,
    Batch,
    bags,
    bucket,
    decayed,
    step,
)
from seqbench.interface import Budget, Documents
from seqbench.learning.training import DivergenceError
from seqbench.long_arrays import Collected, is_mapped
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.language.vocab import UNK, Vocab

V = 30
"""Words; number 0 is <unk>."""

documents_of_any_length = st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=12), min_size=1, max_size=8)


def texts(documents: Documents) -> Texts:
    return Texts(documents, [[f"w{i}" for i in d] for d in documents])


def draw(documents: int, seed: int = 0) -> Labelled:
    """Documents of three classes, each with words that it favours."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=documents)
    return Labelled(texts([(rng.integers(1, V, size=rng.integers(1, 20)) // 3 * 3 + y) % V for y in labels]), labels)


def lend(
    epochs: int = 1,
    updates: int | None = None,
    valid: Labelled | None = None,
    seed: int = 0,
    curves: dict[str, list[float]] | None = None,
) -> ClassificationContext:
    kept = {} if curves is None else curves
    return ClassificationContext(
        seed=seed,
        budget=Budget(epochs=epochs, updates=updates),
        valid=draw(0) if valid is None else valid,
        vocab=Vocab((UNK, *(f"w{i}" for i in range(1, V)))),
        classes=("a", "b", "c"),
        log=lambda name, value: kept.setdefault(name, []).append(value),
    )


def trained(train: Labelled, ctx: ClassificationContext, **settings: object) -> AveragedEmbeddings:
    model = AveragedEmbeddings(AveragedEmbeddingsConfig.model_validate({"buckets": 50, "batch_size": 8} | settings))
    model.fit(train, ctx)
    return model


def features_of(document: list[int], buckets: int) -> list[int]:
    """By hand: the words, then the bucket of each pair of neighbours."""
    pairs = pairwise(document) if buckets else ()
    return document + [V + int(bucket(np.array([a]), np.array([b]), buckets)[0]) for a, b in pairs]


def batch_in_float64() -> tuple[torch.Tensor, torch.Tensor, Batch]:
    """Vectors (V + 20, 4), output (3, 4), and four documents that share words, one of which repeats one."""
    torch.manual_seed(0)
    documents = [np.array(d) for d in ([3, 4, 5], [3], [7, 7, 3, 4], [9, 8])]
    weights = torch.tensor([1.0, 2.0, 0.5, 1.0], dtype=torch.float64)
    batch = Batch(bags(documents, V, 20), torch.tensor([0, 2, 1, 0]), weights)
    return torch.randn(V + 20, 4, dtype=torch.float64), torch.randn(3, 4, dtype=torch.float64), batch


@given(documents_of_any_length, st.sampled_from([0, 1, 13]))
def test_a_document_becomes_its_words_and_the_hashes_of_its_pairs(documents: list[list[int]], buckets: int) -> None:
    found = bags([np.array(d) for d in documents], V, buckets)
    ends = (found.starts + found.sizes).tolist()
    parts = [found.ids[a:b].tolist() for a, b in zip(found.starts.tolist(), ends, strict=True)]
    assert parts == [features_of(d, buckets) for d in documents]
    assert ends[-1] == len(found.ids)


def test_the_bucket_of_a_pair_is_the_same_everywhere_and_depends_on_order() -> None:
    # The outputs of SplitMix64's mixing function for 1 << 32 | 2 and 2 << 32 | 1, by Python's whole numbers.
    def mixed(a: int, b: int) -> int:
        z = a << 32 | b
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        return z ^ z >> 31

    found = bucket(np.array([1, 2, 2**32 - 1]), np.array([2, 1, 7]), 1 << 18)
    assert found.tolist() == [mixed(1, 2) % 2**18, mixed(2, 1) % 2**18, mixed(2**32 - 1, 7) % 2**18]
    assert found.tolist() == [184894, 212878, 8935]


def test_the_buckets_of_many_pairs_are_evenly_filled() -> None:
    first, second = np.divmod(np.arange(100_000), 400)
    counts = np.bincount(bucket(first, second, 100), minlength=100)
    # Chi-squared with 99 degrees of freedom: beyond 180 once in a million draws.
    assert ((counts - 1000) ** 2 / 1000).sum() < 180


def test_scores_are_the_softmax_over_the_mean_of_words_and_hashed_bigrams() -> None:
    model = trained(draw(60), lend(epochs=3))
    w, document = model.arrays(), [3, 7, 7, 1]
    mean = w["vectors"][features_of(document, 50)].astype(float).mean(0)
    logits = w["output"] @ mean
    expected = logits - np.log(np.exp(logits).sum())
    np.testing.assert_allclose(model.predict(texts([np.array(document)]))[0], expected, rtol=0, atol=1e-6)


def test_the_step_of_one_document_is_the_closed_form() -> None:
    vectors, output, _ = batch_in_float64()
    document, label, rate = [7, 7, 3], 2, 0.3
    features = features_of(document, 20)
    mean, y = vectors[features].mean(0), torch.eye(3, dtype=torch.float64)[label]
    error = y - torch.softmax(output @ mean, 0)
    expected = vectors.clone()
    for feature in features:
        expected[feature] += rate * output.T @ error / len(features)
    expected_output = output + rate * torch.outer(error, mean)
    one = torch.ones(1, dtype=torch.float64)
    loss = step(vectors, output, Batch(bags([np.array(document)], V, 20), torch.tensor([label]), one), rate)
    torch.testing.assert_close(vectors, expected, rtol=0, atol=1e-14)
    torch.testing.assert_close(output, expected_output, rtol=0, atol=1e-14)
    assert float(loss) == pytest.approx(-math.log(1 - float(error[label])), abs=1e-12)


def test_a_batch_takes_the_sum_of_the_steps_that_autograd_finds() -> None:
    vectors, output, batch = batch_in_float64()
    ids, starts, _ = batch.bags.tensors()
    v, a = vectors.clone().requires_grad_(), output.clone().requires_grad_()
    means = F.embedding_bag(ids, v, starts, mode="mean")
    losses = F.cross_entropy(means @ a.T, batch.labels, reduction="none")
    by_v, by_a = torch.autograd.grad((losses * batch.weights).sum(), (v, a))
    loss = step(vectors, output, batch, 0.1)
    torch.testing.assert_close(vectors, v.detach() - 0.1 * by_v, rtol=0, atol=1e-14)
    torch.testing.assert_close(output, a.detach() - 0.1 * by_a, rtol=0, atol=1e-14)
    torch.testing.assert_close(loss, losses.detach().sum(), rtol=0, atol=1e-12)


def test_the_gradient_of_the_step_agrees_with_finite_differences() -> None:
    vectors, output, batch = batch_in_float64()
    ids, starts, _ = batch.bags.tensors()
    moved, moved_output = vectors.clone(), output.clone()
    step(moved, moved_output, batch, 1.0)

    def loss(v: torch.Tensor, a: torch.Tensor) -> float:
        means = F.embedding_bag(ids, v, starts, mode="mean")
        return float((F.cross_entropy(means @ a.T, batch.labels, reduction="none") * batch.weights).sum())

    rng = torch.Generator().manual_seed(1)
    for _ in range(10):
        dv, da = (torch.randn(x.shape, generator=rng, dtype=x.dtype) for x in (vectors, output))
        slope = (loss(vectors + 1e-5 * dv, output + 1e-5 * da) - loss(vectors - 1e-5 * dv, output - 1e-5 * da)) / 2e-5
        assert float(((vectors - moved) * dv).sum() + ((output - moved_output) * da).sum()) == pytest.approx(
            slope, rel=1e-7, abs=1e-8
        )


def test_the_learning_rate_falls_in_a_straight_line_to_zero() -> None:
    rates = [decayed(0.6, update, 6) for update in range(7)]
    np.testing.assert_allclose(rates, [0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0], rtol=0, atol=1e-15)


@pytest.mark.parametrize(("updates", "made"), [(None, 24), (7, 7), (100, 24)])
def test_training_takes_each_update_once_at_the_rate_of_the_schedule(
    monkeypatch: pytest.MonkeyPatch, updates: int | None, made: int
) -> None:
    rates, sizes = [], []

    def spy(vectors: torch.Tensor, output: torch.Tensor, batch: Batch, rate: float) -> torch.Tensor:
        rates.append(rate)
        sizes.append(len(batch.labels))
        return step(vectors, output, batch, rate)

    monkeypatch.setattr("seqbench.baselines.bags_of_words.averaged_embeddings.step", spy)
    trained(draw(61), lend(epochs=3, updates=updates), learning_rate=0.4)
    np.testing.assert_allclose(rates, 0.4 * (1 - np.arange(made) / made), rtol=0, atol=1e-15)
    assert set(sizes) == {7, 8}, "61 documents are 8 batches of about one size"
    assert made == 7 or [sum(sizes[i : i + 8]) for i in (0, 8, 16)] == [61, 61, 61]


def test_of_bags_in_a_file_the_memory_is_given_back_while_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[bool] = []
    room = "seqbench.baselines.bags_of_words.averaged_embeddings"
    monkeypatch.setattr(f"{room}.Collected", partial(Collected, most=0))
    monkeypatch.setattr(f"{room}.REMEMBERED", 2)
    monkeypatch.setattr(f"{room}.forget", lambda array: forgotten.append(is_mapped(array)))
    from_a_file = trained(draw(61), lend(epochs=3))
    assert forgotten == [True] * 12, "of 24 batches"
    monkeypatch.undo()
    torch.testing.assert_close(from_a_file.vectors, trained(draw(61), lend(epochs=3)).vectors, rtol=0, atol=0)


def test_every_epoch_trains_on_each_document_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    def spy(vectors: torch.Tensor, output: torch.Tensor, batch: Batch, rate: float) -> torch.Tensor:
        words = [int(batch.bags.ids[start]) for start in batch.bags.starts]
        seen.extend(zip(words, batch.labels.tolist(), strict=True))
        return step(vectors, output, batch, rate)

    monkeypatch.setattr("seqbench.baselines.bags_of_words.averaged_embeddings.step", spy)
    labels = np.arange(V) % 3
    trained(Labelled(texts([np.array([i, 1]) for i in range(V)]), labels), lend(epochs=2))
    everything = sorted(zip(range(V), labels.tolist(), strict=True))
    assert sorted(seen[:V]) == sorted(seen[V:]) == everything
    assert seen[:V] != seen[V:]


def test_one_class_is_learned_by_the_words_that_decide_and_order_by_the_bigrams() -> None:
    rng = np.random.default_rng(0)
    chains = [(np.cumsum(np.append(rng.integers(V), rng.choice([1, 1, 1, 2], 11))) % V) for _ in range(600)]
    labels = rng.integers(2, size=600)
    ordered = texts([c[::-1].copy() if y else c for c, y in zip(chains, labels, strict=True)])
    train, test = Labelled(ordered, labels).take(np.arange(400)), Labelled(ordered, labels).take(np.arange(400, 600))
    accuracy = {
        buckets: (trained(train, lend(epochs=10), buckets=buckets).predict(test.texts).argmax(1) == test.labels).mean()
        for buckets in (0, 1 << 12)
    }
    assert accuracy[1 << 12] > 0.99
    assert accuracy[0] < 0.65, "a reversed document has the same words"


def test_words_and_bigrams_that_training_lacks_say_nothing() -> None:
    train = Labelled(texts([np.array([1, 2]), np.array([3, 4])] * 10), np.array([0, 1] * 10))
    model = trained(train, lend(epochs=2), buckets=1000)
    scores = model.predict(texts([np.array([20, 21, 22]), np.array([0])]))
    np.testing.assert_allclose(scores, -math.log(3), rtol=0, atol=1e-12)


@given(documents_of_any_length)
def test_what_is_said_of_a_document_depends_on_no_other_and_on_no_order(documents: list[list[int]]) -> None:
    model = AveragedEmbeddings(AveragedEmbeddingsConfig(buckets=50))
    torch.manual_seed(0)
    model.vectors, model.output = torch.randn(V + 50, 10), torch.randn(3, 10)
    ids = [np.array(d) for d in documents]
    together = model.predict(texts(ids))
    np.testing.assert_allclose(np.exp(together).sum(1), 1, rtol=0, atol=1e-12)
    order = np.random.default_rng(len(ids)).permutation(len(ids))
    np.testing.assert_allclose(model.predict(texts([ids[i] for i in order])), together[order], rtol=0, atol=1e-6)
    for row, document in enumerate(ids):
        np.testing.assert_allclose(model.predict(texts([document]))[0], together[row], rtol=0, atol=1e-6)


def test_a_seed_makes_the_same_model_and_another_seed_another() -> None:
    train, test = draw(60), draw(20, seed=1).texts
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again = (trained(train, lend(epochs=2)).predict(test) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_array_equal(first, again)
    assert np.abs(trained(train, lend(epochs=2, seed=1)).predict(test) - first).max() > 1e-3


def test_training_takes_one_thread_and_gives_the_others_back(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def spy(vectors: torch.Tensor, output: torch.Tensor, batch: Batch, rate: float) -> torch.Tensor:
        threads.append(torch.get_num_threads())
        return step(vectors, output, batch, rate)

    monkeypatch.setattr("seqbench.baselines.bags_of_words.averaged_embeddings.step", spy)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        trained(draw(20), lend())
        with pytest.raises(DivergenceError):
            trained(draw(200), lend(epochs=5), learning_rate=500, batch_size=64)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(threads) == {1}


def test_validation_is_logged_and_changes_nothing() -> None:
    train, valid, curves = draw(60), draw(20, seed=1), dict[str, list[float]]()
    model = trained(train, lend(epochs=3, valid=valid, curves=curves))
    scores = model.predict(valid.texts)
    assert curves["valid_log_loss"][-1] == pytest.approx(-scores[np.arange(20), valid.labels].mean(), abs=1e-12)
    assert curves["valid_error"][-1] == pytest.approx((scores.argmax(1) != valid.labels).mean())
    assert [len(curve) for curve in curves.values()] == [3, 3, 3]
    np.testing.assert_array_equal(trained(train, lend(epochs=3)).predict(valid.texts), scores)


def test_restored_arrays_predict_the_same_and_do_not_change_with_the_model() -> None:
    model, test = trained(draw(60), lend(epochs=2)), draw(20, seed=1).texts
    arrays, expected = model.arrays(), model.predict(test)
    model.vectors.zero_()
    other = AveragedEmbeddings(model.config)
    other.restore(arrays)
    np.testing.assert_array_equal(other.predict(test), expected)
    assert other.parameter_count() == (V + 50) * 10 + 3 * 10
    assert other.predict(draw(0).texts).shape == (0, 3)


def test_balanced_classes_lift_the_rare_one() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(400) < 0.05).astype(np.int64)
    train = Labelled(texts([rng.integers(1, 4, size=5) + y for y in labels]), labels)
    rare = {}
    for weight in ("none", "balanced"):  # a step of the rare class weighs ten times as much: slowly
        model = trained(train, lend(epochs=5), class_weight=weight, learning_rate=0.1)
        rare[weight] = np.exp(model.predict(train.texts))[:, 1].mean()
    assert rare["balanced"] > 2 * rare["none"]


def test_steps_that_overshoot_together_end_with_advice() -> None:
    with pytest.raises(DivergenceError, match=r"lower learning_rate \(now 500\) or batch_size \(now 64\)"):
        trained(draw(200), lend(epochs=5), learning_rate=500, batch_size=64)


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([np.zeros(0, np.int64)], "document 0 has no words"),
        ([np.array([1]), np.array([V])], r"0\.\.29"),
        ([np.array([-1])], r"0\.\.29"),
        ([], "nothing to train on"),
    ],
)
def test_documents_that_cannot_be_read_are_refused(documents: Documents, message: str) -> None:
    train = Labelled(Texts(documents, [[]] * len(documents)), np.zeros(len(documents), np.int64))
    with pytest.raises(ValueError, match=message):
        trained(train, lend())
    if len(documents):
        with pytest.raises(ValueError, match=message):
            trained(draw(20), lend()).predict(train.texts)


def test_bags_of_no_documents_are_empty() -> None:
    assert [len(part) for part in Bags(*bags([], V, 50))] == [0, 0, 0]
