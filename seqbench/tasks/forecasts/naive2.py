"""Naive2, the benchmark of the M4 competition; it is here, not among the models, since the metric OWA needs it.

Makridakis, Spiliotis & Assimakopoulos 2020, "The M4 Competition: 100,000 time series and 61 forecasting methods",
Int. J. Forecasting 36(1), section 2.2.
"""

import numpy as np

from seqbench.interface import Floats

CRITICAL = 1.645
"""Quantile of the standard normal distribution: M4 tests for seasonality at 90 %."""


def naive2(past: Floats, horizon: int, season: int) -> Floats:
    """Return the last value of the seasonally adjusted `past` (T,) times the seasonal indices, (H,).

    A series is adjusted if a test at 90 % finds seasonality. A series with a value of 0 or less is not adjusted, since
    it has no multiplicative decomposition; M4 contains no such series.
    """
    if past.min() <= 0 or not is_seasonal(past, season):
        return np.full(horizon, past[-1])
    indices = seasonal_indices(past, season)
    ahead: Floats = past[-1] / indices[-1] * np.resize(indices, horizon)
    return ahead


def is_seasonal(values: Floats, season: int) -> bool:
    """Return whether M4's test finds seasonality: the autocorrelation at lag m is significant, given the smaller lags,

        |r_m| > 1.645 √((1 + 2 Σ_{k<m} r_k²) / T).

    A constant series, or a series shorter than three seasons, is not seasonal.
    """
    if season == 1 or len(values) < 3 * season:
        return False
    centred = values - values.mean()
    variance = centred @ centred
    if variance <= (len(values) * np.finfo(float).eps * np.abs(values).max()) ** 2:
        return False
    r = np.array([centred[k:] @ centred[:-k] for k in range(1, season + 1)]) / variance
    return bool(abs(r[-1]) > CRITICAL * np.sqrt((1 + 2 * (r[:-1] @ r[:-1])) / len(values)))


def seasonal_indices(values: Floats, season: int) -> Floats:
    """Return the seasonal indices (m,) of the classical multiplicative decomposition, with mean 1.

    The first index belongs to the step after the last value. The trend is a centred moving average over m values; if m
    is even, over m + 1 values, of which the first and the last have half the weight. An index is the mean of
    value / trend over seasons.

    Args:
        values: (T,) positive; at least two seasons.
    """
    window = np.ones(season) if season % 2 else np.concatenate([[0.5], np.ones(season - 1), [0.5]])
    trend = np.convolve(values, window / season, mode="valid")
    reach = len(window) // 2
    ratio = values[reach : len(values) - reach] / trend
    phase = (np.arange(reach, len(values) - reach) - len(values)) % season
    indices: Floats = np.bincount(phase, ratio, minlength=season) / np.bincount(phase, minlength=season)
    indices /= indices.mean()
    return indices
