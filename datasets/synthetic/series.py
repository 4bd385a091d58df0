"""Synthetic series: from processes whose true forecasts are the bottom row of the table, and from chaos.

Each series has its own random stream, and the parameters have another, so that adding series does not change the
others. Only uniform random numbers are used.
"""

import hashlib
from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.datasets.series.base import Observed, SeriesDataset, by_steps
from seqbench.datasets.synthetic.chaos import lorenz, mackey_glass
from seqbench.datasets.synthetic.series_processes import LinearProcess, SeriesProcess, ThresholdProcess, stationary
from seqbench.interface import Floats
from seqbench.tasks.forecasts.data import SeriesData


class SyntheticSeries(SeriesDataset):
    """Series of one source, each cut into consecutive parts."""

    licence: ClassVar[str] = "none needed: generated"

    horizon: int = Field(24, ge=1, description="steps ahead, H")
    series: int = Field(1, ge=1, description="number of series, N")
    train_steps: int = Field(20_000, ge=1, description="length of the training part, steps")
    valid_steps: int = Field(2_000, ge=1, description="length of the validation part, steps")
    test_steps: int = Field(5_000, ge=1, description="length of the test part, steps")
    seed: int = Field(0, ge=0, description="seed of the source and of the series")

    @abstractmethod
    def draw(self, length: int, rng: np.random.Generator) -> Floats:
        """Draw (length,) values of one series."""

    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.name} {self.model_dump_json()}".encode()).hexdigest()

    def observed(self) -> Observed:
        length = self.train_steps + self.valid_steps + self.test_steps
        values = [self.draw(length, self._stream(1 + n)) for n in range(self.series)]
        names = [f"{self.name} {n}" for n in range(1, 1 + self.series)]
        return by_steps(values, names, self.train_steps, self.valid_steps, self.test_steps)

    def _stream(self, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=(number,))))


class KnownSeries(SyntheticSeries):
    """Series of a process that is also their true model; its innovations have variance 1."""

    knows_truth: ClassVar[bool] = True

    @abstractmethod
    def process(self, rng: np.random.Generator) -> SeriesProcess:
        """Return the process, with parameters drawn from `rng`."""

    def draw(self, length: int, rng: np.random.Generator) -> Floats:
        return self.process(self._stream(0)).draw(length, rng)

    def load(self) -> SeriesData:
        truth = self.process(self._stream(0))
        return replace(super().load(), truth=truth, innovation_variance=truth.innovation_variance)


class SyntheticAR(KnownSeries):
    """A stationary autoregression: least squares can learn it completely, and nothing does better."""

    name: ClassVar[str] = "synthetic-ar"

    order: int = Field(5, ge=1, description="number of lags, p")

    def process(self, rng: np.random.Generator) -> LinearProcess:
        return LinearProcess(stationary(1.6 * rng.random(self.order) - 0.8), np.zeros(1), sd=1)


class SyntheticSeasonal(KnownSeries):
    """A fixed seasonal pattern of any form, plus an autoregression of order 1."""

    name: ClassVar[str] = "synthetic-seasonal"

    season: int = Field(12, ge=1, description="steps per season, also for models and for MASE")
    height: float = Field(6, ge=0, description="range of the season, from its least to its greatest possible value")

    def process(self, rng: np.random.Generator) -> LinearProcess:
        return LinearProcess(np.array([0.6]), self.height * rng.random(self.season), sd=1)


class SyntheticThreshold(KnownSeries):
    """Two linear regimes, of which an autoregression can learn only the mixture."""

    name: ClassVar[str] = "synthetic-threshold"

    def process(self, rng: np.random.Generator) -> ThresholdProcess:
        return ThresholdProcess(below=(2.0, 0.5), above=(-1.0, 0.3), sd=1)


class MackeyGlass(SyntheticSeries):
    """The Mackey–Glass equation, which is chaos with a delay; without noise, nothing is random after the start."""

    name: ClassVar[str] = "mackey-glass"

    horizon: int = Field(84, ge=1, description="steps ahead, H")
    delay: float = Field(17, ge=1, le=100, multiple_of=0.1, description="τ, time units")
    every: float = Field(1, ge=0.1, le=100, multiple_of=0.1, description="time units per step")
    noise: float = Field(
        0.0, ge=0, description="standard deviation of uniform noise that is added, in those of the series"
    )
    train_steps: int = Field(6_000, ge=1, description="length of the training part, steps")

    def draw(self, length: int, rng: np.random.Generator) -> Floats:
        clean = mackey_glass(length, self.every, self.delay, rng)
        unit = np.sqrt(12) * (rng.random(length) - 0.5)
        return clean + self.noise * clean.std() * unit if self.noise else clean


class Lorenz(SyntheticSeries):
    """The first coordinate of the Lorenz system, which is chaotic; nothing is random after the start."""

    name: ClassVar[str] = "lorenz"

    every: float = Field(0.05, ge=0.01, le=10, description="time units per step, rounded to hundredths")
    train_steps: int = Field(6_000, ge=1, description="length of the training part, steps")

    def draw(self, length: int, rng: np.random.Generator) -> Floats:
        return lorenz(length, self.every, rng)
