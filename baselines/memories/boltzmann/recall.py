"""Boltzmann machines as memories: stored patterns become probable, and a damaged one moves to a probable one."""

import numpy as np
import torch
from pydantic import Field

from seqbench.baselines.memories.boltzmann.machine import BoltzmannMachine, learned
from seqbench.baselines.memories.boltzmann.persistent import Persistent
from seqbench.baselines.memories.dynamics import States, run
from seqbench.interface import Arrays, Config, Floats
from seqbench.tasks.patterns.model import Memory, Probes, RecallContext, Settled, Signs

PARTICLES = 100
"""Number of particles of a restricted machine at least."""
QUIET = 1e-9
"""The share of Σ_j |w_ij| + |b_i| below which a field is rounding; then a unit stays as it is."""


class BoltzmannMemoryConfig(Config):
    updates: int = Field(
        200, ge=1, description="updates of the weights", json_schema_extra={"search": {"choices": [100, 200, 500]}}
    )
    rate: float = Field(
        0.05,
        gt=0,
        description="size of the first update, which falls to 0",
        json_schema_extra={"search": {"low": 0.01, "high": 0.3, "log": True}},
    )
    chains: int = Field(50, ge=1, description="persistent chains that estimate what the machine expects by itself")
    limit: int = Field(100, ge=1, description="the most updates of all units in recall")


class BoltzmannMemory(Memory):
    r"""A fully visible Boltzmann machine, trained to the stored patterns by maximum likelihood.

    Recall lets units move one after another at temperature 0, so that the energy falls. A unit that is erased, and has
    not moved yet, counts as half on.
    """

    kind = "neural"
    config_class = BoltzmannMemoryConfig
    config: BoltzmannMemoryConfig

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        """Learn by sampled gradients (`machine.learned`)."""
        c, units = self.config, train.whole.shape[1]
        self.machine = learned(
            BoltzmannMachine.zero(units, units),
            (train.whole + 1.0) / 2,
            updates=c.updates,
            rate=c.rate,
            sweeps=1,
            chains=c.chains,
            rng=np.random.default_rng(ctx.seed),
        )

    def predict(self, damaged: Signs) -> Settled:
        return run(self._step, lambda signs: self.machine.energy((signs + 1.0) / 2), damaged, self.config.limit)

    def _step(self, signs: States) -> tuple[States, Floats]:
        moving = (signs.T.astype(np.float64) + 1) / 2
        W, b = self.machine.W, self.machine.b
        scale = np.abs(W).sum(axis=1) + np.abs(b)
        for unit in range(len(b)):
            field = b[unit] + W[unit] @ moving
            quiet = np.abs(field) <= QUIET * scale[unit]
            moving[unit] = np.where(quiet, moving[unit], field > 0)
        after = np.ascontiguousarray(2 * moving.T - 1, dtype=np.float32)
        return after, self.machine.energy(moving.T)

    def arrays(self) -> Arrays:
        return {"W": self.machine.W, "b": self.machine.b}

    def restore(self, arrays: Arrays) -> None:
        self.machine = BoltzmannMachine(arrays["W"], arrays["b"], len(arrays["b"]))

    def parameter_count(self) -> int:
        units = self.machine.units
        return units * (units - 1) // 2 + units


class RBMMemoryConfig(Config):
    hidden_size: int = Field(
        200, ge=1, description="hidden units", json_schema_extra={"search": {"low": 50, "high": 500, "log": True}}
    )
    updates: int = Field(500, ge=1, description="updates of the weights, each with all patterns")
    rate: float = Field(
        0.1,
        gt=0,
        description="size of the first update, which falls to 0",
        json_schema_extra={"search": {"low": 0.01, "high": 1.0, "log": True}},
    )
    limit: int = Field(100, ge=1, description="the most updates of all units in recall")


class RBMMemory(Memory):
    """A restricted Boltzmann machine, trained to the stored patterns by persistent contrastive divergence.

    Recall lets hidden and visible units move in turn at temperature 0, so that the joint energy falls.
    """

    kind = "neural"
    config_class = RBMMemoryConfig
    config: RBMMemoryConfig

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        """Learn by `Persistent`, at a rate that falls to 0; each update sees all patterns, often if they are few."""
        c, patterns = self.config, torch.tensor((train.whole + 1) / 2, dtype=torch.float32)
        v = patterns.repeat(-(-PARTICLES // len(patterns)), 1)
        with torch.random.fork_rng([]):
            torch.manual_seed(ctx.seed)
            machine = Persistent.started(v.shape[1], c.hidden_size, len(v), std=0.1)
            for update in range(c.updates):
                machine.learn(v, c.rate * (1 - update / c.updates))
        self.W, self.b, self.c = (x.double().numpy() for x in (machine.W, machine.b, machine.c))

    def predict(self, damaged: Signs) -> Settled:
        return run(self._step, lambda signs: self._energy((signs + 1.0) / 2), damaged, self.config.limit)

    def _energy(self, v: Floats) -> Floats:
        """Return −v·b − Σ_j max(0, (v W + c)_j) (B,): the energy with the hidden units where it is least."""
        found: Floats = -v @ self.b - np.maximum(v @ self.W + self.c, 0.0).sum(axis=1)
        return found

    def _step(self, signs: States) -> tuple[States, Floats]:
        v = (signs.astype(np.float64) + 1) / 2
        h = (v @ self.W + self.c > 0) * 1.0
        fields = h @ self.W.T + self.b
        quiet = np.abs(fields) <= QUIET * (np.abs(self.W).sum(axis=1) + np.abs(self.b))
        after = np.where(quiet, v, fields > 0)
        return np.ascontiguousarray(2 * after - 1, dtype=np.float32), self._energy(v)

    def arrays(self) -> Arrays:
        return {"W": self.W, "b": self.b, "c": self.c}

    def restore(self, arrays: Arrays) -> None:
        self.W, self.b, self.c = arrays["W"], arrays["b"], arrays["c"]
