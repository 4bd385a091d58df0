"""The unit with a write gate alone: the step between the Elman network and the GRU.

Zhou, Wu, Zhang & Zhou 2016, "Minimal gated unit for recurrent neural networks", keep one gate too, but let it reset the
state as well; the lectures' unit, as here, has the shortcut from state to state alone.
"""

import torch
from torch import Tensor

from seqbench.recurrent.cells.by_hand import ALL, HandCell, Products, Saved, put_sigmoid_slope, put_tanh_slope
from seqbench.recurrent.cells.cell import OutputState
from seqbench.recurrent.cells.recurrence import Recurrence


class ShortcutCell(HandCell[OutputState]):
    r"""One step of a shortcut unit.

    z = σ(x_z + U_z h)          write gate
    n = tanh(x_n + U_n h)       candidate
    h' = (1 − z) ⊙ h + z ⊙ n
    """

    gates, parts = 2, (2,)

    def initial(self, batch: int) -> OutputState:
        return OutputState(self.zeros(batch))

    def step(self, x: Tensor, state: OutputState, recurrence: Recurrence) -> OutputState:
        z, n = recurrence.add(x, state.h).chunk(2, dim=-1)
        return OutputState(torch.lerp(state.h, torch.tanh(n), torch.sigmoid(z)))

    def ahead(self, x: Tensor, state: OutputState, u: Products) -> tuple[OutputState, Saved]:
        z, n = x.add_(u.of(state.h)).chunk(2, dim=-1)
        z, n = z.sigmoid_(), n.tanh_()
        return OutputState(torch.lerp(state.h, n, z)), (z, n, state.h)

    def back(self, saved: Saved, slopes: OutputState, u: Products, dx: Tensor) -> OutputState:
        z, n, h = saved
        dz, dn = dx.chunk(2, dim=-1)
        written = slopes.h * z
        put_sigmoid_slope(dz, slopes.h * (n - h), z)
        put_tanh_slope(dn, written, n)
        return OutputState(u.back(dx, h, inside=ALL).add_(slopes.h).sub_(written))
