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
States = NDArray[np.float32]
"""(B, N) of ±1, and 0 for a unit that is erased and has not moved yet."""
Step = Callable[[States], tuple[States, Floats]]
"""From states to the states after every unit was updated once, and the energies (B,) of states that did not change."""

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
    return run(step, lambda states: energy(weights, states), start, limit)


def run(step: Step, energy_of: Callable[[Signs], Floats], start: Signs, limit: int) -> Settled:
    """Repeat a step on states (B, N) until each rests, or returns to the state before the last, or for `limit` steps.

    States that still move then are followed for as many steps again: one that returns to where it was oscillates, since
    steps are deterministic.

    Args:
        energy_of: returns the energies (B,) of states that do not rest.
    """
    states = start.astype(np.float32)
    steps, period = np.full(len(start), limit, dtype=np.int64), np.zeros(len(start), dtype=np.int64)
    energies = np.full(len(start), np.nan)
    going, before, earlier = np.arange(len(start)), states, np.full_like(states, np.nan)
    for taken in range(1, limit + 1):
        after, found = step(before)
        rests = (after == before).all(axis=1)
        swings = (after == earlier).all(axis=1)
        ended = rests | swings
        states[going[ended]] = after[ended]
        steps[going[ended]], period[going[ended]] = taken, np.where(rests[ended], 1, 2)
        energies[going[rests]] = found[rests]
        going, earlier, before = going[~ended], before[~ended], after[~ended]
        if not len(going):
            break
    states[going] = moving = before
    for ago in range(1, limit + 1):
        if not len(going):
            break
        moving = step(moving)[0]
        back = (moving == states[going]).all(axis=1)
        period[going[back]] = ago
        going, moving = going[~back], moving[~back]
    restored = np.where(states < 0, -1, 1).astype(np.int8)
    open_ = np.flatnonzero(np.isnan(energies))
    if len(open_):
        energies[open_] = energy_of(restored[open_])
    return Settled(restored, steps, energies, period)


def synchronous(weights: NDArray[np.float32]) -> Step:
    """Return the step in which all units are updated at once."""
    transposed = np.ascontiguousarray(weights.T)
    quiet = QUIET * np.abs(weights).sum(axis=1)

    def step(states: States) -> tuple[States, Floats]:
        fields = states @ transposed
        lowered = -0.5 * np.einsum("bn,bn->b", states, fields).astype(np.float64)
        return _signs(fields, states, quiet), lowered

    return step


def asynchronous(weights: NDArray[np.float32], order: Ids | None = None) -> Step:
    """Return the step in which units are updated one after another, each with what the others have become.

    The fields of a block of units are one product of matrices, W_block S; when a unit of the block changes, what that
    adds to the fields of the later ones is added to them. States of which no unit of the block would change at these
    fields are left out of that.
    """
    order = np.arange(len(weights)) if order is None else order
    own = np.ascontiguousarray(weights[np.ix_(order, order)])
    quiet = QUIET * np.abs(own).sum(axis=1, keepdims=True)
    back = np.argsort(order)

    def step(states: States) -> tuple[States, Floats]:
        moving = np.ascontiguousarray(states[:, order].T)
        energies = np.zeros(len(states))
        for first in range(0, len(own), BLOCK):
            block = slice(first, min(first + BLOCK, len(own)))
            fields, before = own[block] @ moving, moving[block]
            energies -= 0.5 * np.einsum("ub,ub->b", before, fields)
            moved = np.flatnonzero((_signs(fields, before, quiet[block]) != before).any(axis=0))
            if len(moved):
                moving[block, moved] = _one_by_one(fields[:, moved], before[:, moved], own[block, block], quiet[block])
        return np.ascontiguousarray(moving[back].T), energies

    return step


def _one_by_one(
    fields: NDArray[np.float32], states: NDArray[np.float32], weights: NDArray[np.float32], quiet: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Update the units of a block, one after another: fields and states (K, B), weights (K, K) between them."""
    for k in range(len(states)):
        new = _signs(fields[k], states[k], quiet[k])
        change = new - states[k]
        fields[k + 1 :] += np.multiply.outer(weights[k + 1 :, k], change)
        states[k] = new
    return states


def energy(weights: Floats, states: Signs) -> Floats:
    """Return E = −½ Σ_ij w_ij s_i s_j of states (B, N) (Hopfield 1982, equation 7)."""
    s = states.astype(np.float64)
    found: Floats = -0.5 * ((s @ weights) * s).sum(axis=1)
    return found


def _signs(fields: NDArray[np.float32], states: NDArray[np.float32], quiet: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.sign(fields)
    weak = np.abs(fields) <= quiet
    if weak.any():
        found[weak] = states[weak]
    return found
