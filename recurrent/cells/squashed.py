"""An LSTM whose memory goes through a squashing function at every step, as one of the lectures draws it."""

import torch
from torch import Tensor

from seqbench.recurrent.cells.by_hand import (
    ALL,
    HandCell,
    Products,
    Saved,
    put_sigmoid_slope,
    put_tanh_slope,
    sigmoid_slope,
    tanh_slope,
)
from seqbench.recurrent.cells.cell import MemoryState
from seqbench.recurrent.cells.recurrence import Recurrence


class SquashedLSTMCell(HandCell[MemoryState]):
    r"""One step of an LSTM with a squashed memory.

        i = σ(x_i + U_i h)       input gate
        f = σ(x_f + U_f h)       forget gate
        g = tanh(x_g + U_g h)    candidate
        o = σ(x_o + U_o h)       output gate
        c' = σ(f ⊙ c + i ⊙ g)
        h' = o ⊙ tanh(c')

    The derivative of σ is at most 1/4, so ∂c'/∂c is at most f/4: an error on its way back loses three quarters at each
    step, even if the forget gate is open. The cell is here to show what this costs.
    """

    gates, parts, has_memory = 4, (4,), True

    def initial(self, batch: int) -> MemoryState:
        return MemoryState(self.zeros(batch), self.zeros(batch))

    def step(self, x: Tensor, state: MemoryState, recurrence: Recurrence) -> MemoryState:
        i, f, g, o = recurrence.add(x, state.h).chunk(4, dim=-1)
        c = torch.sigmoid(torch.sigmoid(f) * state.c + torch.sigmoid(i) * torch.tanh(g))
        return MemoryState(torch.sigmoid(o) * torch.tanh(recurrence.memory(c)), c)

    def ahead(self, x: Tensor, state: MemoryState, u: Products) -> tuple[MemoryState, Saved]:
        i, f, g, o = x.add_(u.of(state.h)).chunk(4, dim=-1)
        i, f, g, o = i.sigmoid_(), f.sigmoid_(), g.tanh_(), o.sigmoid_()
        c = (f * state.c).addcmul_(i, g).sigmoid_()
        seen = torch.tanh(c)
        return MemoryState(o * seen, c), (i, f, g, o, c, seen, *state)

    def back(self, saved: Saved, slopes: MemoryState, u: Products, dx: Tensor) -> MemoryState:
        i, f, g, o, c, seen, h_before, c_before = saved
        di, df, dg, do = dx.chunk(4, dim=-1)
        put_sigmoid_slope(do, slopes.h * seen, o)
        sum_ = sigmoid_slope(tanh_slope(slopes.h * o, seen).add_(slopes.c), c)  # of f ⊙ c + i ⊙ g
        put_sigmoid_slope(di, sum_ * g, i)
        put_sigmoid_slope(df, sum_ * c_before, f)
        put_tanh_slope(dg, sum_ * i, g)
        return MemoryState(u.back(dx, h_before, inside=ALL), sum_ * f)
