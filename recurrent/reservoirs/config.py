"""The settings that all echo state networks share."""

import numpy as np
from pydantic import Field

from seqbench.interface import Config
from seqbench.recurrent.reservoirs.reservoir import Reservoir


class EchoStateConfig(Config):
    hidden_size: int = Field(
        300, ge=1, description="units", json_schema_extra={"search": {"low": 50, "high": 2000, "log": True}}
    )
    spectral_radius: float = Field(
        0.9,
        gt=0,
        description="largest absolute eigenvalue of the recurrent weights; larger: a longer memory",
        json_schema_extra={"search": {"low": 0.1, "high": 1.2}},
    )
    connections: int = Field(10, ge=1, description="number of units whose outputs a unit reads")
    input_scaling: float = Field(
        0.5,
        gt=0,
        description="largest weight of an input of variance 1; larger: units that are further from linear",
        json_schema_extra={"search": {"low": 0.05, "high": 2.0, "log": True}},
    )
    bias_scaling: float = Field(
        0.5, ge=0, description="largest bias of a unit", json_schema_extra={"search": {"low": 0.0, "high": 1.0}}
    )
    leak: float = Field(
        0.8,
        gt=0,
        le=1,
        description="share of a unit's state that is new at each step; smaller: slower units",
        json_schema_extra={"search": {"low": 0.1, "high": 1.0, "log": True}},
    )

    def reservoir(self, input_size: int, seed: int) -> Reservoir:
        """Draw the reservoir with these settings."""
        return Reservoir.draw(
            self.hidden_size,
            input_size,
            np.random.default_rng(seed),
            spectral_radius=self.spectral_radius,
            connections=self.connections,
            input_scaling=self.input_scaling,
            bias_scaling=self.bias_scaling,
            leak=self.leak,
        )
