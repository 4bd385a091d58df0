"""Forecasts of linear autoregressions, fitted or true: y_t = c + Σ_i φ_i y_{t−i} + ε_t, ε_t of variance σ².

Brockwell & Davis, "Time series: theory and methods", 2nd ed., sections 3.3 and 5.5. All series are batched.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from seqbench.interface import Floats


def last(pasts: Sequence[Floats], length: int) -> Floats:
    """Return (N, length) the newest values of each past, the oldest first; a shorter past is led by its first value."""
    recent = np.empty((len(pasts), length))
    for row, past in zip(recent, pasts, strict=True):
        kept = past[len(past) - min(len(past), length) :]
        row[length - len(kept) :] = kept
        row[: length - len(kept)] = past[0]
    return recent


def iterate(recent: Floats, coefficients: Floats, intercept: Floats, horizon: int) -> Floats:
    """Return (N, H) expected values: each forecast is one of the values from which the next one is computed.

    Args:
        recent: (N, p) newest values, the oldest first.
        coefficients: (N, p), φ_1 first.
        intercept: (N,) c.
    """
    order = recent.shape[1]
    values = np.concatenate([recent, np.empty((len(recent), horizon))], axis=1)
    backward = np.ascontiguousarray(coefficients[:, ::-1])
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # an explosive equation; the harness refuses a result that is no number
        for h in range(horizon):
            values[:, order + h] = intercept + np.einsum("np,np->n", values[:, h : order + h], backward)
    return values[:, order:]


def error_variances(coefficients: Floats, variance: Floats, horizon: int) -> Floats:
    """Return (N, H) variances of the errors of `iterate`, σ² Σ_{j<h} ψ_j², with ψ_0 = 1 and ψ_j = Σ_{i≤min(j,p)} φ_i
    ψ_{j−i}.

    For an explosive equation they become infinite, unless σ² = 0.

    Args:
        coefficients: (N, p).
        variance: (N,) σ².
    """
    count, order = coefficients.shape
    start = (
        np.concatenate([np.zeros((count, order - 1)), np.ones((count, 1))], axis=1) if order else np.zeros((count, 0))
    )
    later = iterate(start, coefficients, np.zeros(count), horizon - 1)
    psi = np.concatenate([np.ones((count, 1)), later], axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.cumsum(psi**2, axis=1)
        sums[np.isnan(sums)] = np.inf  # ψ that overflowed with both signs
        variances: Floats = np.where(variance[:, None] > 0, variance[:, None] * sums, 0.0)
    return variances


def gaussian_quantiles(mean: Floats, variances: Floats, levels: Floats) -> Floats:
    """Return (N, H, Q) quantiles at `levels` (Q,) of normal distributions, from means and variances (N, H)."""
    with np.errstate(invalid="ignore"):  # ∞ · 0, as in `iterate`
        quantiles: Floats = mean[..., None] + np.sqrt(variances)[..., None] * ndtri(levels)
    return quantiles
