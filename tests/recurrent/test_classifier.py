"""What holds of every recurrent classifier."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqbench.interface import Budget, Documents, Ids
from seqbench.recurrent.cells.elman import ElmanCell
from seqbench.recurrent.cells.gru import GRUCell
from seqbench.recurrent.cells.lstm import LSTMCell
from seqbench.recurrent.classifier import (
    BidirectionalLSTMClassifier,
    ElmanClassifier,
    GRUClassifier,
    LSTMClassifier,
    RecurrentClassifier,
)
from seqbench.recurrent.layers.time import Bidirectional
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.language.vocab import UNK, Vocab

V = 9
"""Words; number 0 is <unk>."""
FAMILIES = [ElmanClassifier, GRUClassifier, LSTMClassifier, BidirectionalLSTMClassifier]
POOLINGS = ["last", "mean", "max", "attention"]


def make(family: type[RecurrentClassifier], **changes: object) -> RecurrentClassifier:
    settings = {"embedding_size": 6, "hidden_size": 5, "batch_size": 16, "dropout": 0.1, "word_dropout": 0.05}
    return family(family.config_class.model_validate(settings | changes))


def texts(documents: Documents) -> Texts:
    return Texts(documents, [[f"w{i}" for i in d] for d in documents])


def walks(pairs: int, seed: int = 0) -> Labelled:
    """Walks around a circle of words, and each of them backwards: the two hold the same words."""
    rng = np.random.default_rng(seed)
    forward = [(rng.integers(8) + np.arange(rng.integers(3, 16))) % 8 + 1 for _ in range(pairs)]
    return Labelled(texts([*forward, *(d[::-1].copy() for d in forward)]), np.repeat([0, 1], pairs))


def lend(epochs: int, valid: Labelled | None = None, seed: int = 0) -> ClassificationContext:
    return ClassificationContext(
        seed=seed,
        budget=Budget(epochs=epochs),
        valid=walks(0) if valid is None else valid,
        vocab=Vocab((UNK, *(f"w{i}" for i in range(1, V)))),
        classes=("forward", "backward"),
    )


def draw(lengths: list[int], seed: int = 0) -> Documents:
    rng = np.random.default_rng(seed)
    return [rng.integers(V, size=n) for n in lengths]


@pytest.fixture(
    scope="module",
    params=itertools.product(FAMILIES, POOLINGS, [1, 2]),
    ids=lambda p: f"{p[0].__name__}-{p[1]}-{p[2]}",
)
def fitted(request: pytest.FixtureRequest) -> RecurrentClassifier:
    family, pooling, layers = request.param
    model = make(family, pooling=pooling, layers=layers, learning_rate=0.02)
    model.fit(walks(24), lend(epochs=2))
    return model


def test_padding_neighbours_and_order_change_nothing(fitted: RecurrentClassifier) -> None:
    documents = draw([3, 17, 1, 8, 8, 30])
    together = fitted.predict(texts(documents))
    alone = np.concatenate([fitted.predict(texts([d])) for d in documents])
    beside = np.stack([fitted.predict(texts([d, *draw([60])]))[0] for d in documents])
    order = np.array([4, 0, 5, 2, 1, 3])
    shuffled = fitted.predict(texts([documents[i] for i in order]))
    for other in (alone, beside, shuffled[np.argsort(order)]):
        np.testing.assert_allclose(other, together, rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.exp(together).sum(1), 1, rtol=0, atol=1e-12)


def test_arrays_restore_the_fitted_model(fitted: RecurrentClassifier) -> None:
    copy = type(fitted)(fitted.config)
    copy.restore({name: value.copy() for name, value in fitted.arrays().items()})
    documents = texts(draw([4, 9, 2]))
    np.testing.assert_array_equal(copy.predict(documents), fitted.predict(documents))
    assert copy.parameter_count() == fitted.parameter_count()


def step_through(layers: nn.ModuleList, vectors: Tensor) -> Tensor:
    """States (T, D) of the last layer over one document (T, E), cell by cell, direction by direction."""
    x = vectors
    for layer in layers:
        directions = []
        both = isinstance(layer, Bidirectional)
        for body, backwards in ((layer.body, False), (layer.backward_body, True)) if both else ((layer, False),):
            cell_class = {ElmanCell: nn.RNNCell, GRUCell: nn.GRUCell, LSTMCell: nn.LSTMCell}[type(body.cell)]
            cell = cell_class(x.shape[1], body.output_size).double()
            cell.load_state_dict(body.cell.state_dict())
            state, states = None, []
            for x_t in x.flip(0) if backwards else x:
                state = cell(x_t, state)
                states.append(state[0] if isinstance(state, tuple) else state)
            directions.append(torch.stack(states[::-1] if backwards else states))
        x = torch.cat(directions, dim=1)
    return x


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("family", FAMILIES)
def test_states_are_those_of_stepping_through_each_document(family: type[RecurrentClassifier], layers: int) -> None:
    torch.manual_seed(0)
    network = make(family, layers=layers).build(V, 2).double().eval()
    documents = draw([5, 1, 7])
    ids = torch.full((3, 7), V)
    for row, document in enumerate(documents):
        ids[row, : len(document)] = torch.tensor(document)
    states = network.states(network.embedding(ids), torch.tensor([5, 1, 7]))
    for row, document in enumerate(documents):
        by_hand = step_through(network.body.layers, network.embedding(torch.tensor(document)))
        torch.testing.assert_close(states[row, : len(document)], by_hand, rtol=0, atol=1e-12)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_are_those_of_finite_differences(family: type[RecurrentClassifier], pooling: str) -> None:
    torch.manual_seed(0)
    network = make(family, pooling=pooling, embedding_size=2, hidden_size=2).build(V, 3).double().eval()
    vectors = torch.randn(2, 4, 2, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor([2, 4])
    assert torch.autograd.gradcheck(lambda v: network.encode(v, lengths), vectors)
    gradient = torch.autograd.grad(network.encode(vectors, lengths).sum(), vectors)[0]
    assert bool((gradient[0, 2:] == 0).all())


def correct(model: RecurrentClassifier, test: Labelled) -> float:
    return float((model.predict(test.texts).argmax(1) == test.labels).mean())


def bag(document: Ids) -> bytes:
    return np.sort(document).tobytes()


@pytest.mark.parametrize(
    ("family", "pooling"),
    [(f, "last") for f in FAMILIES]
    + [(LSTMClassifier, p) for p in POOLINGS[1:]]
    + [(BidirectionalLSTMClassifier, "max")],
)
def test_order_is_learned_where_every_bag_of_words_belongs_to_both_classes(
    family: type[RecurrentClassifier], pooling: str
) -> None:
    test = walks(100, seed=5)
    for forward, backward in zip(test.texts.ids[:100], test.texts.ids[100:], strict=True):
        assert bag(forward) == bag(backward)
    model = make(family, pooling=pooling, embedding_size=16, hidden_size=16, learning_rate=0.02, patience=20)
    model.fit(walks(200), lend(epochs=12, valid=walks(30, seed=1)))
    assert correct(model, test) > 0.95


def test_a_fit_follows_from_the_seed() -> None:
    fits = []
    for seed in (3, 3, 4):
        torch.rand(seed)
        model = make(BidirectionalLSTMClassifier, pretrain="lm", pretrain_epochs=1, layers=2, dropout=0.5)
        model.fit(walks(20), lend(epochs=2, seed=seed))
        fits.append(model.arrays())
    first, again, other = fits
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(
        first["body.layers.1.backward_body.cell.weight_hh"], other["body.layers.1.backward_body.cell.weight_hh"]
    )


def test_every_weight_is_counted() -> None:
    model = make(BidirectionalLSTMClassifier, pooling="attention")
    model.fit(walks(4), lend(epochs=1))
    embedding, lstm = (V + 1) * 6, 2 * (4 * 5 * 6 + 4 * 5 * 5 + 2 * 4 * 5)
    attention, output = 10 * 10 + 10 + 10, 2 * 10 + 2
    assert model.parameter_count() == embedding + lstm + attention + output


def test_an_untrained_classifier_is_nearly_undecided() -> None:
    model = make(LSTMClassifier)
    model.fit(walks(8), lend(epochs=0))
    assert np.abs(model.predict(walks(8).texts) - math.log(0.5)).max() < 0.6
