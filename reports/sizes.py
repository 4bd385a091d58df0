"""Scores of models against the size of the training part, and where their order turns: a pure function of runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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
    level: float = field(default=0.95)

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
    kind, largest = task(basis.task), sizes[-1].table
    metric = largest.metrics[0]
    models = [row for row in largest.rows if row.kind != "truth"]
    reference = largest.reference or best_on_validation(models, metric)
    random = kind.random_parts
    labels = list(dict.fromkeys(row.label for size in sizes for row in size.table.rows))
    others = [label for label in labels if label != reference and _kind(sizes, label) != "truth"]
    orders = [_order(metric, sizes, label, reference, random, level) for label in others if reference is not None]
    return SizeCurve(
        basis=basis,
        metric=metric,
        unit=_unit(sizes),
        sizes=tuple(sizes),
        points={label: _points(metric, sizes, label, random, level) for label in labels},
        reference=reference,
        orders=tuple(order for order in orders if order is not None),
        random=random,
        level=level,
    )


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


def _scored(metric: Metric, sizes: Sequence[Size], label: str, comparable: bool = False) -> list[_Scored]:
    """Return the sizes at which a model has a finite score; comparable: only those where it breaks no law."""
    found = []
    for size in sizes:
        row = size.table.row(label)
        if row is None or not row.fits or (comparable and not row.comparable):
            continue
        seeds = [record.identity.seed for record in row.records if record.status == "ok"]
        try:
            scores = [float(metric.on_scale(metric.of_items(fit).sum(axis=0, keepdims=True))[0]) for fit in row.fits]
        except ValueError:  # undefined for these items; the table of the size says so
            continue
        if np.isfinite(scores).all():
            fits = dict(zip(seeds, row.fits, strict=True))
            found.append(_Scored(size, fits, dict(zip(seeds, scores, strict=True))))
    return found


def _points(metric: Metric, sizes: Sequence[Size], label: str, random: bool, level: float) -> tuple[Point, ...]:
    scored = _scored(metric, sizes, label)
    scores = [np.array(list(one.scores.values())) for one in scored]
    components = of_samples(scores, [one.size.share for one in scored], random)
    return tuple(
        Point(one.size, estimate(metric, list(one.fits.values()), one.size.table.ways, level, seeds=of_fits))
        for one, of_fits in zip(scored, components, strict=True)
    )


def _order(
    metric: Metric, sizes: Sequence[Size], label: str, reference: str, random: bool, level: float
) -> Order | None:
    """Return a model against the reference; None if they share no size."""
    theirs = {one.size.share: one for one in _scored(metric, sizes, reference, comparable=True)}
    ours = {one.size.share: one for one in _scored(metric, sizes, label, comparable=True)}
    pairs = {share: pair for share in ours if share in theirs and (pair := _paired(ours[share], theirs[share], random))}
    amounts = [ours[share].size.amount or 0 for share in pairs]
    grows = np.diff(amounts, prepend=0) > 0  # of equal sizes the first one stays
    pairs = {share: pair for (share, pair), more in zip(pairs.items(), grows, strict=True) if more}
    if not pairs:
        return None
    shares, held = list(pairs), [ours[share].size for share in pairs]
    differences = [_values(ours[share], pair[0]) - _values(theirs[share], pair[1]) for share, pair in pairs.items()]
    components = of_samples(differences, shares, random)
    comparisons = [
        compare(
            metric,
            [ours[share].fits[seed] for seed in own],
            [theirs[share].fits[seed] for seed in other],
            ours[share].size.table.settings.margin,
            ours[share].size.table.ways,
            level,
            seeds=of_fits,
        )
        for (share, (own, other)), of_fits in zip(pairs.items(), components, strict=True)
    ]
    points = [
        Difference(float(size.amount or 0), one.difference, one.low, one.high)
        for size, one in zip(held, comparisons, strict=True)
    ]
    turns = crossings(points) if len(points) > 1 else []
    losses = [_values(theirs[share], pair[1]) for share, pair in pairs.items()]
    beyond = None
    if all(turn.low is None and turn.high is not None for turn in turns) and len(points) >= FEWEST:
        beyond = _beyond(metric, points, comparisons, losses, of_samples(losses, shares, random), components, level)
    return Order(label, tuple(held), tuple(comparisons), tuple(turns), beyond)


def _values(one: _Scored, seeds: Sequence[int]) -> Floats:
    return np.array([one.scores[seed] for seed in seeds])


def _paired(ours: _Scored, theirs: _Scored, random: bool) -> tuple[list[int], list[int]] | None:
    """Return the seeds of both sides that are compared: equal ones where each seed has a part of its own, or where both
    have several; None if there are none."""
    common = [seed for seed in ours.fits if seed in theirs.fits]
    parts = random and ours.size.share < 1
    if parts or (len(ours.fits) > 1 and len(theirs.fits) > 1):
        return (common, common) if common else None
    return list(ours.fits), list(theirs.fits)


def _beyond(
    metric: Metric,
    points: Sequence[Difference],
    comparisons: Sequence[Comparison],
    losses: Sequence[Floats],
    of_losses: Sequence[Sequence[Component]],
    of_differences: Sequence[Sequence[Component]],
    level: float,
) -> Extrapolation | None:
    """Return where the order would turn beyond the data; None if the interval of a difference is unbounded.

    If the difference is not sure at the largest size, a crossing is not excluded from the last size on at which it is.
    """
    over = comparisons[-1].spread
    if over is None or not np.isfinite(over.variance):
        return None
    sign = 1.0 if metric.lower_is_better else -1.0
    found = extrapolated(
        [replace(point, value=sign * point.value) for point in points],
        np.array([sign * one.mean() for one in losses]),
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
