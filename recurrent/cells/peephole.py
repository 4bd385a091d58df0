"""Long short-term memory with peepholes.

Gers & Schmidhuber 2000, "Recurrent nets that time and count"; Gers, Schraudolph & Schmidhuber 2002, "Learning precise
timing with LSTM recurrent networks".
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

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


class PeepholeLSTMCell(HandCell[MemoryState]):
    r"""One step of an LSTM whose gates see the memory.

        i = σ(x_i + U_i h + p_i ⊙ c)      input gate
        f = σ(x_f + U_f h + p_f ⊙ c)      forget gate
        g = tanh(x_g + U_g h)             candidate
        c' = f ⊙ c + i ⊙ g
        o = σ(x_o + U_o h + p_o ⊙ c')     output gate, which sees the *new* memory
        h' = o ⊙ tanh(c')

    Peepholes p start at zero: the untrained cell is an LSTM.
    """

    gates, parts, has_memory = 4, (4,), True

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """See `Cell`."""
        super().__init__(input_size, hidden_size)
        self.peephole = nn.Parameter(torch.zeros(3, hidden_size))

    def initial(self, batch: int) -> MemoryState:
        return MemoryState(self.zeros(batch), self.zeros(batch))

    def step(self, x: Tensor, state: MemoryState, recurrence: Recurrence) -> MemoryState:
        i, f, g, o = recurrence.add(x, state.h).chunk(4, dim=-1)
        p_i, p_f, p_o = self.peephole
        i, f = torch.sigmoid(i + p_i * state.c), torch.sigmoid(f + p_f * state.c)
        c = f * state.c + i * torch.tanh(g)
        return MemoryState(torch.sigmoid(o + p_o * c) * torch.tanh(recurrence.memory(c)), c)

    def ahead(self, x: Tensor, state: MemoryState, u: Products) -> tuple[MemoryState, Saved]:
        i, f, g, o = x.add_(u.of(state.h)).chunk(4, dim=-1)
        p_i, p_f, p_o = self.peephole
        i, f, g = i.addcmul_(p_i, state.c).sigmoid_(), f.addcmul_(p_f, state.c).sigmoid_(), g.tanh_()
        c = (f * state.c).addcmul_(i, g)
        o, seen = o.addcmul_(p_o, c).sigmoid_(), torch.tanh(c)
        return MemoryState(o * seen, c), (i, f, g, o, c, seen, *state)

    def back(self, saved: Saved, slopes: MemoryState, u: Products, dx: Tensor) -> MemoryState:
        i, f, g, o, _, seen, h_before, c_before = saved
        p_i, p_f, p_o = self.peephole
        di, df, dg, do = dx.chunk(4, dim=-1)
        put_sigmoid_slope(do, slopes.h * seen, o)
        dc = tanh_slope(slopes.h * o, seen).add_(slopes.c).addcmul_(do, p_o)
        put_sigmoid_slope(di, dc * g, i)
        put_sigmoid_slope(df, dc * c_before, f)
        put_tanh_slope(dg, dc * i, g)
        return MemoryState(u.back(dx, h_before, inside=ALL), (dc * f).addcmul_(di, p_i).addcmul_(df, p_f))

    def own(self) -> list[Tensor]:
        return [self.peephole]

    def own_slopes(self, saved: Sequence[Saved], dx: Tensor, u: Products) -> list[Tensor]:
        di, df, _, do = dx.chunk(4, dim=-1)
        c, c_before = (torch.stack([step[k] for step in saved]) for k in (4, 7))
        return [torch.stack([(di * c_before).sum((0, 1)), (df * c_before).sum((0, 1)), (do * c).sum((0, 1))])]
