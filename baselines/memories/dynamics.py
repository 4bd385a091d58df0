"""How states of ±1 units move until they rest: one unit after another, or all at once; many states in parallel.

A unit takes the sign of its field, s_i ← sgn Σ_j w_ij s_j. If the field is 0, to within rounding, it stays as it is, so
that what a state becomes does not depend on the states beside it.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Floats, Ids
from seqbench.tasks.patterns.model import Settled, Signs

Dynamics = Literal["asynchronous", "synchronous"]
Step = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From states (N, B) to the states after every unit was updated once."""

BLOCK = 32
"""Units whose fields are computed by one product of matrices; within a block, each change is added to the others."""
QUIET = 1e-5
"""The share of Σ_j |w_ij| below which a field counts as 0; rounding in float32 causes 1e-7 to 1e-6 of it."""


def settle(weights: Floats, start: Signs, dynamics: Dynamics, limit: int, order: Ids | None = None) -> Settled:
    """Let states (B, N) move until none changes, or for `limit` steps.

    Args:
        weights: (N, N).
        order: (N,) in which asynchronous units are updated, the same in each step.
    """
    own = weights.astype(np.float32)
    step = synchronous(own) if dynamics == "synchronous" else asynchronous(own, order)
    settled = run(step, start, limit)
    return settled._replace(energy=energy(weights, settled.patterns))


def run(step: Step, start: Signs, limit: int) -> Settled:
    """Repeat a step on states (B, N) until each rests, or returns to the state before the last, or for `limit` steps.

    States that still move then are followed for as many steps again: one that returns to where it was oscillates, since
    steps are deterministic.
    """
    states = np.ascontiguousarray(start.T, dtype=np.float32)
    steps, period = np.full(len(start), limit, dtype=np.int64), np.zeros(len(start), dtype=np.int64)
    going, last = np.arange(len(start)), np.full_like(states, np.nan)
    for taken in range(1, limit + 1):
        before, earlier = states[:, going], last[:, going]
        after = step(before)
        states[:, going], last[:, going] = after, before
        rests, swings = (after == before).all(axis=0), (after == earlier).all(axis=0)
        ended = rests | swings
        steps[going[ended]], period[going[ended]] = taken, np.where(rests[ended], 1, 2)
        going = going[~ended]
        if not len(going):
            break
    moving = states[:, going]
    for ago in range(1, limit + 1):
        if not len(going):
            break
        moving = step(moving)
        back = (moving == states[:, going]).all(axis=0)
        period[going[back]] = ago
        going, moving = going[~back], moving[:, ~back]
    return Settled(np.where(states.T < 0, -1, 1).astype(np.int8), steps, None, period)


def synchronous(weights: NDArray[np.float32]) -> Step:
    """Return the step in which all units are updated at once."""
    quiet = QUIET * np.abs(weights).sum(axis=1, keepdims=True)

    def step(states: NDArray[np.float32]) -> NDArray[np.float32]:
        return _signs(weights @ states, states, quiet)

    return step


def asynchronous(weights: NDArray[np.float32], order: Ids | None = None) -> Step:
    """Return the step in which units are updated one after another, each with what the others have become.

    The fields of a block of units are one product of matrices, W_block S; when a unit of the block changes, what that
    adds to the fields of the later ones is added to them.
    """
    order = np.arange(len(weights)) if order is None else order
    own = np.ascontiguousarray(weights[np.ix_(order, order)])
    quiet = QUIET * np.abs(own).sum(axis=1)
    back = np.argsort(order)

    def step(states: NDArray[np.float32]) -> NDArray[np.float32]:
        moving = states[order]
        for first in range(0, len(own), BLOCK):
            block = slice(first, min(first + BLOCK, len(own)))
            fields = own[block] @ moving
            for k in range(fields.shape[0]):
                unit = first + k
                new = _signs(fields[k], moving[unit], quiet[unit])
                change = new - moving[unit]
                if change.any():
                    fields[k + 1 :] += np.multiply.outer(own[unit + 1 : block.stop, unit], change)
                    moving[unit] = new
        restored: NDArray[np.float32] = moving[back]
        return restored

    return step


def energy(weights: Floats, states: Signs) -> Floats:
    """Return E = −½ Σ_ij w_ij s_i s_j of states (B, N) (Hopfield 1982, equation 7)."""
    s = states.astype(np.float64)
    found: Floats = -0.5 * ((s @ weights) * s).sum(axis=1)
    return found


def _signs(fields: NDArray[np.float32], states: NDArray[np.float32], quiet: object) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.where(np.abs(fields) <= quiet, states, np.sign(fields)).astype(np.float32)
    return found
