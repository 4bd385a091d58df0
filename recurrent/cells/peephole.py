"""Long short-term memory with peepholes.

Gers & Schmidhuber 2000, "Recurrent nets that time and count"; Gers, Schraudolph & Schmidhuber 2002, "Learning precise
timing with LSTM recurrent networks".
"""

import torch
from torch import Tensor, nn

from seqbench.recurrent.cells.cell import Cell, MemoryState
from seqbench.recurrent.cells.recurrence import Recurrence


class PeepholeLSTMCell(Cell[MemoryState]):
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
