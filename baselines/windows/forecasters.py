"""Forecasters of windows: a linear map, a multilayer perceptron, a temporal convolution."""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.baselines.convolutions.temporal import TemporalConvolution
from seqbench.interface import Arrays, Floats, ForecastContext, Panel
from seqbench.learning.forecaster import NetworkConfig, NetworkForecaster, WindowConfig, WindowForecaster
from seqbench.learning.least_squares import least_squares
from seqbench.learning.series_windows import training_windows


class LinearWindow(WindowForecaster):
    """ŷ = b + W x of scaled windows, by ridge least squares (DLinear; see `window_least_squares`)."""

    stochastic: ClassVar[bool] = False
    config_class = WindowConfig
    config: WindowConfig
    weight: Floats
    """(H, L)"""
    bias: Floats
    """(H,)"""

    def learn(self, train: Panel, ctx: ForecastContext) -> None:
        windows = training_windows(train, self.window, self.horizon)
        c = self.config
        self.weight, self.bias = least_squares(windows, self.logarithm, c.errors, c.ridge, c.kernel)

    def ahead(self, z: Tensor) -> Tensor:
        return torch.from_numpy(self.bias) + z @ torch.from_numpy(self.weight).T

    def learned(self) -> Arrays:
        return {"weight": self.weight, "bias": self.bias}

    def take_up(self, arrays: Arrays) -> None:
        self.weight, self.bias = arrays["weight"], arrays["bias"]


class WindowMLPForecasterConfig(NetworkConfig):
    hidden_size: int = Field(
        256,
        ge=1,
        description="units of a hidden layer",
        json_schema_extra={"search": {"low": 32, "high": 512, "log": True}},
    )
    layers: int = Field(
        2, ge=1, le=8, description="hidden layers", json_schema_extra={"search": {"choices": [1, 2, 3]}}
    )
    dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of hidden units dropped",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )


class WindowMLPForecaster(NetworkForecaster):
    """Hidden layers of rectified units over the whole window."""

    config_class = WindowMLPForecasterConfig
    config: WindowMLPForecasterConfig

    def build(self) -> nn.Module:
        c, width, layers = self.config, self.window, []
        for _ in range(c.layers):
            layers += [nn.Linear(width, c.hidden_size), nn.ReLU(), nn.Dropout(c.dropout)]
            width = c.hidden_size
        return nn.Sequential(*layers, nn.Linear(width, self.horizon))


SEGMENTS = 32
"""Steps of a sequence of segments at most, where the settings do not name the segment's length."""


class SegmentConfig(NetworkConfig):
    segment: int | None = Field(
        None,
        ge=1,
        description="steps that are read at once; None: a season, so that the network goes from season to season, or "
        f"the fewest whole seasons that make {SEGMENTS} segments of a window or less",
    )

    def steps(self, season: int, window: int) -> int:
        """Of a segment, which no window is shorter than."""
        return min(self.segment or season * -(-window // (season * SEGMENTS)), window)


class Segments(nn.Module):
    """Windows as sequences of segments, the newest segment whole, the oldest led by zeros.

    Lin et al. 2023, "SegRNN", read so; a season a segment makes sequences short and puts equal phases in equal places.
    """

    def __init__(self, segment: int) -> None:
        super().__init__()
        self.segment = segment

    def forward(self, z: Tensor) -> Tensor:
        """z: (B, L); returns (B, ⌈L / segment⌉, segment)."""
        led = nn.functional.pad(z, (-z.shape[1] % self.segment, 0))
        return led.reshape(len(z), -1, self.segment)


class TemporalConvolutionForecasterConfig(SegmentConfig):
    hidden_size: int = Field(
        64,
        ge=1,
        description="channels of a level",
        json_schema_extra={"search": {"low": 32, "high": 256, "log": True}},
    )
    levels: int = Field(
        3,
        ge=1,
        le=16,
        description="residual blocks; level i = 0, 1, … has dilation 2^i",
        json_schema_extra={"search": {"choices": [2, 3, 4, 5]}},
    )
    kernel_size: int = Field(
        3, ge=1, description="segments that a filter sees", json_schema_extra={"search": {"choices": [2, 3, 5]}}
    )
    channel_dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of channels dropped within a block, over all steps at once",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )


class LastStep(nn.Module):
    """The features of the newest step alone."""

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, T, D); returns (B, D)."""
        return x[:, -1]


class TemporalConvolutionForecaster(NetworkForecaster):
    """Bai, Kolter & Koltun's network over the segments of a window; all H values from its last step."""

    config_class = TemporalConvolutionForecasterConfig
    config: TemporalConvolutionForecasterConfig

    def build(self) -> nn.Module:
        c = self.config
        segment = c.steps(self.season, self.window)
        body = TemporalConvolution(
            segment, c.hidden_size, levels=c.levels, kernel_size=c.kernel_size, dropout=c.channel_dropout
        )
        return nn.Sequential(Segments(segment), body, LastStep(), nn.Linear(c.hidden_size, self.horizon))
