"""The uncertainty of a score, and whether one model is better than another, for all tasks.

A test score is uncertain for two reasons: other items could be in the test part, and another seed would give another
fit. A bootstrap over items estimates the first variance, fits with several seeds estimate the second. Each has its own
quantile t of Student's distribution, and the half-width h of the interval combines them,

    h² = t²(ν_item) V_item + t²(ν_seed) V_seed,

which covers at least `level` whatever their ratio (Banerjee 1960, "Approximate confidence interval for
linear functions of means of k populations when the population variances are not equal", Sankhyā 22). A
single t with Satterthwaite's degrees of freedom for the sum does not: if V_seed is estimated from three fits and V_item
is known well, up to 8 % of its 95 % intervals miss the true value.

Everything is computed on the metric's scale (`Metric.scale`). For a perplexity this is the logarithm, so that a
difference of 0.01 is 1 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from seqbench.evidence.metrics import Columns, Metric
from seqbench.interface import Floats

Verdict = Literal["better", "tie", "worse", "undecided"]

BLOCKS = 10
"""Number of blocks that a stream is cut into. Blocks are few and long: dependence between blocks would make every
interval too short, while a small number of blocks only makes t larger, by a known amount (fixed-b asymptotics, Kiefer &
Vogelsang 2005)."""


@dataclass(frozen=True)
class Estimate:
    """A model's score and its interval, in the metric's own unit."""

    value: float
    """Mean over fits on the metric's scale; for perplexities this is the geometric mean."""
    low: float
    high: float
    """Infinitely wide if there is only one block of items."""
    seeds: int
    """Number of fits; if there is one, the interval is for this fit and leaves out the variation over seeds."""
    seeds_sd: float | None
    """Standard deviation of a single fit's score over seeds; None with one fit."""
    item_dof: float
    """Degrees of freedom of the variance over items, blocks − 1; 0: too few items for an interval."""
    seed_dof: float | None


@dataclass(frozen=True)
class Comparison:
    """A model compared with a reference on the same items."""

    difference: float
    """Score of the model minus that of the reference, on the metric's scale; NaN if both are infinite."""
    low: float
    high: float
    skill: float
    """The gain relative to the reference's score; above 0 is better. It is 1 − score / reference if lower is
    better, and score / reference − 1 if higher is better. NaN if the reference's score is 0 or both are infinite."""
    verdict: Verdict
    seeds: tuple[int, int]
    """Fits of the model and of the reference. If a stochastic side has one fit, the result holds for this fit."""
    item_dof: float
    seed_dof: float | None
    """By Welch & Satterthwaite, over the sides with more than one fit; None if there is no such side."""


def block_length(length: int) -> int:
    """Return the items per block of a stream of `length` items, so that about ten blocks cover it.

    The usual ⌈length^(1/3)⌉ minimises the mean squared error of the *variance*. An interval needs a small bias of the
    variance, and therefore longer blocks (Sun, Phillips & Jin 2008, Econometrica 76). This matters most for text: the
    difference between models depends on the article, and an article is thousands of tokens long.
    """
    return max(1, -(-length // BLOCKS))


def block_weights(length: int, block: int, resamples: int, rng: np.random.Generator) -> Floats:
    """Return the weights of a circular block bootstrap: the number of times that each resample draws each item.

    A resample consists of blocks of `block` neighbours with random starts; a block that reaches the end continues at
    the beginning. The last block is cut so that N items are drawn (Politis & Romano 1992, "A circular
    block-resampling procedure for stationary data").

    Args:
        length: number of items, N, in the order of the stream.
        block: number of items that are drawn together; 1 if items are independent.
        resamples: number of resamples, R.

    Returns:
        (R, N) counts, each row summing to N.

    Raises:
        ValueError: length or resamples is below 1, or block is not in 1..N.
    """
    if length < 1:
        raise ValueError(f"a bootstrap needs at least one item to draw, not {length}")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, not {resamples}")
    _check_block(block, length)
    sizes = np.diff(np.append(np.arange(0, length, block), length))
    weights = np.empty((resamples, length))
    for row in weights:  # row by row, since all rows at once would take several times the memory of the result
        starts = rng.integers(length, size=len(sizes))
        ends = starts + sizes
        steps = np.bincount(starts, minlength=length) - np.bincount(ends % length, minlength=length)
        steps[0] += np.count_nonzero(ends >= length)
        np.cumsum(steps, out=row)
    return weights


def estimate(metric: Metric, fits: Sequence[Columns], weights: Floats, level: float = 0.95, *, block: int) -> Estimate:
    """Return a model's score with an interval that covers the variation over items and over fits.

    Args:
        fits: columns of the same items for several seeds, each column (N,).
        weights: (R, N) from `block_weights`, with R = 1000 or more.
        level: coverage of the interval.
        block: items per block in `weights`.

    Raises:
        ValueError: there are no fits or items, shapes differ, a column holds NaN, or the metric is undefined.
    """
    _check_level(level)
    _check_sides({"fit": fits}, weights, block)
    values = _scores(metric, fits)
    value, (seed_variance, seed_dof) = float(values.mean()), _seed_part([values])
    item_dof = _effective_blocks(weights.shape[1], block) - 1
    half = 0.0
    if np.isfinite(value):  # one impossible item makes the expected score infinite
        item_variance = _item_variance(_resampled(metric, fits, weights), item_dof)
        half = _half_width([(item_variance, item_dof), (seed_variance, seed_dof)], level)
    return Estimate(
        value=_natural(metric, value),
        low=_natural(metric, value - half),
        high=_natural(metric, value + half),
        seeds=len(fits),
        seeds_sd=_spread(_natural_scores(metric, values)),
        item_dof=item_dof,
        seed_dof=seed_dof,
    )


def compare(
    metric: Metric,
    fits: Sequence[Columns],
    reference: Sequence[Columns],
    weights: Floats,
    margin: float,
    level: float = 0.95,
    *,
    block: int,
) -> Comparison:
    """Compare a model with a reference in pairs: both are scored on the same resamples of items.

    The verdict depends only on the interval of the difference, so that a reader can check it in the table: *tie* if the
    whole interval lies within ±margin; otherwise *better* or *worse* if it excludes 0, and *undecided* if it does not.
    A tie therefore passes two one-sided tests (Schuirmann 1987), each at (1 − level) / 2: with the usual 95 % this is
    2.5 %, half of what the 90 % interval of bioequivalence allows.

    Args:
        fits: columns of the model, one mapping per seed, each column (N,).
        reference: the same for the reference, on the same items; a deterministic reference has one fit.
        weights: (R, N) from `block_weights`.
        margin: the largest difference on the metric's scale that does not matter.
        level: coverage of the interval.
        block: items per block in `weights`.

    Raises:
        ValueError: a side has no fits or items, shapes differ, a column holds NaN, or the metric is undefined.
    """
    _check_level(level)
    if not 0 <= margin < np.inf:
        raise ValueError(f"margin must be finite and 0 or more, not {margin}")
    _check_sides({"fit": fits, "reference fit": reference}, weights, block)
    ours, theirs = _scores(metric, fits), _scores(metric, reference)
    ours_mean, theirs_mean = float(ours.mean()), float(theirs.mean())
    seed_variance, seed_dof = _seed_part([ours, theirs])
    item_dof = _effective_blocks(weights.shape[1], block) - 1
    if np.isfinite(ours_mean) and np.isfinite(theirs_mean):
        difference = ours_mean - theirs_mean
        paired = _resampled(metric, fits, weights) - _resampled(metric, reference, weights)
        half = _half_width([(_item_variance(paired, item_dof), item_dof), (seed_variance, seed_dof)], level)
    elif ours_mean == theirs_mean:
        difference, half = np.nan, np.inf
    else:
        difference, half = ours_mean - theirs_mean, 0.0
    low, high = (-np.inf, np.inf) if np.isnan(difference) else (difference - half, difference + half)
    return Comparison(
        difference=difference,
        low=low,
        high=high,
        skill=_skill(metric, _natural(metric, ours_mean), _natural(metric, theirs_mean)),
        verdict=_verdict(low, high, margin, metric.lower_is_better),
        seeds=(len(fits), len(reference)),
        item_dof=item_dof,
        seed_dof=seed_dof,
    )


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


def _verdict(low: float, high: float, margin: float, lower_is_better: bool) -> Verdict:
    if -margin <= low and high <= margin:
        return "tie"
    if low <= 0 <= high:
        return "undecided"
    return "better" if (high < 0) == lower_is_better else "worse"


def _skill(metric: Metric, score: float, reference: float) -> float:
    if reference == 0 or (np.isinf(score) and np.isinf(reference)):
        return np.nan
    gain = score / reference - 1
    return -gain if metric.lower_is_better else gain


def _scores(metric: Metric, fits: Sequence[Columns]) -> Floats:
    """Return the scores (n,) of the fits on the metric's scale."""
    return _on_scale(metric, np.concatenate([metric(fit) for fit in fits]))


def _resampled(metric: Metric, fits: Sequence[Columns], weights: Floats) -> Floats:
    """Return the mean score (R,) of the fits on the metric's scale, one per resample."""
    total = np.zeros(len(weights))
    for fit in fits:
        total += _on_scale(metric, metric(fit, weights))
    return total / len(fits)


def _on_scale(metric: Metric, scores: Floats) -> Floats:
    if np.isnan(scores).any():
        raise ValueError(f"{metric.name} is undefined (NaN) for these items")
    if metric.scale == "linear":
        return scores
    if not (scores > 0).all():
        raise ValueError(f"{metric.name} is compared on the log scale and must be above 0, not {scores.min()}")
    return np.log(scores)


def _natural_scores(metric: Metric, values: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.exp(values) if metric.scale == "log" else values


def _natural(metric: Metric, value: float) -> float:
    return float(_natural_scores(metric, np.array([value]))[0])


def _effective_blocks(length: int, block: int) -> float:
    """Return N² / Σ l², the effective number B of blocks of lengths l; a shorter last block counts less.

    For independent items, the bootstrap's variance of a mean is too small by the exact factor 1 − 1 / B.
    """
    whole, rest = divmod(length, block)
    return length**2 / (whole * block**2 + rest**2)


def _item_variance(resampled: Floats, dof: float) -> float:
    """Return the variance over items, corrected for the bootstrap's bias; infinite if there is only one block."""
    return float(resampled.var(ddof=1)) * (dof + 1) / dof if dof > 0 else np.inf


def _seed_part(sides: Sequence[Floats]) -> tuple[float, float | None]:
    """Return the variance Σ s²/n over the sides with more than one fit, and its degrees of freedom.

    Welch 1947, Satterthwaite 1946: ν = (Σ v)² / Σ (v² / (n − 1)) with v = s²/n. This is an approximation: if
    only seeds matter and one side varies far more than the other, 5.6 % of 95 % intervals from 3 fits per side miss
    the true value.
    """
    sides = [values for values in sides if len(values) > 1 and np.isfinite(values).all()]
    if not sides:
        return 0.0, None
    variances = np.array([values.var(ddof=1) / len(values) for values in sides])
    dofs = np.array([len(values) - 1 for values in sides])
    total = float(variances.sum())
    if total == 0:
        return 0.0, float(dofs.sum())
    return total, float(1 / ((variances / total) ** 2 / dofs).sum())


def _half_width(parts: Sequence[tuple[float, float | None]], level: float) -> float:
    """Return √ Σ t² V over parts (variance, degrees of freedom); a part without degrees of freedom is left out."""
    known = [(variance, dof) for variance, dof in parts if dof is not None]
    if any(np.isinf(variance) for variance, _ in known):
        return np.inf
    return float(np.sqrt(sum(stdtrit(dof, (1 + level) / 2) ** 2 * variance for variance, dof in known)))


def _spread(scores: Floats) -> float | None:
    if len(scores) == 1:
        return None
    return float(scores.std(ddof=1)) if np.isfinite(scores).all() else np.inf


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, such as 0.95, not {level}")


def _check_block(block: int, length: int) -> None:
    if not 1 <= block <= length:
        raise ValueError(f"block must lie in 1..{length:,}, the number of items, not {block}")


def _check_sides(sides: Mapping[str, Sequence[Columns]], weights: Floats, block: int) -> None:
    """Raise if an input is invalid and would give a wrong number."""
    if weights.ndim != 2 or len(weights) < 2:
        raise ValueError(f"weights must be (R, N) with R of 2 or more, preferably 1000, not {weights.shape}")
    items = weights.shape[1]
    for side, fits in sides.items():
        if not fits:
            raise ValueError(f"there is no {side} to score")
        for number, fit in enumerate(fits, start=1):
            for name, column in fit.items():
                if column.shape != (items,):
                    raise ValueError(
                        f"column {name!r} of {side} {number} has shape {column.shape}, the weights are for ({items},): "
                        f"score all fits on the same items"
                    )
                broken = ~(column > -np.inf) if column.dtype.kind == "f" else np.zeros(items, bool)
                if broken.any():
                    raise ValueError(
                        f"column {name!r} of {side} {number} holds NaN or −∞ in {broken.sum():,} of {items:,} items, "
                        f"the first at {int(broken.argmax()):,}: leave the fit out, or correct its scores"
                    )
    _check_block(block, items)
