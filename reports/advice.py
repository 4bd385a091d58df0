"""Advice: which model of a table to use, in plain sentences with their evidence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqbench.evidence.statistics import Comparison, compare
from seqbench.reports.formatting import ABSENT, Written, interval, percent, places, seconds
from seqbench.reports.groups import listed
from seqbench.reports.summary import cost_of, needed_to_tell, score, value
from seqbench.reports.table import Row, Table, best_on_validation


@dataclass(frozen=True)
class Advice:
    model: str
    """Label of the row that is advised; empty if no model can be."""
    sentences: Sequence[str]


def advice(table: Table) -> Advice:
    """Return which model to use: the best network if it is better than every classic model, else the best classic model
    (both as chosen on validation)."""
    reference = table.row(table.reference)
    neural = table.row(best_on_validation([row for row in table.rows if row.kind == "neural"], table.metrics[0]))
    if reference is None and neural is None:
        return Advice("", (f"No model has a score that can be compared. {_troubles(table)}".strip(),))
    if reference is None:
        assert neural is not None
        return Advice("", (f"No classic model has a score that {neural.label} could be compared with.",))
    if neural is None:
        return Advice(reference.label, (_kept(table, reference), "No network was fitted to compare it with."))
    found = table.headline
    if found is None:
        why = neural.why_no_interval or reference.why_no_interval
        return Advice(reference.label, (_kept(table, reference), f"Whether a network is better cannot be told: {why}."))
    if found.verdict == "better":
        against = table.row(found.against)
        assert against is not None
        others = f"each of the {found.classics} classic models" if found.classics > 1 else "the classic model"
        return Advice(
            neural.label,
            (
                f"Use {_told(table, neural)}.",
                f"It is better than {others}; {against.label} comes closest {_beside(table, against, found.comparison)}"
                f"{_cost(neural, against)}.",
            ),
        )
    kept = _classic(table, reference)
    versus = _compared(table, neural, kept)
    if versus.verdict == "better":  # another classic model stands in the way
        kept, versus = table.row(found.against) or kept, found.comparison
    said = {"tie": "ties", "worse": "is worse", "better": "is better", "undecided": "cannot be told apart"}
    sentences = [
        _kept(table, kept),
        f"The best network, {neural.label}, {said[versus.verdict]} {_beside(table, neural, versus)}"
        f"{_cost(neural, kept)}.",
    ]
    if versus.verdict == "undecided":
        sentences.insert(0, "The data are too few to tell whether a network is better.")
        sentences += [f"{needed}." for needed in [needed_to_tell(table, versus)] if needed]
    return Advice(kept.label, (*sentences, *_trivial(table, kept)))


def _classic(table: Table, reference: Row) -> Row:
    """Return the classic model to keep: the reference, which is the best on validation; or, if others are better than
    it on the test part, the best of these on validation."""
    better = [
        row
        for row in table.rows
        if row.kind == "classic" and row.against_reference is not None and row.against_reference.verdict == "better"
    ]
    return table.row(best_on_validation(better, table.metrics[0])) or reference


def _compared(table: Table, row: Row, other: Row) -> Comparison:
    return compare(table.metrics[0], row.fits, other.fits, table.settings.margin, table.ways, table.settings.level)


def _kept(table: Table, row: Row) -> str:
    return f"Keep {_told(table, row)}."


def _told(table: Table, row: Row) -> str:
    """Return a model with its score and interval: `lstm: macro-F1 91.2 % [90.4–91.9]`."""
    metric, found = table.metrics[0], row.estimate
    within = ""
    if found is not None:
        written = Written.of(metric, [row.scores.get(metric.name), found.low, found.high])
        within = f" [{written.interval(found.low, found.high)}]"
    return f"{row.label}: {score(table, row)}{within}"


def _beside(table: Table, row: Row, found: Comparison) -> str:
    """Return a score, and how far the network is from the classic model: `(91.5 %, difference +0.3 points [−0.4 to
    1.0])`."""
    return f"({value(table, row)}, difference {_difference(table, found.difference, found.low, found.high)})"


def _difference(table: Table, gap: float, low: float, high: float) -> str:
    """Return a difference with its interval: of a perplexity as a share, of a share in points."""
    metric = table.metrics[0]
    if not all(map(math.isfinite, (gap, low, high))):
        return ABSENT
    if metric.scale == "log":
        share, *ends = (float(np.expm1(number)) for number in (gap, low, high))
        return f"{percent(share)} [{percent(ends[0])} to {percent(ends[1])}]"
    factor = metric.factor
    decimals = max(1, places([factor * max(abs(low), abs(high))], 2)) if metric.per_cent else places([high - low], 2)
    unit = " points" if metric.per_cent else ""
    text = f"{factor * gap:+.{decimals}f}".replace("-", "−")
    return f"{text}{unit} [{interval(factor * low, factor * high, decimals)}]"


def _cost(row: Row, beside: Row) -> str:
    found = cost_of(row, beside)
    if row.costs.fit_seconds is None or not found:
        return ""
    return f", at {found[0]} the fit time ({seconds(row.costs.fit_seconds)}) and {found[1]} the scoring time"


def _trivial(table: Table, kept: Row) -> list[str]:
    """Return a warning if the classic model is not shown to be better than the simplest one, which is the first."""
    simplest = next((row for row in table.rows if row.kind == "classic" and row.comparable and row.fits), None)
    if simplest is None or simplest.label == kept.label or _compared(table, kept, simplest).verdict == "better":
        return []
    return [f"Nothing here is shown to predict better than {simplest.label}: perhaps the data do not tell more."]


def _troubles(table: Table) -> str:
    return "; ".join(f"{row.label}: {row.status}" for row in table.rows if row.pooled == 0)


def ended(table: Table) -> str:
    """Return which models ended without a score and why, in one sentence; empty if there are none."""
    lost = [row for row in table.rows if row.pooled == 0]
    if not lost:
        return ""
    each = [f"{row.label} ({', '.join(dict.fromkeys(r.reason or r.status for r in row.records))})" for row in lost]
    return f"Without a score: {listed(each)}."
