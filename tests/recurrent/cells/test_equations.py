"""Every cell against its equations, written out in plain NumPy and float64, and its gradient against differences."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from seqbench.interface import Floats
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
from seqbench.recurrent.layers.recurrent import Recurrent

INPUTS, UNITS = 3, 4
States = tuple[Floats, ...]
Weights = dict[str, Floats]


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def per_gate(w: Weights, gates: int) -> tuple[list[Floats], ...]:
    """W, b, U and c, each cut into the blocks of its gates."""
    return tuple(np.split(w[name], gates) for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh") if name in w)


def elman(function: Callable[[Floats], Floats]) -> Callable[[Floats, States, Weights], States]:
    def step(x: Floats, state: States, w: Weights) -> States:
        return (function(w["weight_ih"] @ x + w["bias_ih"] + w["weight_hh"] @ state[0] + w["bias_hh"]),)

    return step


def lstm(x: Floats, state: States, w: Weights) -> States:
    h, c = state
    W, b, U, d = per_gate(w, 4)
    i, f, g, o = (W[k] @ x + b[k] + U[k] @ h + d[k] for k in range(4))
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_after(kept: bool) -> Callable[[Floats, States, Weights], States]:
    def step(x: Floats, state: States, w: Weights) -> States:
        (h,), (W, b, U, d) = state, per_gate(w, 3)
        r = sigmoid(W[0] @ x + b[0] + U[0] @ h + d[0])
        z = sigmoid(W[1] @ x + b[1] + U[1] @ h + d[1])
        n = np.tanh(W[2] @ x + b[2] + r * (U[2] @ h + d[2]))
        return (z * h + (1 - z) * n if kept else (1 - z) * h + z * n,)

    return step


def gru_before(kept: bool) -> Callable[[Floats, States, Weights], States]:
    def step(x: Floats, state: States, w: Weights) -> States:
        (h,), (W, b, U) = state, per_gate(w, 3)
        r = sigmoid(W[0] @ x + b[0] + U[0] @ h)
        z = sigmoid(W[1] @ x + b[1] + U[1] @ h)
        n = np.tanh(W[2] @ x + b[2] + U[2] @ (r * h))
        return (z * h + (1 - z) * n if kept else (1 - z) * h + z * n,)

    return step


def jordan(x: Floats, state: States, w: Weights) -> States:
    (y,), (U, V) = state, np.split(w["weight_hh"], 2)
    s = np.tanh(w["weight_ih"] @ x + w["bias_ih"] + U @ y)
    return (np.tanh(V @ s + w["output_bias"]),)


def shortcut(x: Floats, state: States, w: Weights) -> States:
    (h,), (W, b, U) = state, per_gate(w, 2)
    z = sigmoid(W[0] @ x + b[0] + U[0] @ h)
    return ((1 - z) * h + z * np.tanh(W[1] @ x + b[1] + U[1] @ h),)


def carousel(x: Floats, state: States, w: Weights) -> States:
    (h, c), (W, b, U) = state, per_gate(w, 3)
    i, g, o = (W[k] @ x + b[k] + U[k] @ h for k in range(3))
    c = c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def peephole(x: Floats, state: States, w: Weights) -> States:
    (h, c), (W, b, U) = state, per_gate(w, 4)
    p_i, p_f, p_o = w["peephole"]
    i, f, g, o = (W[k] @ x + b[k] + U[k] @ h for k in range(4))
    new = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(g)
    return sigmoid(o + p_o * new) * np.tanh(new), new


def squashed(x: Floats, state: States, w: Weights) -> States:
    (h, c), (W, b, U) = state, per_gate(w, 4)
    i, f, g, o = (W[k] @ x + b[k] + U[k] @ h for k in range(4))
    c = sigmoid(sigmoid(f) * c + sigmoid(i) * np.tanh(g))
    return sigmoid(o) * np.tanh(c), c


def multiplicative(x: Floats, state: States, w: Weights) -> States:
    (h,), (W, b, U) = state, per_gate(w, 2)
    matrix = U[1] @ np.diag(W[0] @ x + b[0]) @ U[0]
    return (np.tanh(W[1] @ x + b[1] + matrix @ h),)


def mingru(x: Floats, state: States, w: Weights) -> States:
    (h,), (W, b) = state, (np.split(w["weight_ih"], 2), np.split(w["bias_ih"], 2))
    z, a = sigmoid(W[0] @ x + b[0]), W[1] @ x + b[1]
    return ((1 - z) * h + z * np.where(a >= 0, a + 0.5, sigmoid(a)),)


class Case(NamedTuple):
    cell: Callable[[], Cell[Any]]
    step: Callable[[Floats, States, Weights], States]
    states: int = 1


CASES = {
    "elman tanh": Case(lambda: ElmanCell(INPUTS, UNITS), elman(np.tanh)),
    "elman relu": Case(lambda: ElmanCell(INPUTS, UNITS, "relu"), elman(lambda a: np.maximum(a, 0))),
    "elman sigmoid": Case(lambda: ElmanCell(INPUTS, UNITS, "sigmoid"), elman(sigmoid)),
    "lstm": Case(lambda: LSTMCell(INPUTS, UNITS), lstm, states=2),
    "gru": Case(lambda: GRUCell(INPUTS, UNITS), gru_after(kept=True)),
    "gru replace": Case(lambda: GRUCell(INPUTS, UNITS, "replace"), gru_after(kept=False)),
    "gru before": Case(lambda: ResetBeforeGRUCell(INPUTS, UNITS), gru_before(kept=True)),
    "gru before replace": Case(lambda: ResetBeforeGRUCell(INPUTS, UNITS, "replace"), gru_before(kept=False)),
    "jordan": Case(lambda: JordanCell(INPUTS, UNITS), jordan),
    "shortcut": Case(lambda: ShortcutCell(INPUTS, UNITS), shortcut),
    "carousel": Case(lambda: CarouselLSTMCell(INPUTS, UNITS), carousel, states=2),
    "peephole": Case(lambda: PeepholeLSTMCell(INPUTS, UNITS), peephole, states=2),
    "squashed": Case(lambda: SquashedLSTMCell(INPUTS, UNITS), squashed, states=2),
    "multiplicative": Case(lambda: MultiplicativeCell(INPUTS, UNITS), multiplicative),
    "mingru": Case(lambda: MinGRUCell(INPUTS, UNITS), mingru),
}
EVERY = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
KERNEL = pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "loop"])


def made(case: Case) -> Cell[Any]:
    """In float64, every weight drawn, those that start at zero too."""
    torch.manual_seed(0)
    cell = case.cell().double()
    for parameter in cell.parameters():
        nn.init.normal_(parameter, std=0.8)
    return cell


def inputs(steps: int = 9, batch: int = 3) -> torch.Tensor:
    return torch.randn(steps, batch, INPUTS, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def expected(case: Case, cell: Cell[Any], x: torch.Tensor) -> tuple[Floats, list[Floats]]:
    """The outputs (T, B, H) and the last state."""
    w = {name: value.numpy() for name, value in cell.state_dict().items()}
    outputs, last = [], []
    for column in x.numpy().transpose(1, 0, 2):
        state: States = (np.zeros(UNITS),) * case.states
        run = []
        for x_t in column:
            state = case.step(x_t, state, w)
            run.append(state[0])
        outputs.append(run)
        last.append(state)
    return np.array(outputs).transpose(1, 0, 2), [np.array(part) for part in zip(*last, strict=True)]


@EVERY
def test_a_layer_computes_the_equations(case: Case) -> None:
    cell, x = made(case), inputs()
    known, last = expected(case, cell, x)
    found, state = Recurrent(cell)(x)
    np.testing.assert_allclose(found.detach().numpy(), known, rtol=0, atol=1e-10)
    for tensor, value in zip(state, last, strict=True):
        np.testing.assert_allclose(tensor[0].detach().numpy(), value, rtol=0, atol=1e-10)


@EVERY
def test_steps_one_by_one_are_the_layer(case: Case) -> None:
    cell, x = made(case), inputs()
    state = None
    for x_t, known in zip(x, Recurrent(cell)(x)[0], strict=True):
        state = cell(x_t, state)
        torch.testing.assert_close(state[0], known, rtol=0, atol=1e-12)


@EVERY
@pytest.mark.parametrize("grad", [True, False], ids=["recorded", "plain"])
def test_the_loop_computes_the_equations_with_and_without_a_kernel(
    case: Case, grad: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell, x = made(case), inputs()
    monkeypatch.setattr(type(cell), "kernel", lambda *_: None)
    with torch.set_grad_enabled(grad):
        found, _ = Recurrent(cell)(x)
    np.testing.assert_allclose(found.detach().numpy(), expected(case, cell, x)[0], rtol=0, atol=1e-10)


@EVERY
@KERNEL
def test_the_gradient_is_that_of_finite_differences(case: Case, kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = made(case)
    if not kernel:
        monkeypatch.setattr(type(cell), "kernel", lambda *_: None)
    layer, names = Recurrent(cell), [name for name, _ in cell.named_parameters()]
    weights = [value.detach().clone().requires_grad_() for value in cell.parameters()]
    start = [torch.randn(1, 2, UNITS, dtype=torch.float64, requires_grad=True) for _ in range(case.states)]

    def run(x: torch.Tensor, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        own = {f"cell.{name}": value for name, value in zip(names, given[case.states :], strict=True)}
        outputs, state = torch.func.functional_call(layer, own, (x, given[: case.states]))
        return outputs, *state

    assert torch.autograd.gradcheck(run, (inputs(4, 2).requires_grad_(), *start, *weights))


@EVERY
@KERNEL
def test_a_gradient_of_one_step_leaves_nothing_behind_for_the_next(
    case: Case, kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell, x = made(case), inputs().requires_grad_()
    if not kernel:
        monkeypatch.setattr(type(cell), "kernel", lambda *_: None)
    outputs, _ = Recurrent(cell)(x)
    trained = [weight for weight in cell.parameters() if weight.requires_grad]
    whole = torch.autograd.grad(outputs.sum(), trained, retain_graph=True)
    torch.autograd.grad(outputs[5].sum(), [x], retain_graph=True)
    again = torch.autograd.grad(outputs.sum(), trained)
    for first, second in zip(whole, again, strict=True):
        torch.testing.assert_close(first, second, rtol=0, atol=0)


@EVERY
@KERNEL
def test_in_float32_outputs_and_gradients_are_those_in_float64_within_its_rounding(
    case: Case, kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Products in float32 are made by other code than those in float64."""
    cell, found = made(case), []
    if not kernel:
        monkeypatch.setattr(type(cell), "kernel", lambda *_: None)
    for dtype in (torch.float32, torch.float64):
        x = inputs().to(dtype).requires_grad_()
        outputs, _ = Recurrent(cell.to(dtype))(x)
        cell.zero_grad()
        torch.autograd.backward(outputs.square().sum())
        assert x.grad is not None
        found.append([outputs, x.grad, *(p.grad.clone() for p in cell.parameters() if p.grad is not None)])
    for single, double in zip(*found, strict=True):
        torch.testing.assert_close(single.double(), double, rtol=1e-3, atol=1e-4)


def test_a_memory_may_have_a_loss_of_its_own() -> None:
    """The gradient of a memory at the end, without one of any output, passes through a kernel by hand."""
    cell, x = made(CASES["peephole"]), inputs(4, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: Recurrent(cell)(x)[1][1], x)
    assert torch.autograd.gradcheck(lambda x: Recurrent(cell)(x, None, torch.tensor([4, 2]))[1], x)


def test_a_second_pass_backward_gives_the_same_gradient_again() -> None:
    cell = made(CASES["jordan"])
    loss = Recurrent(cell)(inputs())[0].square().sum()
    first = torch.autograd.grad(loss, list(cell.parameters()), retain_graph=True)
    for a, b in zip(first, torch.autograd.grad(loss, list(cell.parameters())), strict=True):
        assert torch.equal(a, b)
