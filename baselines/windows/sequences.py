"""The windowed perceptron on whole sequences: the last steps of a sequence, laid end to end, through hidden layers."""

from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.learning.sequences import (
    NetworkPredictor,
    NetworkRecogniser,
    NetworkRegressor,
    SequenceNetwork,
    SequenceNetworkConfig,
)


class WindowSequenceConfig(SequenceNetworkConfig):
    window: int = Field(64, ge=1, le=5000, description="number of steps that are read, the last of the sequence")
    layers: int = Field(1, ge=1, description="hidden layers", json_schema_extra={"search": {"choices": [1, 2, 3]}})
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the hidden units that is dropped",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )


class WindowNetwork(SequenceNetwork):
    """The last steps → hidden layers → outputs; a sequence shorter than the window is padded with zeros before it."""

    def __init__(self, columns: int, outputs: int, config: WindowSequenceConfig) -> None:
        super().__init__(config.hidden_size, outputs, config.dropout)
        self.window = config.window
        layers: list[nn.Module] = []
        for depth in range(config.layers):
            layers += [nn.Dropout(config.dropout)] if depth else []
            layers += [
                nn.Linear(config.hidden_size if depth else config.window * columns, config.hidden_size),
                nn.ReLU(),
            ]
        self.hidden = nn.Sequential(*layers)

    def encode(self, x: Tensor, lengths: Tensor) -> Tensor:
        step = lengths[:, None] - self.window + torch.arange(self.window, device=x.device)
        last = x.gather(1, step.clamp(min=0)[..., None].expand(-1, -1, x.shape[2]))
        features: Tensor = self.hidden(last.masked_fill((step < 0)[..., None], 0.0).flatten(1))
        return features


class WindowPredictor(NetworkPredictor[Any, Any]):
    config_class = WindowSequenceConfig
    config: WindowSequenceConfig

    def build(self, columns: int, outputs: int) -> nn.Module:
        return WindowNetwork(columns, outputs, self.config)


class WindowMLPRegressor(WindowPredictor, NetworkRegressor):
    pass


class WindowMLPRecogniser(WindowPredictor, NetworkRecogniser):
    pass
