"""Base classes of forecasters that learn one map from scaled windows to the next H values for all series of a panel."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Arrays, Config, Floats
from seqbench.learning import training
from seqbench.learning.least_squares import least_squares
from seqbench.learning.series_windows import (
    ErrorUnit,
    SeriesWindows,
    WindowScale,
    fitting_window,
    held_out,
    training_windows,
)
from seqbench.learning.training import (
    LearningRate,
    Loss,
    TrainingConfig,
    choose_device,
    load_weights,
    seeded,
    weight_count,
    weights,
)
from seqbench.tasks.forecasts.linear import last
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel

PIECE = 4096
"""Number of windows that are forecast together."""


class WindowSettings(Config):
    window: int = Field(
        504,
        ge=1,
        le=5000,
        description="L, in steps; it is reduced if the longest training series has too few windows of this length",
        json_schema_extra={"search": {"choices": [48, 96, 168, 336, 504]}},
    )
    values: Literal["auto", "log", "linear"] = Field(
        "auto",
        description="whether windows are scaled in logarithms (log) or as they are (linear); "
        "auto: in logarithms if no training value is below 0",
    )


class WindowConfig(WindowSettings, TrainingConfig):
    errors: ErrorUnit = Field(
        "season",
        description="unit of errors; season: the mean change over a season, as in MASE; width: the window's width; "
        "value: the unit of the series (or of its logarithms, if they are used), so that all errors have equal weight",
        json_schema_extra={"search": {"choices": ["season", "width", "value"]}},
    )
    ridge: float = Field(
        1e-4,
        ge=1e-9,
        description="least squares: penalty on the squared weights, as a share of an input's sum of squares",
        json_schema_extra={"search": {"low": 1e-6, "high": 1.0, "log": True}},
    )
    kernel: int = Field(25, ge=1, description="least squares: number of values in the moving mean, which is the trend")


class WindowForecaster(Forecaster):
    """Maps scaled windows to the next scaled values; subclasses learn the map.

    H is the horizon of the fit. Longer forecasts are made H steps at a time, with the values forecast so far as input.
    """

    config_class: ClassVar[type[Config]] = WindowSettings
    config: WindowSettings
    window: int
    """L of the fit, in steps."""
    horizon: int
    """H of the fit, in steps."""
    season: int
    """m of the training panel, in steps."""
    logarithm: bool
    """Whether windows are scaled in logarithms."""

    @abstractmethod
    def learn(self, train: Panel, ctx: ForecastContext) -> None:
        """Learn the map from a panel; the attributes above are already set."""

    @abstractmethod
    def ahead(self, z: Tensor) -> Tensor:
        """Return the next scaled values (B, H) for scaled windows (B, L), both in float64."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        """Learn from all windows of the training series.

        Raises:
            ValueError: no series is longer than the horizon.
            DivergenceError: gradient training diverged.
        """
        self.horizon, self.season = ctx.horizon, train.season
        self.window = fitting_window(self.config.window, [len(v) for v in train.values], ctx.horizon)
        negative = any(v.min() < 0 for v in train.values)
        self.logarithm = self.config.values == "log" or (self.config.values == "auto" and not negative)
        ctx.log("window", self.window)
        ctx.log("logarithm", float(self.logarithm))
        self.learn(train, ctx)

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        pieces = [torch.from_numpy(last(past.values[i : i + PIECE], self.window)) for i in range(0, len(past), PIECE)]
        with torch.inference_mode():
            ahead = [self._from(piece, horizon).numpy() for piece in pieces]
        return Forecast(np.concatenate([np.zeros((0, horizon)), *ahead]))

    def _from(self, x: Tensor, horizon: int) -> Tensor:
        """Return the next values (B, horizon) for windows (B, L)."""
        for _ in range(0, horizon, self.horizon):
            seen = x[:, -self.window :]
            scale = WindowScale.of(seen, self.season, self.logarithm)
            x = torch.cat([x, scale.undo(self.ahead(scale.apply(seen)))], 1)
        return x[:, self.window : self.window + horizon]

    @abstractmethod
    def learned(self) -> Arrays:
        """Return the arrays that `learn` computed."""

    @abstractmethod
    def take_up(self, arrays: Arrays) -> None:
        """Restore what `learned` returned; the attributes above are already set."""

    def arrays(self) -> Arrays:
        return {**self.learned(), "shape": np.array([self.window, self.horizon, self.season, self.logarithm])}

    def restore(self, arrays: Arrays) -> None:
        self.window, self.horizon, self.season, logarithm = arrays["shape"].tolist()
        self.logarithm = bool(logarithm)
        self.take_up({name: array for name, array in arrays.items() if name != "shape"})


class NetworkConfig(WindowConfig):
    learning_rate: LearningRate = Field(
        1e-3,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 2e-4, "high": 1e-2, "log": True}},
    )
    loss: Literal["mae", "mse"] = Field(
        "mae",
        description="mean absolute (mae) or mean squared (mse) error of scaled values",
        json_schema_extra={"search": {"choices": ["mae", "mse"]}},
    )
    batch_size: int = Field(256, ge=1, description="windows per update")
    around: Literal["level", "season", "linear"] = Field(
        "linear",
        description="what the network's output is added to: the window's level, its last season, or a linear map "
        "fitted by least squares",
        json_schema_extra={"search": {"choices": ["level", "season", "linear"]}},
    )


class WindowBatches:
    """Losses of all windows, in batches and random order; `config.errors` sets the unit of errors."""

    def __init__(self, network: nn.Module, windows: SeriesWindows, config: NetworkConfig, logarithm: bool) -> None:
        self.network, self.windows, self.config, self.logarithm = network, windows, config, logarithm
        self._device = next(network.parameters()).device

    def __len__(self) -> int:
        return -(-len(self.windows) // self.config.batch_size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in torch.split(torch.randperm(len(self.windows)), self.config.batch_size):
            errors = self._errors(rows)
            # If all windows of a batch are constant, there is nothing to learn; a loss of 0 keeps the gradient finite.
            yield Loss(errors.mean() if len(errors) else 0.0 * next(self.network.parameters()).sum(), len(rows))

    def score(self) -> float:
        """Return the mean error of all windows that are not constant, or 0 if there are none."""
        found = torch.cat([self._errors(rows).double().mean(1).cpu() for rows in self.windows.pieces(PIECE)])
        return float(found.mean()) if len(found) else 0.0

    def _errors(self, rows: Tensor) -> Tensor:
        """Return the errors (B, H) of the windows that are not constant."""
        parts = self.windows.scaled(rows, self.logarithm, self.config.errors)
        z, target, unit = (part.float().to(self._device) for part in parts)
        off = (self.network(z) - target) / unit if len(z) else target  # layers need not accept an empty batch
        errors: Tensor = off.abs() if self.config.loss == "mae" else off.square()
        return errors


class Around(nn.Module):
    """ŷ = b + W x + network(x): the sum of a fixed linear map and a network."""

    def __init__(self, network: nn.Module, window: int, horizon: int) -> None:
        super().__init__()
        self.network, self.base = network, nn.Linear(window, horizon).requires_grad_(False)

    def forward(self, z: Tensor) -> Tensor:
        """z: (B, L); returns (B, H)."""
        ahead: Tensor = self.base(z) + self.network(z)
        return ahead


class NetworkForecaster(WindowForecaster):
    """A forecaster with a network of scaled windows, trained by gradient descent. Subclasses build the network.

    Early stopping uses windows of the validation series if there are any. Otherwise it uses the last values of the
    training series, which are then not used for training.
    """

    kind = "neural"
    config_class = NetworkConfig
    config: NetworkConfig

    @abstractmethod
    def build(self) -> nn.Module:
        """Return an untrained network (B, L) → (B, H); `window`, `horizon` and `season` are already set."""

    def learn(self, train: Panel, ctx: ForecastContext) -> None:
        device = choose_device(ctx.device)
        rest, later = held_out(train, ctx.valid, self.window, self.horizon)
        windows = training_windows(rest, self.window, self.horizon)
        with seeded(ctx.seed, device):
            self.network = Around(self.build(), self.window, self.horizon)
            weight, bias = self._base(windows)
            self.network.base.weight.copy_(torch.from_numpy(weight))
            self.network.base.bias.copy_(torch.from_numpy(bias))
            self.network.to(device)
            validate = None if later is None else WindowBatches(self.network, later, self.config, self.logarithm).score
            batches = WindowBatches(self.network, windows, self.config, self.logarithm)
            training.train(self.network, batches, validate, self.config, ctx)

    def _base(self, windows: SeriesWindows) -> tuple[Floats, Floats]:
        if self.config.around == "linear":
            c = self.config
            return least_squares(windows, self.logarithm, c.errors, c.ridge, c.kernel)
        weight = np.zeros((self.horizon, self.window))
        if self.config.around == "season":
            season = min(self.season, self.window)
            steps = np.arange(self.horizon)
            weight[steps, self.window - season + steps % season] = 1
        return weight, np.zeros(self.horizon)

    def ahead(self, z: Tensor) -> Tensor:
        device = next(self.network.parameters()).device
        ahead: Tensor = self.network(z.float().to(device)).double().cpu()
        return ahead

    def learned(self) -> Arrays:
        return weights(self.network)

    def take_up(self, arrays: Arrays) -> None:
        self.network = Around(self.build(), self.window, self.horizon)
        load_weights(self.network, arrays)

    def parameter_count(self) -> int:
        """Return the number of learned values, including those of the linear base if it was learned."""
        base = self.network.base if self.config.around == "linear" else None
        return weight_count(self.network) + (0 if base is None else base.weight.numel() + base.bias.numel())
