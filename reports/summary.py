"""The sentence above a table: does the neural network earn its cost?"""

import math
from collections.abc import Callable

from seqbench.evidence.statistics import Comparison
from seqbench.reports.formatting import Written, count, margin, percent, times
from seqbench.reports.groups import listed
from seqbench.reports.table import Headline, Row, Table, best_on_validation
from seqbench.reports.tuned import equal_budget

EQUAL = "as good as"
QUESTION = "Does the neural network earn its cost?"


def summary(table: Table) -> str:
    """Return the question and the table's answer, in one to four sentences."""
    return " ".join([QUESTION, *answer(table)])


def answer(table: Table) -> list[str]:
    """Return the table's answer, sentence by sentence: the verdict first, then its evidence."""
    return [part for part in (*_answer(table), _truth(table)) if part]


def _answer(table: Table) -> list[str]:
    neural = [row for row in table.rows if row.kind == "neural"]
    best = table.row(best_on_validation(neural, table.metrics[0]))
    reference = table.row(table.reference)
    if not neural:
        best_classic = f"Best classic model (chosen on validation): {scored(table, reference)}." if reference else ""
        return ["No neural model was run.", best_classic]
    if best is None:
        why = "; ".join(f"{row.label}: {_why_not(row)}" for row in neural)
        return [f"That cannot be told: no neural model has a comparable score ({why})."]
    if reference is None:
        why = "; ".join(f"{row.label}: {_why_not(row)}" for row in table.rows if row.kind == "classic")
        return [
            f"That cannot be told: no classic model has a comparable score ({why or 'none was run'}).",
            f"Best neural model (chosen on validation): {scored(table, best)}.",
        ]
    found = table.headline
    if found is None:
        return [f"That cannot be told: {best.why_no_interval or f'{reference.label}: {reference.why_no_interval}'}."]
    against = table.row(found.against)
    assert against is not None
    closest = ", which comes closest" if found.verdict == "better" and found.classics > 1 else ""
    verdict, budget = _VERDICTS[found.verdict](found), equal_budget(table)
    parts = [
        f"At equal budgets of tuning ({budget} each): {verdict[0].lower()}{verdict[1:]}" if budget else verdict,
        f"The best neural model (chosen on validation) is {scored(table, best)}, "
        f"{_distance(table, found.comparison.skill)} {found.against}{closest}",
        _cost(table, found),
        needed_to_tell(table, found.comparison) if found.verdict == "undecided" else "",
    ]
    return [f"{part}." for part in parts if part]


_VERDICTS: dict[str, Callable[[Headline], str]] = {
    "better": lambda found: (
        f"Better than each of the {found.classics} classic models"
        if found.classics > 1
        else f"Better than {found.against}"
    ),
    "tie": lambda found: f"A tie with {found.against}",
    "worse": lambda found: f"Worse than {found.against}",
    "undecided": lambda found: f"Undecided, since {found.against} is not beaten",
}


def _cost(table: Table, found: Headline) -> str:
    """Return what fit and scoring cost beside the cheapest classic model that is not beaten; empty if not known."""
    ours, theirs = table.row(found.neural), table.row(found.cheapest)
    assert ours is not None
    assert theirs is not None
    ratios = cost_of(ours, theirs)
    if ratios is None:
        return ""
    fit, scoring = ratios
    which = "" if found.verdict == "better" else ", the cheapest classic model that is not beaten"
    return f"Its fit takes {fit} and its scoring {scoring} as long as that of {found.cheapest}{which}"


def cost_of(ours: Row, theirs: Row) -> tuple[str, str] | None:
    """Return how many times as long one row's fit and scoring take as another's; None if this cannot be told.

    Times of a busy machine are upper bounds, so nothing is said of them.
    """
    if ours.costs.busy or theirs.costs.busy:
        return None
    fit = _ratio(ours.costs.fit_seconds, theirs.costs.fit_seconds)
    scoring = _ratio(ours.costs.predict_seconds, theirs.costs.predict_seconds)
    return None if fit is None or scoring is None else (fit, scoring)


def _ratio(ours: float | None, theirs: float | None) -> str | None:
    return times(ours / theirs) if ours and theirs else None


def needed_to_tell(table: Table, found: Comparison) -> str:
    """Return why a comparison is undecided: what carries it, or how many test items would decide; empty if this cannot
    be told."""
    carried, spread = found.carried_by, found.spread
    if carried and spread is not None:
        listed_ = listed([f"{group + 1:,}" for group in carried])
        return f"Numbers {listed_} of the {spread.way} carry most of the difference, so its interval is wide"
    data = table.basis.comparability
    if data is None or spread is None:
        return ""
    half = max(spread.sides(table.settings.level))
    if not table.settings.margin < half < math.inf:
        return ""
    needed = data.items * (half / table.settings.margin) ** 2
    enough = _two_digits(needed)
    return (
        f"About {f'{enough:,}' if enough < 1e6 else count(enough)} test {data.unit}s would tell a difference as small "
        f"as the margin of a tie, {margin(table.metrics[0], table.settings.margin)}; there are {data.items:,}"
    )


def scored(table: Table, row: Row) -> str:
    """Return `lstm, perplexity 98.20 (3 fits)`."""
    return f"{row.label}, {score(table, row)}"


def score(table: Table, row: Row) -> str:
    """Return `perplexity 98.20 (3 fits)`."""
    fits = "" if not row.stochastic else " (one fit)" if row.pooled == 1 else f" ({row.pooled} fits)"
    return f"{table.metrics[0].title} {value(table, row)}{fits}"


def value(table: Table, row: Row) -> str:
    """Return `98.20`, or a share as `91.2 %`."""
    metric = table.metrics[0]
    found = row.scores.get(metric.name)
    return f"{Written.of(metric, [found])(found)}{' %' if metric.per_cent else ''}"


def _distance(table: Table, skill: float) -> str:
    """Return `12.3 % below`: a skill above 0 means better, which for a perplexity means lower.

    Of a reference that scores 0 there is no share; every other score is above it.
    """
    if skill == 0:
        return EQUAL
    if not math.isfinite(skill):
        return "above"
    below = (skill > 0) == table.metrics[0].lower_is_better
    return f"{percent(abs(skill)).removeprefix('+')} {'below' if below else 'above'}"


def _two_digits(number: float) -> int:
    """Round up to two significant digits."""
    size = int(10 ** max(0, math.floor(math.log10(number)) - 1))
    return math.ceil(number / size) * size


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
    stands = "is" if gap == EQUAL else "stands"
    return f"The best of all (chosen on validation), {best.label}, {stands} {gap} the true model."
