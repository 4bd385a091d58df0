"""The network of Jordan 1986, "Serial order: a parallel distributed processing approach": its output is fed back."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from seqbench.recurrent.cells.by_hand import ALL, HandCell, Products, Saved, put_tanh_slope, tanh_slope
from seqbench.recurrent.cells.cell import OutputState
from seqbench.recurrent.cells.recurrence import Recurrence


class JordanCell(HandCell[OutputState]):
    r"""One step of a Jordan network, with the output layer inside the cell.

        s = tanh(x + U y)       hidden units, which see the output of the step before
        y' = tanh(V s + d)      output units

    Layers above read y. It has H units, as s has: what a model predicts (a distribution over words, say) stands above
    the layer and is not fed back, so that the cell suits any task. U and V lie in this order in `weight_hh`.
    """

    gates, parts = 1, (1, 1)

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """See `Cell`."""
        super().__init__(input_size, hidden_size)
        limit = 1 / math.sqrt(hidden_size)
        self.output_bias = nn.Parameter(torch.empty(hidden_size).uniform_(-limit, limit))

    def initial(self, batch: int) -> OutputState:
        return OutputState(self.zeros(batch))

    def step(self, x: Tensor, state: OutputState, recurrence: Recurrence) -> OutputState:
        s = torch.tanh(recurrence.add(x, state.h))
        return OutputState(torch.tanh(recurrence.product(s, part=1) + self.output_bias))

    def ahead(self, x: Tensor, state: OutputState, u: Products) -> tuple[OutputState, Saved]:
        s = x.add_(u.of(state.h)).tanh_()
        y = u.of(s, part=1).add_(self.output_bias).tanh_()
        return OutputState(y), (s, y, state.h)

    def back(self, saved: Saved, slopes: OutputState, u: Products, dx: Tensor) -> OutputState:
        s, y, before = saved
        put_tanh_slope(dx, u.back(tanh_slope(slopes.h, y), s, part=1), s)
        return OutputState(u.back(dx, before, inside=ALL))

    def own(self) -> list[Tensor]:
        return [self.output_bias]

    def own_slopes(self, saved: Sequence[Saved], dx: Tensor, u: Products) -> list[Tensor]:
        return [u.slopes(part=1).sum(0)]
