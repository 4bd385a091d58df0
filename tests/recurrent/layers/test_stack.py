"""Layers on top of each other against torch's own, and dropout that is one for all steps."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqbench.interface import Documents
from seqbench.learning.column_language import ColumnLanguageModel
from seqbench.recurrent.language.elman import ElmanLanguageModel
from seqbench.recurrent.language.gru import GRULanguageModel
from seqbench.recurrent.language.lstm import BidirectionalLSTMLanguageModel, LSTMLanguageModel
from seqbench.recurrent.language.network import RecurrentLanguageConfig
from seqbench.recurrent.layers.stack import Cell, LockedDropout, Stack, StackState
from seqbench.tasks.language.model import LanguageContext

INPUTS, HIDDEN = 3, 5
EVERY = pytest.mark.parametrize("cell", [nn.RNN, nn.GRU, nn.LSTM])
FAMILIES = [ElmanLanguageModel, GRULanguageModel, LSTMLanguageModel, BidirectionalLSTMLanguageModel]


class Double(nn.Module):
    """In place of a dropout, so that its places can be seen."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


def paired(cell: Cell, layers: int) -> tuple[Stack, nn.RNNBase]:
    """Ours and torch's, of the same weights."""
    torch.manual_seed(0)
    ours = Stack(cell, INPUTS, HIDDEN, layers, nn.Dropout(0.0)).double()
    theirs = cell(INPUTS, HIDDEN, layers).double()
    for depth, layer in enumerate(ours.layers):
        layer.load_state_dict({name: getattr(theirs, f"{name[:-1]}{depth}") for name in layer.state_dict()})
    return ours, theirs


def joined(state: StackState, width: int) -> tuple[Tensor, ...]:
    """As torch keeps it: each tensor of the state (L, B, H)."""
    assert state is not None
    return tuple(torch.cat(state[k::width]) for k in range(width))


def sequence(steps: int = 9, columns: int = 4) -> Tensor:
    return torch.randn(steps, columns, INPUTS, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@EVERY
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_stack_is_torchs_of_as_many_layers_in_one_go_and_in_pieces(cell: Cell, layers: int) -> None:
    ours, theirs = paired(cell, layers)
    x = sequence()
    expected, after = theirs(x)
    carried = after if isinstance(after, tuple) else (after,)
    for pieces in ([9], [1, 8], [4, 4, 1]):
        state: StackState = None
        outputs = []
        for piece in torch.split(x, pieces):
            output, state = ours(piece, state)
            outputs.append(output)
        torch.testing.assert_close(torch.cat(outputs), expected, rtol=0, atol=1e-14)
        for found, known in zip(joined(state, len(carried)), carried, strict=True):
            torch.testing.assert_close(found, known, rtol=0, atol=1e-14)


@EVERY
def test_what_is_dropped_is_dropped_before_between_and_after_the_layers_and_never_from_the_state(cell: Cell) -> None:
    ours, _ = paired(cell, 2)
    ours.dropout, (first, second) = Double(), ours.layers
    between, low = first(2 * sequence())
    above, high = second(2 * between)
    output, state = ours(sequence(), None)
    torch.testing.assert_close(output, 2 * above, rtol=0, atol=1e-14)
    carried = [t for carry in (low, high) for t in (carry if isinstance(carry, tuple) else [carry])]
    assert state is not None
    for found, known in zip(state, carried, strict=True):
        torch.testing.assert_close(found, known, rtol=0, atol=1e-14)


def test_a_locked_mask_is_one_for_all_steps_and_another_for_each_column_and_call() -> None:
    torch.manual_seed(0)
    dropout, ones = LockedDropout(0.4), torch.ones(7, 6, 50)
    first, second = dropout(ones), dropout(ones)
    for masked in (first, second):
        assert torch.equal(masked, masked[:1].expand_as(masked))
        assert len({tuple(column.tolist()) for column in masked[0]}) == 6
    assert not torch.equal(first, second)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_locked_mask_drops_its_share_and_scales_the_rest_so_that_the_mean_is_kept(share: float) -> None:
    torch.manual_seed(0)
    x = torch.full((2, 400, 500), 3.0, dtype=torch.float64)
    masked = LockedDropout(share)(x)
    kept = masked != 0
    torch.testing.assert_close(masked[kept], x[kept] / (1 - share), rtol=1e-15, atol=0)
    # 200,000 draws of a mask, which both steps share
    error = (share * (1 - share) / 200_000) ** 0.5
    assert (~kept).double().mean().item() == pytest.approx(share, abs=4 * error)
    assert masked.mean().item() == pytest.approx(3.0, abs=4 * 3 * error / (1 - share))


def test_a_gradient_passes_where_its_value_was_kept() -> None:
    torch.manual_seed(0)
    x = torch.rand(3, 4, 5, dtype=torch.float64).add(1).requires_grad_()
    masked = LockedDropout(0.5)(x)
    masked.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, torch.where(masked == 0, 0.0, 2.0).double(), rtol=0, atol=0)


def test_a_locked_dropout_leaves_everything_in_evaluation_and_at_a_share_of_nothing() -> None:
    x = sequence()
    assert torch.equal(LockedDropout(0.9).eval()(x), x)
    assert torch.equal(LockedDropout(0.0)(x), x)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("locked", [True, False])
def test_in_a_fit_masks_are_shared_over_the_steps_of_a_window_where_locked(
    family: type[ColumnLanguageModel],
    locked: bool,
    lend: Callable[..., LanguageContext],
    draw: Callable[..., Documents],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    masks: list[Tensor] = []
    stack = RecurrentLanguageConfig.stack

    def watched(config: RecurrentLanguageConfig, cell: Cell) -> Stack:
        def keep(dropout: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            if dropout.training:
                masks.append((output == 0) & (inputs[0] != 0))

        made = stack(config, cell)
        made.dropout.register_forward_hook(keep)
        return made

    monkeypatch.setattr(RecurrentLanguageConfig, "stack", watched)
    config = RecurrentLanguageConfig(
        embedding_size=20, hidden_size=24, layers=2, dropout=0.5, locked=locked, batch_size=4, bptt=8
    )
    family(config).fit(draw(9, [64]), lend(9, valid=draw(9, [40])))
    # two windows through a stack of two layers, or two of them
    stacks = 2 if family is BidirectionalLSTMLanguageModel else 1
    assert [mask.shape for mask in masks] == [(8, 4, width) for width in (20, 24, 24)] * 2 * stacks
    for mask in masks:
        assert torch.equal(mask, mask[:1].expand_as(mask)) is locked
        assert 0.2 < mask.double().mean() < 0.8
    assert len({tuple(mask[0].flatten().tolist()) for mask in masks}) == len(masks)


def test_locked_masks_are_shared_over_a_window_that_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    config = RecurrentLanguageConfig(embedding_size=20, hidden_size=20, dropout=0.5, locked=True)
    network, masks = ElmanLanguageModel(config).build(np.ones(9, np.int64)).train(), []
    network.body.dropout.register_forward_hook(lambda _, inputs, output: masks.append(output == 0))
    monkeypatch.setattr("seqbench.learning.column_language.SCAN", 3 * 4)
    symbols = torch.arange(6 * 4).reshape(6, 4) % 9
    network(symbols, symbols, None, None)
    below = torch.cat(masks[::2])
    assert torch.equal(below, below[:1].expand_as(below))
