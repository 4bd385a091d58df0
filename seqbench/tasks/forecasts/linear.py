"""Forecasts of linear autoregressions: y_t = c + Σ_i φ_i y_{t−i} + ε_t, ε_t of variance σ².

The coefficients are fitted or true. All series are computed in one batch.

Brockwell & Davis, "Time series: theory and methods", 2nd ed., sections 3.3 and 5.5.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from seqbench.interface import Floats


def last(pasts: Sequence[Floats], length: int) -> Floats:
    """Return the newest values (N, length) of each past, the oldest first.

    A shorter past is padded in front with its first value.
    """
    recent = np.empty((len(pasts), length))
    for row, past in zip(recent, pasts, strict=True):
        kept = past[len(past) - min(len(past), length) :]
        row[length - len(kept) :] = kept
        row[: length - len(kept)] = past[0]
    return recent


def iterate(recent: Floats, coefficients: Floats, intercept: Floats, horizon: int) -> Floats:
    """Return expected values (N, H); each forecast is used as a known value for the next steps.

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
    ):  # an explosive equation; the harness rejects a result that is not a number
        for h in range(horizon):
            values[:, order + h] = intercept + np.einsum("np,np->n", values[:, h : order + h], backward)
    return values[:, order:]


def error_variances(coefficients: Floats, variance: Floats, horizon: int) -> Floats:
    """Return the variances (N, H) of the errors of `iterate`, σ² Σ_{j<h} ψ_j².

    Here ψ_0 = 1 and ψ_j = Σ_{i≤min(j,p)} φ_i ψ_{j−i}. For an explosive equation the variances become infinite, unless
    σ² = 0.

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
        sums[np.isnan(sums)] = np.inf  # ψ overflowed with both signs
        variances: Floats = np.where(variance[:, None] > 0, variance[:, None] * sums, 0.0)
    return variances


def gaussian_quantiles(mean: Floats, variances: Floats, levels: Floats) -> Floats:
    """Return the quantiles (N, H, Q) at `levels` (Q,) of normal distributions with these means and variances (N, H)."""
    with np.errstate(invalid="ignore"):  # ∞ · 0, as in `iterate`
        quantiles: Floats = mean[..., None] + np.sqrt(variances)[..., None] * ndtri(levels)
    return quantiles
