"""Long short-term memory with forget gates, as `torch.nn.LSTM` has it.

Hochreiter & Schmidhuber 1997, "Long short-term memory"; the forget gate is that of Gers, Schmidhuber & Cummins 2000,
"Learning to forget".
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from seqbench.recurrent.cells.cell import MemoryState
from seqbench.recurrent.cells.recurrence import Recurrence
from seqbench.recurrent.cells.torch_cell import TorchCell


class LSTMCell(TorchCell[MemoryState]):
    r"""One step of an LSTM.

        i = σ(x_i + U_i h)       input gate
        f = σ(x_f + U_f h)       forget gate
        g = tanh(x_g + U_g h)    candidate
        o = σ(x_o + U_o h)       output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    Gates lie in this order, i, f, g, o, as in `torch.nn.LSTM`.
    """

    gates, parts, has_memory = 4, (4,), True
    module = nn.LSTM

    def initial(self, batch: int) -> MemoryState:
        return MemoryState(self.zeros(batch), self.zeros(batch))

    def step(self, x: Tensor, state: MemoryState, recurrence: Recurrence) -> MemoryState:
        i, f, g, o = recurrence.add(x, state.h).chunk(4, dim=-1)
        c = torch.sigmoid(f) * state.c + torch.sigmoid(i) * torch.tanh(g)
        return MemoryState(torch.sigmoid(o) * torch.tanh(recurrence.memory(c)), c)

    def function(self) -> Callable[..., tuple[Tensor, ...]]:
        return torch.lstm
