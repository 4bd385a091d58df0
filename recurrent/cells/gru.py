"""The gated recurrent unit, in the conventions in print.

Cho et al. 2014, "Learning phrase representations using RNN encoder–decoder for statistical machine translation",
eqs. 5-8, reset the state before the product with U. Their first version, cuDNN and torch reset the product. Cho et al.
and torch keep the share z of the old state; Chung et al. 2014, "Empirical evaluation of gated recurrent neural networks
on sequence modeling", eq. 4, and many lectures take the share z of the new one.
"""

from collections.abc import Callable
from typing import Literal, Self

import torch
from torch import Tensor, nn

from seqbench.recurrent.cells.by_hand import HandCell, Products, Saved, put_sigmoid_slope, put_tanh_slope
from seqbench.recurrent.cells.cell import OutputState
from seqbench.recurrent.cells.recurrence import Recurrence, Weights
from seqbench.recurrent.cells.torch_cell import TorchCell

Update = Literal["keep", "replace"]


class GRUCell(TorchCell[OutputState]):
    r"""One step of a GRU that resets the product, as `torch.nn.GRU` does.

        r = σ(x_r + U_r h + b_r)              reset gate
        z = σ(x_z + U_z h + b_z)              update gate
        n = tanh(x_n + r ⊙ (U_n h + b_n))     candidate
        h' = (1 − z) ⊙ n + z ⊙ h

    With `update` replace, z and 1 − z change places in the last line. Gates lie in this order, r, z, n, as in torch.
    """

    gates, parts = 3, (3,)
    module = nn.GRU

    def __init__(self, input_size: int, hidden_size: int, update: Update = "keep") -> None:
        """update: what z is the share of; keep: the old state, replace: the new one.

        Raises:
            ValueError: a size is below 1, or there is no such update.
        """
        super().__init__(input_size, hidden_size)
        self.update = known(update)

    def initial(self, batch: int) -> OutputState:
        return OutputState(self.zeros(batch))

    def biases(self, weights: Weights) -> tuple[Tensor, Tensor | None]:
        return weights.bias_ih, weights.bias_hh  # b_n is multiplied by r

    def step(self, x: Tensor, state: OutputState, recurrence: Recurrence) -> OutputState:
        sizes = [2 * self.hidden_size, self.hidden_size]
        (x_gates, x_n), (gates, n) = torch.split(x, sizes, -1), torch.split(recurrence.product(state.h), sizes, -1)
        r, z = torch.sigmoid(x_gates + gates).chunk(2, dim=-1)
        return OutputState(mixed(self.update, z, state.h, torch.tanh(torch.addcmul(x_n, r, n))))

    def function(self) -> Callable[..., tuple[Tensor, ...]]:
        return torch.gru

    def kernel(
        self, x: Tensor, state: OutputState, weights: Weights, lengths: Tensor | None
    ) -> tuple[Tensor, OutputState] | None:
        if self.update == "replace":  # 1 − σ(a) = σ(−a)
            sign = torch.ones_like(weights.bias_ih)
            sign[self.hidden_size : 2 * self.hidden_size] = -1
            assert weights.bias_hh is not None
            weights = Weights(
                sign[:, None] * weights.ih, sign[:, None] * weights.hh, sign * weights.bias_ih, sign * weights.bias_hh
            )
        return super().kernel(x, state, weights, lengths)

    @classmethod
    def from_torch(cls, module: nn.RNNBase, update: Update = "keep") -> Self:
        """See `TorchCell.from_torch`; the cell computes the same, in the convention `update`."""
        cell = super().from_torch(module)
        cell.update = known(update)
        cell._negate_update_gate(cell.flat())
        return cell

    def to_torch(self) -> nn.RNNBase:
        module = super().to_torch()
        self._negate_update_gate(list(module.parameters()))
        return module

    @torch.no_grad()
    def _negate_update_gate(self, weights: list[Tensor]) -> None:
        """Change to this cell's convention from torch's, or back: σ(−a) = 1 − σ(a)."""
        if self.update == "replace":
            for weight in weights:
                weight[self.hidden_size : 2 * self.hidden_size].neg_()


class ResetBeforeGRUCell(HandCell[OutputState]):
    r"""One step of a GRU that resets the state before the product.

        r = σ(x_r + U_r h)           reset gate
        z = σ(x_z + U_z h)           update gate
        n = tanh(x_n + U_n (r ⊙ h))  candidate
        h' = (1 − z) ⊙ n + z ⊙ h

    With `update` replace, z and 1 − z change places in the last line.
    """

    gates, parts = 3, (2, 1)

    def __init__(self, input_size: int, hidden_size: int, update: Update = "keep") -> None:
        """See `GRUCell`."""
        super().__init__(input_size, hidden_size)
        self.update = known(update)

    def initial(self, batch: int) -> OutputState:
        return OutputState(self.zeros(batch))

    def step(self, x: Tensor, state: OutputState, recurrence: Recurrence) -> OutputState:
        x_gates, x_n = torch.split(x, [2 * self.hidden_size, self.hidden_size], -1)
        r, z = torch.sigmoid(recurrence.add(x_gates, state.h)).chunk(2, dim=-1)
        n = torch.tanh(recurrence.add(x_n, r * state.h, part=1))
        return OutputState(mixed(self.update, z, state.h, n))

    def ahead(self, x: Tensor, state: OutputState, u: Products) -> tuple[OutputState, Saved]:
        x_gates, x_n = torch.split(x, [2 * self.hidden_size, self.hidden_size], -1)
        r, z = x_gates.add_(u.of(state.h)).sigmoid_().chunk(2, dim=-1)
        left = r * state.h
        n = x_n.add_(u.of(left, part=1)).tanh_()
        return OutputState(mixed(self.update, z, state.h, n)), (r, z, n, left, state.h)

    def back(self, saved: Saved, slopes: OutputState, u: Products, dx: Tensor) -> OutputState:
        r, z, n, left, h = saved
        d_gates, dn = torch.split(dx, [2 * self.hidden_size, self.hidden_size], -1)
        dr, dz = d_gates.chunk(2, dim=-1)
        of_z = slopes.h * z
        kept, new = (of_z, slopes.h - of_z) if self.update == "keep" else (slopes.h - of_z, of_z)
        put_sigmoid_slope(dz, slopes.h * (h - n if self.update == "keep" else n - h), z)
        put_tanh_slope(dn, new, n)
        d_left = u.back(dn, left, part=1, inside=slice(2 * self.hidden_size, None))
        put_sigmoid_slope(dr, d_left * h, r)
        return OutputState(u.back(d_gates, h, inside=slice(2 * self.hidden_size)).add_(kept).addcmul_(d_left, r))


def mixed(update: Update, z: Tensor, old: Tensor, new: Tensor) -> Tensor:
    return torch.lerp(new, old, z) if update == "keep" else torch.lerp(old, new, z)


def known(update: Update) -> Update:
    """Raises:
    ValueError: there is no such update.
    """
    if update not in ("keep", "replace"):
        raise ValueError(f"there is no update {update!r}; there are: keep, replace")
    return update
