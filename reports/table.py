"""Tables as a pure function of records and item columns: the same runs give the same table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Costs, Record
from seqbench.evidence.statistics import Comparison, Estimate, block_weights, choose, compare, estimate
from seqbench.interface import Floats
from seqbench.reports.groups import Basis, Group, Run, groups, one_group, rows
from seqbench.tasks import task

ROOM = 50_000_000
"""Largest number of bootstrap weights (400 MB). A very long test part gets fewer resamples; the table states them."""


BOOTSTRAP_SEED = 0
"""All tables use the same seed, so that the same runs give the same bytes."""


@dataclass(frozen=True)
class Settings:
    """How a table is made from its runs; the fields are arguments of `tables`."""

    margin: float
    level: float
    resamples: int
    command: str | None


@dataclass(frozen=True)
class Row:
    """A model, pooled over its seeds. Values that do not exist are None."""

    label: str
    kind: Literal["classic", "neural", "truth"]
    stochastic: bool
    records: tuple[Record, ...]
    """All cells of the row, sorted by seed."""
    pooled: int
    """How many of the records ended ok and are pooled."""
    scores: Mapping[str, float]
    """Test scores by the metric's name."""
    validation: float | None
    estimate: Estimate | None
    """Score by the first metric, with its interval."""
    broken: tuple[Check, ...]
    """Laws that a pooled fit broke, with the worst measured value of each."""
    marks: tuple[str, ...]
    """The task's marks of the broken laws, which make the score incomparable."""
    costs: Costs
    """Means over the pooled fits, but the highest peak memory; busy if one fit was; over all cells if none is ok."""
    why_no_interval: str = ""
    against_reference: Comparison | None = None
    against_truth: Comparison | None = None
    beats_truth: bool = False
    """Better than the true model beyond the paired interval, which no honest model is."""

    @property
    def comparable(self) -> bool:
        return self.pooled > 0 and not self.marks

    @property
    def status(self) -> str:
        statuses = list(dict.fromkeys(record.status for record in self.records))
        if self.pooled == len(self.records):
            return "ok"
        return f"{self.pooled} of {len(self.records)} seeds" if self.pooled else ", ".join(statuses)


@dataclass(frozen=True)
class Table:
    basis: Basis
    metrics: tuple[Metric, ...]
    """`metrics[0]` ranks and decides the verdict."""
    shown: int
    """How many of the metrics get a column."""
    rows: tuple[Row, ...]
    """In the order of the runs; the true model is last."""
    reference: str | None
    """Label of the best comparable classic model on validation."""
    best: str | None
    """Label of the best comparable model on validation, true models left out."""
    settings: Settings
    resamples: int
    units: int
    block: int
    """The bootstrap: number of resamples, units of the test part, length of a block in units; all 0 without items."""

    def row(self, label: str | None) -> Row | None:
        return next((row for row in self.rows if row.label == label), None)


@dataclass(frozen=True)
class _Lot:
    """The runs that a row is computed from."""

    label: str
    runs: Sequence[Run]
    fits: Sequence[Columns]
    """Item columns of the cells that ended ok, as metrics take them; empty if one of these cells has none."""
    block: int


def table(
    runs: Sequence[Run],
    *,
    margin: float = 0.01,
    level: float = 0.95,
    resamples: int = 2000,
    command: str | None = None,
) -> Table:
    """Return one table of runs that may stand together; the arguments are those of `tables`.

    Raises:
        ValueError: there are no runs, or they differ in data, vocabulary, convention, unit, schema or number of
            items; the message names them.
    """
    return _table(one_group(runs), Settings(margin, level, resamples, command))


def tables(
    runs: Sequence[Run],
    *,
    margin: float = 0.01,
    level: float = 0.95,
    resamples: int = 2000,
    command: str | None = None,
) -> list[Table]:
    """Return one table for each set of runs that may stand together, in order of first appearance.

    Args:
        runs: records with their stored item columns, in the order of the rows.
        margin: half the width of the region of a tie, on the scale of the task's first metric.
        level: confidence level of the intervals.
        resamples: number of bootstrap resamples.
        command: the command that made the runs, for the footer; None: it is put together from the records.
    """
    return [_table(group, Settings(margin, level, resamples, command)) for group in groups(runs)]


def _table(group: Group, settings: Settings) -> Table:
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # the row of a broken model shows ∞ or a note
        return _computed(group, settings)


def _computed(group: Group, settings: Settings) -> Table:
    basis, members = group
    kind = task(basis.task)
    metric = kind.metrics[0]
    lots = [_lot(label, runs, kind.items) for label, runs in rows(members)]
    lots.sort(key=lambda lot: lot.runs[0][0].kind == "truth")
    weights, block = _weights(lots, settings)
    made = {lot.label: _row(lot, kind.metrics, kind.marks, weights, block, settings) for lot in lots}
    fits = {lot.label: lot.fits for lot in lots if made[lot.label].estimate is not None and made[lot.label].comparable}
    reference = best_on_validation([row for row in made.values() if row.kind == "classic"], metric)
    truth = next((row.label for row in made.values() if row.kind == "truth"), None)

    def against(label: str, other: str | None) -> Comparison | None:
        if other is None or other == label or weights is None or label not in fits or other not in fits:
            return None
        return compare(metric, fits[label], fits[other], weights, settings.margin, settings.level, block=block)

    finished = []
    for label, row in made.items():
        to_truth = against(label, truth)
        changes = {
            "against_reference": against(label, reference),
            "against_truth": to_truth,
            "beats_truth": to_truth is not None and _beats(to_truth, metric),
        }
        finished.append(Row(**{**vars(row), **changes}))
    return Table(
        basis=basis,
        metrics=kind.metrics,
        shown=kind.shown,
        rows=tuple(finished),
        reference=reference,
        best=best_on_validation([row for row in made.values() if row.kind != "truth"], metric),
        settings=settings,
        resamples=0 if weights is None else weights.shape[0],
        units=0 if weights is None else weights.shape[1],
        block=block,
    )


def _lot(label: str, runs: Sequence[Run], items: Callable[[Columns], tuple[Columns, int]]) -> _Lot:
    kept = [columns for record, columns in runs if record.status == "ok"]
    scored = [items(columns) for columns in kept if columns is not None]
    if len(scored) < len(kept):  # an interval over only some of the fits would look like one over all fits
        scored = []
    return _Lot(label, runs, [fit for fit, _ in scored], scored[0][1] if scored else 0)


def _weights(lots: Sequence[_Lot], settings: Settings) -> tuple[Floats | None, int]:
    """Return the bootstrap weights (R, N) of all rows, so that comparisons are paired; and the block length."""
    scored = [lot for lot in lots if lot.fits]
    if not scored:
        return None, 0
    sizes = {len(next(iter(fit.values()))): lot.label for lot in scored for fit in lot.fits}
    if len(sizes) > 1:
        found = ", ".join(f"{size:,} ({label})" for size, label in sizes.items())
        raise ValueError(f"runs cannot be compared item by item, since they have different numbers of units: {found}")
    units, block = next(iter(sizes)), scored[0].block
    resamples = max(2, min(settings.resamples, ROOM // units))
    return block_weights(units, block, resamples, np.random.default_rng(BOOTSTRAP_SEED)), block


def _row(
    lot: _Lot,
    metrics: Sequence[Metric],
    marks: Mapping[str, str],
    weights: Floats | None,
    block: int,
    settings: Settings,
) -> Row:
    records = tuple(record for record, _ in lot.runs)
    ok = [record for record in records if record.status == "ok"]
    metric = metrics[0]
    broken: dict[str, Check] = {}
    for check in (check for record in ok for check in record.checks if not check.passed):
        worst = broken.get(check.name)
        if worst is None or (check.value or 0.0) > (worst.value or 0.0):
            broken[check.name] = check
    found, why = None, ""
    if ok and (weights is None or not lot.fits):
        why = "the scores of its single items are missing, so it has no interval and no verdict"
    elif ok and weights is not None:
        try:
            found = estimate(metric, lot.fits, weights, settings.level, block=block)
        except ValueError as error:
            why = f"no interval and no verdict, since {error}"
    return Row(
        label=lot.label,
        kind=records[0].kind,
        stochastic=records[0].stochastic,
        records=records,
        pooled=len(ok),
        scores=_test_scores(lot, ok, metrics),
        validation=_pooled(metric, [r.scores["valid"][metric.name] for r in ok if "valid" in r.scores]),
        estimate=found,
        broken=tuple(broken.values()),
        marks=tuple(dict.fromkeys(marks[name] for name in broken if name in marks)),
        costs=_costs(ok or records),
        why_no_interval=why,
    )


def _test_scores(lot: _Lot, ok: Sequence[Record], metrics: Sequence[Metric]) -> dict[str, float]:
    """Return test scores from the items, or the recorded ones if there are no items; undefined ones are left out."""
    found = {}
    for metric in metrics:
        try:
            values = [float(metric(fit)[0]) for fit in lot.fits]
        except ValueError:
            continue
        recorded = [r.scores["test"][metric.name] for r in ok if metric.name in r.scores.get("test", {})]
        score = _pooled(metric, values or recorded)
        if score is not None:
            found[metric.name] = score
    return found


def _pooled(metric: Metric, values: Sequence[float]) -> float | None:
    """Return the mean over fits on the metric's scale."""
    if not values or np.isnan(values).any():
        return None
    if metric.scale == "linear" or np.isinf(values).any():
        return float(np.mean(values))
    return float(np.exp(np.mean(np.log(values))))


def _costs(records: Sequence[Record]) -> Costs:
    def known(name: str) -> list[float]:
        return [value for r in records if (value := getattr(r.costs, name)) is not None]

    means = [name for name in Costs.model_fields if name.endswith("_seconds")] + ["items_per_second"]
    highest = ("parameters", "peak_memory_bytes")
    found: dict[str, Any] = {name: float(np.mean(known(name))) for name in means if known(name)}
    found |= {name: int(max(known(name))) for name in highest if known(name)}
    return Costs(**found, busy=any(record.costs.busy for record in records))


def best_on_validation(candidates: Sequence[Row], metric: Metric) -> str | None:
    """Return the label of the best row on validation with a comparable score; None if there is none."""
    validation = {
        row.label: row.validation
        for row in candidates
        if row.comparable and row.validation is not None and np.isfinite(row.validation)
    }
    return choose(validation, metric) if validation else None


def _beats(comparison: Comparison, metric: Metric) -> bool:
    return comparison.high < 0 if metric.lower_is_better else comparison.low > 0
