"""Kim's convolution against its equations by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from seqbench.baselines.convolutions.kim import ConvolutionConfig, ConvolutionNetwork, KimClassifier
from seqbench.interface import Budget
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.language.vocab import UNK, Vocab

V = 12
WIDTHS = (2, 4)


def small(**changes: object) -> ConvolutionConfig:
    settings = {"embedding_size": 5, "widths": WIDTHS, "feature_maps": 3, "batch_size": 8, "learning_rate": 0.02}
    return ConvolutionConfig.model_validate(settings | changes)


def network() -> ConvolutionNetwork:
    torch.manual_seed(0)
    net = ConvolutionNetwork(V, 3, small()).double().eval()
    torch.nn.init.normal_(net.embedding.weight[:V])
    for convolve in net.filters:
        # Answers of all filters below zero, too, as they are met after training.
        torch.nn.init.normal_(convolve.bias)
    return net


def padded(documents: list[list[int]], steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.full((len(documents), steps), V)
    for row, document in enumerate(documents):
        ids[row, : len(document)] = torch.tensor(document)
    return ids, torch.tensor([len(d) for d in documents])


def texts(ids: list[np.ndarray]) -> Texts:
    return Texts(ids, [[f"w{i}" for i in d] for d in ids])


def lend(seed: int = 0) -> ClassificationContext:
    return ClassificationContext(
        seed=seed,
        budget=Budget(epochs=15),
        valid=Labelled(texts([]), np.zeros(0, np.int64)),
        vocab=Vocab((UNK, *(f"w{i}" for i in range(1, V)))),
        classes=("a", "b"),
    )


def draw(documents: int, seed: int = 0) -> Labelled:
    """Class 1 holds the pair 3 4 somewhere, class 0 the pair 4 3."""
    rng = np.random.default_rng(seed)
    labels, ids = rng.integers(2, size=documents), []
    for y in labels:
        words = rng.integers(5, V, size=rng.integers(2, 12))
        at = rng.integers(len(words) + 1)
        ids.append(np.insert(words, at, [3, 4] if y else [4, 3]))
    return Labelled(texts(ids), labels)


@pytest.mark.parametrize("document", [[3], [1, 2], [4, 4, 1], [2, 0, 5, 1], [7, 1, 1, 8, 3, 2, 9, 0, 1]])
def test_scores_are_the_equations_by_hand(document: list[int]) -> None:
    net = network()
    vectors = net.embedding.weight.detach()[document].numpy()
    longer = np.concatenate([vectors, np.zeros((max(0, max(WIDTHS) - len(document)), 5))])
    features = []
    for width, convolve in zip(WIDTHS, net.filters, strict=True):
        w, b = convolve.weight.detach().numpy(), convolve.bias.detach().numpy()
        for j in range(3):
            windows = range(len(longer) - width + 1)
            features.append(max(max(0.0, (w[j].T * longer[i : i + width]).sum() + b[j]) for i in windows))
    logits = net.output.weight.detach().numpy() @ features + net.output.bias.detach().numpy()
    found = net(*padded([document], len(document)))[0].detach().numpy()
    np.testing.assert_allclose(found, logits, rtol=0, atol=1e-12)


@given(st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=15), min_size=1, max_size=5), st.integers(0, 9))
def test_padding_never_matters(documents: list[list[int]], more: int) -> None:
    net = network()
    ids, lengths = padded(documents, max(map(len, documents)) + more)
    together = net(ids, lengths)
    for row, document in enumerate(documents):
        alone = net(*padded([document], len(document)))[0]
        torch.testing.assert_close(together[row], alone, rtol=0, atol=1e-12)


class Encoder(torch.nn.Module):
    """The part of a network between word vectors and features."""

    def __init__(self, net: ConvolutionNetwork) -> None:
        super().__init__()
        self.net = net

    def forward(self, vectors: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return self.net.encode(vectors, lengths)


def test_gradients_agree_with_finite_differences() -> None:
    net = network()
    vectors = torch.randn(2, 6, 5, dtype=torch.float64) * (
        torch.arange(6)[:, None] < torch.tensor([6, 3])[:, None, None]
    )
    lengths = torch.tensor([6, 3])

    names = [name for name, _ in net.filters.named_parameters(prefix="filters")]

    def features(x: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        encoder = Encoder(net)
        given = {f"net.{name}": weight for name, weight in zip(names, weights, strict=True)}
        return torch.func.functional_call(encoder, given, (x, lengths))

    weights = [p.detach().clone().requires_grad_() for p in net.filters.parameters()]
    assert torch.autograd.gradcheck(features, (vectors.requires_grad_(), *weights))


def test_it_learns_which_of_two_neighbours_comes_first() -> None:
    model = KimClassifier(small(embedding_size=16, feature_maps=16, dropout=0.1))
    model.fit(draw(300), lend())
    test = draw(200, seed=1)
    assert (model.predict(test.texts).argmax(1) == test.labels).mean() > 0.95


def test_a_seed_makes_the_same_model_and_arrays_restore_it() -> None:
    train, test = draw(40), draw(20, seed=1).texts
    models = [KimClassifier(small()) for _ in range(3)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        model.fit(train, lend(seed))
    first, again, other = (model.predict(test) for model in models)
    np.testing.assert_array_equal(first, again)
    assert np.abs(other - first).max() > 1e-3
    restored = KimClassifier(small())
    restored.restore(models[0].arrays())
    np.testing.assert_array_equal(restored.predict(test), first)


@pytest.mark.parametrize("widths", [(), (3, 0)])
def test_a_width_below_one_is_refused(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="widths"):
        ConvolutionConfig(widths=widths)
