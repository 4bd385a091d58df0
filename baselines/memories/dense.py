"""Dense associative memories: the energy grows faster than the square of the overlap, so more patterns fit."""

from typing import Literal

import numpy as np
from pydantic import Field
from scipy.special import logsumexp, softmax

from seqbench.baselines.memories.dynamics import States, run
from seqbench.baselines.memories.signs import Stored
from seqbench.interface import Config, Floats
from seqbench.tasks.patterns.model import Probes, RecallContext, Settled, Signs

QUIET = 1e-9
"""The share of a difference's size below which rounding in float64 may have caused it; then a unit stays as it is."""
STILL = 1e-9
"""A real state that changes by less rests."""


class DenseMemoryConfig(Config):
    interaction: Literal["polynomial", "exponential", "softmax"] = Field(
        "polynomial",
        description="F of the energy −Σ_μ F(ξ^μ · s); polynomial: x^order (Krotov & Hopfield 2016); exponential: exp x "
        "(Demircigil et al. 2017); softmax: −ln Σ_μ exp(β ξ^μ · s) / β + ½ s · s, for real states (Ramsauer et al. "
        "2021)",
        json_schema_extra={"search": {"choices": ["polynomial", "exponential", "softmax"]}},
    )
    order: int = Field(
        3, ge=2, le=20, description="the power of polynomial", json_schema_extra={"search": {"choices": [2, 3, 4]}}
    )
    beta: float | None = Field(None, gt=0, description="β of softmax; none: 1 / √N")
    limit: int = Field(100, ge=1, description="the most updates of all units")


class DenseMemory(Stored):
    """Keeps the patterns, and moves to those that are alike."""

    kind = "neural"
    config_class = DenseMemoryConfig
    config: DenseMemoryConfig

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        super().fit(train, ctx)
        self.patterns = np.unique(self.patterns, axis=0)

    def predict(self, damaged: Signs) -> Settled:
        if self.config.interaction == "softmax":
            return self._settle_real(damaged)
        return run(self._step, self.energy, damaged, self.config.limit)

    def energy(self, states: Signs) -> Floats:
        """Return the energy of states (B, N), divided by a constant if it would be too large for a number.

        The exponential's is ln Σ_μ exp(ξ^μ · s), with a minus: it falls where the energy falls.
        """
        return self._energy(self.patterns.astype(np.float64) @ states.T.astype(np.float64))

    def _energy(self, overlaps: Floats) -> Floats:
        """Return the energy (B,) of states with these overlaps (P, B)."""
        scale = 1 if self.config.interaction == "exponential" else self.patterns.shape[1]
        return -scale * self._compared(overlaps)

    def attended(self, states: Floats) -> Floats:
        """Return real states (B, N) after one update, ξᵀ softmax(β ξ s): attention with the patterns as keys and values
        (Ramsauer et al. 2021, equation 3)."""
        x = self.patterns.astype(np.float64)
        found: Floats = softmax(self._beta() * (states @ x.T), axis=1) @ x
        return found

    def _beta(self) -> float:
        return self.config.beta or 1 / float(np.sqrt(self.patterns.shape[1]))

    def _step(self, states: States) -> tuple[States, Floats]:
        """Update the units of states one after another: each takes the sign with the lower energy."""
        moving, x = states.T.astype(np.float64), self.patterns.astype(np.float64)
        overlaps = x @ moving
        for unit in range(len(moving)):
            column = x[:, unit, None]
            rest = overlaps - column * moving[unit]
            up, down = self._compared(rest + column), self._compared(rest - column)
            quiet = QUIET * (np.abs(up) + np.abs(down))
            new = np.where(np.abs(up - down) <= quiet, moving[unit], np.sign(up - down))
            overlaps = rest + column * new
            moving[unit] = new
        return np.ascontiguousarray(moving.T, dtype=np.float32), self._energy(overlaps)

    def _compared(self, overlaps: Floats) -> Floats:
        """Return a number (B,) for overlaps (P, B) that is larger where the energy is lower."""
        if self.config.interaction == "exponential":
            exponential: Floats = logsumexp(overlaps, axis=0)
            return exponential
        polynomial: Floats = ((overlaps / self.patterns.shape[1]) ** self.config.order).sum(axis=0)
        return polynomial

    def _settle_real(self, damaged: Signs) -> Settled:
        states: Floats = damaged.astype(np.float64)
        steps, period = np.full(len(states), self.config.limit, dtype=np.int64), np.zeros(len(states), dtype=np.int64)
        going = np.arange(len(states))
        for taken in range(1, self.config.limit + 1):
            after = self.attended(states[going])
            rests = np.abs(after - states[going]).max(axis=1, initial=0.0) <= STILL
            states[going] = after
            steps[going[rests]], period[going[rests]] = taken, 1
            going = going[~rests]
            if not len(going):
                break
        beta, x = self._beta(), self.patterns.astype(np.float64)
        energy = -logsumexp(beta * (states @ x.T), axis=1) / beta + 0.5 * (states**2).sum(axis=1)
        return Settled(np.where(states < 0, -1, 1).astype(np.int8), steps, energy, period)
