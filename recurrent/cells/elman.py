"""The simple recurrent network of Elman 1990, "Finding structure in time"."""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from seqbench.recurrent.cells.by_hand import ALL, HandCell, Products, Saved, put_sigmoid_slope
from seqbench.recurrent.cells.cell import OutputState
from seqbench.recurrent.cells.recurrence import Recurrence
from seqbench.recurrent.cells.torch_cell import TorchCell

Nonlinearity = Literal["tanh", "relu", "sigmoid"]
FUNCTIONS: dict[Nonlinearity, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
}


class ElmanCell(TorchCell[OutputState], HandCell[OutputState]):
    r"""h' = φ(x + U h), where φ is tanh, max(0, ·) or the logistic function, which Elman used.

    torch has kernels for the first two, and the third is computed by hand.
    """

    gates, parts = 1, (1,)
    module = nn.RNN

    def __init__(self, input_size: int, hidden_size: int, nonlinearity: Nonlinearity = "tanh") -> None:
        """Raises:
        ValueError: a size is below 1, or there is no such nonlinearity.
        """
        if nonlinearity not in FUNCTIONS:
            raise ValueError(f"there is no nonlinearity {nonlinearity!r}; there are: {', '.join(FUNCTIONS)}")
        super().__init__(input_size, hidden_size)
        self.nonlinearity: Nonlinearity = nonlinearity

    def initial(self, batch: int) -> OutputState:
        return OutputState(self.zeros(batch))

    def step(self, x: Tensor, state: OutputState, recurrence: Recurrence) -> OutputState:
        return OutputState(FUNCTIONS[self.nonlinearity](recurrence.add(x, state.h)))

    def ahead(self, x: Tensor, state: OutputState, u: Products) -> tuple[OutputState, Saved]:
        h = x.add_(u.of(state.h)).sigmoid_()
        return OutputState(h), (h, state.h)

    def back(self, saved: Saved, slopes: OutputState, u: Products, dx: Tensor) -> OutputState:
        h, before = saved
        put_sigmoid_slope(dx, slopes.h, h)
        return OutputState(u.back(dx, before, inside=ALL))

    def function(self) -> Callable[..., tuple[Tensor, ...]] | None:
        return {"tanh": torch.rnn_tanh, "relu": torch.rnn_relu}.get(self.nonlinearity)

    @classmethod
    def options(cls, module: nn.RNNBase) -> dict[str, Any]:
        return {"nonlinearity": module.nonlinearity}

    def counterpart(self) -> nn.RNNBase:
        if self.function() is None:
            raise ValueError(f"torch.nn.RNN has no nonlinearity {self.nonlinearity}, only tanh and relu")
        return nn.RNN(self.input_size, self.hidden_size, nonlinearity=self.nonlinearity)
