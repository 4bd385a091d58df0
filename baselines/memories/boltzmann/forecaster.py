"""A restricted Boltzmann machine with Gaussian visible units over [window ‖ future], in scaled values."""

from collections.abc import Iterator

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Arrays
from seqbench.learning import training
from seqbench.learning.forecaster import WindowForecaster, WindowSettings
from seqbench.learning.series_windows import SeriesWindows, held_out, training_windows
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
from seqbench.tasks.forecasts.model import ForecastContext, Panel

SWEEPS = 30
"""Updates of the mean field of a future."""


class GaussianConfig(WindowSettings, TrainingConfig):
    window: int = Field(
        24,
        ge=1,
        le=5000,
        description=str(WindowSettings.model_fields["window"].description),
        json_schema_extra={"search": {"choices": [6, 12, 24, 48, 96]}},
    )
    learning_rate: LearningRate = Field(
        1e-3,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 2e-4, "high": 1e-2, "log": True}},
    )
    hidden_size: int = Field(
        100, ge=1, description="hidden units", json_schema_extra={"search": {"low": 20, "high": 300, "log": True}}
    )
    width: float = Field(
        0.3,
        gt=0,
        description="σ, standard deviation of a visible unit around its mean, in widths of the window",
        json_schema_extra={"search": {"low": 0.1, "high": 1.0, "log": True}},
    )
    gibbs_steps: int = Field(
        5, ge=1, description="k of contrastive divergence", json_schema_extra={"search": {"choices": [1, 5, 15]}}
    )
    batch_size: int = Field(64, ge=1, description="windows per update")
    patience: int = Field(10, ge=1, description=str(TrainingConfig.model_fields["patience"].description))


class GaussianMachine(nn.Module):
    r"""E(v, h) = ‖v − b‖² / 2 σ² − c·h − v W h / σ,      h_j | v ~ σ(c + v W / σ),      v | h ~ N(b + σ W h, σ²)

    (Hinton & Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks".)
    """

    def __init__(self, visible: int, config: GaussianConfig) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.empty(visible, config.hidden_size).normal_(std=0.02))
        self.b, self.c = nn.Parameter(torch.zeros(visible)), nn.Parameter(torch.zeros(config.hidden_size))
        self.width, self.steps = config.width, config.gibbs_steps

    def free_energy(self, v: Tensor) -> Tensor:
        """Return F (N,) of visible states (N, K)."""
        return ((v - self.b) ** 2).sum(1) / (2 * self.width**2) - F.softplus(self._fields(v)).sum(1)

    def loss(self, v: Tensor) -> Tensor:
        """Return F(v) − F(v') (N,), where v' comes from v by k steps of Gibbs sampling (contrastive divergence)."""
        with torch.no_grad():
            drawn = v
            for _ in range(self.steps):
                h = torch.bernoulli(torch.sigmoid(self._fields(drawn)))
                drawn = self.mean(h) + self.width * torch.randn_like(drawn)
        return self.free_energy(v) - self.free_energy(drawn)

    def completed(self, x: Tensor, horizon: int) -> Tensor:
        """Return the mean field (N, H) of the last units while the first ones are held at x (N, L)."""
        y = self.b[-horizon:].expand(len(x), -1)
        for _ in range(SWEEPS):
            h = torch.sigmoid(self._fields(torch.cat([x, y], dim=1)))
            y = self.mean(h)[:, -horizon:]
        return y

    def mean(self, h: Tensor) -> Tensor:
        return self.b + self.width * h @ self.W.t()

    def _fields(self, v: Tensor) -> Tensor:
        return self.c + v @ self.W / self.width


class PatternBatches:
    """The losses of one epoch: of each pattern [window ‖ future] once, in random order."""

    def __init__(self, machine: GaussianMachine, patterns: Tensor, size: int) -> None:
        self.machine, self.patterns, self.size = machine, patterns, size

    def __len__(self) -> int:
        return -(-len(self.patterns) // self.size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in torch.split(torch.randperm(len(self.patterns)), self.size):
            yield Loss(self.machine.loss(self.patterns[rows.to(self.patterns.device)]).mean(), len(rows))


class GaussianRBMForecaster(WindowForecaster):
    """The future is the mean field of its units while those of the window are held; that is an approximation of its
    conditional mean."""

    kind = "neural"
    config_class = GaussianConfig
    config: GaussianConfig

    def learn(self, train: Panel, ctx: ForecastContext) -> None:
        """Train by contrastive divergence; keep the weights with the least absolute error of futures on validation."""
        device = choose_device(ctx.device)
        rest, later = held_out(train, ctx.valid, self.window, self.horizon)
        x, y = self._scaled(training_windows(rest, self.window, self.horizon))
        if not len(x):  # all windows are constant: the machine of nothing
            x, y = torch.zeros(1, self.window), torch.zeros(1, self.horizon)
        known = None if later is None else self._scaled(later)
        with seeded(ctx.seed, device):
            self.machine = self._built().to(device)
            batches = PatternBatches(self.machine, torch.cat([x, y], dim=1).to(device), self.config.batch_size)
            validate = None if known is None or not len(known[0]) else (lambda: self._error(*known))
            training.train(self.machine, batches, validate, self.config, ctx)

    def _built(self) -> GaussianMachine:
        return GaussianMachine(self.window + self.horizon, self.config)

    def _scaled(self, windows: SeriesWindows) -> tuple[Tensor, Tensor]:
        x, y, _ = windows.scaled(torch.arange(len(windows)), self.logarithm, "width")
        return x.float(), y.float()

    def _error(self, x: Tensor, y: Tensor) -> float:
        return float((self.ahead(x.double()) - y).abs().mean())

    def ahead(self, z: Tensor) -> Tensor:
        device = self.machine.W.device
        found: Tensor = self.machine.completed(z.float().to(device), self.horizon).double().cpu()
        return found

    def learned(self) -> Arrays:
        return weights(self.machine)

    def take_up(self, arrays: Arrays) -> None:
        self.machine = self._built()
        load_weights(self.machine, arrays)

    def parameter_count(self) -> int:
        return weight_count(self.machine)
