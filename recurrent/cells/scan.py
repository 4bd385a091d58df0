"""The one loop over the steps of a sequence."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from seqbench.recurrent.cells.cell import Cell, State, as_state
from seqbench.recurrent.cells.recurrence import Recurrence


def scan(
    cell: Cell[State],
    x: Tensor,
    state: State,
    recurrence: Recurrence,
    between: Callable[[State, State], State] | None = None,
) -> list[State]:
    """Return the states after each of T steps.

    Args:
        x: (T, B, gates · H) the projected inputs.
        state: before the first step.
        between: makes the state that is kept of the one before a step and the one after it; None: the latter.
    """
    states = []
    for t, x_t in enumerate(x.unbind(0)):
        recurrence.step = t
        after = cell.step(x_t, state, recurrence)
        state = after if between is None else between(state, after)
        states.append(state)
    return states


def outputs(states: Sequence[tuple[Tensor, ...]]) -> Tensor:
    """Return the outputs (T, B, H) of one or more states."""
    return torch.stack([state[0] for state in states])


def after(start: State, states: Sequence[State], lengths: Tensor | None) -> State:
    """Return the state after each sequence's own end; lengths: (B,) in 0..T, None: T for all."""
    if lengths is None or not states:
        return states[-1] if states else start
    column = torch.arange(len(lengths), device=lengths.device)
    return as_state(start, (torch.stack(tensors)[lengths, column] for tensors in zip(start, *states, strict=True)))
