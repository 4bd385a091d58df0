"""Memories as classifiers against sums by hand; the classification machine against enumeration."""

import numpy as np
import torch

from seqbench import Budget, ClassificationContext, Labelled, Texts, Vocab
from seqbench.baselines.memories.boltzmann.classifier import ClassificationConfig, ClassificationNetwork
from seqbench.baselines.memories.classifiers import (
    DenseClassifier,
    DenseClassifierConfig,
    HopfieldClassifier,
    MemoryClassifier,
)

IDS = [np.array([0, 1, 1]), np.array([1, 2]), np.array([3]), np.array([0, 3])]
LABELS = np.array([0, 0, 1, 1])
VOCAB = Vocab(tuple("abcde"))


def labelled() -> Labelled:
    return Labelled(Texts(IDS, [[VOCAB.symbols[i] for i in ids] for ids in IDS]), LABELS)


def fitted(model: MemoryClassifier) -> MemoryClassifier:
    ctx = ClassificationContext(seed=0, budget=Budget(), valid=labelled(), vocab=VOCAB, classes=("x", "y"))
    model.fit(labelled(), ctx)
    return model


def vectors() -> np.ndarray:
    found = np.zeros((4, 5))
    for row, ids in zip(found, IDS, strict=True):
        row[np.unique(ids)] = 1 / np.sqrt(len(np.unique(ids)))
    return found


def test_documents_are_vectors_of_length_one_in_which_each_word_counts_once() -> None:
    np.testing.assert_allclose(fitted(DenseClassifier()).vectors(labelled().texts).toarray(), vectors())


def test_a_dense_memory_sums_over_the_documents_that_are_alike() -> None:
    model = fitted(DenseClassifier())
    assert isinstance(model, DenseClassifier)
    model.beta, model.weight = 3.0, 0.2
    weights = np.exp(3.0 * (vectors() @ vectors().T - 1))
    p = weights @ np.eye(2)[LABELS] + 0.2 * np.array([0.5, 0.5])
    np.testing.assert_allclose(np.exp(model.predict(labelled().texts)), p / p.sum(axis=1, keepdims=True))


def test_of_too_many_documents_every_nth_is_kept() -> None:
    model = fitted(DenseClassifier(DenseClassifierConfig(patterns=2)))
    assert isinstance(model, DenseClassifier)
    assert model.labels.tolist() == [0, 1]
    assert model.stored.shape == (2, 5)


def test_the_weights_of_a_hopfield_network_are_covariances() -> None:
    model = fitted(HopfieldClassifier())
    assert isinstance(model, HopfieldClassifier)
    x, y = vectors(), np.eye(2)[LABELS]
    np.testing.assert_allclose(model.weights, (x - x.mean(axis=0)).T @ (y - y.mean(axis=0)) / 4, atol=1e-12)


def test_the_classification_machine_agrees_with_the_enumeration_of_its_hidden_units() -> None:
    torch.manual_seed(0)
    network = ClassificationNetwork(5, 3, ClassificationConfig(embedding_size=4)).double().eval()
    with torch.no_grad():
        network.c.normal_()
        network.d.normal_()
    ids, lengths = torch.tensor([[0, 1, 1], [4, 5, 5]]), torch.tensor([3, 1])  # 5 is padding
    hidden = (torch.arange(16)[:, None] >> torch.arange(4) & 1).double()
    p = torch.softmax(network(ids, lengths), 1)
    for row, words in zip(p, ([0, 1], [4]), strict=True):
        fields = network.W.weight[words].sum(0) + network.c + network.U  # (C, H)
        energies = network.d[:, None] + fields @ hidden.T
        expected = torch.softmax(torch.logsumexp(energies, 1), 0)
        torch.testing.assert_close(row, expected)
