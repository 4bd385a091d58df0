"""Scores of models against the size of the training part, and where their order turns: a pure function of runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqbench.evidence.crossing import Crossing, Difference, band, crossings
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.power_law import FEWEST, Extrapolation, extrapolated
from seqbench.evidence.samples import of_samples
from seqbench.evidence.statistics import Comparison, Component, Estimate, compare, estimate
from seqbench.interface import Floats
from seqbench.reports.groups import Basis, Run
from seqbench.reports.table import Row, Table, best_on_validation, tables
from seqbench.tasks import task


@dataclass(frozen=True)
class Size:
    """The fits to one share of the training part."""

    share: float
    amount: int | None
    """How much the fits learned from, their mean, in the curve's unit; None: no fit came so far."""
    table: Table


@dataclass(frozen=True)
class Point:
    size: Size
    estimate: Estimate
    """Its interval covers test items, training samples and seeds."""


@dataclass(frozen=True)
class Order:
    """A model against the reference, size by size."""

    label: str
    sizes: tuple[Size, ...]
    """Those at which both have a score."""
    comparisons: tuple[Comparison, ...]
    """One per size; their intervals cover test items, training samples and seeds."""
    crossings: tuple[Crossing, ...]
    """Within the data."""
    beyond: Extrapolation | None
    """Where the order would turn beyond the data; None: it turns within the data, or sizes are too few to tell. A
    crossing before which nothing is sure does not count as one."""


@dataclass(frozen=True)
class SizeCurve:
    """The curves of all models on one data set."""

    basis: Basis
    metric: Metric
    unit: str
    """What the training part is counted in, in the singular."""
    sizes: tuple[Size, ...]
    """The smallest first."""
    points: Mapping[str, tuple[Point, ...]]
    """By the label of the model, true models included; sizes without a score are left out."""
    reference: str | None
    """Label of the best classic model on validation at the largest size, or of the best model if all are neural."""
    orders: tuple[Order, ...]
    """Of the other comparable models."""
    random: bool
    """Whether parts of the training part are drawn at random."""
    level: float

    @property
    def repeated(self) -> bool:
        """Whether parts of one size were drawn several times, so that intervals cover training samples."""
        return self.random and any(
            row.pooled > 1 for size in self.sizes if size.share < 1 for row in size.table.rows if row.kind != "truth"
        )

    @property
    def labels(self) -> list[str]:
        """The labels of all models, true models last."""
        found = {row.label: row for size in self.sizes for row in size.table.rows}
        return sorted(found, key=lambda label: found[label].kind == "truth")

    def row(self, label: str) -> Row:
        """Return the row of a model at the largest size at which it was run."""
        return next(row for size in reversed(self.sizes) if (row := size.table.row(label)) is not None)


def curves(
    runs: Sequence[Run], *, margin: float = 0.01, level: float = 0.95, command: str | None = None
) -> list[SizeCurve]:
    """Return the curves of each data set.

    Args:
        runs, margin, level, command: as for `seqbench.reports.table.tables`; runs differ in the share of the training
            part.
    """
    learned = [run for run in runs if run[0].kind != "truth"]
    known = [run for run in runs if run[0].kind == "truth"]  # which learns nothing: it stands beside the largest size
    shares = sorted({record.identity.share for record, _ in learned})
    found: dict[Basis, list[Size]] = {}
    for share in shares:
        own = [run for run in learned if run[0].identity.share == share] + (known if share == shares[-1] else [])
        for table in tables(own, margin=margin, level=level, command=command):
            found.setdefault(_basis(table, list(found)), []).append(Size(share, _amount(table), table))
    return [_curve(basis, sizes, level) for basis, sizes in found.items()]


def _basis(table: Table, known: Sequence[Basis]) -> Basis:
    """Return the basis of a curve. Runs that all ended before their data was read belong to the curve of this data."""
    basis = replace(table.basis, distinction="")
    if basis.comparability is not None:
        return basis
    alike = (other for other in known if replace(other, comparability=None) == basis)
    return next(alike, basis)


def _amount(table: Table) -> int | None:
    sizes = [record.training_size for row in table.rows if row.kind != "truth" for record in row.records]
    counted = [size[0] for size in sizes if size is not None]
    return round(float(np.mean(counted))) if counted else None


def _unit(sizes: Sequence[Size]) -> str:
    records = [record for size in sizes for row in size.table.rows for record in row.records]
    return next((record.training_size[1] for record in records if record.training_size is not None), "item")


def _curve(basis: Basis, sizes: Sequence[Size], level: float) -> SizeCurve:
    metric, reference, random = sizes[-1].table.metrics[0], _reference(sizes), task(basis.task).random_parts
    labels = list(dict.fromkeys(row.label for size in sizes for row in size.table.rows))
    scored = {label: _scored(metric, sizes, label) for label in labels}
    others = [label for label in labels if label != reference and _kind(sizes, label) != "truth"]
    orders = [
        _order(metric, label, scored[label], scored[reference], random, level)
        for label in others
        if reference is not None
    ]
    return SizeCurve(
        basis=basis,
        metric=metric,
        unit=_unit(sizes),
        sizes=tuple(sizes),
        points={label: _points(metric, scored[label], random, level) for label in labels},
        reference=reference,
        orders=tuple(order for order in orders if order is not None),
        random=random,
        level=level,
    )


def _reference(sizes: Sequence[Size]) -> str | None:
    """Return the best classic model on validation at the largest size at which there is one, else the best model."""
    best = [
        best_on_validation([row for row in size.table.rows if row.kind != "truth"], size.table.metrics[0])
        for size in sizes
    ]
    classic = [size.table.reference for size in sizes]
    return next((label for label in [*reversed(classic), *reversed(best)] if label is not None), None)


def _kind(sizes: Sequence[Size], label: str) -> str:
    return next(row.kind for size in sizes if (row := size.table.row(label)) is not None)


@dataclass(frozen=True)
class _Scored:
    """The fits of one model to one share."""

    size: Size
    fits: Mapping[int, Columns]
    """By the seed."""
    scores: Mapping[int, float]
    """On the metric's scale, by the seed."""
    comparable: bool


@dataclass(frozen=True)
class _Pair:
    """The fits of a model and of the reference that are compared at one size."""

    size: Size
    ours: Sequence[Columns]
    theirs: Sequence[Columns]
    reference: Floats
    """Scores of the reference, on the metric's scale."""
    differences: Floats
    """From these, seed by seed."""


def _scored(metric: Metric, sizes: Sequence[Size], label: str) -> list[_Scored]:
    """Return the sizes at which a model has a finite score."""
    found = []
    for size in sizes:
        row = size.table.row(label)
        if row is None or metric.name not in row.estimates:
            continue
        fits = row.by_seed
        scores = {
            seed: float(metric.on_scale(metric.of_items(fit).sum(axis=0, keepdims=True))[0])
            for seed, fit in fits.items()
        }
        if np.isfinite(list(scores.values())).all():
            found.append(_Scored(size, fits, scores, row.comparable))
    return found


def _points(metric: Metric, scored: Sequence[_Scored], random: bool, level: float) -> tuple[Point, ...]:
    scores = [np.array(list(one.scores.values())) for one in scored]
    components = of_samples(scores, [one.size.share for one in scored], random)
    return tuple(
        Point(one.size, estimate(metric, list(one.fits.values()), one.size.table.ways, level, seeds=of_fits))
        for one, of_fits in zip(scored, components, strict=True)
    )


def _order(
    metric: Metric, label: str, ours: Sequence[_Scored], theirs: Sequence[_Scored], random: bool, level: float
) -> Order | None:
    """Return a model against the reference; None if they share no size."""
    pairs = _pairs(ours, theirs, random)
    if not pairs:
        return None
    shares = [pair.size.share for pair in pairs]
    components = of_samples([pair.differences for pair in pairs], shares, random)
    comparisons = [
        compare(
            metric,
            pair.ours,
            pair.theirs,
            pair.size.table.settings.margin,
            pair.size.table.ways,
            level,
            seeds=of_fits,
        )
        for pair, of_fits in zip(pairs, components, strict=True)
    ]
    points = [
        Difference(float(pair.size.amount or 0), one.difference, one.low, one.high)
        for pair, one in zip(pairs, comparisons, strict=True)
    ]
    turns = crossings(points) if len(points) > 1 else []
    beyond = None
    if len(points) >= FEWEST and all(turn.low is None and turn.high is not None for turn in turns):
        of_reference = of_samples([pair.reference for pair in pairs], shares, random)
        losses = np.array([pair.reference.mean() for pair in pairs])
        beyond = _beyond(metric, points, comparisons[-1], losses, of_reference, components, level)
    return Order(label, tuple(pair.size for pair in pairs), tuple(comparisons), tuple(turns), beyond)


def _pairs(ours: Sequence[_Scored], theirs: Sequence[_Scored], random: bool) -> list[_Pair]:
    """Return the sizes at which both are comparable, with the fits of equal seeds where each seed has a part of its own
    or both have several. Of sizes with equal amounts the first one stays."""
    found: list[_Pair] = []
    others = {one.size.share: one for one in theirs if one.comparable}
    for one in ours:
        other = others.get(one.size.share)
        if other is None or not one.comparable or (found and (one.size.amount or 0) <= (found[-1].size.amount or 0)):
            continue
        seeds, reference = list(one.fits), list(other.fits)
        if (random and one.size.share < 1) or min(len(seeds), len(reference)) > 1:
            seeds = reference = [seed for seed in seeds if seed in other.fits]
        if seeds:
            scores = np.array([other.scores[seed] for seed in reference])
            differences = np.array([one.scores[seed] for seed in seeds]) - scores
            fits = [one.fits[seed] for seed in seeds], [other.fits[seed] for seed in reference]
            found.append(_Pair(one.size, *fits, scores, differences))
    return found


def _beyond(
    metric: Metric,
    points: Sequence[Difference],
    largest: Comparison,
    losses: Floats,
    of_losses: Sequence[Sequence[Component]],
    of_differences: Sequence[Sequence[Component]],
    level: float,
) -> Extrapolation | None:
    """Return where the order would turn beyond the data; None if the interval of a difference is unbounded.

    If the difference is not sure at the largest size, a crossing is not excluded from the last size on at which it is.
    """
    over = largest.spread
    if over is None or not np.isfinite(over.variance):
        return None
    sign = 1.0 if metric.lower_is_better else -1.0
    found = extrapolated(
        [replace(point, value=sign * point.value) for point in points],
        sign * losses,
        _deviations(of_losses),
        _deviations(of_differences),
        float(np.sqrt(over.variance)),
        least=_least(metric),
        level=level,
    )
    held = band(points)
    if held.sure[-1]:
        return found
    last = np.flatnonzero(held.sure)
    return replace(found, low=float(held.sizes[last[-1] if len(last) else 0]))


def _deviations(components: Sequence[Sequence[Component]]) -> Floats:
    return np.sqrt([sum(one.variance for one in size) for size in components])


def _least(metric: Metric) -> float:
    """Return the smallest possible loss on the metric's scale, where higher scores are negative losses."""
    if not metric.lower_is_better:
        return -1.0 if metric.range == "share" else -np.inf
    return 0.0 if metric.range == "positive" or metric.scale != "linear" else -np.inf
