"""Tables as a pure function of records and item columns: the same runs give the same table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Costs, Record
from seqbench.evidence.statistics import Comparison, Estimate, Fits, Verdict, choose, compare, estimate
from seqbench.evidence.tuned import Tuned
from seqbench.evidence.units import Units, Way
from seqbench.reports.groups import Basis, Group, Run, groups, one_group, rows
from seqbench.tasks import task


@dataclass(frozen=True)
class Settings:
    """How a table is made from its runs; the fields are arguments of `tables`."""

    margin: float
    level: float
    command: str | None
    tuned: Mapping[str, Tuned] = field(default_factory=dict)


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
    estimates: Mapping[str, Estimate]
    """Scores with intervals by the metric's name, where they are defined."""
    broken: tuple[Check, ...]
    """Laws that a pooled fit broke, with the worst measured value of each."""
    marks: tuple[str, ...]
    """The task's marks of the broken laws, which make the score incomparable."""
    costs: Costs
    """Means over the pooled fits, but the highest peak memory; busy if one fit was; over all cells if none is ok."""
    why_no_interval: str = ""
    against_reference: Comparison | None = None
    against_best: Comparison | None = None
    against_truth: Comparison | None = None
    beats_truth: bool = False
    """Better than the true model beyond the paired interval, which no honest model is."""
    fits: Sequence[Columns] = field(default=(), compare=False, repr=False)
    """Columns of the pooled fits, one entry per unit; empty if those of one are missing."""
    stored: Sequence[Columns] = field(default=(), compare=False, repr=False)
    """Columns of the same fits as they are stored, one entry per item."""
    tuned: Tuned | None = None
    """What tuning found; None: the row is of no tuning."""

    @property
    def comparable(self) -> bool:
        return self.pooled > 0 and not self.marks

    @property
    def ties_with_best(self) -> bool:
        """Whether it is as good as the best model, as far as the margin of a tie goes; a true model is set apart."""
        return self.kind != "truth" and self.against_best is not None and self.against_best.verdict == "tie"

    @property
    def status(self) -> str:
        statuses = list(dict.fromkeys(record.status for record in self.records))
        if self.pooled == len(self.records):
            return "ok"
        return f"{self.pooled} of {len(self.records)} seeds" if self.pooled else ", ".join(statuses)

    @property
    def by_seed(self) -> dict[int, Columns]:
        """Columns of the pooled fits by their seeds; empty if those of one are missing."""
        seeds = [record.identity.seed for record in self.records if record.status == "ok"]
        return dict(zip(seeds, self.fits, strict=True)) if self.fits else {}

    @property
    def first(self) -> tuple[Record, Columns | None] | None:
        """The first pooled fit, with its columns as they are stored; None if no cell ended ok."""
        record = next((record for record in self.records if record.status == "ok"), None)
        return None if record is None else (record, self.stored[0] if self.stored else None)


@dataclass(frozen=True)
class Headline:
    """The best neural model on validation, held against every classic model of the table.

    *Better*: than every one of them, each by the interval of its own difference. This intersection of verdicts needs no
    correction (Berger 1982, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24).
    *Worse*: than one of them; since one of many is enough, by an interval of the level that Bonferroni's correction
    asks for. *Tie*: it ties with one of them, and is at most the margin worse than any. *Undecided*: otherwise.
    """

    verdict: Verdict
    neural: str
    """Label of the model."""
    against: str
    """The classic model that decides: the closest of the beaten ones, the one that beats or ties, or the one that
    stands in the way."""
    comparison: Comparison
    """With `against`."""
    classics: int
    """How many classic models it was held against."""
    cheapest: str
    """The cheapest classic model that is not beaten; `against` if all are."""


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
    headline: Headline | None
    """None if there is no comparable neural or classic model with items."""
    settings: Settings
    units: int
    """Number of units of the test part; 0 without items."""
    ways: tuple[Way, ...]
    """How the units depend on each other."""

    def row(self, label: str | None) -> Row | None:
        return next((row for row in self.rows if row.label == label), None)


@dataclass(frozen=True)
class _Lot:
    """The runs that a row is computed from."""

    label: str
    runs: Sequence[Run]
    stored: Sequence[Columns]
    """Stored columns of the cells that ended ok; empty if one of these cells has none."""
    fits: Sequence[Units]
    """Units of the same cells."""

    @cached_property
    def columns(self) -> Fits:
        return Fits(fit.columns for fit in self.fits)


def table(
    runs: Sequence[Run],
    *,
    margin: float = 0.01,
    level: float = 0.95,
    command: str | None = None,
) -> Table:
    """Return one table of runs that may stand together; the arguments are those of `tables`.

    Raises:
        ValueError: there are no runs, or they differ in data, vocabulary, convention, unit, schema or number of
            items; the message names them.
    """
    return _table(one_group(runs), Settings(margin, level, command))


def tables(
    runs: Sequence[Run],
    *,
    margin: float = 0.01,
    level: float = 0.95,
    command: str | None = None,
    tuned: Mapping[str, Tuned] | None = None,
) -> list[Table]:
    """Return one table for each set of runs that may stand together, in order of first appearance.

    Args:
        runs: records with their stored item columns, in the order of the rows.
        margin: half the width of the region of a tie, on the scale of the task's first metric.
        level: confidence level of the intervals.
        command: the command that made the runs, for the footer; None: it is put together from the records.
        tuned: what tuning found of a run, by the key of its record; such a run is named as tuning names it.
    """
    found = tuned or {}
    named = [(_named(record, found.get(record.key)), columns) for record, columns in runs]
    return [_table(group, Settings(margin, level, command, found)) for group in groups(named)]


def _named(record: Record, tuned: Tuned | None) -> Record:
    return record if tuned is None else record.model_copy(update={"label": tuned.label})


def _table(group: Group, settings: Settings) -> Table:
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # the row of a broken model shows ∞ or a note
        return _computed(group, settings)


def _computed(group: Group, settings: Settings) -> Table:
    basis, members = group
    kind = task(basis.task)
    metrics = kind.ranked(basis.comparability)
    metric = metrics[0]
    lots = [_lot(label, runs, basis.comparability, kind.units) for label, runs in rows(members)]
    lots.sort(key=lambda lot: lot.runs[0][0].kind == "truth")
    units, ways = _shared(lots)
    made = {lot.label: _row(lot, metrics, kind.marks, ways, settings) for lot in lots}
    fits = {
        lot.label: lot.columns for lot in lots if made[lot.label].estimate is not None and made[lot.label].comparable
    }
    reference = best_on_validation([row for row in made.values() if row.kind == "classic"], metric)
    best = best_on_validation([row for row in made.values() if row.kind != "truth"], metric)
    truth = next((row.label for row in made.values() if row.kind == "truth"), None)

    def against(label: str, other: str | None, rivals: int = 1) -> Comparison | None:
        if other is None or other == label or label not in fits or other not in fits:
            return None
        level = settings.level
        stricter = 1 - (1 - level) / rivals
        return compare(metric, fits[label], fits[other], settings.margin, ways, level, stricter=stricter)

    finished = []
    for label, row in made.items():
        to_truth, to_reference = against(label, truth), against(label, reference)
        changes = {
            "against_reference": to_reference,
            "against_best": to_reference if best == reference else against(label, best),
            "against_truth": to_truth,
            "beats_truth": to_truth is not None and _beats(to_truth),
        }
        finished.append(Row(**{**vars(row), **changes}))
    return Table(
        basis=basis,
        metrics=metrics,
        shown=kind.shown,
        rows=tuple(finished),
        reference=reference,
        best=best,
        headline=_headline(list(made.values()), metric, against),
        settings=settings,
        units=units,
        ways=ways,
    )


def _headline(
    rows: Sequence[Row], metric: Metric, against: Callable[[str, str | None, int], Comparison | None]
) -> Headline | None:
    neural = best_on_validation([row for row in rows if row.kind == "neural"], metric)
    classics = [row for row in rows if row.kind == "classic" and row.comparable and row.estimate is not None]
    if neural is None or not classics:
        return None
    found = {row.label: against(neural, row.label, len(classics)) for row in classics}
    held = {label: one for label, one in found.items() if one is not None}
    if len(held) < len(classics):
        return None

    def by_gain(label: str) -> float:
        """Order the classic models from the one that is hardest to beat."""
        gain = -held[label].difference if metric.lower_is_better else held[label].difference
        return float(np.nan_to_num(gain, nan=0.0))

    hardest = sorted(held, key=by_gain)
    unbeaten = [label for label in hardest if held[label].verdict != "better"]
    beaten_by = [label for label in hardest if held[label].surely_worse]
    ties = [label for label in hardest if held[label].verdict == "tie"]
    verdict: Verdict = "undecided"
    if not unbeaten:
        verdict, decides = "better", hardest[0]
    elif beaten_by:
        verdict, decides = "worse", beaten_by[0]
    elif ties and all(_not_inferior(held[label]) for label in hardest):
        verdict, decides = "tie", ties[0]
    else:
        decides = next(label for label in unbeaten if not ties or not _not_inferior(held[label]))
    costs = {row.label: (row.costs.fit_seconds or 0.0) + (row.costs.predict_seconds or 0.0) for row in classics}
    cheapest = min(unbeaten or [decides], key=lambda label: costs[label])
    return Headline(verdict, neural, decides, held[decides], len(classics), cheapest)


def _not_inferior(found: Comparison) -> bool:
    """Return whether the model is at most the margin worse."""
    return found.high <= found.margin if found.lower_is_better else found.low >= -found.margin


def _lot(
    label: str, runs: Sequence[Run], basis: Comparability | None, units: Callable[[Columns, Comparability], Units]
) -> _Lot:
    kept = [columns for record, columns in runs if record.status == "ok"]
    stored = [columns for columns in kept if columns is not None]
    if basis is None or len(stored) < len(kept):  # an interval over only some of the fits would look like one over all
        return _Lot(label, runs, [], [])
    return _Lot(label, runs, stored, [units(columns, basis) for columns in stored])


def _shared(lots: Sequence[_Lot]) -> tuple[int, tuple[Way, ...]]:
    """Return the number of units, and the ways, that all rows must share so that comparisons are paired."""
    scored = [(lot, fit) for lot in lots for fit in lot.fits]
    if not scored:
        return 0, ()
    sizes = {len(next(iter(fit.columns.values()))): lot.label for lot, fit in scored}
    if len(sizes) > 1:
        found = ", ".join(f"{size:,} ({label})" for size, label in sizes.items())
        raise ValueError(f"runs cannot be compared item by item, since they have different numbers of units: {found}")
    return next(iter(sizes)), tuple(scored[0][1].ways)


def _row(
    lot: _Lot, metrics: Sequence[Metric], marks: Mapping[str, str], ways: Sequence[Way], settings: Settings
) -> Row:
    records = tuple(record for record, _ in lot.runs)
    ok = [record for record in records if record.status == "ok"]
    metric = metrics[0]
    broken: dict[str, Check] = {}
    for check in (check for record in ok for check in record.checks if not check.passed):
        worst = broken.get(check.name)
        if worst is None or (check.value or 0.0) > (worst.value or 0.0):
            broken[check.name] = check
    found, why = _estimates(lot, metrics, ways, settings.level) if ok else ({}, {})
    return Row(
        label=lot.label,
        kind=records[0].kind,
        stochastic=records[0].stochastic,
        records=records,
        pooled=len(ok),
        scores=_test_scores(found, ok, metrics),
        validation=_pooled(metric, _recorded(ok, "valid", metric)),
        estimate=found.get(metric.name),
        estimates=found,
        broken=tuple(broken.values()),
        marks=tuple(dict.fromkeys(marks[name] for name in broken if name in marks)),
        costs=_costs(ok or records),
        why_no_interval=why.get(metric.name, ""),
        fits=lot.columns,
        stored=lot.stored,
        tuned=settings.tuned.get(records[0].key),
    )


def _estimates(
    lot: _Lot, metrics: Sequence[Metric], ways: Sequence[Way], level: float
) -> tuple[dict[str, Estimate], dict[str, str]]:
    """Return the test scores with their intervals by the metric's name, and why others are missing."""
    found, why = {}, {}
    for metric in metrics:
        if not lot.fits:
            why[metric.name] = "the scores of its single items are missing, so it has no interval and no verdict"
            continue
        try:
            fits = lot.columns if metric is metrics[0] else list(lot.columns)  # only the first is needed again
            found[metric.name] = estimate(metric, fits, ways, level)
        except ValueError as error:
            why[metric.name] = f"no interval and no verdict, since {error}"
    return found, why


def _test_scores(found: Mapping[str, Estimate], ok: Sequence[Record], metrics: Sequence[Metric]) -> dict[str, float]:
    """Return the test scores of estimates, or the recorded ones of others; undefined ones are left out."""
    scores = {name: one.value for name, one in found.items()}
    for metric in metrics:
        if metric.name not in found and (pooled := _pooled(metric, _recorded(ok, "test", metric))) is not None:
            scores[metric.name] = pooled
    return scores


def _recorded(records: Sequence[Record], split: str, metric: Metric) -> list[float]:
    """Return the recorded scores of a split; records of an earlier version may lack a metric."""
    return [r.scores[split][metric.name] for r in records if metric.name in r.scores.get(split, {})]


def _pooled(metric: Metric, values: Sequence[float]) -> float | None:
    """Return the mean over fits on the metric's scale."""
    if not values or np.isnan(values).any():
        return None
    if metric.scale == "log" and not np.isinf(values).any():
        return float(np.exp(np.mean(np.log(values))))
    return float(np.mean(values))


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


def _beats(comparison: Comparison) -> bool:
    return comparison.high < 0 if comparison.lower_is_better else comparison.low > 0
