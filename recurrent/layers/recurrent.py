"""A cell applied to the steps of sequences."""

from typing import Generic

from torch import Tensor

from seqbench.recurrent.cells.cell import Cell, State, as_state
from seqbench.recurrent.cells.scan import after, outputs, scan
from seqbench.recurrent.layers.layer import Layer, LayerState


class Recurrent(Layer, Generic[State]):
    """h_t = cell(x_t, h_{t−1}), from the first step to the last.

    Where torch has the cell and nothing is put inside the recurrence, torch's kernel runs.
    """

    def __init__(self, cell: Cell[State]) -> None:
        super().__init__()
        self.cell = cell
        self.input_size, self.output_size = cell.input_size, cell.hidden_size

    @property
    def tensors(self) -> int:
        return len(self.cell.initial(1))

    def forward(
        self, x: Tensor, state: LayerState | None = None, lengths: Tensor | None = None, final: bool = True
    ) -> tuple[Tensor, LayerState]:
        steps, batch = x.shape[:2]
        start = self.cell.initial(batch)
        if state is not None:
            start = as_state(start, (tensor[0] for tensor in state))
        if not final:
            lengths = None  # padding comes last, so it changes no output before it
        weights = self.cell.weights()
        read = self.cell.kernel(x, start, weights, lengths) if steps else None
        if read is None:
            projected = self.cell.project(x, weights)
            states = scan(self.cell, projected, start, self.cell.recurrence(weights, steps, batch))
            read = (
                (outputs(states) if steps else x.new_zeros(0, batch, self.output_size)),
                after(start, states, lengths),
            )
        return read[0], tuple(tensor[None] for tensor in read[1])
