"""How states of ±1 units move until they rest: one unit after another, or all at once; many states in parallel.

A unit takes the sign of its field, s_i ← sgn Σ_j w_ij s_j. If the field is 0, to within rounding, it stays as it is, so
that what a state becomes does not depend on the states beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seqbench.baselines.memories.connections import Connections
from seqbench.interface import Floats, Ids
from seqbench.tasks.patterns.model import Settled, Signs

Dynamics = Literal["asynchronous", "synchronous"]
States = NDArray[np.float32]
"""(B, N) of ±1, and 0 for a unit that is erased and has not moved yet."""
Step = Callable[[States], tuple[States, Floats]]
"""From states to the states after every unit was updated once, and the energies (B,) of states that did not change."""

BLOCK = 16
"""Units whose fields are computed by one product of matrices; within a block, each change is added to the others."""
FEW = 0.3
"""The share of the states that must move for all to be updated together."""
STRIPE = 64
"""Columns that are transposed together."""
QUIET = 1e-5
"""The share of Σ_j |w_ij| below which a field counts as 0; rounding in float32 causes 1e-7 to 1e-6 of it."""


def settle(between: Connections, start: Signs, dynamics: Dynamics, limit: int, order: Ids | None = None) -> Settled:
    """Let states (B, N) move until none changes, or for `limit` steps.

    Args:
        order: (N,) in which asynchronous units are updated, the same in each step.
    """
    step = synchronous(between) if dynamics == "synchronous" else asynchronous(between, order)
    return run(step, between.energy, start, limit)


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
        earlier, before, ended = before, after, rests | swings
        if not ended.any():
            continue
        states[going[ended]] = after[ended]
        steps[going[ended]], period[going[ended]] = taken, np.where(rests[ended], 1, 2)
        energies[going[rests]] = found[rests]
        going, earlier, before = going[~ended], _rows(earlier, ~ended), _rows(before, ~ended)
        if not len(going):
            break
    states[going] = moving = before
    for ago in range(1, limit + 1):
        if not len(going):
            break
        moving = step(moving)[0]
        back = (moving == states[going]).all(axis=1)
        period[going[back]] = ago
        going, moving = going[~back], _rows(moving, ~back)
    restored = np.where(states < 0, -1, 1).astype(np.int8)
    open_ = np.flatnonzero(np.isnan(energies))
    if len(open_):
        energies[open_] = energy_of(restored[open_])
    return Settled(restored, steps, energies, period)


@dataclass(frozen=True)
class _Single:
    """Connections in float32, in the order in which units move: W = left right − diag(own), or W = left."""

    left: NDArray[np.float32]
    """(N, K)"""
    right: NDArray[np.float32] | None
    """(K, N); None: the identity."""
    own: NDArray[np.float32]
    """(N, 1)"""
    quiet: NDArray[np.float32]
    """(N, 1) the field below which a unit stays."""

    @classmethod
    def of(cls, between: Connections, order: Ids) -> "_Single":
        weights = between.weights()[np.ix_(order, order)].astype(np.float32)
        quiet = QUIET * np.abs(weights).sum(axis=1, keepdims=True)
        if between.vectors is None:
            return cls(np.ascontiguousarray(weights), None, np.zeros_like(quiet), quiet)
        right = np.ascontiguousarray(between.vectors[:, order], dtype=np.float32)
        return cls(np.ascontiguousarray(right.T), right, (right**2).sum(axis=0)[:, None], quiet)

    def within(self, block: slice) -> NDArray[np.float32]:
        """Return the weights between the units of a block."""
        if self.right is None:
            return self.left[block, block]
        found: NDArray[np.float32] = self.left[block] @ self.right[:, block]
        np.fill_diagonal(found, 0)
        return found


def synchronous(between: Connections) -> Step:
    """Return the step in which all units are updated at once."""
    held = _Single.of(between, np.arange(between.units))
    back, own, quiet = np.ascontiguousarray(held.left.T), held.own[:, 0], held.quiet[:, 0]
    forth = None if held.right is None else np.ascontiguousarray(held.right.T)

    def step(states: States) -> tuple[States, Floats]:
        fields = states @ back if forth is None else (states @ forth) @ back - own * states
        lowered = -0.5 * np.einsum("bn,bn->b", states, fields).astype(np.float64)
        return _signs(fields, states, quiet), lowered

    return step


def asynchronous(between: Connections, order: Ids | None = None) -> Step:
    """Return the step in which units are updated one after another, each with what the others have become.

    The fields of a block of units are one product of matrices; when a unit of the block changes, what that adds to the
    fields of the later ones is added to them. States of which no unit of the block would change at these fields are
    left out of that.
    """
    permuted = order is not None
    order = np.arange(between.units) if order is None else order
    held, back = _Single.of(between, order), np.argsort(order)
    blocks = [slice(first, min(first + BLOCK, len(order))) for first in range(0, len(order), BLOCK)]
    inside = [held.within(block) for block in blocks]

    def step(states: States) -> tuple[States, Floats]:
        moving = _transposed(states)
        if permuted:
            moving = moving[order]
        source: NDArray[np.float32] = moving if held.right is None else held.right @ moving
        energies, erased = np.zeros(len(states)), bool((states == 0).any())
        for block, weights in zip(blocks, inside, strict=True):
            before, quiet = moving[block], held.quiet[block]
            fields: NDArray[np.float32] = held.left[block] @ source
            if held.right is not None:
                fields -= held.own[block] * before
            agreed = before * fields
            energies -= 0.5 * agreed.sum(axis=0)
            moves = (agreed < -quiet).any(axis=0)
            if erased:
                moves |= ((before == 0) & (np.abs(fields) > quiet)).any(axis=0)
            moved = np.flatnonzero(moves)
            if len(moved):
                old = before[:, moved]
                new = _one_by_one(fields[:, moved], old.copy(), weights, quiet)
                moving[block, moved] = new
                if held.right is not None and len(moved) < FEW * len(states):
                    source[:, moved] += held.right[:, block] @ (new - old)
                elif held.right is not None:
                    change = np.zeros_like(fields)
                    change[:, moved] = new - old
                    source += held.right[:, block] @ change
        return (moving[back] if permuted else moving).T, energies

    return step


def _transposed(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a transposed copy, made in stripes that fit into the cache."""
    found = np.empty(x.shape[::-1], dtype=x.dtype)
    for first in range(0, x.shape[1], STRIPE):
        found[first : first + STRIPE] = x[:, first : first + STRIPE].T
    return found


def _rows(x: States, kept: NDArray[np.bool_]) -> States:
    """Return the states that are kept; if the states of each unit lie together in memory, they do so afterwards."""
    return x.T.compress(kept, axis=1).T if x.flags.f_contiguous else x[kept]


def _one_by_one(
    fields: NDArray[np.float32], states: NDArray[np.float32], weights: NDArray[np.float32], quiet: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Update the units of a block, one after another: fields and states (K, B), weights (K, K) between them."""
    changes = np.empty_like(fields)
    for k in range(len(states)):
        field = fields[k] if k == 0 else fields[k] + weights[k, :k] @ changes[:k]
        new = _signs(field, states[k], quiet[k])
        np.subtract(new, states[k], out=changes[k])
        states[k] = new
    return states


def _signs(fields: NDArray[np.float32], states: NDArray[np.float32], quiet: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.sign(fields)
    weak = np.abs(fields) <= quiet
    if weak.any():
        found[weak] = states[weak]
    return found
