"""Whole scans whose backpropagation through time is written by hand, for cells that no kernel of torch has.

Autograd records some twenty small operations per step, and each costs more than its arithmetic. Here the loop over the
steps runs without it, forward and backward, and a cell gives the derivatives of its step (Werbos 1990). `step` of the
cell remains the definition: tests hold one against the other.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from seqbench.recurrent.cells.cell import Cell, State, as_state
from seqbench.recurrent.cells.matrix import product_for
from seqbench.recurrent.cells.recurrence import Weights

Saved = tuple[Tensor, ...]
tanh_slope: Callable[[Tensor, Tensor], Tensor] = torch.ops.aten.tanh_backward.default
"""(g, y) → g ⊙ (1 − y²), the gradient behind y = tanh(a) where that before it is g."""
sigmoid_slope: Callable[[Tensor, Tensor], Tensor] = torch.ops.aten.sigmoid_backward.default
"""(g, y) → g ⊙ y ⊙ (1 − y), the same for y = σ(a)."""


def put_tanh_slope(into: Tensor, g: Tensor, y: Tensor) -> None:
    torch.ops.aten.tanh_backward.grad_input(g, y, grad_input=into)


def put_sigmoid_slope(into: Tensor, g: Tensor, y: Tensor) -> None:
    torch.ops.aten.sigmoid_backward.grad_input(g, y, grad_input=into)


ALL = slice(None)


class Products:
    """Products with the recurrent weights by part, forward and backward; it keeps what the gradient of U needs."""

    def __init__(self, weight: Tensor, rows: Sequence[int]) -> None:
        self._product = product_for(weight)
        self._backward = torch.split(weight, list(rows))
        self._forward = [part.t().contiguous() for part in self._backward]
        self.forget()

    def forget(self) -> None:
        """Forget the steps: called before each pass backward."""
        self._kept: list[tuple[list[Tensor], list[Tensor]]] = [([], []) for _ in self._forward]
        self._inside: list[slice | None] = [None for _ in self._forward]

    def of(self, h: Tensor, part: int = 0) -> Tensor:
        """Return U h (B, R)."""
        return self._product(h, self._forward[part])

    def back(self, slope: Tensor, h: Tensor, part: int = 0, inside: slice | None = None) -> Tensor:
        """Return the gradient (B, H) behind U h, where that before it is `slope` (B, R); call it once per step.

        inside: the columns of dx that the slope is, if it is a part of dx, so that it need not be gathered again.
        """
        self._inside[part] = inside
        slopes, states = self._kept[part]
        slopes.append(slope)
        states.append(h)
        return self._product(slope, self._backward[part])

    def slopes(self, part: int) -> Tensor:
        """Return all gradients (T · B, R) that `back` was given for a part, from the last step to the first."""
        return torch.cat(self._kept[part][0])

    def gradient(self, dx: Tensor) -> Tensor:
        """Return the gradient of U, one product per part for all steps; dx: (T, B, gates · H)."""
        parts = []
        for (slopes, states), inside in zip(self._kept, self._inside, strict=True):
            g = torch.cat(slopes[::-1]) if inside is None else dx.flatten(0, 1)[:, inside]
            parts.append(self._product(torch.cat(states[::-1]).t(), g).t())
        return parts[0] if len(parts) == 1 else torch.cat(parts)


class HandCell(Cell[State]):
    """A cell that gives the derivatives of its step."""

    @abstractmethod
    def ahead(self, x: Tensor, state: State, u: Products) -> tuple[State, Saved]:
        """Return what `step` returns, and what `back` needs.

        Args:
            x: (B, gates · H); it may be overwritten, which saves the time that fresh memory costs.
        """

    @abstractmethod
    def back(self, saved: Saved, slopes: State, u: Products, dx: Tensor) -> State:
        """Return the gradients of the state before a step, in new tensors; `slopes` are those of the state after it.

        Args:
            dx: (B, gates · H) is filled with the gradients of the projected input.
        """

    def own(self) -> list[Tensor]:
        """Return the weights that `ahead` uses beside the products."""
        return []

    def own_slopes(self, saved: Sequence[Saved], dx: Tensor, u: Products) -> list[Tensor]:
        """Return the gradients of `own` after all steps, given what was saved and dx (T, B, gates · H)."""
        return []

    def kernel(self, x: Tensor, state: State, weights: Weights, lengths: Tensor | None) -> tuple[Tensor, State] | None:
        mixed = torch.is_autocast_enabled(x.device.type) or x.dtype != weights.hh.dtype
        if mixed or torch.compiler.is_compiling():
            return None
        # Nobody else sees the projected inputs, so `ahead` may write into them.
        stacked = _scan(self, self.project(x, weights), weights.hh, len(state), *state, *self.own())
        if lengths is None:
            return stacked[0], as_state(state, (tensor[-1] for tensor in stacked))
        column = torch.arange(len(lengths), device=lengths.device)
        return stacked[0], as_state(state, (tensor[lengths - 1, column] for tensor in stacked))


class _Scan(Function):
    """All states (T, B, H), tensor by tensor, from the projected inputs (T, B, gates · H)."""

    @staticmethod
    def forward(
        ctx: Any, cell: HandCell[Any], x: Tensor, weight: Tensor, tensors: int, *given: Tensor
    ) -> tuple[Tensor, ...]:
        """given: the tensors of the first state, then what `own` returns."""
        state, u = type(cell.initial(1))(*given[:tensors]), Products(weight, cell.rows())
        states, kept = [], []
        for x_t in x.unbind(0):
            state, saved = cell.ahead(x_t, state, u)
            states.append(state)
            kept.append(saved)
        ctx.cell, ctx.u, ctx.kept, ctx.like, ctx.tensors = cell, u, kept, state, tensors
        ctx.shape = x.shape
        ctx.set_materialize_grads(False)
        return tuple(torch.stack(tensors) for tensors in zip(*states, strict=True))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor | None) -> tuple[Any, ...]:
        cell, kept, like, u = ctx.cell, ctx.kept, ctx.like, ctx.u
        u.forget()
        dx = like[0].new_empty(ctx.shape)
        each = [None if slope is None else slope.unbind(0) for slope in slopes]
        state = as_state(like, (torch.zeros_like(tensor) for tensor in like))
        slots = dx.unbind(0)
        for t in range(len(kept) - 1, -1, -1):
            for carried, slope in zip(state, each, strict=True):
                if slope is not None:
                    carried.add_(slope[t])
            state = cell.back(kept[t], state, u, slots[t])
        return None, dx, u.gradient(dx), None, *state, *cell.own_slopes(kept, dx, u)


_scan: Callable[..., tuple[Tensor, ...]] = _Scan.apply
