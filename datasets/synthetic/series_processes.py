"""Random processes with known distributions of next values: each draws series, and is the true model of them."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.special import ndtr, ndtri

from seqbench.interface import Floats, Ids
from seqbench.tasks.forecasts.linear import error_variances, gaussian_quantiles, iterate, last
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel

BURN_IN = 1000
"""Steps that are drawn and discarded, so that a series does not depend on its starting value."""
CELLS = 400
"""Cells of the grid on which the density of a threshold process is computed step by step."""


class SeriesProcess(Forecaster):
    """A process with normal innovations, used as the true model of the series that it draws."""

    stochastic: ClassVar[bool] = False
    innovation_variance: float

    @abstractmethod
    def draw(self, length: int, rng: np.random.Generator) -> Floats:
        """Draw (length,) values."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        """Do nothing, since the parameters are the true ones."""


class LinearProcess(SeriesProcess):
    """y_t = s_{t mod m} + x_t, where x_t = Σ_i φ_i x_{t−i} + σ ε_t.

    Args:
        coefficients: (p,), φ_1 first; they must be stationary.
        pattern: (m,) s, beginning at the first value of a series.
        sd: σ.
    """

    def __init__(self, coefficients: Floats, pattern: Floats, sd: float) -> None:
        super().__init__()
        self.coefficients, self.pattern, self.innovation_variance = coefficients, pattern, sd**2

    def draw(self, length: int, rng: np.random.Generator) -> Floats:
        order, backward = len(self.coefficients), self.coefficients[::-1]
        x = np.concatenate([np.zeros(order), np.sqrt(self.innovation_variance) * normal(BURN_IN + length, rng)])
        for t in range(order, len(x)):
            x[t] += backward @ x[t - order : t]
        drawn: Floats = x[order + BURN_IN :] + self._season(np.arange(length))
        return drawn

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        order, ends = len(self.coefficients), np.array([[len(values)] for values in past.values])
        recent = last(past.values, order) - self._season(ends + np.arange(-order, 0))
        coefficients = np.tile(self.coefficients, (len(past), 1))
        mean = iterate(recent, coefficients, np.zeros(len(past)), horizon) + self._season(ends + np.arange(horizon))
        variances = error_variances(coefficients, np.full(len(past), self.innovation_variance), horizon)
        return Forecast(mean, gaussian_quantiles(mean, variances, levels))

    def _season(self, t: Ids) -> Floats:
        season: Floats = self.pattern[t % len(self.pattern)]
        return season


class ThresholdProcess(SeriesProcess):
    """y_t = a + b y_{t−1} + σ ε_t, with (a, b) of the regime that y_{t−1} is in: below the threshold 0, or above.

    A self-exciting threshold autoregression (Tong & Lim 1980). The density of later steps is computed step by step on a
    grid (Chapman–Kolmogorov); within each cell it is constant.

    Args:
        below, above: (a, b) of the two regimes.
        sd: σ.
    """

    def __init__(self, below: tuple[float, float], above: tuple[float, float], sd: float) -> None:
        super().__init__()
        self.below, self.above, self.sd, self.innovation_variance = below, above, sd, sd**2
        reach = max(abs(a) + 8 * sd for a, _ in (below, above)) / (1 - max(abs(b) for _, b in (below, above)))
        self._edges = np.linspace(-reach, reach, CELLS + 1)  # of cells; no cell holds both regimes
        self._centres = (self._edges[1:] + self._edges[:-1]) / 2

    def expected(self, y: Floats) -> Floats:
        """Return the mean of the value after y, which may have any shape."""
        return np.where(y <= 0, self.below[0] + self.below[1] * y, self.above[0] + self.above[1] * y)

    def draw(self, length: int, rng: np.random.Generator) -> Floats:
        drawn, y = np.empty(BURN_IN + length), 0.0
        for t, e in enumerate(normal(len(drawn), rng).tolist()):
            a, b = self.below if y <= 0 else self.above
            drawn[t] = y = a + b * y + self.sd * e
        return drawn[BURN_IN:]

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        now = np.array([values[-1] for values in past.values])
        first, moves = self._shares(now), self._shares(self._centres)
        mean, quantiles = np.empty((len(now), horizon)), np.empty((len(now), horizon, len(levels)))
        mean[:, 0] = self.expected(now)
        quantiles[:, 0] = mean[:, :1] + self.sd * ndtri(levels)
        expected, below = self.expected(self._centres), self._below(self._centres)
        for h in range(1, horizon):
            mean[:, h] = first @ expected
            quantiles[:, h] = [np.interp(levels, row, self._edges) for row in first @ below]
            expected, below = moves @ expected, moves @ below
        return Forecast(mean, quantiles)

    def _below(self, y: Floats) -> Floats:
        """Return (N, cells + 1) probabilities that the value after each y (N,) lies below each edge."""
        return ndtr((self._edges - self.expected(y)[:, None]) / self.sd)

    def _shares(self, y: Floats) -> Floats:
        """Return (N, cells) probabilities that the value after each y (N,) lies in each cell; rows sum to one."""
        shares = np.diff(self._below(y), axis=1)
        shares /= shares.sum(axis=1, keepdims=True)
        return shares


def normal(length: int, rng: np.random.Generator) -> Floats:
    """Draw (length,) standard normal numbers from uniform ones, whose bit stream NumPy keeps in all releases."""
    numbers: Floats = ndtri(np.maximum(rng.random(length), 2**-54))
    return numbers


def stationary(partial: Sequence[float] | Floats) -> Floats:
    """Return (p,) coefficients of the autoregression with these partial autocorrelations, each inside ±1.

    Every stationary autoregression has such partial autocorrelations (Barndorff-Nielsen & Schou 1973, J. Multivariate
    Analysis 3).
    """
    coefficients = np.empty(0)
    for r in partial:
        coefficients = np.append(coefficients - r * coefficients[::-1], r)
    return coefficients
