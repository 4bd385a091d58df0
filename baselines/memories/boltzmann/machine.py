r"""The general Boltzmann machine: any units may be connected, some of them hidden.

    E(s) = −Σ_i b_i s_i − Σ_{i<j} w_ij s_i s_j,      s_i ∈ {0, 1},      p(s) = e^{−E(s)} / Z

(Ackley, Hinton & Sejnowski 1985, "A learning algorithm for Boltzmann machines".) The first units are visible.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from seqbench.baselines.memories.connections import refuse_to_fill_memory
from seqbench.interface import Floats

ENUMERABLE = 20
"""The most units of which all states are enumerated; of a restricted machine, units of one kind."""
States = NDArray[np.float64]
"""(B, N) of 0 and 1."""
Units = Sequence[int] | NDArray[np.int64]
"""Numbers of units."""


@dataclass(frozen=True)
class Gradient:
    W: Floats
    """(N, N) symmetric, with a diagonal of zeros."""
    b: Floats
    """(N,)"""


@dataclass(frozen=True)
class BoltzmannMachine:
    W: Floats
    """(N, N) symmetric, with a diagonal of zeros."""
    b: Floats
    """(N,)"""
    visible: int
    """The first so many units are visible."""

    @classmethod
    def zero(cls, units: int, visible: int) -> Self:
        """Return a machine in which all states are equally probable."""
        refuse_to_fill_memory(units)
        return cls(np.zeros((units, units)), np.zeros(units), visible)

    @property
    def units(self) -> int:
        return len(self.b)

    def energy(self, states: States) -> Floats:
        """Return E (B,) of states (B, N)."""
        found: Floats = -states @ self.b - 0.5 * np.einsum("bi,ij,bj->b", states, self.W, states, optimize=True)
        return found

    def states(self) -> States:
        """Return all states (2^N, N); the first unit is the lowest bit.

        Raises:
            ValueError: there are more than `ENUMERABLE` units.
        """
        if self.units > ENUMERABLE:
            raise ValueError(f"{self.units} units have too many states to enumerate; {ENUMERABLE} is the most")
        return ((np.arange(2**self.units)[:, None] >> np.arange(self.units)) & 1).astype(np.float64)

    def log_p(self, visible: States) -> Floats:
        """Return the exact ln p (B,) of visible states (B, V), by enumeration."""
        every = self.states()
        log_weights = -self.energy(every)
        codes, whole = self._codes(every), logsumexp(log_weights)
        found: Floats = np.array([logsumexp(log_weights[codes == code]) for code in self._codes(visible)]) - whole
        return found

    def _codes(self, states: States) -> Floats:
        """Return a number (B,) for the visible units of states (B, V or more)."""
        found: Floats = states[:, : self.visible] @ 2.0 ** np.arange(self.visible)
        return found

    def gradient(self, visible: States) -> Gradient:
        """Return the exact gradient of the mean ln p of visible states (B, V), by enumeration.

        ∂ ln p / ∂w_ij = E[s_i s_j | v] − E[s_i s_j]
        """
        every = self.states()
        log_weights = -self.energy(every)
        free = np.exp(log_weights - logsumexp(log_weights))
        held = np.zeros(len(every))
        codes = self._codes(every)
        for code in self._codes(visible):
            own = np.where(codes == code, log_weights, -np.inf)
            held += np.exp(own - logsumexp(own)) / len(visible)
        return correlations(every, held - free)

    def gibbs(
        self,
        states: States,
        free: Units,
        rng: np.random.Generator,
        temperature: float = 1.0,
    ) -> States:
        """Return states (B, N) after one sweep: each of the `free` units in random order is drawn given all others,

        p(s_i = 1 | rest) = σ((b_i + Σ_j w_ij s_j) / T).
        """
        moving = states.T.copy()
        for i in rng.permutation(np.asarray(free, dtype=np.int64)):
            p = expit((self.b[i] + self.W[i] @ moving) / temperature)
            moving[i] = rng.random(moving.shape[1]) < p
        return moving.T

    def annealed(
        self,
        states: States,
        free: Units,
        rng: np.random.Generator,
        temperatures: Sequence[float],
    ) -> States:
        """Return states (B, N) after a sweep at each temperature, the last of which should be the lowest (Kirkpatrick,
        Gelatt & Vecchi 1983, "Optimization by simulated annealing")."""
        for temperature in temperatures:
            states = self.gibbs(states, free, rng, temperature)
        return states

    def moved(self, by: Gradient, rate: float) -> "BoltzmannMachine":
        """Return the machine after a step along a gradient."""
        return BoltzmannMachine(self.W + rate * by.W, self.b + rate * by.b, self.visible)


def correlations(states: States, weights: Floats) -> Gradient:
    """Return Σ_n weights_n s_n s_nᵀ without the diagonal, and Σ_n weights_n s_n, of states (B, N)."""
    W: Floats = states.T @ (weights[:, None] * states)
    np.fill_diagonal(W, 0.0)
    return Gradient(W, weights @ states)


def learned(
    machine: BoltzmannMachine,
    visible: States,
    *,
    updates: int,
    rate: float,
    sweeps: int,
    chains: int,
    rng: np.random.Generator,
) -> BoltzmannMachine:
    """Return a machine that is trained to visible states (B, V), with sampled gradients.

    The hidden units are drawn by Gibbs sampling with the data held, and persistent chains of all units go on from
    update to update (Tieleman 2008). The rate falls linearly to 0.

    Args:
        sweeps: of both kinds of Gibbs sampling, per update.
        chains: of all units.
    """
    hidden = np.arange(machine.visible, machine.units)
    held: States = np.concatenate([visible, rng.integers(2, size=(len(visible), len(hidden)))], axis=1)
    free: States = rng.integers(2, size=(chains, machine.units)).astype(np.float64)
    for update in range(updates):
        for _ in range(sweeps):
            held = machine.gibbs(held, hidden, rng) if len(hidden) else held
            free = machine.gibbs(free, np.arange(machine.units), rng)
        up = correlations(held, np.full(len(held), 1 / len(held)))
        down = correlations(free, np.full(chains, 1 / chains))
        machine = machine.moved(Gradient(up.W - down.W, up.b - down.b), rate * (1 - update / updates))
    return machine
