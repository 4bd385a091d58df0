"""The multiplicative network of Sutskever, Martens & Hinton 2011, "Generating text with recurrent neural networks"."""

import torch
from torch import Tensor

from seqbench.recurrent.cells.by_hand import HandCell, Products, Saved, tanh_slope
from seqbench.recurrent.cells.cell import OutputState
from seqbench.recurrent.cells.recurrence import Recurrence


class MultiplicativeCell(HandCell[OutputState]):
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

    def ahead(self, x: Tensor, state: OutputState, u: Products) -> tuple[OutputState, Saved]:
        x_m, x_h = x.chunk(2, dim=-1)
        factors = u.of(state.h)
        m = x_m * factors
        h = u.of(m, part=1).add_(x_h).tanh_()
        return OutputState(h), (x_m, factors, m, h, state.h)

    def back(self, saved: Saved, slopes: OutputState, u: Products, dx: Tensor) -> OutputState:
        x_m, factors, m, h, before = saved
        dx_m, dx_h = dx.chunk(2, dim=-1)
        a = tanh_slope(slopes.h, h)
        dx_h.copy_(a)
        dm = u.back(a, m, part=1)
        torch.mul(dm, factors, out=dx_m)
        return OutputState(u.back(dm * x_m, before))
