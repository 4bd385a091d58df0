"""How far a temporal convolutional language model sees, and that windows and pieces do not matter to it."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from seqbench.baselines.convolutions.language import TemporalConvolutionLanguageConfig, TemporalConvolutionLanguageModel
from seqbench.interface import Documents
from seqbench.learning.column_language import ColumnState, Truncated
from seqbench.learning.columns import Windows

Draw = Callable[..., Documents]
V = 9
SHAPES = pytest.mark.parametrize(
    ("levels", "kernel_size"), [(1, 1), (3, 1), (1, 2), (1, 5), (2, 2), (2, 3), (3, 2), (4, 3)]
)


def model(levels: int, kernel_size: int, positive: bool = False) -> TemporalConvolutionLanguageModel:
    """Untrained, in float64. Of positive weights no unit is ever silent and no two paths cancel, and of a softmax that
    is nearly flat no symbol is certain: whatever can be seen is felt."""
    made = TemporalConvolutionLanguageModel(
        TemporalConvolutionLanguageConfig(
            embedding_size=4, hidden_size=5, levels=levels, kernel_size=kernel_size, dropout=0.0, channel_dropout=0.0
        )
    )
    torch.manual_seed(0)
    made.vocab_size = V
    made.network = made.build(np.ones(V, np.int64)).double().eval()
    torch.nn.init.normal_(made.network.embedding.weight)
    if positive:
        for module in (made.network.embedding, made.network.body):
            for parameter in module.parameters():
                parameter.data.abs_()
        made.network.output.linear.weight.data.mul_(1e-3)
    return made


def field(levels: int, kernel_size: int) -> int:
    """Symbols before it that a prediction depends on."""
    return 1 + 2 * (kernel_size - 1) * (2**levels - 1)


@SHAPES
def test_a_symbol_moves_its_own_score_and_those_of_the_receptive_field_after_it_and_no_other(
    levels: int, kernel_size: int
) -> None:
    made, reach = model(levels, kernel_size, positive=True), field(levels, kernel_size)
    ids = np.random.default_rng(0).integers(V, size=(1, reach + 8))
    before = made.predict(ids)[0][0]
    for at in (0, 4):
        changed = ids.copy()
        changed[0, at] = (changed[0, at] + 1) % V
        moved = np.abs(made.predict(changed)[0][0] - before)
        place = np.arange(len(moved))
        felt = (place >= at) & (place <= at + reach)
        assert (moved[felt] > 1e-9).all()
        assert (moved[~felt] == 0).all()


@SHAPES
def test_the_edge_stands_before_a_document_as_far_back_as_its_first_scores_see(levels: int, kernel_size: int) -> None:
    made, reach = model(levels, kernel_size, positive=True), field(levels, kernel_size)
    ids = np.random.default_rng(0).integers(V, size=(1, reach + 5))
    before = made.predict(ids)[0][0]
    made.network.embedding.weight.data[V] += 1
    moved = np.abs(made.predict(ids)[0][0] - before)
    assert (moved[:reach] > 1e-9).all()
    assert (moved[reach:] == 0).all()


@SHAPES
def test_scores_are_those_of_the_network_run_once_over_the_document_after_many_edges(
    levels: int, kernel_size: int
) -> None:
    made, reach = model(levels, kernel_size), field(levels, kernel_size)
    ids = np.random.default_rng(1).integers(V, size=(2, reach + 7))
    network = made.network
    line = torch.tensor(np.concatenate([np.full((2, 2 * reach), V), ids], axis=1))
    with torch.inference_mode():
        features = network.body(network.embedding(line))[:, 2 * reach - 1 : -1]
        y = features @ network.output.linear.weight.T + network.output.linear.bias
    expected = y.log_softmax(-1).gather(2, torch.tensor(ids)[:, :, None])[:, :, 0]
    np.testing.assert_allclose(made.predict(ids)[0], expected, rtol=0, atol=1e-12)


WHOLE = np.random.default_rng(2).integers(V, size=(3, 40))


@given(st.sampled_from([(1, 1), (1, 3), (3, 2), (3, 3)]), st.lists(st.integers(0, 40), max_size=6))
def test_pieces_of_any_cut_give_the_same_scores_and_the_same_state(shape: tuple[int, int], cuts: list[int]) -> None:
    made = model(*shape)
    expected, after = made.predict(WHOLE)
    state, parts = None, []
    for piece in np.split(WHOLE, sorted(cuts), axis=1):
        scores, state = made.predict(piece, state)
        parts.append(scores)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), expected, rtol=0, atol=1e-12)
    assert state is not None
    assert torch.equal(state.symbol, after.symbol)
    assert torch.equal(*(carried(s) for s in (state, after)))


def carried(state: ColumnState) -> Tensor:
    assert state.body is not None
    (symbols,) = state.body
    return symbols


def test_the_state_is_the_last_symbols_that_a_prediction_depends_on() -> None:
    made = model(levels=2, kernel_size=3)
    _, state = made.predict(WHOLE)
    known = np.concatenate([carried(state).numpy(), state.symbol[None].numpy()])
    np.testing.assert_array_equal(known, WHOLE.T[-field(2, 3) :])


def test_a_long_piece_is_read_in_parts_of_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    made, steps = model(levels=2, kernel_size=3), []
    whole, _ = made.predict(WHOLE)
    monkeypatch.setattr("seqbench.learning.column_language.SCAN", 3 * 7)
    made.network.body.register_forward_pre_hook(lambda _, inputs: steps.append(inputs[0].shape[1]))
    np.testing.assert_allclose(made.predict(WHOLE)[0], whole, rtol=0, atol=1e-12)
    assert steps == [field(2, 3) - 1 + n for n in (7, 7, 7, 7, 7, 5)]


def test_windows_of_training_lose_neither_loss_nor_gradient_at_their_borders(draw: Draw) -> None:
    made = model(levels=2, kernel_size=3)
    documents = draw(V, [23, 23, 23])
    ids, totals = np.stack(documents), []
    for steps in (23, 4):
        made.network.zero_grad()
        windows = Windows(documents, V, batch_size=3, steps=steps, device=torch.device("cpu"))
        losses = 0.0
        for loss in Truncated(made.network, windows):
            losses += float(loss.mean.detach()) * loss.items
            torch.autograd.backward(loss.mean * loss.items)
        assert losses == pytest.approx(-made.predict(ids)[0].sum(), rel=1e-12)
        totals.append([p.grad.to_dense().clone() for p in made.network.parameters() if p.grad is not None])
    whole, cut = totals
    assert len(whole) == len(list(made.network.parameters()))
    for one, other in zip(whole, cut, strict=True):
        torch.testing.assert_close(other, one, rtol=0, atol=1e-11)
