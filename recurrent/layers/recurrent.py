"""A cell applied to the steps of sequences, with what stands inside the recurrence."""

from collections.abc import Callable
from functools import partial
from typing import Generic, Literal

import torch
from torch import Tensor, nn

from seqbench.recurrent.cells.cell import Cell, State, as_state
from seqbench.recurrent.cells.recurrence import Recurrence, Weights
from seqbench.recurrent.cells.scan import after, outputs, scan
from seqbench.recurrent.layers.dropout import DroppedWeights, Zoneout
from seqbench.recurrent.layers.layer import Layer, LayerState
from seqbench.recurrent.layers.normalisation import LayerNorm, StepBatchNorm, Steps, WeightNorm, steps

NormName = Literal["none", "batch", "layer", "weight"]


class Recurrent(Layer, Generic[State]):
    """h_t = cell(x_t, h_{t−1}), from the first step to the last.

    If torch has a kernel for the cell, it runs, unless something must be done between two steps.
    """

    def __init__(
        self,
        cell: Cell[State],
        *,
        norm: NormName = "none",
        norm_steps: int = 100,
        zoneout: float = 0.0,
        weight_drop: float = 0.0,
    ) -> None:
        """
        Args:
            norm: batch and layer: W x, U h and the memory are normalised, each on its own, before the bias is added;
                weight: the rows of W and U.
            norm_steps: steps of a sequence with their own batch normalisation, T_max; later ones share the last.
            zoneout: share of the units that keep their old value at a step.
            weight_drop: share of the recurrent weights that is dropped.

        Raises:
            ValueError: a share is not in [0, 1), or the cell has no recurrent weights to drop.
        """
        super().__init__()
        for name, share in (("zoneout", zoneout), ("weight_drop", weight_drop)):
            if not 0 <= share < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, not {share}")
        if weight_drop and not cell.parts:
            raise ValueError(f"{type(cell).__name__} has no recurrent weights: leave weight_drop at 0")
        self.cell = cell
        self.input_size, self.output_size = cell.input_size, cell.hidden_size
        self.once = nn.ModuleList()
        """What is done to the weights once per call."""
        if norm == "weight":
            self.once.append(WeightNorm(cell.weights()))
        if weight_drop:
            self.once.append(DroppedWeights(weight_drop))
        self.norm: Norms | None = None
        if norm == "batch":
            self.norm = Norms(cell, lambda features: StepBatchNorm(features, norm_steps))
        elif norm == "layer":
            self.norm = Norms(cell, LayerNorm)
        self.zoneout = Zoneout(zoneout) if zoneout else None

    @property
    def tensors(self) -> int:
        return len(self.cell.initial(1)) + (self.norm is not None and self.norm.counts)

    def weights(self) -> Weights:
        """Return the weights of one call, after all that is done to them once for all steps."""
        weights = self.cell.weights()
        for change in self.once:
            weights = change(weights)
        return weights

    def forward(
        self, x: Tensor, state: LayerState | None = None, lengths: Tensor | None = None, final: bool = True
    ) -> tuple[Tensor, LayerState]:
        start = self.cell.initial(x.shape[1])
        if state is not None:
            start = as_state(start, (tensor[0] for tensor in state[: len(start)]))
        read = _steps_read(state, x) if self.norm is not None and self.norm.counts else None
        if len(x) == 0:
            states, last = x.new_zeros(0, x.shape[1], self.output_size), start
        else:
            states, last = self._read(x, start, read, lengths, final)
        carried = tuple(tensor[None] for tensor in last)
        if read is not None:
            carried += ((read + (lengths if final and lengths is not None else len(x)))[None, :, None],)
        return states, carried

    def _read(
        self, x: Tensor, start: State, read: Tensor | None, lengths: Tensor | None, final: bool
    ) -> tuple[Tensor, State]:
        weights, ends = self.weights(), lengths if final else None  # padding comes last: no output before it sees it
        whole = None
        if self.norm is None and self.zoneout is None:
            whole = self.cell.kernel(x, start, weights, None if ends is None else ends.clamp(min=1))
        if whole is None:
            states = self._scan(x, start, weights, read, lengths)
            return outputs(states), after(start, states, ends)
        if ends is None:
            return whole
        unread = (ends == 0)[:, None]
        return whole[0], as_state(start, (torch.where(unread, *pair) for pair in zip(start, whole[1], strict=True)))

    def _scan(
        self, x: Tensor, start: State, weights: Weights, read: Tensor | None, lengths: Tensor | None
    ) -> list[State]:
        if self.norm is None:
            projected = self.cell.project(x, weights)
            recurrence = self.cell.recurrence(weights, *x.shape[:2])
        else:
            when = None if read is None else steps(read, len(x), lengths)
            projected = self.cell.project(x, weights, partial(self.norm.of_input, when=when))
            recurrence = Normalised(self.cell, weights, x, self.norm, when)
        return scan(self.cell, projected, start, recurrence, self.zoneout)


def _steps_read(state: LayerState | None, x: Tensor) -> Tensor:
    """Return the steps (B,) that the columns had read before."""
    return torch.zeros(x.shape[1], dtype=torch.int64, device=x.device) if state is None else state[-1][0, :, 0]


class Norms(nn.Module):
    """What normalises one layer: products with the input, products with the state by part, and the memory."""

    def __init__(self, cell: Cell[State], make: Callable[[int], StepBatchNorm | LayerNorm]) -> None:
        """make: returns a normalisation of this many features."""
        super().__init__()
        self.of_input = make(cell.gates * cell.hidden_size)
        self.of_state = nn.ModuleList(make(rows) for rows in cell.rows())
        self.of_memory = make(cell.hidden_size) if cell.has_memory else None
        self.counts = isinstance(self.of_input, StepBatchNorm)
        """Whether it depends on the number of the step."""


class Normalised(Recurrence):
    """norm(U h) + b; the memory is normalised before the output sees it, and stays as it is in the state."""

    def __init__(self, cell: Cell[State], weights: Weights, x: Tensor, norms: Norms, when: Steps | None) -> None:
        super().__init__(weights.hh, None, cell.rows(), *x.shape[:2])
        bias = cell.biases(weights)[1]
        self._norms, self._when = norms, when
        self._added = None if bias is None else torch.split(bias, cell.rows())

    def product(self, h: Tensor, part: int = 0) -> Tensor:
        found = self._normal(self._norms.of_state[part], super().product(h, part))
        return found if self._added is None else found + self._added[part]

    def add(self, x: Tensor, h: Tensor, part: int = 0) -> Tensor:
        return x + self.product(h, part)

    def memory(self, c: Tensor) -> Tensor:
        assert self._norms.of_memory is not None
        return self._normal(self._norms.of_memory, c)

    def _normal(self, norm: nn.Module, x: Tensor) -> Tensor:
        found: Tensor = norm(x[None], None if self._when is None else self._when.at(self.step))
        return found[0]
