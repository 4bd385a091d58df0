"""Recurrent networks that predict numbers, or a class, of each whole sequence from the state after its last step."""

from typing import Any, ClassVar

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
from seqbench.recurrent.classifier import reverse
from seqbench.recurrent.layers.pooling import Last
from seqbench.recurrent.layers.stack import Cell, Stack


class RecurrentSequenceConfig(SequenceNetworkConfig):
    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra={"search": {"choices": [1, 2]}})
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the inputs and outputs of each layer that is dropped (Zaremba et al. 2014)",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )


class LastStateNetwork(SequenceNetwork):
    """Layers that read a sequence, and a linear layer of the state after its last step.

    A second stack of layers may read the sequence backwards; then its state after the first step is used too.
    """

    def __init__(self, stack: Stack, backward_stack: Stack | None, width: int, outputs: int) -> None:
        """width: of the states of both stacks together."""
        super().__init__(width, outputs)
        self.stack, self.backward_stack = stack, backward_stack
        self.last = Last(bidirectional=backward_stack is not None)

    def encode(self, x: Tensor, lengths: Tensor) -> Tensor:
        states = _read(self.stack, x)
        if self.backward_stack is not None:
            backward = reverse(_read(self.backward_stack, reverse(x, lengths)), lengths)
            states = torch.cat([states, backward], dim=2)
        features: Tensor = self.last(states, lengths)
        return features


def _read(stack: Stack, x: Tensor) -> Tensor:
    """Return the outputs (B, T, H) of a stack for sequences x (B, T, D); the padding after a sequence comes last."""
    outputs: Tensor = stack(x.transpose(0, 1), None)[0]
    return outputs.transpose(0, 1)


class RecurrentPredictor(NetworkPredictor[Any, Any]):
    """Base class of the recurrent networks of both tasks; subclasses set the cell."""

    config_class = RecurrentSequenceConfig
    config: RecurrentSequenceConfig
    cell: ClassVar[Cell]
    bidirectional: ClassVar[bool] = False

    def build(self, columns: int, outputs: int) -> nn.Module:
        c = self.config
        stacks = [
            Stack(self.cell, columns, c.hidden_size, c.layers, nn.Dropout(c.dropout))
            for _ in range(1 + self.bidirectional)
        ]
        backward = stacks[1] if self.bidirectional else None
        return LastStateNetwork(stacks[0], backward, len(stacks) * c.hidden_size, outputs)


class ElmanRegressor(RecurrentPredictor, NetworkRegressor):
    cell = nn.RNN


class ElmanRecogniser(RecurrentPredictor, NetworkRecogniser):
    cell = nn.RNN


class GRURegressor(RecurrentPredictor, NetworkRegressor):
    cell = nn.GRU


class GRURecogniser(RecurrentPredictor, NetworkRecogniser):
    cell = nn.GRU


class LSTMRegressor(RecurrentPredictor, NetworkRegressor):
    cell = nn.LSTM


class LSTMRecogniser(RecurrentPredictor, NetworkRecogniser):
    cell = nn.LSTM


class BidirectionalLSTMRegressor(LSTMRegressor):
    bidirectional = True


class BidirectionalLSTMRecogniser(LSTMRecogniser):
    bidirectional = True
