"""Advice: which model of a table to use, in plain sentences with their evidence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqbench.evidence.statistics import Comparison
from seqbench.reports.formatting import ABSENT, Written, interval, percent, places, seconds
from seqbench.reports.groups import listed
from seqbench.reports.summary import cost_of, needed_to_tell, scored
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
    versus = neural.against_reference
    sentences = [_kept(table, reference)]
    if found.verdict == "undecided":
        sentences.insert(0, "The data are too few to tell whether a network is better.")
    if versus is not None:
        said = {"tie": "ties", "worse": "is worse", "better": "scores better", "undecided": "cannot be told apart"}
        sentences.append(
            f"The best network, {neural.label}, {said[versus.verdict]} {_beside(table, neural, versus)}"
            f"{_cost(neural, reference)}."
        )
        if versus.verdict == "better":
            sentences.append(f"But {found.against} is not beaten.")
    sentences += [f"{needed}." for needed in [needed_to_tell(table, found)] if needed]
    sentences += _trivial(table, reference)
    return Advice(reference.label, tuple(sentences))


def _kept(table: Table, row: Row) -> str:
    return f"Keep {_told(table, row)}."


def _told(table: Table, row: Row) -> str:
    """Return a model with its score and interval: `lstm: macro-F1 91.2 % [90.4–91.9]`."""
    metric, score = table.metrics[0], row.scores.get(table.metrics[0].name)
    found = row.estimate
    written = Written.of(metric, [score, *((found.low, found.high) if found else ())])
    within = f" [{written.interval(found.low, found.high)}]" if found else ""
    return f"{scored(table, row).replace(f', {metric.title}', f': {metric.title}', 1)}{within}"


def _beside(table: Table, row: Row, found: Comparison) -> str:
    """Return a score, and how far the network is from the classic model: `(91.5 %, difference +0.3 points [−0.4 to
    1.0])`."""
    metric, score = table.metrics[0], row.scores.get(table.metrics[0].name)
    value = f"{Written.of(metric, [score])(score)}{' %' if metric.per_cent else ''}"
    return f"({value}, difference {_difference(table, found.difference, found.low, found.high)})"


def _difference(table: Table, value: float, low: float, high: float) -> str:
    """Return a difference with its interval: of a perplexity as a share, of a share in points."""
    metric = table.metrics[0]
    if not all(map(math.isfinite, (value, low, high))):
        return ABSENT
    if metric.scale == "log":
        share, *ends = (float(np.expm1(number)) for number in (value, low, high))
        return f"{percent(share)} [{percent(ends[0])} to {percent(ends[1])}]"
    factor = metric.factor
    decimals = max(1, places([factor * max(abs(low), abs(high))], 2)) if metric.per_cent else places([high - low], 2)
    unit = " points" if metric.per_cent else ""
    text = f"{factor * value:+.{decimals}f}".replace("-", "−")
    return f"{text}{unit} [{interval(factor * low, factor * high, decimals)}]"


def _cost(row: Row, beside: Row) -> str:
    found = cost_of(row, beside)
    if row.costs.fit_seconds is None or not found:
        return ""
    return f", at {found[0]} the fit time ({seconds(row.costs.fit_seconds)}) and {found[1]} the scoring time"


def _trivial(table: Table, reference: Row) -> list[str]:
    """Return a warning if the best classic model is not shown to be better than the simplest one."""
    simplest = next((row for row in table.rows if row.kind == "classic" and row.comparable), None)
    if simplest is None or simplest.label == reference.label:
        return []
    versus = simplest.against_reference
    if versus is None or versus.verdict == "worse":
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
