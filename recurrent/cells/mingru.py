"""The minimal GRU of Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, "Were RNNs all we needed?", as a scan."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from seqbench.recurrent.cells.cell import Cell, OutputState
from seqbench.recurrent.cells.recurrence import Recurrence, Weights


class MinGRUCell(Cell[OutputState]):
    r"""One step of a minGRU, whose gate and candidate do not see the state.

        z = σ(x_z)                     update gate
        n = g(x_n),   g(a) = a + 1/2 where a ≥ 0, σ(a) elsewhere
        h' = (1 − z) ⊙ h + z ⊙ n

    g is the positive candidate of the paper's appendix B.2. As h' is linear in h, the states of all steps follow from
    an associative scan in ⌈log₂ T⌉ rounds. The paper scans in logarithms; here numbers are added and multiplied as they
    are: all factors lie in (0, 1), so nothing overflows, and the result does not lose digits on long sequences.
    """

    gates, parts = 2, ()

    def initial(self, batch: int) -> OutputState:
        return OutputState(self.zeros(batch))

    def step(self, x: Tensor, state: OutputState, recurrence: Recurrence) -> OutputState:
        z, n = x.chunk(2, dim=-1)
        return OutputState(torch.lerp(state.h, positive(n), torch.sigmoid(z)))

    def kernel(
        self, x: Tensor, state: OutputState, weights: Weights, lengths: Tensor | None
    ) -> tuple[Tensor, OutputState]:
        z, n = self.project(x, weights).chunk(2, dim=-1)
        outputs = linear_scan(torch.sigmoid(-z), torch.sigmoid(z) * positive(n), state.h)
        if lengths is None:
            return outputs, OutputState(outputs[-1])
        return outputs, OutputState(outputs[lengths - 1, torch.arange(len(lengths), device=lengths.device)])


def positive(a: Tensor) -> Tensor:
    """g(a) = a + 1/2 where a ≥ 0, σ(a) elsewhere: continuous, increasing and positive."""
    return torch.where(a >= 0, a + 0.5, torch.sigmoid(a))


def linear_scan(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """Return all h_t = a_t ⊙ h_{t−1} + b_t, (T, B, H), for a and b (T, B, H) and h_0 = `start` (B, H); T ≥ 1.

    Two steps in a row are one of the same form: a = a₂ a₁, b = a₂ b₁ + b₂. So in round k each step takes up the result
    of the 2ᵏ steps before it (Hillis & Steele 1986; Blelloch 1990 for recurrences).
    """
    return _scan(a, b, start)


class _LinearScan(Function):
    """The gradient is a scan too, from the last step to the first: ∂L/∂b_t = ∂L/∂h_t + a_{t+1} ⊙ ∂L/∂b_{t+1}."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, start: Tensor) -> Tensor:
        h = _rounds(a, torch.cat([torch.addcmul(b[:1], a[:1], start), b[1:]]))
        ctx.save_for_backward(a, h, start)
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, h, start = ctx.saved_tensors
        later = torch.cat([a[1:], torch.zeros_like(a[:1])])
        b = _rounds(later.flip(0), gradient.flip(0)).flip(0)
        return b * torch.cat([start[None], h[:-1]]), b, a[0] * b[0]


def _rounds(a: Tensor, b: Tensor) -> Tensor:
    """Scan from zero."""
    reach = 1
    while reach < len(b):
        b = torch.cat([b[:reach], torch.addcmul(b[reach:], a[reach:], b[:-reach])])
        a = torch.cat([a[:reach], a[reach:] * a[:-reach]])
        reach *= 2
    return b


_scan: Callable[..., Tensor] = _LinearScan.apply
