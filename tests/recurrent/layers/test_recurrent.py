"""What holds of every layer: a sequence gives the same alone and in any batch, and in one piece and in several."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench.recurrent.cells.carousel import CarouselLSTMCell
from seqbench.recurrent.cells.cell import Cell
from seqbench.recurrent.cells.elman import ElmanCell
from seqbench.recurrent.cells.gru import GRUCell, ResetBeforeGRUCell
from seqbench.recurrent.cells.jordan import JordanCell
from seqbench.recurrent.cells.lstm import LSTMCell
from seqbench.recurrent.cells.mingru import MinGRUCell
from seqbench.recurrent.cells.multiplicative import MultiplicativeCell
from seqbench.recurrent.cells.peephole import PeepholeLSTMCell
from seqbench.recurrent.cells.shortcut import ShortcutCell
from seqbench.recurrent.cells.squashed import SquashedLSTMCell
from seqbench.recurrent.layers.layer import Layer
from seqbench.recurrent.layers.normalisation import StepBatchNorm
from seqbench.recurrent.layers.recurrent import NormName, Recurrent
from seqbench.recurrent.layers.stack import Residual, Stack
from seqbench.recurrent.layers.time import Bidirectional, Dilated, Reversed, Strided

INPUTS, UNITS = 4, 4
LENGTHS = (9, 1, 5, 2, 8)
CELLS: list[Callable[..., Cell[Any]]] = [
    ElmanCell,
    JordanCell,
    ShortcutCell,
    GRUCell,
    ResetBeforeGRUCell,
    LSTMCell,
    CarouselLSTMCell,
    PeepholeLSTMCell,
    SquashedLSTMCell,
    MultiplicativeCell,
    MinGRUCell,
]
NORMS: list[NormName] = ["none", "batch", "layer", "weight"]
Make = Callable[[], Layer]
FORWARD: dict[str, Callable[[Make], Layer]] = {
    "plain": lambda make: make(),
    "dilated": lambda make: Dilated(make(), 3),
    "strided": lambda make: Strided(make(), 2),
    "dilated and strided": lambda make: Strided(Dilated(make(), 2), 2),
    "deep": lambda make: Stack([make(), Residual(Dilated(make(), 2))]),
}
BACKWARD: dict[str, Callable[[Make], Layer]] = {
    "reversed": lambda make: Reversed(make()),
    "reversed, dilated and strided": lambda make: Reversed(Dilated(Strided(make(), 2), 3)),
    "both concatenated": lambda make: Bidirectional(make(), make()),
    "both summed": lambda make: Bidirectional(Dilated(make(), 2), Strided(make(), 2), "sum"),
}


def built(cell: Callable[..., Cell[Any]], norm: NormName, arrange: Callable[[Make], Layer]) -> Layer:
    """In float64 and evaluation mode, every weight and every running statistic drawn."""
    torch.manual_seed(0)

    def make() -> Layer:
        return Recurrent(cell(INPUTS, UNITS), norm=norm, norm_steps=4, zoneout=0.2 if norm == "none" else 0.0)

    layer = arrange(make).double().eval()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.7)
    for module in layer.modules():
        if isinstance(module, StepBatchNorm):
            nn.init.normal_(module.mean)
            nn.init.uniform_(module.variance, 0.5, 2.0)
            module.seen.fill_(3)
    return layer


def sequences(columns: int) -> Tensor:
    return torch.randn(9, columns, INPUTS, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("arrange", [*FORWARD.values(), *BACKWARD.values()], ids=[*FORWARD, *BACKWARD])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_sequence_gives_the_same_alone_and_in_a_batch_whatever_follows_its_end(
    cell: Callable[..., Cell[Any]], norm: NormName, arrange: Callable[[Make], Layer]
) -> None:
    layer, x = built(cell, norm, arrange), sequences(len(LENGTHS))
    for column, length in enumerate(LENGTHS):
        x[length:, column] = 1e3
    with torch.no_grad():
        together, state = layer(x, None, torch.tensor(LENGTHS))
        quickly, whole = layer(x, None, torch.tensor(LENGTHS), final=False)
        for column, length in enumerate(LENGTHS):
            alone, own = layer(x[:length, column : column + 1])
            for outputs in (together, quickly):
                torch.testing.assert_close(outputs[:length, column], alone[:, 0], rtol=0, atol=1e-10)
            for after in (state, whole) if length == len(x) else (state,):
                for found, known in zip(after, own, strict=True):
                    torch.testing.assert_close(found[:, column], known[:, 0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("arrange", FORWARD.values(), ids=list(FORWARD))
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("cell", [LSTMCell, PeepholeLSTMCell, MinGRUCell])
def test_a_sequence_in_pieces_is_that_in_one_piece(
    cell: Callable[..., Cell[Any]], norm: NormName, arrange: Callable[[Make], Layer]
) -> None:
    layer, x = built(cell, norm, arrange), sequences(3)
    with torch.no_grad():
        whole, last = layer(x)
        for pieces in ([1] * 9, [2, 7], [4, 0, 5]):
            outputs, state = [], None
            for piece in torch.split(x, pieces):
                output, state = layer(piece, state)
                outputs.append(output)
            torch.testing.assert_close(torch.cat(outputs), whole, rtol=0, atol=1e-10)
            torch.testing.assert_close(state, last, rtol=0, atol=1e-10)
            assert state is not None
            assert len(state) == layer.tensors
            assert {tensor.shape[1] for tensor in state} == {3}


@pytest.mark.parametrize("arrange", FORWARD.values(), ids=list(FORWARD))
def test_sequences_that_ended_at_different_steps_each_go_on_from_their_end(arrange: Callable[[Make], Layer]) -> None:
    layer, x = built(LSTMCell, "batch", arrange), sequences(2)
    first, rest = torch.tensor([3, 4]), 5
    with torch.no_grad():
        _, state = layer(x[:4], None, first)
        later = torch.stack([x[length : length + rest, column] for column, length in enumerate(first.tolist())], 1)
        found, _ = layer(later, state)
        for column, length in enumerate(first.tolist()):
            whole, _ = layer(x[: length + rest, column : column + 1])
            torch.testing.assert_close(found[:, column], whole[length:, 0], rtol=0, atol=1e-10)


def test_a_shared_weight_gets_the_sum_of_the_gradients_of_its_uses() -> None:
    torch.manual_seed(0)
    cell, x = PeepholeLSTMCell(INPUTS, UNITS).double(), sequences(2)
    shared = Stack([Recurrent(cell), Recurrent(cell)])
    torch.autograd.backward(shared(x)[0].square().sum())
    apart = Stack([Recurrent(PeepholeLSTMCell(INPUTS, UNITS).double()) for _ in range(2)])
    for layer in apart.layers:
        layer.cell.load_state_dict(cell.state_dict())
    torch.autograd.backward(apart(x)[0].square().sum())
    for name, weight in cell.named_parameters():
        uses = [layer.cell.get_parameter(name).grad for layer in apart.layers]
        torch.testing.assert_close(weight.grad, uses[0] + uses[1], rtol=0, atol=1e-12)
    # Within one layer, a use is a step: step t's part is the gradient where the cells of all other steps are fixed.
    state, parts = None, []
    steps = [PeepholeLSTMCell(INPUTS, UNITS).double() for _ in x]
    for x_t, copy in zip(x, steps, strict=True):
        copy.load_state_dict(cell.state_dict())
        state = copy(x_t, state)
        parts.append(state.h)
    torch.autograd.backward(torch.stack(parts).square().sum())
    cell.zero_grad()
    torch.autograd.backward(Recurrent(cell)(x)[0].square().sum())
    for name, weight in cell.named_parameters():
        total = torch.stack(
            [step.get_parameter(name).grad for step in steps if step.get_parameter(name).grad is not None]
        )
        torch.testing.assert_close(weight.grad, total.sum(0), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "share"), [("zoneout", 1.0), ("weight_drop", -0.1)])
def test_a_share_outside_its_range_is_refused(name: str, share: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 0 and below 1"):
        Recurrent(LSTMCell(2, 2), **{name: share})


def test_a_cell_without_recurrent_weights_has_none_to_drop() -> None:
    with pytest.raises(ValueError, match="has no recurrent weights"):
        Recurrent(MinGRUCell(2, 2), weight_drop=0.5)
