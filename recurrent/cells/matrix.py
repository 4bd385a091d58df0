"""Matrix products in the loop of a recurrent layer, and their gradients.

A loop over T steps needs T small products of the state with the same matrix U. Two things make it fast on a CPU: the
gradient of U is one large product after the loop instead of T small ones that are summed, and products in float32 are
those of oneDNN, which kernels of recurrent layers use too. On processors that are not Intel's they are up to twice as
fast as MKL's, which torch uses otherwise.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

Product = Callable[[Tensor, Tensor], Tensor]


def product_for(like: Tensor) -> Product:
    """Return the fastest function (a, b) → a b for matrices (M, K) and (K, N) in the format and place of `like`.

    It records no gradient, and is fastest if b is contiguous.
    """
    fast = like.dtype == torch.float32 and like.device.type == "cpu" and _HAS_ONEDNN
    return _onednn if fast and torch._C._get_mkldnn_enabled() else torch.mm


def product(a: Tensor, b: Tensor) -> Tensor:
    """Return a b for matrices (M, K) and (K, N), without recording a gradient."""
    return product_for(a)(a, b)


def _onednn(a: Tensor, b: Tensor) -> Tensor:
    # A part of a wider matrix would be multiplied by code that is a hundred times slower.
    found: Tensor = torch.ops.mkldnn._linear_pointwise.default(a, b.contiguous().t(), None, "none", [], "")
    return found


_HAS_ONEDNN = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def recorded(*tensors: Tensor | None) -> bool:
    """Whether gradients of any of these are recorded, in a way that the functions below can take part in."""
    wanted = any(t is not None and t.requires_grad for t in tensors)
    return torch.is_grad_enabled() and wanted and not torch.compiler.is_compiling()


def affine(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return W x + b for all steps of x (T, B, I) at once, (T, B, R)."""
    if not recorded(x, weight, bias) or _autocast(x) or x.dtype != weight.dtype:
        return F.linear(x, weight, bias)
    return _affine(x.flatten(0, 1), weight, bias).view(*x.shape[:2], -1)


def _autocast(x: Tensor) -> bool:
    return torch.is_autocast_enabled(x.device.type)


class _Affine(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.biased = bias is not None
        found = product(x, weight.t().contiguous())
        return found if bias is None else found.add_(bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return (
            product(gradient, weight) if wanted[0] else None,
            product(x.t(), gradient).t() if wanted[1] else None,
            gradient.sum(0) if ctx.biased and wanted[2] else None,
        )


class RecurrentProduct:
    """Products of one matrix U (R, H) with the states of successive steps of one scan.

    The gradient of U is Σ_t g_t h_tᵀ with g_t the gradient of the product at step t. Here it is one product of the
    stacked g_t and h_t: U enters the scan as zeros (T, B, R), one (B, R) of which is added to the product of each step,
    so that autograd stacks the g_t itself.
    """

    def __init__(self, weight: Tensor, steps: int, batch: int) -> None:
        self.weight = weight
        self._states: list[Tensor] = []
        self._places: tuple[Tensor, ...] | None = None
        if recorded(weight) and not _autocast(weight):
            self._backward, self._forward = weight.detach(), weight.detach().t().contiguous()
            self._places = _stacked(weight, self._states, steps, batch).unbind(0)

    def __call__(self, h: Tensor, x: Tensor | None = None) -> Tensor:
        """Return x + U h (B, R) for h (B, H); call it once per step."""
        if self._places is None:
            found = F.linear(h, self.weight)
            return found if x is None else x + found
        place = self._places[len(self._states)]
        return _step(place, x, h, self._forward, self._backward, self._states)


class _Stacked(Function):
    """Zeros (T, B, R) whose gradient becomes that of U."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, states: list[Tensor], steps: int, batch: int) -> Tensor:
        ctx.states = states
        return weight.new_zeros(()).expand(steps, batch, len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        states = torch.cat(ctx.states)
        return product(states.t(), gradient.flatten(0, 1)[: len(states)]).t(), None, None, None


class _Step(Function):
    """x + U h, with zeros that collect the gradient."""

    @staticmethod
    def forward(
        ctx: Any, place: Tensor, x: Tensor | None, h: Tensor, forward: Tensor, backward: Tensor, states: list[Tensor]
    ) -> Tensor:
        ctx.weight, ctx.added = backward, x is not None
        # Without its history: otherwise the states would hold the graph that holds the states.
        states.append(h.detach())
        found = product(h, forward)
        return found if x is None else found.add_(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None, None, None, None]:
        before = product(gradient, ctx.weight) if ctx.needs_input_grad[2] else None
        return gradient, gradient if ctx.added else None, before, None, None, None


_affine: Callable[..., Tensor] = _Affine.apply
_stacked: Callable[..., Tensor] = _Stacked.apply
_step: Callable[..., Tensor] = _Step.apply
