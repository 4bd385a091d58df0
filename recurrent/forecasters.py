"""Recurrent forecasters: an Elman network, GRU or LSTM reads a window, then forecasts the next H values at once.

One global model serves all series; each window is scaled by its own level and width. Forecasting all steps at once,
instead of step by step from earlier forecasts, follows Wen et al. 2017, "A multi-horizon quantile recurrent
forecaster"; reading one season per step follows Lin et al. 2023, "SegRNN".
"""

from typing import ClassVar

from pydantic import Field
from torch import Tensor, nn

from seqbench.learning.forecaster import NetworkForecaster
from seqbench.learning.segments import SegmentConfig, Segments
from seqbench.recurrent.layers.stack import Cell, Stack


class RecurrentForecasterConfig(SegmentConfig):
    hidden_size: int = Field(
        64, ge=1, description="units per layer", json_schema_extra={"search": {"low": 32, "high": 512, "log": True}}
    )
    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra={"search": {"choices": [1, 2]}})
    dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of the units before, between and after the layers that is dropped",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )


class LastOutput(nn.Module):
    """Reads sequences with a stack and returns its last output, after dropout."""

    def __init__(self, body: Stack) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, T, D); returns (B, hidden_size)."""
        outputs: Tensor = self.body(x.transpose(0, 1), None)[0]
        return outputs[-1]


class RecurrentForecaster(NetworkForecaster):
    """ŷ = W h_T + b, where h_T is the last layer's output after the window's last segment; subclasses set the cell."""

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
    """A forecaster with the recurrent network of Elman 1990."""

    cell = nn.RNN


class GRUForecaster(RecurrentForecaster):
    """A forecaster with the GRU of Cho et al. 2014."""

    cell = nn.GRU


class LSTMForecaster(RecurrentForecaster):
    """A forecaster with the LSTM of Hochreiter & Schmidhuber 1997."""

    cell = nn.LSTM
