"""The uncertainty of a score, and whether one model is better than another, for all tasks.

A test score is uncertain for two reasons: other items could be in the test part, and another seed would give another
fit. `spread` estimates the first variance from the influence of each unit, fits with several seeds estimate the second.
Each has its own quantile t of Student's distribution, and the half-width h of the interval combines them,

    h² = t²(ν_item) V_item + t²(ν_seed) V_seed,

which covers at least `level` whatever their ratio (Banerjee 1960, "Approximate confidence interval for
linear functions of means of k populations when the population variances are not equal", Sankhyā 22). A
single t with Satterthwaite's degrees of freedom for the sum does not: if V_seed is estimated from three fits and V_item
is known well, up to 8 % of its 95 % intervals miss the true value.

Differences are computed on the metric's scale (`Metric.scale`). For a perplexity this is the logarithm, so that a
difference of 0.01 is 1 %. The interval of a single score stays where the score can lie: that of a share is Wilson's
(1927), that of a positive score is computed on its logarithm (`intervals` has those of bounded scores).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from seqbench.evidence.intervals import of_square, quantile, wilson
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.spread import Spread, influences, spread
from seqbench.evidence.units import ITEMS, Way, numbered
from seqbench.interface import Floats, Ids

Verdict = Literal["better", "tie", "worse", "undecided"]

LOSERS = 3
"""If fewer units than this speak against a difference, units that speak against it may be too rare to be in the sample
(with probability 0.95 they are if they are at most 3 in G, the "rule of three"), and the interval counts one more."""

RARE = 2.0
"""The size of a difference that is too rare to be in the sample, in standard deviations of the scores of units."""
ROUNDING = 1e-9
"""The share of the largest influence below which a unit does not speak for a difference."""
HEAVY = 3.0
"""The interval of a difference is so many times wider if the tails of the influences are too heavy (`spread`)."""
SMALLEST = 1e-12
"""The smallest p-value that is told apart from 0."""


@dataclass(frozen=True)
class Component:
    """A part of the variance of a mean over fits, and how well it is known."""

    variance: float
    dof: float | None
    """None: there is one fit, and the variance is 0."""


class Fits(tuple[Columns, ...]):
    """The fits of a model, as `estimate` and `compare` take them.

    What they compute of these fits alone is kept, so that many comparisons compute it once. A plain sequence of
    columns gives the same results.
    """

    def scored(self, metric: Metric) -> "_Scored":
        kept: dict[str, _Scored] = self.__dict__
        if metric.name not in kept:
            kept[metric.name] = _Scored(metric, self)
        return kept[metric.name]


class _Scored:
    """The fits of a model by one metric. The sums of all units are large, and not kept."""

    def __init__(self, metric: Metric, fits: Sequence[Columns], counts: NDArray[np.bool_] | None = None) -> None:
        """counts: (U,) which units belong to the sample; None: all."""
        self.metric, self.fits, self._counts = metric, fits, counts
        self._by_groups: dict[int, tuple[Ids, Floats]] = {}

    def sums(self) -> list[Floats]:
        """Return the sums (U, K) of each fit."""
        found = [self.metric.of_items(fit) for fit in self.fits]
        return found if self._counts is None else [one[self._counts] for one in found]

    def of(self, counts: NDArray[np.bool_]) -> "_Scored":
        return _Scored(self.metric, self.fits, counts)

    @cached_property
    def _first(self) -> tuple[NDArray[np.bool_], list[Floats]]:
        sums = self.sums()
        return np.any([one.any(axis=1) for one in sums], axis=0), [one.sum(axis=0) for one in sums]

    @property
    def counting(self) -> NDArray[np.bool_]:
        """(U,) which units add something to a sum."""
        return self._first[0]

    @property
    def totals(self) -> list[Floats]:
        """The sums (K,) over the units of each fit."""
        return self._first[1]

    @property
    def units(self) -> int:
        return len(self.counting)

    @cached_property
    def values(self) -> Floats:
        """(n,) the score of each fit, on the metric's scale."""
        found: Floats = np.concatenate([self.metric.on_scale(total[None]) for total in self.totals])
        return found

    @cached_property
    def single(self) -> Floats:
        """(n, U) the influences of single units on the score of each fit."""
        found: Floats = np.stack([influences(self.metric.on_scale, one) for one in self.sums()])
        return found

    def influence(self, groups: Ids | None) -> Floats:
        """Return the influences (G,) on the mean score of the fits."""
        if groups is None:
            mean: Floats = self.single.mean(axis=0)
            return mean
        if id(groups) not in self._by_groups:
            found = [influences(self.metric.on_scale, one, groups) for one in self.sums()]
            self._by_groups[id(groups)] = groups, np.mean(found, axis=0)
        return self._by_groups[id(groups)][1]


def _scored(metric: Metric, fits: Sequence[Columns]) -> _Scored:
    return fits.scored(metric) if isinstance(fits, Fits) else _Scored(metric, fits)


@dataclass(frozen=True)
class Estimate:
    """A model's score and its interval, in the metric's own unit."""

    value: float
    """Mean over fits on the metric's scale; for perplexities this is the geometric mean."""
    low: float
    high: float
    """Unbounded if there are too few units."""
    seeds: int
    """Number of fits; if there is one, the interval is for this fit and leaves out the variation over seeds."""
    seeds_sd: float | None
    """Standard deviation of a single fit's score over seeds; None with one fit."""
    spread: Spread | None
    """Over the units; None if the score is infinite."""
    seed_dof: float | None


@dataclass(frozen=True)
class Comparison:
    """A model compared with a reference on the same items."""

    difference: float
    """Score of the model minus that of the reference, on the metric's scale; NaN if both are infinite."""
    level: float
    stricter: float
    """The level of `surely_worse`."""
    margin: float
    lower_is_better: bool
    skill: float
    """The gain relative to the reference's score; above 0 is better. It is 1 − score / reference if lower is
    better, and score / reference − 1 if higher is better. NaN if the reference's score is 0 or both are infinite."""
    seeds: tuple[int, int]
    """Fits of the model and of the reference. If a stochastic side has one fit, the result holds for this fit."""
    spread: Spread | None
    """Of the difference over the units; None if a score is infinite."""
    of_seeds: tuple[Component, ...]
    """What fits add to the variance of the difference."""
    unseen: float
    """Standard deviation of what the sample may be too small to hold."""

    @property
    def seed_dof(self) -> float | None:
        """By Welch & Satterthwaite, over the sides with more than one fit; None if there is no such side."""
        return _fewest(self.of_seeds)

    @property
    def seed_variance(self) -> float:
        """Of the difference over seeds."""
        return sum(one.variance for one in self.of_seeds)

    @property
    def low(self) -> float:
        return self._interval(self.level)[0]

    @property
    def high(self) -> float:
        return self._interval(self.level)[1]

    @property
    def verdict(self) -> Verdict:
        """The verdict of the interval."""
        return self._verdict(self.low, self.high)

    @property
    def surely_worse(self) -> bool:
        """Whether the model is worse by the interval of the stricter level."""
        return self._verdict(*self._interval(self.stricter)) == "worse"

    @property
    def chance(self) -> float:
        """The p-value of no difference: one minus the highest level whose interval leaves 0 out."""
        if self.difference == 0 or np.isnan(self.difference):
            return 1.0
        if np.isinf(self.difference):
            return 0.0
        smallest, largest = np.log(SMALLEST), 0.0
        while largest - smallest > ROUNDING:
            middle = (smallest + largest) / 2
            low, high = self._interval(1 - np.exp(middle))
            if low <= 0 <= high:
                smallest = middle
            else:
                largest = middle
        return float(np.exp(largest))

    @property
    def carried_by(self) -> tuple[int, ...]:
        """Groups that carry so much of the difference that its interval is widened; empty if there are none."""
        return () if self.spread is None else self.spread.heavy

    def _interval(self, level: float) -> tuple[float, float]:
        if np.isnan(self.difference):
            return -np.inf, np.inf
        if self.spread is None:
            return self.difference, self.difference
        wider = HEAVY if self.spread.heavy else 1.0
        of_seeds = _reach(self.of_seeds, level)
        of_unseen = float(ndtri((1 + level) / 2)) * self.unseen
        below, above = (
            float(np.sqrt((wider * side) ** 2 + of_seeds**2 + of_unseen**2)) for side in self.spread.sides(level)
        )
        return self.difference - below, self.difference + above

    def _verdict(self, low: float, high: float) -> Verdict:
        if -self.margin <= low and high <= self.margin:
            return "tie"
        if low <= 0 <= high:
            return "undecided"
        return "better" if (high < 0) == self.lower_is_better else "worse"


def estimate(
    metric: Metric,
    fits: Sequence[Columns],
    ways: Sequence[Way] = ITEMS,
    level: float = 0.95,
    *,
    seeds: Sequence[Component] | None = None,
) -> Estimate:
    """Return a model's score with an interval that covers the variation over items and over fits.

    Args:
        fits: columns of the same units for several seeds, each column (U,).
        ways: how the units depend on each other.
        level: coverage of the interval.
        seeds: what fits add to the variance of their mean score, on the metric's scale, if more is known of it than
            these fits show; None: as they show.

    Raises:
        ValueError: there are no fits or units, shapes differ, a column holds −∞, or the metric is undefined.
    """
    _check_level(level)
    _check_sides({"fit": fits})
    (model,), ways, _ = _counting([_scored(metric, fits)], ways)
    value, seeds = float(model.values.mean()), [_seed_part([model])] if seeds is None else seeds
    over, low, high = None, value, value
    if np.isfinite(value):  # one impossible item makes the expected score infinite
        of_seeds = _reach(seeds, level)
        positive = metric.range == "positive" and value > 0

        def influence(groups: Ids | None) -> Floats:
            found = model.influence(groups)
            return _on_logarithm(found, value) if positive else found

        over = spread(influence, ways)
        if metric.range == "share":
            error = model.units**2 * _error_variance(
                metric, fits[0], model.totals[0]
            )  # a group may be wrong as a whole
            low, high = wilson(value, over, error, of_seeds, level)
        elif metric.scale == "square":
            alone = spread(lambda _: influence(None), ITEMS) if ways[0].groups is not None else over
            low, high = of_square(value, metric.noise_of(fits[0]), over, alone, of_seeds, level)
        else:
            below, above = (
                float(np.hypot(side, of_seeds / value if positive else of_seeds)) for side in over.sides(level)
            )
            low, high = (value * _exp(-below), value * _exp(above)) if positive else (value - below, value + above)
    return Estimate(
        value=_natural(metric, value),
        low=_natural(metric, low),
        high=_natural(metric, high),
        seeds=len(fits),
        seeds_sd=_sd(metric.natural(model.values)),
        spread=over,
        seed_dof=_fewest(seeds),
    )


def compare(
    metric: Metric,
    fits: Sequence[Columns],
    reference: Sequence[Columns],
    margin: float,
    ways: Sequence[Way] = ITEMS,
    level: float = 0.95,
    *,
    stricter: float | None = None,
    by_seed: bool = False,
    seeds: Sequence[Component] | None = None,
) -> Comparison:
    """Compare a model with a reference in pairs, unit by unit.

    The verdict depends on the interval of the difference, so that a reader can check it in the table: *tie* if the
    whole interval lies within ±margin; otherwise *better* or *worse* if it excludes 0, and *undecided* if it does not.
    A tie therefore passes two one-sided tests (Schuirmann 1987), each at (1 − level) / 2: with the usual 95 % this is
    2.5 %, half of what the 90 % interval of bioequivalence allows.

    What the sample is too small to hold is counted as well: of a share, one more error of either model (Bonett & Price
    2012, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data", J.
    Educational and Behavioral Statistics 37); of other scores, if fewer than `LOSERS` units speak against the
    difference, one unit that speaks against it by `RARE` standard deviations of the scores. If few units carry the
    difference, the interval is `HEAVY` times as wide.

    Args:
        fits: columns of the model, one mapping per seed, each column (U,).
        reference: the same for the reference, on the same units; a deterministic reference has one fit.
        margin: the largest difference on the metric's scale that does not matter.
        ways: how the units depend on each other.
        level: coverage of the interval.
        stricter: a higher level, for a verdict that is one of many; None: the same.
        by_seed: whether fits are paired too, the first with the first: two versions of one model with the same seeds.
        seeds: what fits add to the variance of the difference of mean scores, if more is known of it than these fits
            show as independent samples; None: as they show.

    Raises:
        ValueError: a side has no fits or units, shapes differ, a column holds −∞, or the metric is undefined; or fits
            are paired, and one side has more.
    """
    stricter = level if stricter is None else stricter
    _check_level(level)
    _check_level(stricter)
    if not 0 <= margin < np.inf:
        raise ValueError(f"margin must be finite and 0 or more, not {margin}")
    _check_sides({"fit": fits, "reference fit": reference})
    if by_seed and len(fits) != len(reference):
        raise ValueError(f"fits are paired by seed, but there are {len(fits)} and {len(reference)}")
    sides, ways, numbers = _counting([_scored(metric, side) for side in (fits, reference)], ways)
    ours, theirs = (float(side.values.mean()) for side in sides)
    seeds = [_seed_part(sides, by_seed)] if seeds is None else seeds
    unseen, over = 0.0, None
    difference = np.nan if np.isinf(ours) and ours == theirs else ours - theirs
    if np.isfinite(difference):

        def influence(groups: Ids | None) -> Floats:
            return sides[0].influence(groups) - sides[1].influence(groups)

        over = spread(influence, ways)
        over = replace(over, heavy=tuple(numbers[over.way][group] for group in over.heavy))
        way = next(way for way in ways if way.name == over.way)
        unseen = _unseen(metric, fits[0], sides, [side.influence(way.groups) for side in sides], difference)
    return Comparison(
        difference=difference,
        level=level,
        stricter=stricter,
        margin=margin,
        lower_is_better=metric.lower_is_better,
        skill=_skill(metric, _natural(metric, ours), _natural(metric, theirs)),
        seeds=(len(fits), len(reference)),
        spread=over,
        of_seeds=tuple(seeds),
        unseen=unseen,
    )


def _counting(
    sides: Sequence[_Scored], ways: Sequence[Way]
) -> tuple[Sequence[_Scored], Sequence[Way], Mapping[str, Sequence[int]]]:
    """Leave out units that add nothing to any sum, such as a series without a scale: they are not part of the sample.

    Returns:
        The sides by the other units, the ways with groups numbered anew, and the former numbers of the groups by way.
    """
    counts = np.any([side.counting for side in sides], axis=0)
    if counts.all() or not counts.any():
        return sides, ways, {way.name: range(way.count(len(counts))) for way in ways}
    kept, numbers = [], {}
    for way in ways:
        former = np.flatnonzero(counts) if way.groups is None else np.unique(way.groups[counts])
        numbers[way.name] = former.tolist()
        kept.append(way if way.groups is None else replace(way, groups=numbered(way.groups[counts])))
    return [side.of(counts) for side in sides], kept, numbers


def choose(validation: Mapping[str, float], metric: Metric) -> str:
    """Return the name with the best validation score; if scores are equal, the first name in the alphabet.

    Test scores are not used: choosing the best of several equal models *on the test part* would favour it.

    Raises:
        ValueError: there are no scores, or one is NaN.
    """
    if not validation:
        raise ValueError("there is no model to choose: none has a validation score")
    unknown = [name for name, score in validation.items() if np.isnan(score)]
    if unknown:
        raise ValueError(f"leave out models without a validation score (it is NaN): {', '.join(sorted(unknown))}")
    sign = 1 if metric.lower_is_better else -1
    return min(validation, key=lambda name: (sign * validation[name], name))


def _error_variance(metric: Metric, columns: Columns, total: Floats) -> float:
    """Return the mean square by which one more error would change a share; total: (K,)."""
    if metric.errors is None:
        raise ValueError(f"{metric.name} is a share, so its `errors` must say what an error changes")
    changes, probabilities = metric.errors(columns)
    return float(probabilities @ np.square(metric.value(total + changes) - metric.value(total[None])))


def _unseen(
    metric: Metric, columns: Columns, sides: Sequence[_Scored], single: Sequence[Floats], difference: float
) -> float:
    """Return the standard deviation that units add which the sample may be too small to hold; see `compare`."""
    influence = single[0] - single[1]
    groups = len(influence)
    if metric.range == "share":
        error = max(_error_variance(metric, columns, total) for side in sides for total in side.totals)
        return float(np.sqrt(2 * error)) * sides[0].units / (groups + 2)
    of_units = influence + difference
    differ = np.abs(of_units) > ROUNDING * np.abs(np.concatenate(single)).max()
    against = np.count_nonzero(differ & (np.sign(of_units) == -np.sign(difference)))
    if against >= LOSERS or not differ.any():
        return 0.0
    return float(np.sqrt(2) * RARE * max(one.std() for one in single)) / (groups + 2)


def _on_logarithm(influence: Floats, value: float) -> Floats:
    """Return the influences on the logarithm of a positive score from those on the score."""
    without = np.maximum(value - influence / max(1, len(influence) - 1), 1e-300)
    found: Floats = (len(influence) - 1) * (np.log(value) - np.log(without))
    return found


def _exp(x: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp(x))


def _skill(metric: Metric, score: float, reference: float) -> float:
    if reference == 0 or (np.isinf(score) and np.isinf(reference)):
        return np.nan
    gain = score / reference - 1
    return -gain if metric.lower_is_better else gain


def _natural(metric: Metric, value: float) -> float:
    return float(metric.natural(np.array([value]))[0])


def _reach(seeds: Sequence[Component], level: float) -> float:
    """Return the half-width that fits add to an interval."""
    return float(np.sqrt(sum(quantile(one.dof, level) ** 2 * one.variance for one in seeds)))


def _fewest(seeds: Sequence[Component]) -> float | None:
    return min((one.dof for one in seeds if one.dof is not None), default=None)


def _seed_part(sides: Sequence[_Scored], by_seed: bool = False) -> Component:
    """Return the variance that seeds add, over the sides with more than one fit, and its degrees of freedom.

    It is Σ s²/n without half of what differences of fits on single units contribute to it, since the variance over
    units counts that. (Without all of it, 7 % of 95 % intervals from 3 fits can miss the true value, since the rest is
    not known well enough.)

    Welch 1947, Satterthwaite 1946: ν = (Σ v)² / Σ (v² / (n − 1)) with v = s²/n. This is an approximation: if only seeds
    matter and one side varies far more than the other, 5.6 % of 95 % intervals from 3 fits per side miss the true
    value.

    Args:
        by_seed: whether the fits of the two sides are paired, so that their differences are the only sample.
    """
    kept = [side for side in sides if len(side.values) > 1 and np.isfinite(side.values).all()]
    if not kept or (by_seed and len(kept) < 2):
        return Component(0.0, None)
    samples = [kept[0].values - kept[1].values] if by_seed else [side.values for side in kept]
    variances = np.array([values.var(ddof=1) / len(values) for values in samples])
    dofs = np.array([len(values) - 1 for values in samples])
    total = float(variances.sum())
    if total == 0:
        return Component(0.0, float(dofs.sum()))
    psi = [kept[0].single - kept[1].single] if by_seed else [side.single for side in kept]
    counted = sum(map(_of_single_units, psi))
    return Component(max(0.0, total - counted / 2), float(1 / ((variances / total) ** 2 / dofs).sum()))


def _of_single_units(psi: Floats) -> float:
    """Return the variance of a mean over fits that comes from differences of fits on single units, from ψ (n, U)."""
    fits, units = psi.shape
    residual = np.square(psi - psi.mean(axis=0)).sum()
    return float(residual / (units * max(1, units - 1)) / (fits * (fits - 1)))


def _sd(scores: Floats) -> float | None:
    if len(scores) == 1:
        return None
    return float(scores.std(ddof=1)) if np.isfinite(scores).all() else np.inf


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, such as 0.95, not {level}")


def _check_sides(sides: Mapping[str, Sequence[Columns]]) -> None:
    """Raise if an input is invalid and would give a wrong number."""
    shapes = {column.shape for fits in sides.values() for fit in fits for column in fit.values()}
    units = next(iter(shapes), ())
    for side, fits in sides.items():
        if not fits:
            raise ValueError(f"there is no {side} to score")
        for number, fit in enumerate(fits, start=1):
            for name, values in fit.items():
                if values.shape != units or len(units) != 1:
                    raise ValueError(
                        f"column {name!r} of {side} {number} has shape {values.shape}, others have {units}: "
                        f"score all fits on the same items"
                    )
                if values.dtype.kind == "f" and np.isneginf(values).any():
                    broken = np.isneginf(values)
                    raise ValueError(
                        f"column {name!r} of {side} {number} holds −∞ in {broken.sum():,} of {len(broken):,} items, "
                        f"the first at {int(broken.argmax()):,}: leave the fit out, or correct its scores"
                    )
