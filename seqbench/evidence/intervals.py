"""Intervals of scores that are bounded: shares, and roots of mean squares.

Both are score intervals: they hold every true value that the estimate does not contradict, with the variance that the
estimate would have *at that value*. So they stay honest at the bound, where the variance of the sample itself is 0.
"""

import numpy as np
from scipy.special import stdtrit

from seqbench.evidence.spread import Spread


def quantile(dof: float | None, level: float) -> float:
    """Return Student's two-sided quantile; 0 if there are no degrees of freedom."""
    return float(stdtrit(dof, (1 + level) / 2)) if dof else 0.0


def wilson(share: float, over: Spread, error: float, of_seeds: float, level: float) -> tuple[float, float]:
    """Return Wilson's (1927) interval of a share, for the number of independent items that has its variance.

    Wilson inverts the test |p̂ − p| ≤ z √(p (1 − p) / n). Here n = p (1 − p) / V, computed with two more right and two
    more wrong items (Agresti & Coull 1998), so that it exists without errors too. For an accuracy, n is exactly the
    number of documents. The spread over seeds is added to z² / n.

    Args:
        error: the mean square by which one more error changes the sum of the shares of all items.
        of_seeds: the half-width that seeds add.
    """
    groups, share = over.groups, min(max(share, 0.0), 1.0)  # a mean of ones may be rounded up
    if not np.isfinite(over.variance):
        return 0.0, 1.0
    smoothed = (groups * share + 2) / (groups + 4)
    variance = (over.variance * groups**2 * (groups - 1) + error * (2 * groups + 4)) / ((groups + 4) ** 2 * groups)
    ratio = (quantile(groups - 1, level) ** 2 * variance + of_seeds**2) / (smoothed * (1 - smoothed))
    centre = share + ratio / 2
    half = np.sqrt(ratio * share * (1 - share) + ratio**2 / 4)
    low, high = (float((centre + side) / (1 + ratio)) for side in (-half, half))
    return min(low, share), min(max(high, share), 1.0)  # without errors, all are 1 but for rounding


def of_square(
    square: float, noise: tuple[float, float], over: Spread, alone: Spread, of_seeds: float, level: float
) -> tuple[float, float]:
    """Return the interval of a mean square θ = Σ w μ², estimated by the mean of products of two items.

    The variance of the estimate is 4 c θ + d, where c is the variance of a mean and d what remains at θ = 0, so all θ
    with (square − θ)² ≤ z² (4 c θ + d) belong to the interval:

        θ = square + 2 z² c ± √((square + 2 z² c)² − square² + z² d)

    Args:
        square: the estimate, which may be below 0.
        noise: c and d for independent items.
        over: of the groups; items of one group depend on each other, which multiplies the variance of a mean.
        alone: the same with each item as a group.
        of_seeds: the half-width that seeds add.
    """
    if not np.isfinite(over.variance):
        return 0.0, np.inf
    dependence = max(1.0, over.variance / alone.variance) if alone.variance > 0 else 1.0
    t = quantile(over.groups - 1, level)
    c, d = noise[0] * dependence, noise[1] * dependence**2
    centre = square + 2 * t**2 * c
    half = float(np.sqrt(max(0.0, centre**2 - square**2 + t**2 * d + of_seeds**2)))
    return centre - half, centre + half
