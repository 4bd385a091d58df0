"""The LSTM of Hochreiter & Schmidhuber 1997, "Long short-term memory", without forget gate."""

import torch
from torch import Tensor

from seqbench.recurrent.cells.by_hand import (
    ALL,
    HandCell,
    Products,
    Saved,
    put_sigmoid_slope,
    put_tanh_slope,
    tanh_slope,
)
from seqbench.recurrent.cells.cell import MemoryState
from seqbench.recurrent.cells.recurrence import Recurrence


class CarouselLSTMCell(HandCell[MemoryState]):
    r"""One step of an LSTM whose memory only ever grows by what is written: the constant error carousel.

        i = σ(x_i + U_i h)       input gate
        g = tanh(x_g + U_g h)    candidate
        o = σ(x_o + U_o h)       output gate
        c' = c + i ⊙ g
        h' = o ⊙ tanh(c')

    The paper's squashing functions are logistic ones stretched to (−2, 2) and (−1, 1); tanh stands for both, as in all
    later LSTMs, so that the forget gate is the only difference to them.
    """

    gates, parts, has_memory = 3, (3,), True

    def initial(self, batch: int) -> MemoryState:
        return MemoryState(self.zeros(batch), self.zeros(batch))

    def step(self, x: Tensor, state: MemoryState, recurrence: Recurrence) -> MemoryState:
        i, g, o = recurrence.add(x, state.h).chunk(3, dim=-1)
        c = torch.addcmul(state.c, torch.sigmoid(i), torch.tanh(g))
        return MemoryState(torch.sigmoid(o) * torch.tanh(recurrence.memory(c)), c)

    def ahead(self, x: Tensor, state: MemoryState, u: Products) -> tuple[MemoryState, Saved]:
        i, g, o = x.add_(u.of(state.h)).chunk(3, dim=-1)
        i, g, o = i.sigmoid_(), g.tanh_(), o.sigmoid_()
        c = torch.addcmul(state.c, i, g)
        seen = torch.tanh(c)
        return MemoryState(o * seen, c), (i, g, o, seen, state.h)

    def back(self, saved: Saved, slopes: MemoryState, u: Products, dx: Tensor) -> MemoryState:
        i, g, o, seen, h = saved
        di, dg, do = dx.chunk(3, dim=-1)
        put_sigmoid_slope(do, slopes.h * seen, o)
        dc = tanh_slope(slopes.h * o, seen).add_(slopes.c)
        put_sigmoid_slope(di, dc * g, i)
        put_tanh_slope(dg, dc * i, g)
        return MemoryState(u.back(dx, h, inside=ALL), dc)
