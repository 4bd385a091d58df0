"""Recurrent forecasters: a recurrent network reads a window, then forecasts the next H values at once.

One global model serves all series; each window is scaled by its own level and width. Forecasting all steps at once,
instead of step by step from earlier forecasts, follows Wen et al. 2017, "A multi-horizon quantile recurrent
forecaster"; reading one season per step follows Lin et al. 2023, "SegRNN".
"""

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from seqbench.learning.forecaster import NetworkForecaster
from seqbench.learning.segments import SegmentConfig, Segments
from seqbench.recurrent.layers.families import (
    ElmanSettings,
    GRUSettings,
    JordanSettings,
    LSTMSettings,
    MinGRUSettings,
    MultiplicativeSettings,
    ShortcutSettings,
)
from seqbench.recurrent.layers.pooling import Last
from seqbench.recurrent.layers.settings import DirectedSettings
from seqbench.recurrent.layers.stack import Stack
from seqbench.recurrent.layers.time import Direction


class RecurrentForecasterConfig(DirectedSettings, SegmentConfig):
    hidden_size: int = Field(
        64, ge=1, description="units per layer", json_schema_extra={"search": {"low": 32, "high": 512, "log": True}}
    )
    dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of the units before, between and after the layers that is dropped",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )

    @model_validator(mode="after")
    def _check_direction(self) -> Self:
        self.check_ends()
        return self


class LastOutput(nn.Module):
    """Reads sequences with a stack and returns its last output, after dropout; of two directions, that of each."""

    def __init__(self, body: Stack, direction: Direction) -> None:
        super().__init__()
        self.body, self.last = body, Last(direction)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, T, D); returns (B, output_size of the body)."""
        outputs: Tensor = self.body(x.transpose(0, 1))[0]
        last: Tensor = self.last(outputs.transpose(0, 1), torch.full((len(x),), x.shape[1], device=x.device))
        return last


class RecurrentForecaster(NetworkForecaster):
    """ŷ = W h_T + b, where h_T is the last layer's output after the window's last segment; subclasses set the cell."""

    config_class = RecurrentForecasterConfig
    config: RecurrentForecasterConfig

    def build(self) -> nn.Module:
        c = self.config
        segment = c.steps(self.season, self.window)
        read = nn.Linear(segment, c.hidden_size)
        body = c.build_stack(c.hidden_size, c.hidden_size, c.dropout)
        output = nn.Linear(body.output_size, self.horizon)
        return nn.Sequential(Segments(segment), read, LastOutput(body, c.direction), output)


class ElmanForecasterConfig(ElmanSettings, RecurrentForecasterConfig):
    pass


class ElmanForecaster(RecurrentForecaster):
    config_class = ElmanForecasterConfig


class JordanForecasterConfig(JordanSettings, RecurrentForecasterConfig):
    pass


class JordanForecaster(RecurrentForecaster):
    config_class = JordanForecasterConfig


class ShortcutForecasterConfig(ShortcutSettings, RecurrentForecasterConfig):
    pass


class ShortcutForecaster(RecurrentForecaster):
    config_class = ShortcutForecasterConfig


class GRUForecasterConfig(GRUSettings, RecurrentForecasterConfig):
    pass


class GRUForecaster(RecurrentForecaster):
    config_class = GRUForecasterConfig


class LSTMForecasterConfig(LSTMSettings, RecurrentForecasterConfig):
    pass


class LSTMForecaster(RecurrentForecaster):
    config_class = LSTMForecasterConfig


class MultiplicativeForecasterConfig(MultiplicativeSettings, RecurrentForecasterConfig):
    pass


class MultiplicativeForecaster(RecurrentForecaster):
    config_class = MultiplicativeForecasterConfig


class MinGRUForecasterConfig(MinGRUSettings, RecurrentForecasterConfig):
    pass


class MinGRUForecaster(RecurrentForecaster):
    config_class = MinGRUForecasterConfig
