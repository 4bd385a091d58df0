"""What stands between two states of a scan: the products with the recurrent weights."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from seqbench.recurrent.cells.matrix import RecurrentProduct


class Weights(NamedTuple):
    """The weights of a cell in one scan, after all that is done to them once for all steps."""

    ih: Tensor  # (gates · H, I) of the input
    hh: Tensor  # (rows · H, H) of the state
    bias_ih: Tensor  # (gates · H,)
    bias_hh: Tensor | None  # (rows · H,); None: the products with the state have no bias of their own


class Recurrence:
    """The products U h + b of one scan; cells that make several products in a step number them as parts.

    Subclasses put normalisation there.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, rows: Sequence[int], steps: int, batch: int) -> None:
        """weight: (Σ rows, H); bias: (Σ rows,); rows: of each part; steps: the largest number of steps to come."""
        parts = torch.split(weight, list(rows)) if rows else ()
        self.step = 0
        """The number of the step that is being made; whoever scans sets it."""
        self._products = [RecurrentProduct(part, steps, batch) for part in parts]
        self._biases: Sequence[Tensor | None] = [None] * len(parts) if bias is None else torch.split(bias, list(rows))

    def product(self, h: Tensor, part: int = 0) -> Tensor:
        """Return U h + b (B, R) for h (B, H). Call it at most once per step and part."""
        found, bias = self._products[part](h), self._biases[part]
        return found if bias is None else found + bias

    def add(self, x: Tensor, h: Tensor, part: int = 0) -> Tensor:
        """Return x + U h + b (B, R) for x (B, R) and h (B, H); it counts as a call of `product`."""
        bias = self._biases[part]
        return self._products[part](h, x if bias is None else x + bias)

    def memory(self, c: Tensor) -> Tensor:
        """Return what the output sees of a memory c (B, H)."""
        return c
