"""The temporal convolutional network as a forecaster."""

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.baselines.convolutions.temporal import BlocksConfig, TemporalConvolution
from seqbench.learning.forecaster import NetworkForecaster
from seqbench.learning.segments import SegmentConfig, Segments


class TemporalConvolutionForecasterConfig(BlocksConfig, SegmentConfig):
    hidden_size: int = Field(
        64,
        ge=1,
        description="channels per level",
        json_schema_extra={"search": {"low": 32, "high": 256, "log": True}},
    )
    levels: int = Field(3, ge=1, le=16, description="residual blocks; level i = 0, 1, … has a dilation of 2^i segments")


class LastStep(nn.Module):
    """Computes the features of the newest step."""

    def __init__(self, body: TemporalConvolution) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, T, D); returns (B, hidden_size)."""
        return self.body.last(x, torch.full((len(x),), x.shape[1], device=x.device))


class TemporalConvolutionForecaster(NetworkForecaster):
    """Applies Bai, Kolter & Koltun's network to the segments of a window; its last step forecasts all H values."""

    config_class = TemporalConvolutionForecasterConfig
    config: TemporalConvolutionForecasterConfig

    def build(self) -> nn.Module:
        c = self.config
        segment = c.steps(self.season, self.window)
        body = c.blocks(segment, c.hidden_size)
        return nn.Sequential(Segments(segment), LastStep(body), nn.Linear(c.hidden_size, self.horizon))
