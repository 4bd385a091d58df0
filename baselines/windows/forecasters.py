"""Forecasters that read a window: a linear model and a multilayer perceptron."""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Arrays, Floats
from seqbench.learning.forecaster import NetworkConfig, NetworkForecaster, WindowConfig, WindowForecaster
from seqbench.learning.least_squares import least_squares
from seqbench.learning.series_windows import training_windows
from seqbench.tasks.forecasts.model import ForecastContext, Panel


class LinearWindow(WindowForecaster):
    """ŷ = b + W x for scaled windows x, fitted by ridge regression (DLinear; see `seqbench.learning.least_squares`)."""

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
        description="units per hidden layer",
        json_schema_extra={"search": {"low": 32, "high": 512, "log": True}},
    )
    layers: int = Field(
        2, ge=1, le=8, description="number of hidden layers", json_schema_extra={"search": {"choices": [1, 2, 3]}}
    )
    dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of hidden units that is dropped",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )


class WindowMLPForecaster(NetworkForecaster):
    """Applies hidden layers of rectified linear units to the whole window."""

    config_class = WindowMLPForecasterConfig
    config: WindowMLPForecasterConfig

    def build(self) -> nn.Module:
        c, width, layers = self.config, self.window, []
        for _ in range(c.layers):
            layers += [nn.Linear(width, c.hidden_size), nn.ReLU(), nn.Dropout(c.dropout)]
            width = c.hidden_size
        return nn.Sequential(*layers, nn.Linear(width, self.horizon))
