"""The sentence above a table: does the neural network earn its cost?"""

import math
from collections.abc import Callable

from seqbench.reports.formatting import Written, percent, seconds, times
from seqbench.reports.groups import listed
from seqbench.reports.table import Row, Table, best_on_validation

QUESTION = "Does the neural network earn its cost?"


def summary(table: Table) -> str:
    """Return the question and the table's answer, in one to three sentences."""
    return " ".join(part for part in (QUESTION, _answer(table), _truth(table)) if part)


def _answer(table: Table) -> str:
    neural = [row for row in table.rows if row.kind == "neural"]
    best = table.row(best_on_validation(neural, table.metrics[0]))
    reference = table.row(table.reference)
    if not neural:
        best_classic = f" Best classic model (chosen on validation): {_scored(table, reference)}." if reference else ""
        return f"No neural model was run.{best_classic}"
    if best is None:
        why = "; ".join(f"{row.label}: {_why_not(row)}" for row in neural)
        return f"That cannot be told: no neural model has a comparable score ({why})."
    if reference is None:
        why = "; ".join(f"{row.label}: {_why_not(row)}" for row in table.rows if row.kind == "classic")
        return (
            f"That cannot be told: no classic model has a comparable score ({why or 'none was run'}). "
            f"Best neural model (chosen on validation): {_scored(table, best)}."
        )
    found = best.against_reference
    if found is None:
        return f"That cannot be told: {best.why_no_interval or f'{reference.label}: {reference.why_no_interval}'}."
    return (
        f"Best neural model (chosen on validation): {_scored(table, best)}, {_distance(table, found.skill)} "
        f"{reference.label}, {_at_cost(best, reference)}: {_VERDICTS[found.verdict](best, reference)}."
    )


def _scored(table: Table, row: Row) -> str:
    metric = table.metrics[0]
    value = row.scores.get(metric.name)
    fits = "" if not row.stochastic else " (one fit)" if row.pooled == 1 else f" ({row.pooled} fits)"
    return f"{row.label}, {metric.title} {Written.of(metric, [value])(value)}{' %' if metric.per_cent else ''}{fits}"


def _distance(table: Table, skill: float) -> str:
    """Return `12.3 % below`: a skill above 0 means better, which for a perplexity means lower."""
    below = (skill > 0) == table.metrics[0].lower_is_better
    return f"{percent(abs(skill)).removeprefix('+')} {'below' if below else 'above'}"


def _at_cost(best: Row, reference: Row) -> str:
    ours, theirs = best.costs.fit_seconds, reference.costs.fit_seconds
    if not ours or not theirs:
        return f"fitted in {seconds(ours)} against {seconds(theirs)}"
    return f"at {times(ours / theirs)} its fit time"


def _not_cheaper(best: Row, reference: Row) -> str:
    ours, theirs = best.costs.fit_seconds, reference.costs.fit_seconds
    return "" if ours is None or theirs is None or ours < theirs else ", so here it does not"


_VERDICTS: dict[str, Callable[[Row, Row], str]] = {
    "better": lambda best, reference: "better",
    "tie": lambda best, reference: f"a tie{_not_cheaper(best, reference)}",
    "worse": lambda best, reference: f"worse{_not_cheaper(best, reference)}",
    "undecided": lambda best, reference: "undecided, since the interval leaves room for more than one verdict",
}


def _why_not(row: Row) -> str:
    return " ".join(row.marks) if row.marks else row.status if row.pooled == 0 else "no validation score"


def _truth(table: Table) -> str:
    impossible = [row.label for row in table.rows if row.beats_truth]
    if impossible:
        one = len(impossible) == 1
        return (
            f"But {listed(impossible)} {'scores' if one else 'score'} better than the true model, which no honest "
            f"model can: see the footnote."
        )
    best = table.row(table.best)
    if best is None or best.against_truth is None or not math.isfinite(best.against_truth.skill):
        return ""  # if the true model's score is 0, a share of it is undefined
    gap = _distance(table, best.against_truth.skill)
    return f"The best of all (chosen on validation), {best.label}, stands {gap} the true model."
