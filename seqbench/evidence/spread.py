"""How much a score would differ with other test items: the variance over units, and how far it can be trusted.

A unit's influence on a score θ is measured by leaving it out (jackknife; Tukey 1958, Miller 1974, "The jackknife: a
review", Biometrika 61),

    ψ_g = (G − 1) (θ − θ without group g),    V = Σ ψ_g² / (G (G − 1)),

which is exact for ratios, and cautious if one group holds much of the weight: the score without it is far away.

*Degrees of freedom.* The variance of V depends on the kurtosis κ of the influences: ν = 2G / (κ − 1), at most G − 1
(Satterthwaite 1946). For normal influences this is G; if few groups carry the variance, it is small.

*Skewness.* The mean of skewed influences is not symmetric about the truth. Its interval is the wider one, on each side,
of Student's and of Hall's (1992, "On the removal of skewness by transformation", J. Royal Statistical Society B 54).

*Heavy tails.* If the tail index of the influences is below 2 (Hill 1975), their variance may be infinite. If they are
also skewed, no interval of the mean is right; that of a difference is then made three times as wide.

*Order.* Groups in the order of time or text are like their neighbours. V is then that of the means of blocks of a tenth
of the sample. If it still falls more slowly with the length of the block than 1 / length, it is extrapolated from the
block to the sample with the measured slope (aggregated variance; Beran 1994, "Statistics for Long-Memory Processes",
4.4).

*Two ways.* A panel of series has groups in two ways, series and times. Variances are added, without what both count:
V = V_1 + V_2 − V_units (Cameron, Gelbach & Miller 2011, "Robust inference with multiway clustering", J. Business &
Economic Statistics 29), and V is at least V_1 and V_2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from seqbench.evidence.units import Way
from seqbench.interface import Floats, Ids

BLOCKS = 10
"""Number of blocks that an ordered sample is cut into. Blocks are few and long: dependence between blocks would make
every interval too short, while a small number of blocks only makes t larger, by a known amount (fixed-b asymptotics,
Kiefer & Vogelsang 2005)."""
FEWEST = 5
"""The fewest groups over which one can generalise; with fewer, a verdict holds for these groups alone."""
UNSEEN = 3.0
"""The variance of the mean over an ordered sample is 1 + UNSEEN · `alike` / G times what the sample itself shows.
Measured on stretches of WikiText-2 (docs/statistics.md)."""
SKEWED, TAIL = 0.2, 2.0
"""Tails are too heavy if the skewness of the mean, γ / √G, is above SKEWED and the tail index below TAIL."""
PIECE = 5_000_000
"""The number of sums that are scored at once."""
JUDGED = 20
"""The fewest groups whose tails can be judged."""
CARRIERS = 3
"""The number of groups that are named if they carry a difference."""

Score = Callable[[Floats], Floats]
"""A score (R,) of sums (R, K)."""


@dataclass(frozen=True)
class Spread:
    """The variation of a score over the groups of one way or more."""

    variance: float
    """Infinite with fewer than two groups or blocks."""
    dof: float
    skewness: float
    """γ / √G, the skewness of a mean over the groups."""
    groups: int
    """The number of independent groups or blocks; of two ways, the smaller number."""
    way: str
    """The name of the way with too heavy tails, or else of that with the largest variance."""
    heavy: tuple[int, ...] = ()
    """If tails are too heavy: the groups of `way` that carry most of the variance, the heaviest first."""
    fixed: tuple[str, ...] = ()
    """Ways with too few groups to generalise over."""

    def sides(self, level: float) -> tuple[float, float]:
        """Return how far the interval of this level reaches below and above the score."""
        if not np.isfinite(self.variance):
            return np.inf, np.inf
        deviation, quantile = float(np.sqrt(self.variance)), float(stdtrit(self.dof, (1 + level) / 2))
        below, above = hall(quantile, self.skewness), -hall(-quantile, self.skewness)
        return deviation * max(quantile, below), deviation * max(quantile, above)


def hall(quantile: float, skewness: float) -> float:
    """Return the studentised mean that Hall's cubic transformation maps to `quantile`; 0 skewness leaves it alone."""
    if abs(skewness) < 1e-9:
        return quantile
    return float(3 / skewness * (np.cbrt(1 + skewness * (quantile - skewness / 6)) - 1))


def influences(score: Score, sums: Floats, groups: Ids | None = None) -> Floats:
    """Return ψ (G,), the influence of each group of units on a score; their mean is about 0.

    Args:
        score: of sums (R, K).
        sums: (U, K), what each unit adds.
        groups: (U,) group numbers 0..G−1; None: each unit is a group.
    """
    if groups is not None:
        summed = np.zeros((int(groups.max()) + 1, sums.shape[1]))
        np.add.at(summed, groups, sums)
        sums = summed
    total = sums.sum(axis=0)
    if len(sums) < 2:
        return np.zeros(len(sums))
    pieces = np.array_split(sums, -(-sums.size // PIECE))
    without = np.concatenate([score(total - piece) for piece in pieces])
    found: Floats = (len(sums) - 1) * (score(total[None]) - without)
    return found


def spread(influence: Callable[[Ids | None], Floats], ways: Sequence[Way]) -> Spread:
    """Return the spread of a score over one way or two.

    Ways of fewer than `FEWEST` groups are left out and named in `fixed`; if no other is left, the one with the most
    groups stays.

    Args:
        influence: returns `influences` by the groups (U,) of a way.
    """
    psi = [influence(way.groups) for way in ways]
    sizes = list(map(len, psi))
    kept = [i for i, size in enumerate(sizes) if size >= FEWEST] or [int(np.argmax(sizes))]
    fixed = tuple(way.name for i, way in enumerate(ways) if i not in kept)
    found = [_one_way(psi[i], ways[i]) for i in kept]
    told = max(found, key=lambda one: (bool(one.heavy), one.variance))
    variance = max(one.variance for one in found)
    if len(found) > 1:
        single = influence(None)
        both = float(np.square(single).sum()) / (len(single) * max(1, len(single) - 1))
        variance = max(variance, sum(one.variance for one in found) - both)
    return Spread(
        variance,
        min(one.dof for one in found),
        max((one.skewness for one in found), key=abs),
        min(one.groups for one in found),
        told.way,
        told.heavy,
        fixed,
    )


def _one_way(psi: Floats, way: Way) -> Spread:
    groups = len(psi)
    if way.ordered:
        variance, blocks = _of_blocks(psi, way)
    else:
        variance, blocks = float(np.square(psi).sum()) / (groups * max(1, groups - 1)), groups
    if blocks < 2:
        return Spread(np.inf, 0.0, 0.0, blocks, way.name)
    second = float(np.square(psi).mean())
    if second == 0:
        return Spread(0.0, blocks - 1.0, 0.0, blocks, way.name)
    shape = psi / np.sqrt(second)
    kurtosis, skewness = float((shape**4).mean()), float((shape**3).mean() / np.sqrt(groups))
    dof = min(blocks - 1.0, 2 * groups / max(kurtosis - 1, 1e-9))
    heavy: tuple[int, ...] = ()
    if groups >= JUDGED and abs(skewness) > SKEWED and tail_index(psi) < TAIL:
        heavy = tuple(int(g) for g in np.argsort(-np.abs(psi), kind="stable")[:CARRIERS])
    return Spread(variance, dof, skewness, blocks, way.name, heavy)


def block_length(groups: int, overlap: int = 1) -> int:
    """Return the length of a block of an ordered sample, so that about ten blocks cover it.

    The usual ⌈G^(1/3)⌉ minimises the mean squared error of the *variance*. An interval needs a small bias of the
    variance, and therefore longer blocks (Sun, Phillips & Jin 2008, Econometrica 76). Blocks are at least as long as
    neighbours share data.
    """
    return min(groups, max(1, overlap, -(-groups // BLOCKS)))


def _of_blocks(psi: Floats, way: Way) -> tuple[float, int]:
    """Return the variance of the mean of an ordered sample, and the number of its blocks."""
    groups = len(psi)
    block = block_length(groups, way.overlap)
    if groups < 2 * block:
        return np.inf, 1
    lengths = np.unique(np.round(np.geomspace(way.overlap, block, 6)).astype(int))
    variances = _block_variances(psi, lengths)
    variance = float(variances[-1]) * block / groups
    if len(lengths) > 2 and (variances > 0).all():
        slope = float(np.polyfit(np.log(lengths), np.log(variances), 1)[0])
        variance *= (groups / block) ** (1 + np.clip(slope, -1, 0))
    return variance * (1 + UNSEEN * way.alike / groups), groups // block


def _block_variances(psi: Floats, lengths: Ids) -> Floats:
    """Return the variances of the means of all blocks of these lengths, corrected for the estimated mean of all."""
    sums = np.concatenate([[0.0], np.cumsum(psi)])
    means = [(sums[length:] - sums[:-length]) / length for length in lengths]
    squares = np.array([np.square(mean).mean() for mean in means])
    corrected: Floats = squares / (1 - lengths / len(psi))
    return corrected


def tail_index(values: Floats) -> float:
    """Return Hill's (1975) estimate of the tail index, from the √G largest absolute values; infinite if they are equal.

    Moments of an order above the tail index do not exist.
    """
    count = max(5, round(np.sqrt(len(values))))
    largest = np.sort(np.abs(values))[::-1][: count + 1]
    if len(largest) < 2 or largest[-1] == 0:
        return 0.0
    excess = float(np.log(largest[:-1] / largest[-1]).mean())
    return 1 / excess if excess > 0 else np.inf
