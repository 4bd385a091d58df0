"""Hopfield networks (Hopfield 1982)."""

from typing import Literal

import numpy as np
from pydantic import Field

from seqbench.baselines.memories.connections import Connections
from seqbench.baselines.memories.dynamics import Dynamics, settle
from seqbench.baselines.memories.learning import RULES
from seqbench.interface import Arrays, Config
from seqbench.tasks.patterns.model import Memory, Probes, RecallContext, Settled, Signs


class HopfieldConfig(Config):
    learning: Literal["hebbian", "storkey", "pseudo-inverse"] = Field(
        "hebbian",
        description="hebbian: Hopfield 1982; storkey: Storkey 1997; pseudo-inverse: Personnaz et al. 1985",
        json_schema_extra={"search": {"choices": ["hebbian", "storkey", "pseudo-inverse"]}},
    )
    dynamics: Dynamics = Field(
        "asynchronous",
        description="whether units are updated one after another, in one random order, or all at once",
        json_schema_extra={"search": {"choices": ["asynchronous", "synchronous"]}},
    )
    limit: int = Field(100, ge=1, description="the most updates of all units")
    asymmetry: float = Field(
        0.0,
        ge=0,
        description="k: an antisymmetric matrix of normal numbers is added to the weights, k times as large as they "
        "(Crisanti & Sompolinsky 1987); above 0, states need not rest",
    )


class Hopfield(Memory):
    """Weights between all units; a state rolls down their energy to a minimum, if they are symmetric."""

    kind = "neural"
    config_class = HopfieldConfig
    config: HopfieldConfig
    between: Connections

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        c = self.config
        rng = np.random.default_rng(ctx.seed)
        self.between = RULES[c.learning](train.whole)
        self.order = rng.permutation(self.between.units)
        if c.asymmetry:
            weights = self.between.weights()
            noise = rng.normal(size=weights.shape)
            self.between = Connections(weights + c.asymmetry * weights.std() * (noise - noise.T) / np.sqrt(2))

    def predict(self, damaged: Signs) -> Settled:
        return settle(self.between, damaged, self.config.dynamics, self.config.limit, self.order)

    def arrays(self) -> Arrays:
        return {**self.between.arrays(), "order": self.order}

    def restore(self, arrays: Arrays) -> None:
        self.between, self.order = Connections.restored(arrays), arrays["order"]

    def parameter_count(self) -> int:
        """Each pair of units has one weight, or two if they are not symmetric."""
        pairs = self.between.units * (self.between.units - 1)
        return pairs if self.config.asymmetry else pairs // 2
