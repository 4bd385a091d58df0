"""Naive2, the benchmark of the M4 competition; it is here, not among the models, since the metric OWA needs it.

Makridakis, Spiliotis & Assimakopoulos 2020, "The M4 Competition: 100,000 time series and 61 forecasting methods",
Int. J. Forecasting 36(1), section 2.2.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Floats
from seqbench.tasks.forecasts.stretches import Stretches

CRITICAL = 1.645
"""Quantile of the standard normal distribution: M4 tests for seasonality at 90 %."""


def naive2(pasts: Sequence[Floats], horizon: int, season: int) -> Floats:
    """Return the last value of each seasonally adjusted past (T,) times the seasonal indices, (N, H).

    A series is adjusted if a test at 90 % finds seasonality. A series with a value of 0 or less is not adjusted, since
    it has no multiplicative decomposition; M4 contains no such series.
    """
    ahead = np.empty((len(pasts), horizon))
    for rows, past in Stretches.of(pasts).blocks():
        ahead[rows] = past[:, -1:]
        adjusted = (past.min(axis=1) > 0) & is_seasonal(past, season)
        if adjusted.any():
            indices = seasonal_indices(past[adjusted], season)
            level = past[adjusted, -1:] / indices[:, -1:]
            ahead[rows[adjusted]] = level * indices[:, np.arange(horizon) % season]
    return ahead


def is_seasonal(values: Floats, season: int) -> NDArray[np.bool_]:
    """Return (B,) whether M4's test finds seasonality: the autocorrelation at lag m is significant, given the smaller
    lags,

        |r_m| > 1.645 √((1 + 2 Σ_{k<m} r_k²) / T).

    A constant series, or a series shorter than three seasons, is not seasonal.

    Args:
        values: (B, T) series of one length.
    """
    if season == 1 or values.shape[1] < 3 * season:
        return np.zeros(len(values), np.bool_)
    centred = values - values.mean(axis=1, keepdims=True)
    variance = _dot(centred, centred)
    moved = variance > (values.shape[1] * np.finfo(float).eps * np.abs(values).max(axis=1)) ** 2
    lagged = [_dot(centred[:, k:], centred[:, :-k]) for k in range(1, season + 1)]
    r = np.stack(lagged, axis=1) / np.where(moved, variance, 1)[:, None]
    bound = CRITICAL * np.sqrt((1 + 2 * _dot(r[:, :-1], r[:, :-1])) / values.shape[1])
    found: NDArray[np.bool_] = moved & (np.abs(r[:, -1]) > bound)
    return found


def seasonal_indices(values: Floats, season: int) -> Floats:
    """Return the seasonal indices (B, m) of the classical multiplicative decomposition, with mean 1.

    The first index belongs to the step after the last value. The trend is a centred moving average over m values; if m
    is even, over m + 1 values, of which the first and the last have half the weight. An index is the mean of
    value / trend over seasons.

    Args:
        values: (B, T) positive series of one length; at least two seasons.
    """
    window = np.ones(season) if season % 2 else np.concatenate([[0.5], np.ones(season - 1), [0.5]])
    count, length = values.shape
    reach, steps = len(window) // 2, length - len(window) + 1
    # One convolution of all series, of which the places within a series are used.
    along = np.convolve(values.reshape(-1), window / season, mode="valid")
    trend = along[np.arange(count)[:, None] * length + np.arange(steps)]
    ratio = values[:, reach : length - reach] / trend
    phase = (np.arange(reach, length - reach) - length) % season
    places = (np.arange(count)[:, None] * season + phase).reshape(-1)
    sums = np.bincount(places, ratio.reshape(-1), minlength=count * season).reshape(count, season)
    indices: Floats = sums / np.bincount(phase, minlength=season)
    indices /= indices.mean(axis=1, keepdims=True)
    return indices


def _dot(a: Floats, b: Floats) -> Floats:
    """Return the scalar products (B,) of rows (B, T)."""
    products: Floats = np.matmul(a[:, None, :], b[:, :, None])[:, 0, 0]
    return products
