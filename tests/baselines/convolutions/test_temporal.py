"""The temporal convolutional network: what it sees, what it cannot see, and its equations by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqbench.baselines.convolutions.temporal import (
    CausalConvolution,
    TemporalConvolution,
    TemporalConvolutionClassifier,
    TemporalConvolutionConfig,
    TemporalConvolutionNetwork,
)
from seqbench.interface import Budget
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.language.vocab import UNK, Vocab

V = 12


def network(
    levels: int, kernel_size: int, inputs: int = 2, hidden: int = 6, dropout: float = 0.0
) -> TemporalConvolution:
    torch.manual_seed(0)
    return TemporalConvolution(inputs, hidden, levels=levels, kernel_size=kernel_size, dropout=dropout).double().eval()


def small(**changes: object) -> TemporalConvolutionConfig:
    settings = {"embedding_size": 8, "hidden_size": 8, "levels": 3, "batch_size": 8, "learning_rate": 0.01}
    return TemporalConvolutionConfig.model_validate(settings | changes)


def texts(ids: list[np.ndarray]) -> Texts:
    return Texts(ids, [[f"w{i}" for i in d] for d in ids])


def lend(seed: int = 0, epochs: int = 1) -> ClassificationContext:
    return ClassificationContext(
        seed=seed,
        budget=Budget(epochs=epochs),
        valid=Labelled(texts([]), np.zeros(0, np.int64)),
        vocab=Vocab((UNK, *(f"w{i}" for i in range(1, V)))),
        classes=("a", "b"),
    )


def draw(documents: int, seed: int = 0) -> Labelled:
    """The first word, 1 or 2, decides; up to 12 words of noise follow."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=documents)
    return Labelled(texts([np.append(1 + y, rng.integers(3, V, size=rng.integers(1, 13))) for y in labels]), labels)


@pytest.mark.parametrize(("levels", "kernel_size"), [(1, 1), (1, 4), (2, 3), (3, 2), (4, 1), (5, 7)])
def test_features_of_the_last_step_alone_are_those_of_all_steps_with_their_gradients(
    levels: int, kernel_size: int
) -> None:
    net, lengths = network(levels, kernel_size), torch.arange(1, 24)
    x = torch.randn(len(lengths), 23, 2, dtype=torch.float64, requires_grad=True)
    rows = torch.arange(len(lengths))
    of_all, alone = net(x)[rows, lengths - 1], net.last(x, lengths)
    torch.testing.assert_close(alone, of_all, rtol=0, atol=1e-12)
    over = (x, *net.parameters())
    for a, b in zip(
        torch.autograd.grad((alone**2).sum(), over), torch.autograd.grad((of_all**2).sum(), over), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-10)


def test_channels_dropped_at_the_last_step_are_those_dropped_at_all_steps() -> None:
    net, x, lengths = network(3, 2, dropout=0.5).train(), torch.randn(4, 9, 2, dtype=torch.float64), torch.full((4,), 9)
    torch.manual_seed(1)
    of_all = net(x)[:, -1]
    torch.manual_seed(1)
    torch.testing.assert_close(net.last(x, lengths), of_all, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("levels", "kernel_size"), [(1, 1), (1, 2), (1, 5), (2, 3), (3, 2), (4, 3)])
def test_the_last_step_depends_on_the_inputs_of_the_receptive_field_and_no_other(levels: int, kernel_size: int) -> None:
    net = network(levels, kernel_size, hidden=16)
    field = 1 + 2 * (kernel_size - 1) * (2**levels - 1)
    assert net.receptive_field == field
    x = torch.randn(1, field + 5, 2, dtype=torch.float64)
    moved = []
    for back in range(field + 5):
        # Units may be silent where one change is met; among many changes, one moves the output.
        changed = x.repeat(32, 1, 1)
        changed[:, -1 - back] += 10 * torch.randn(32, 2, dtype=torch.float64)
        moved.append(bool((net(changed)[:, -1] != net(x)[:, -1]).any()))
    assert moved == [True] * field + [False] * 5


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 20), st.integers(0, 19))
def test_no_step_sees_a_later_one(levels: int, kernel_size: int, steps: int, at: int) -> None:
    net, at = network(levels, kernel_size), min(at, steps - 1)
    x = torch.randn(1, steps, 2, dtype=torch.float64)
    changed = x.clone()
    changed[:, at:] += 1.0
    before, after = net(x), net(changed)
    assert before.shape == (1, steps, 6)
    torch.testing.assert_close(after[:, :at], before[:, :at], rtol=0, atol=1e-14)
    assert not torch.equal(after[:, at], before[:, at])


def test_a_convolution_is_its_sum_by_hand_with_the_weights_normalised() -> None:
    torch.manual_seed(0)
    layer = CausalConvolution(2, 3, kernel_size=3, dilation=4).double()
    with torch.no_grad():
        layer.convolve.parametrizations.weight.original0.copy_(torch.tensor([0.5, 1.0, 3.0])[:, None, None])
    g = layer.convolve.parametrizations.weight.original0.detach()[:, 0, 0]
    v = layer.convolve.parametrizations.weight.original1.detach()
    W = g[:, None, None] * v / torch.linalg.vector_norm(v, dim=(1, 2), keepdim=True)
    x = torch.randn(1, 2, 15, dtype=torch.float64)
    found = layer(x)[0].detach()
    for t in range(15):
        expected = layer.convolve.bias.detach().clone()
        for i in range(3):
            source = t - 4 * (2 - i)
            if source >= 0:
                expected += W[:, :, i] @ x[0, :, source]
        torch.testing.assert_close(found[:, t], expected, rtol=0, atol=1e-13)


def test_a_block_adds_its_input_projected_only_where_widths_differ() -> None:
    net = network(2, 3, inputs=2, hidden=6)
    first, second = net.blocks
    x = torch.randn(4, 2, 9, dtype=torch.float64)
    middle = torch.relu(first.shortcut(x) + torch.relu(first.second(torch.relu(first.first(x)))))
    expected = torch.relu(middle + torch.relu(second.second(torch.relu(second.first(middle)))))
    torch.testing.assert_close(net(x.transpose(1, 2)), expected.transpose(1, 2), rtol=0, atol=1e-14)
    # With nothing added, a block passes on what is positive.
    for name, p in second.named_parameters():
        if name.endswith("original0") or name.endswith("bias"):
            torch.nn.init.zeros_(p)
    torch.testing.assert_close(second(middle), middle, rtol=0, atol=0)


def test_dropout_takes_whole_channels_of_a_sequence() -> None:
    net = network(1, 2, hidden=64, dropout=0.5).train()
    outputs: list[torch.Tensor] = []
    net.blocks[0].second.register_forward_pre_hook(lambda _, inputs: outputs.append(inputs[0]))
    torch.nn.init.constant_(net.blocks[0].first.convolve.bias, 100.0)  # so that relu leaves no zeros
    net(torch.randn(8, 20, 2, dtype=torch.float64))
    gone = outputs[0] == 0
    assert torch.equal(gone.any(2), gone.all(2))
    assert 0.35 < gone.double().mean() < 0.65
    assert len({tuple(row.tolist()) for row in gone.all(2)}) == 8


def test_gradients_agree_with_finite_differences() -> None:
    net = network(2, 2, inputs=2, hidden=3)
    names = [name for name, _ in net.named_parameters()]
    weights = [p.detach().clone().requires_grad_() for p in net.parameters()]
    x = torch.randn(2, 7, 2, dtype=torch.float64, requires_grad=True)

    def output(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(net, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(output, (x, *weights))


@pytest.mark.parametrize("pooling", ["last", "max"])
@given(documents=st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=15), min_size=1, max_size=5))
def test_padding_never_matters(pooling: str, documents: list[list[int]]) -> None:
    torch.manual_seed(0)
    net = TemporalConvolutionNetwork(V, 3, small(pooling=pooling)).double().eval()
    ids = torch.full((len(documents), 20), V)
    for row, document in enumerate(documents):
        ids[row, : len(document)] = torch.tensor(document)
    together = net(ids, torch.tensor([len(d) for d in documents]))
    for row, document in enumerate(documents):
        alone = net(torch.tensor([document]), torch.tensor([len(document)]))[0]
        torch.testing.assert_close(together[row], alone, rtol=0, atol=1e-12)


def test_the_last_step_is_that_of_the_last_word() -> None:
    torch.manual_seed(0)
    net = TemporalConvolutionNetwork(V, 3, small(pooling="last")).double().eval()
    vectors, lengths = torch.randn(3, 9, 8, dtype=torch.float64), torch.tensor([9, 1, 5])
    steps = net.body(vectors)
    expected = torch.stack([steps[0, 8], steps[1, 0], steps[2, 4]])
    torch.testing.assert_close(net.encode(vectors, lengths), expected, rtol=0, atol=0)


def test_a_word_within_the_receptive_field_decides_and_one_beyond_it_cannot() -> None:
    train, test = draw(300), draw(200, seed=1)
    accuracy = {}
    for levels in (1, 3):
        settings = {"levels": levels, "kernel_size": 2, "dropout": 0.0, "word_dropout": 0.0, "channel_dropout": 0.0}
        model = TemporalConvolutionClassifier(small(pooling="last", hidden_size=16, **settings))
        model.fit(train, lend(epochs=12))
        far = np.array([len(d) for d in test.texts.ids]) > 3
        right = model.predict(test.texts).argmax(1) == test.labels
        accuracy[levels] = right[far].mean()
    assert accuracy[3] > 0.95
    assert accuracy[1] < 0.65


def test_a_seed_makes_the_same_model_and_arrays_restore_it() -> None:
    train, test = draw(40), draw(20, seed=1).texts
    models = [TemporalConvolutionClassifier(small()) for _ in range(3)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        model.fit(train, lend(seed))
    first, again, other = (model.predict(test) for model in models)
    np.testing.assert_array_equal(first, again)
    assert np.abs(other - first).max() > 1e-3
    restored = TemporalConvolutionClassifier(small())
    restored.restore(models[0].arrays())
    np.testing.assert_array_equal(restored.predict(test), first)


@pytest.mark.parametrize("sizes", [(0, 3, 1, 2), (2, 0, 1, 2), (2, 3, 0, 2), (2, 3, 1, 0)])
def test_sizes_below_one_are_refused(sizes: tuple[int, int, int, int]) -> None:
    inputs, hidden, levels, kernel_size = sizes
    with pytest.raises(ValueError, match="1 or more"):
        TemporalConvolution(inputs, hidden, levels=levels, kernel_size=kernel_size)
