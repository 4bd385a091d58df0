"""Layers on top of each other against torch's own, and where units are dropped between them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqbench.interface import Documents
from seqbench.learning.column_language import ColumnLanguageModel
from seqbench.recurrent.cells.elman import ElmanCell
from seqbench.recurrent.cells.gru import GRUCell
from seqbench.recurrent.cells.lstm import LSTMCell
from seqbench.recurrent.cells.torch_cell import TorchCell
from seqbench.recurrent.language.elman import ElmanLanguageConfig, ElmanLanguageModel
from seqbench.recurrent.language.gru import GRULanguageModel
from seqbench.recurrent.language.lstm import BidirectionalLSTMLanguageModel, LSTMLanguageModel
from seqbench.recurrent.language.network import RecurrentLanguageConfig
from seqbench.recurrent.layers.layer import LayerState
from seqbench.recurrent.layers.recurrent import Recurrent
from seqbench.recurrent.layers.stack import Residual, Stack
from seqbench.tasks.language.model import LanguageContext

INPUTS, HIDDEN = 3, 5
EVERY = pytest.mark.parametrize("cell", [ElmanCell, GRUCell, LSTMCell])
FAMILIES = [ElmanLanguageModel, GRULanguageModel, LSTMLanguageModel, BidirectionalLSTMLanguageModel]


class Double(nn.Module):
    """In place of a dropout, so that its places can be seen."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


def stacked(cell: type[TorchCell[Any]], layers: int, dropout: nn.Module | None = None, outside: bool = True) -> Stack:
    torch.manual_seed(0)
    sizes = [INPUTS, *[HIDDEN] * (layers - 1)]
    return Stack([Recurrent(cell(size, HIDDEN)) for size in sizes], dropout, outside).double()


def sequence(steps: int = 9, columns: int = 4) -> Tensor:
    return torch.randn(steps, columns, INPUTS, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@EVERY
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_stack_is_torchs_of_as_many_layers_in_one_go_and_in_pieces(cell: type[TorchCell[Any]], layers: int) -> None:
    ours, theirs = stacked(cell, layers), cell.module(INPUTS, HIDDEN, layers).double()
    for depth, layer in enumerate(ours.layers):
        layer.cell.load_state_dict({name: getattr(theirs, f"{name}_l{depth}") for name in layer.cell.state_dict()})
    x = sequence()
    expected, after = theirs(x)
    carried = after if isinstance(after, tuple) else (after,)
    for pieces in ([9], [1, 8], [4, 4, 1], [9, 0]):
        state: LayerState | None = None
        outputs = []
        for piece in torch.split(x, pieces):
            output, state = ours(piece, state)
            outputs.append(output)
        torch.testing.assert_close(torch.cat(outputs), expected, rtol=0, atol=1e-14)
        assert state is not None
        for k, known in enumerate(carried):
            torch.testing.assert_close(torch.cat(state[k :: len(carried)]), known, rtol=0, atol=1e-14)


@EVERY
@pytest.mark.parametrize("outside", [True, False])
def test_what_is_dropped_is_dropped_between_the_layers_and_never_from_the_state(
    cell: type[TorchCell[Any]], outside: bool
) -> None:
    ours, factor = stacked(cell, 2, Double(), outside), 2 if outside else 1
    first, second = ours.layers
    between, low = first(factor * sequence())
    above, high = second(2 * between)
    output, state = ours(sequence())
    torch.testing.assert_close(output, factor * above, rtol=0, atol=1e-14)
    for found, known in zip(state, (*low, *high), strict=True):
        torch.testing.assert_close(found, known, rtol=0, atol=1e-14)


def test_a_residual_layer_adds_its_input() -> None:
    layer, x = Recurrent(GRUCell(3, 3)).double(), sequence()
    outputs, state = Residual(layer)(x)
    torch.testing.assert_close(outputs, x + layer(x)[0], rtol=0, atol=0)
    torch.testing.assert_close(state, layer(x)[1], rtol=0, atol=0)


def test_layers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="from 3 to 5 values cannot be residual"):
        Residual(Recurrent(GRUCell(3, 5)))
    with pytest.raises(ValueError, match="layer 2 reads 4 values, but the one below puts out 5"):
        Stack([Recurrent(GRUCell(3, 5)), Recurrent(GRUCell(4, 5))])


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

    def watched(config: RecurrentLanguageConfig) -> Stack:
        def keep(dropout: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            if dropout.training:
                masks.append((output == 0) & (inputs[0] != 0))

        made = stack(config)
        made.dropout.register_forward_hook(keep)
        return made

    monkeypatch.setattr(RecurrentLanguageConfig, "stack", watched)
    config = family.config_class(
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
    config = ElmanLanguageConfig(embedding_size=20, hidden_size=20, dropout=0.5, locked=True)
    network, masks = ElmanLanguageModel(config).build(np.ones(9, np.int64)).train(), []
    network.body.dropout.register_forward_hook(lambda _, inputs, output: masks.append(output == 0))
    monkeypatch.setattr("seqbench.learning.column_language.SCAN", 3 * 4)
    symbols = torch.arange(6 * 4).reshape(6, 4) % 9
    network(symbols, symbols, None, None)
    below = torch.cat(masks[::2])
    assert torch.equal(below, below[:1].expand_as(below))
