"""Hopfield networks (Hopfield 1982)."""

from typing import Literal

import numpy as np
from pydantic import Field

from seqbench.baselines.memories.dynamics import Dynamics, settle
from seqbench.baselines.memories.learning import RULES
from seqbench.interface import Arrays, Config, Floats
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
    weights: Floats

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        c = self.config
        rng = np.random.default_rng(ctx.seed)
        self.weights = RULES[c.learning](train.whole)
        self.order = rng.permutation(len(self.weights))
        if c.asymmetry:
            noise = rng.normal(size=self.weights.shape)
            antisymmetric = (noise - noise.T) / np.sqrt(2)
            self.weights = self.weights + c.asymmetry * self.weights.std() * antisymmetric

    def predict(self, damaged: Signs) -> Settled:
        return settle(self.weights, damaged, self.config.dynamics, self.config.limit, self.order)

    def arrays(self) -> Arrays:
        return {"weights": self.weights, "order": self.order}

    def restore(self, arrays: Arrays) -> None:
        self.weights, self.order = arrays["weights"], arrays["order"]

    def parameter_count(self) -> int:
        """Each pair of units has one weight, or two if they are not symmetric."""
        pairs = len(self.weights) * (len(self.weights) - 1)
        return pairs if self.config.asymmetry else pairs // 2
