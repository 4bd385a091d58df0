"""Memories as forecasters: a pattern is [window ‖ future] in scaled values, and the future is its missing part."""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from seqbench.baselines.memories.learning import RULES
from seqbench.interface import Arrays, Floats
from seqbench.learning.forecaster import WindowForecaster, WindowSettings
from seqbench.learning.series_windows import SeriesWindows, held_out, training_windows
from seqbench.tasks.forecasts.model import ForecastContext, Panel

BETAS = tuple(float(beta) for beta in np.geomspace(0.1, 1000, 25))
"""Inverse temperatures of a dense memory, in units of a mean square of 1 between windows, among which validation
chooses."""
ROWS = 1 << 22
"""Maximum number of windows times patterns that are compared at once."""
SWEEPS = 20
"""The most updates of all free units of a Hopfield network."""
QUIET = 1e-9
"""The share of the units below which a field is rounding; then a unit stays as it is."""
EDGE = 3.0
"""Widths from the level to the outermost threshold of the thermometer."""


class MemoryForecasterConfig(WindowSettings):
    window: int = Field(
        24,
        ge=1,
        le=5000,
        description=str(WindowSettings.model_fields["window"].description),
        json_schema_extra={"search": {"choices": [6, 12, 24, 48, 96]}},
    )
    patterns: int = Field(
        20_000, ge=1, description="the most patterns that are stored; of more windows, every n-th one is taken"
    )


class MemoryForecaster(WindowForecaster):
    """Stores scaled windows with what followed them. Constant windows are left out."""

    kind = "neural"
    stochastic: ClassVar[bool] = False
    config_class = MemoryForecasterConfig
    config: MemoryForecasterConfig

    def learn(self, train: Panel, ctx: ForecastContext) -> None:
        rest, later = held_out(train, ctx.valid, self.window, self.horizon)
        windows = training_windows(rest, self.window, self.horizon)
        every = -(-len(windows) // self.config.patterns)
        if every > 1:
            ctx.log("patterns_left_out", len(windows) - len(range(0, len(windows), every)))
        self.store(*self._scaled(windows, torch.arange(0, len(windows), every)))
        if later is not None:
            with ctx.validating():
                x, y = self._scaled(later, torch.arange(len(later)))
                if len(x):
                    self.choose(x, y)

    def store(self, x: Tensor, y: Tensor) -> None:
        """Store windows (P, L) with the values (P, H) after them."""
        self.windows, self.futures = x, y

    def choose(self, x: Tensor, y: Tensor) -> None:
        """Choose settings by windows (N, L) with the values (N, H) after them; by default there are none."""
        return

    def _scaled(self, windows: SeriesWindows, rows: Tensor) -> tuple[Tensor, Tensor]:
        x, y, _ = windows.scaled(rows, self.logarithm, "width")
        return x, y

    def learned(self) -> Arrays:
        return {"windows": self.windows.numpy(), "futures": self.futures.numpy()}

    def take_up(self, arrays: Arrays) -> None:
        self.store(torch.from_numpy(arrays["windows"]), torch.from_numpy(arrays["futures"]))

    def parameter_count(self) -> int:
        return self.windows.numel() + self.futures.numel()


class DenseForecaster(MemoryForecaster):
    r"""A dense memory of real patterns in the softmax form (Ramsauer et al. 2021), by distances instead of overlaps.

        ŷ = Σ_μ softmax_μ(−β ‖x − x_μ‖² / 2 L) y_μ

    One update of the free part of a pattern with the window held: the mean of the stored futures, each by how near its
    window is (for windows of one length, distances and overlaps give the same). β is chosen on validation.
    """

    beta: float = 10.0

    def choose(self, x: Tensor, y: Tensor) -> None:
        self.beta = min(BETAS, key=lambda beta: float((self._recalled(x, beta) - y).abs().mean()))

    def ahead(self, z: Tensor) -> Tensor:
        return self._recalled(z, self.beta)

    def _recalled(self, z: Tensor, beta: float) -> Tensor:
        if not len(self.windows):
            return torch.zeros(len(z), self.horizon, dtype=z.dtype)
        parts = [
            torch.softmax(-beta * torch.cdist(part, self.windows) ** 2 / (2 * self.window), 1) @ self.futures
            for part in torch.split(z, max(1, ROWS // len(self.windows)))
        ]
        return torch.cat(parts)

    def learned(self) -> Arrays:
        return {**super().learned(), "beta": np.array(self.beta)}

    def take_up(self, arrays: Arrays) -> None:
        super().take_up(arrays)
        self.beta = float(arrays["beta"])


class HopfieldForecasterConfig(MemoryForecasterConfig):
    patterns: int = Field(200, ge=1, description=str(MemoryForecasterConfig.model_fields["patterns"].description))
    learning: Literal["hebbian", "pseudo-inverse"] = Field(
        "pseudo-inverse",
        description="hebbian: Hopfield 1982; pseudo-inverse: Personnaz et al. 1985, for patterns that are alike",
        json_schema_extra={"search": {"choices": ["hebbian", "pseudo-inverse"]}},
    )
    levels: int = Field(
        16,
        ge=2,
        le=256,
        description="units per value: each is +1 if the value is above its threshold, else −1 (a thermometer)",
        json_schema_extra={"search": {"choices": [8, 16, 32]}},
    )


class HopfieldForecaster(MemoryForecaster):
    r"""A Hopfield network of thermometers: the units of the future move, while those of the window are held.

        s_i ← sgn Σ_j w_ij s_j,        i of the future, all at once

    A future's value is the level that its thermometer shows. What is approximate is the coding: values are one of
    `levels` + 1 steps, from −3 to 3 widths around the level of the window.
    """

    config_class = HopfieldForecasterConfig
    config: HopfieldForecasterConfig

    def store(self, x: Tensor, y: Tensor) -> None:
        super().store(x, y)
        self.between = RULES[self.config.learning](self._coded(torch.cat([x, y], dim=1)).astype(np.int8))

    def ahead(self, z: Tensor) -> Tensor:
        held = self._coded(z)
        states = np.concatenate([held, np.zeros((len(z), self.horizon * self.config.levels))], axis=1)
        free = np.arange(held.shape[1], states.shape[1])
        for _ in range(SWEEPS):
            fields = self.between.fields(states)[:, free]
            quiet = np.abs(fields) <= QUIET * self.between.units
            after = np.where(quiet, states[:, free], np.sign(fields))
            if np.array_equal(after, states[:, free]):
                break
            states[:, free] = after
        shown = states[:, free].reshape(len(z), self.horizon, self.config.levels).mean(axis=2)
        return torch.from_numpy(EDGE * shown)

    def _coded(self, values: Tensor) -> Floats:
        """Return values (P, T) as thermometers of ±1, (P, T · levels)."""
        levels = self.config.levels
        thresholds = EDGE * (2 * (np.arange(levels) + 0.5) / levels - 1)
        above = values.numpy()[..., None] > thresholds
        return np.where(above, 1.0, -1.0).reshape(len(values), -1)
