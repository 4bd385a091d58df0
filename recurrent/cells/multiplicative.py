"""The multiplicative network of Sutskever, Martens & Hinton 2011, "Generating text with recurrent neural networks"."""

import torch
from torch import Tensor

from seqbench.recurrent.cells.cell import Cell, OutputState
from seqbench.recurrent.cells.recurrence import Recurrence


class MultiplicativeCell(Cell[OutputState]):
    r"""One step of a multiplicative RNN: the input chooses the matrix that takes state to state.

        m = x_m ⊙ (U_m h)            factors, H of them
        h' = tanh(x_h + U_h m)

    The matrix from h to h' is U_h diag(x_m) U_m (eqs. 5 and 6 of the paper). x_m has a bias, so that it can be the same
    for all inputs: then the cell is an Elman network with a factored matrix.
    """

    gates, parts = 2, (1, 1)

    def initial(self, batch: int) -> OutputState:
        return OutputState(self.zeros(batch))

    def step(self, x: Tensor, state: OutputState, recurrence: Recurrence) -> OutputState:
        x_m, x_h = x.chunk(2, dim=-1)
        m = x_m * recurrence.product(state.h)
        return OutputState(torch.tanh(recurrence.add(x_h, m, part=1)))
