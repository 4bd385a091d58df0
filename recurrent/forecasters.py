"""Recurrent forecasters: Elman's network, the GRU and the LSTM read a window and forecast all H values at its end.

One global model for all series; each window is scaled by itself. Forecasting all steps at once, not step by step from
its own forecasts, is Wen et al. 2017, "A multi-horizon quantile recurrent forecaster"; reading one season per step
is Lin et al. 2023, "SegRNN".
"""

from typing import ClassVar

from pydantic import Field
from torch import Tensor, nn

from seqbench.learning.forecaster import NetworkForecaster
from seqbench.learning.segments import SegmentConfig, Segments
from seqbench.recurrent.layers.stack import Cell, Stack


class RecurrentForecasterConfig(SegmentConfig):
    hidden_size: int = Field(
        64, ge=1, description="units of a layer", json_schema_extra={"search": {"low": 32, "high": 512, "log": True}}
    )
    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra={"search": {"choices": [1, 2]}})
    dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of units dropped between layers and before the output",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )


class LastOutput(nn.Module):
    """A stack that reads sequences and returns its last output, with dropout."""

    def __init__(self, body: Stack) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, T, D); returns (B, hidden_size)."""
        outputs: Tensor = self.body(x.transpose(0, 1), None)[0]
        return outputs[-1]


class RecurrentForecaster(NetworkForecaster):
    """ŷ = W h_T + b, with h_T the last layer's state after the segments of a window; subclasses name the cell."""

    config_class = RecurrentForecasterConfig
    config: RecurrentForecasterConfig
    cell: ClassVar[Cell]

    def build(self) -> nn.Module:
        c = self.config
        segment = c.steps(self.season, self.window)
        read = nn.Linear(segment, c.hidden_size)
        body = LastOutput(Stack(self.cell, c.hidden_size, c.hidden_size, c.layers, nn.Dropout(c.dropout)))
        return nn.Sequential(Segments(segment), read, body, nn.Linear(c.hidden_size, self.horizon))


class ElmanForecaster(RecurrentForecaster):
    """Elman 1990."""

    cell = nn.RNN


class GRUForecaster(RecurrentForecaster):
    """Cho et al. 2014."""

    cell = nn.GRU


class LSTMForecaster(RecurrentForecaster):
    """Hochreiter & Schmidhuber 1997."""

    cell = nn.LSTM
