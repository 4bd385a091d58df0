"""Tests of several differences at once, and of differences over several data sets."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from seqbench.interface import Floats


def holm(chances: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number: one that is at most α is significant at α for all tests together.

    The i-th smallest of m p-values is multiplied by m − i + 1, and none becomes smaller than the one before it (Holm
    1979, "A simple sequentially rejective multiple test procedure", Scandinavian J. of Statistics 6).

    Raises:
        ValueError: a p-value is not in 0..1.
    """
    wrong = [chance for chance in chances if not 0 <= chance <= 1]
    if wrong:
        raise ValueError(f"p-values lie in 0..1, not {wrong[0]}")
    corrected, largest = [0.0] * len(chances), 0.0
    for place, i in enumerate(np.argsort(chances, kind="stable")):
        largest = max(largest, min(1.0, (len(chances) - place) * chances[i]))
        corrected[i] = largest
    return corrected


def signed_rank(differences: Floats) -> float:
    """Return the exact two-sided p-value of Wilcoxon's signed-rank test that differences (N,) are symmetric about 0.

    Ranks of equal sizes are shared, and those of differences of 0 are split evenly between both signs (Demšar 2006,
    3.1.3), so only the other signs are random. All 2^N of them are counted, by the sums that they make: the normal
    approximation is poor for a handful of data sets.

    Raises:
        ValueError: there are no differences, or one is NaN.
    """
    if not len(differences) or np.isnan(differences).any():
        raise ValueError("the signed-rank test needs at least one difference, and no NaN")
    doubled = np.round(2 * rankdata(np.abs(differences))).astype(int)  # shared ranks are halves
    random = doubled[differences != 0]
    counts = np.ones(1)  # of sign patterns (S + 1,), by the sum of the ranks of positive differences
    for rank in random:
        counts = np.concatenate([counts, np.zeros(rank)]) + np.concatenate([np.zeros(rank), counts])
    total = int(random.sum())
    positive = int(doubled[differences > 0].sum())
    extreme = abs(2 * positive - total)
    far = np.abs(2 * np.arange(total + 1) - total) >= extreme
    return float(counts[far].sum() / counts.sum())
