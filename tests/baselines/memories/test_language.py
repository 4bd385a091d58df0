"""Memories as language models against sums by hand, and against the enumeration of all symbols."""

import numpy as np
import pytest
import torch

from seqbench import Budget, LanguageContext, Vocab
from seqbench.baselines.memories import language
from seqbench.baselines.memories.boltzmann.language import MOST, BoltzmannLanguageConfig, BoltzmannLanguageModel
from seqbench.baselines.memories.language import (
    DenseLanguageConfig,
    DenseLanguageModel,
    HopfieldLanguageModel,
    MemoryLanguageConfig,
    MemoryLanguageModel,
)
from seqbench.datasets.text.python_reference import PythonReference
from seqbench.learning.text import Text
from seqbench.tasks.language.scoring import score_documents

V = 4
TRAIN = [np.array([0, 1, 2, 0, 1, 3]), np.array([1, 2])]


def fitted(model: MemoryLanguageModel) -> MemoryLanguageModel:
    vocab = Vocab(tuple(f"s{i}" for i in range(V)))
    model.fit(TRAIN, LanguageContext(seed=0, budget=Budget(), valid=[np.array([0, 1, 2])], vocab=vocab))
    return model


def test_patterns_are_all_contexts_with_what_follows() -> None:
    contexts, following = fitted(DenseLanguageModel(DenseLanguageConfig(order=3))).patterns(Text(TRAIN))
    assert following.tolist() == [0, 1, 2, 0, 1, 3, 1, 2]
    assert contexts.tolist() == [[4, 4], [4, 0], [0, 1], [1, 2], [2, 0], [0, 1], [4, 4], [4, 1]]


def test_a_dense_memory_sums_over_the_patterns_that_agree() -> None:
    model = fitted(DenseLanguageModel(DenseLanguageConfig(order=3)))
    assert isinstance(model, DenseLanguageModel)
    model.beta, model.prior, model.decay = 2.0, 0.3, 0.5
    contexts, following = model.patterns(Text(TRAIN))
    for context in ([0, 1], [4, 4], [3, 1]):
        agree = (contexts == context) @ [0.5, 1.0]
        weights = np.exp(2.0 * (agree - 1.5))
        p = np.array([weights[following == s].sum() for s in range(V)]) + 0.3 * model.unigram
        np.testing.assert_allclose(np.exp(model.log_p(np.array([context])))[0], p / p.sum(), rtol=1e-12)


def test_the_settings_are_those_with_the_least_loss_on_validation() -> None:
    model = fitted(DenseLanguageModel(DenseLanguageConfig(order=3)))
    assert isinstance(model, DenseLanguageModel)
    valid = [np.array([0, 1, 2])]
    best = -sum(float(model.predict(d[None])[0].sum()) for d in valid)
    for beta, prior, decay in ((1.0, 0.1, 1.0), (8.0, 0.3, 0.5), (16.0, 3.0, 0.3), (0.5, 0.01, 0.7)):
        model.beta, model.prior, model.decay = beta, prior, decay
        assert -sum(float(model.predict(d[None])[0].sum()) for d in valid) >= best - 1e-9


def test_the_weights_of_a_hopfield_network_are_covariances() -> None:
    model = fitted(HopfieldLanguageModel(MemoryLanguageConfig(order=3)))
    assert isinstance(model, HopfieldLanguageModel)
    contexts, following = model.patterns(Text(TRAIN))
    units = np.concatenate([np.eye(V + 1)[contexts[:, 0]], np.eye(V + 1)[contexts[:, 1]]], axis=1)
    symbols = np.eye(V)[following]
    weights = (units - units.mean(axis=0)).T @ (symbols - symbols.mean(axis=0)) / len(following)
    model.beta = 3.0
    context = np.concatenate([np.eye(V + 1)[0], np.eye(V + 1)[1]])
    energy = np.log(model.unigram) + 3.0 * context @ weights
    np.testing.assert_allclose(model.log_p(np.array([[0, 1]]))[0], energy - np.logaddexp.reduce(energy), rtol=1e-10)


@pytest.mark.parametrize("piece", [1, 6, 100, 10**6])
def test_the_weights_are_sums_of_shares_to_the_last_digit_however_the_text_is_counted(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "PIECE", piece)
    train = [np.random.default_rng(seed).integers(V, size=length) for seed, length in enumerate((150, 1, 0, 61))]
    model = HopfieldLanguageModel(MemoryLanguageConfig(order=3))
    vocab = Vocab(tuple(f"s{i}" for i in range(V)))
    model.fit(train, LanguageContext(seed=0, budget=Budget(), valid=[], vocab=vocab))
    contexts, following = model.patterns(Text(train))
    for k, weights in enumerate(model.weights):
        expected = np.zeros((V + 1, V))
        np.add.at(expected, (contexts[:, k], following), 1 / len(following))
        np.testing.assert_array_equal(weights.toarray(), expected)


def test_only_the_last_patterns_are_kept_and_it_is_told() -> None:
    told: dict[str, float] = {}
    vocab = Vocab(tuple(f"s{i}" for i in range(V)))
    model = DenseLanguageModel(DenseLanguageConfig(order=3, patterns=3))
    ctx = LanguageContext(
        seed=0, budget=Budget(), valid=[], vocab=vocab, log=lambda name, value: told.__setitem__(name, value)
    )
    model.fit(TRAIN, ctx)
    assert sorted(model.following.tolist()) == [1, 2, 3]
    assert told["patterns_left_out"] == 5


def test_a_boltzmann_machine_agrees_with_the_enumeration_of_its_hidden_units() -> None:
    vocab, torch_rng = Vocab(tuple(f"s{i}" for i in range(V))), np.random.default_rng(0)
    model = BoltzmannLanguageModel(BoltzmannLanguageConfig(order=3, hidden_size=5))
    text = [torch_rng.integers(V, size=40)]
    model.fit(text, LanguageContext(seed=0, budget=Budget(epochs=2), valid=text, vocab=vocab))
    state = {name: value.double() for name, value in model.network.state_dict().items()}
    hidden = (torch.arange(32)[:, None] >> torch.arange(5) & 1).double()
    a = state["c"] + state["W.weight"][1] + state["W.weight"][5 + 2]  # the symbols 1 and 2, V + 1 units per place
    energies = state["output.b"][:, None] + (a + state["output.U"]) @ hidden.T  # (V, 2^H)
    p = torch.softmax(torch.logsumexp(energies, 1), 0)
    np.testing.assert_allclose(model.next(np.array([[1, 2]]))[0], p.numpy(), rtol=1e-5)


def test_too_many_symbols_are_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match=r"20,001 symbols are too many: .* keep fewer words"):
        BoltzmannLanguageModel().build(np.ones(MOST + 1, dtype=np.int64))


def test_a_dense_memory_beats_the_unigram_on_a_real_text() -> None:
    data = PythonReference().load()
    model = DenseLanguageModel()
    ctx = LanguageContext(seed=0, budget=Budget(), valid=data.valid.documents, vocab=data.vocab)
    model.fit(data.train.documents, ctx)
    text = [document[:1500] for document in data.test.documents]
    ids, nats = np.concatenate(text), np.concatenate(score_documents(model, text))
    assert nats.mean() < -np.log(model.unigram[ids]).mean() - 0.5
