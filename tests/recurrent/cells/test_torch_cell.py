"""Cells that torch has: the same results, the same gradients, and weights that pass both ways."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench.recurrent.cells.elman import ElmanCell
from seqbench.recurrent.cells.gru import GRUCell
from seqbench.recurrent.cells.lstm import LSTMCell
from seqbench.recurrent.cells.torch_cell import TorchCell
from seqbench.recurrent.layers.recurrent import Recurrent

PAIRS: dict[str, tuple[Callable[[], nn.RNNBase], Callable[[nn.RNNBase], TorchCell[Any]]]] = {
    "lstm": (lambda: nn.LSTM(3, 5), LSTMCell.from_torch),
    "gru": (lambda: nn.GRU(3, 5), GRUCell.from_torch),
    "gru replace": (lambda: nn.GRU(3, 5), lambda module: GRUCell.from_torch(module, "replace")),
    "elman tanh": (lambda: nn.RNN(3, 5), ElmanCell.from_torch),
    "elman relu": (lambda: nn.RNN(3, 5, nonlinearity="relu"), ElmanCell.from_torch),
}
EVERY = pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))


def run(layer: Callable[[Tensor], Any], parameters: list[nn.Parameter], x: Tensor) -> list[Tensor]:
    """Outputs, the last state, and the gradients of inputs and weights."""
    x = x.clone().requires_grad_()
    outputs, state = layer(x)
    state = state if isinstance(state, tuple) else (state,)
    torch.autograd.backward(sum(((k + 1) * t).pow(2).sum() for k, t in enumerate((outputs, *state))))
    assert x.grad is not None
    return [outputs, *state, x.grad, *(p.grad for p in parameters if p.grad is not None)]


@EVERY
@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "loop"])
def test_outputs_states_and_gradients_are_torchs(pair: Any, kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    module = pair[0]().double()
    cell = pair[1](module)
    if not kernel:
        monkeypatch.setattr(type(cell), "kernel", lambda *_: None)
    x = torch.randn(7, 4, 3, dtype=torch.float64)
    theirs = run(module, list(module.parameters()), x)
    ours = run(Recurrent(cell), list(cell.parameters()), x)
    if getattr(cell, "update", "keep") == "replace":
        for gradient in ours[-4:]:
            gradient[5:10].neg_()
    for found, known in zip(ours, theirs, strict=True):
        torch.testing.assert_close(found, known, rtol=0, atol=1e-10)


@EVERY
def test_weights_pass_to_torch_and_back(pair: Any) -> None:
    torch.manual_seed(0)
    module = pair[0]()
    back = pair[1](module).to_torch()
    assert type(back) is type(module)
    for (name, given), (_, returned) in zip(module.named_parameters(), back.named_parameters(), strict=True):
        assert torch.equal(given, returned), name
    assert back.mode == module.mode


@pytest.mark.parametrize(("ours", "theirs"), [(LSTMCell, nn.LSTM), (GRUCell, nn.GRU), (ElmanCell, nn.RNN)])
def test_untrained_weights_are_those_that_torch_would_draw(
    ours: type[TorchCell[Any]], theirs: type[nn.RNNBase]
) -> None:
    torch.manual_seed(3)
    own = list(ours(3, 5).parameters())
    torch.manual_seed(3)
    for found, known in zip(own, theirs(3, 5).parameters(), strict=True):
        assert torch.equal(found, known)


@pytest.mark.parametrize(
    "module", [nn.GRU(3, 5), nn.LSTM(3, 5, num_layers=2), nn.LSTM(3, 5, bidirectional=True), nn.LSTM(3, 5, bias=False)]
)
def test_a_module_of_another_shape_is_refused(module: nn.RNNBase) -> None:
    with pytest.raises(ValueError, match=r"LSTM, not GRU|one layer, one direction"):
        LSTMCell.from_torch(module)


def test_torch_has_no_elman_network_of_sigmoid_units() -> None:
    with pytest.raises(ValueError, match="only tanh and relu"):
        ElmanCell(3, 5, "sigmoid").to_torch()
