"""Footnotes: the marks of each row, and their texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from seqbench.evidence.statistics import HEAVY, Comparison
from seqbench.reports import tuned
from seqbench.reports.formatting import seconds
from seqbench.reports.groups import listed
from seqbench.reports.table import Row, Table
from seqbench.tasks import task

ALARM = "‼"
LONG, TIMES = 1.0, 10
"""Scoring that takes more than these seconds, and this many times as long as the fit, is told beside the fit time."""


@dataclass(frozen=True)
class Marked:
    """The marks of a row, by the cell in which they stand."""

    score: tuple[str, ...]
    gap: tuple[str, ...]
    fit: tuple[str, ...]
    status: tuple[str, ...]


@dataclass
class Notes:
    """The texts of the marks, the most important first: alarms, broken laws, numbered notes."""

    marked: list[Marked] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    laws: dict[str, list[str]] = field(default_factory=dict)
    numbered: list[str] = field(default_factory=list)

    def number(self, text: str) -> str:
        """Return the mark of a numbered note; equal notes have the same mark."""
        if text not in self.numbered:
            self.numbered.append(text)
        return str(self.numbered.index(text) + 1)

    def listed(self) -> tuple[tuple[str, str], ...]:
        laws = [(mark, _sentence("; ".join(said)) + _INCOMPARABLE) for mark, said in self.laws.items()]
        numbers = [(str(i), _sentence(text)) for i, text in enumerate(self.numbered, start=1)]
        return tuple([(ALARM, _sentence(text)) for text in self.alarms] + laws + numbers)


_BUSY = "the machine was busy with other work during this fit or its scoring, so its times are upper bounds"
_INCOMPARABLE = " The score is not comparable: no verdict, never reference or best."


def notes(table: Table, times: bool = True) -> Notes:
    """Return the notes of a table.

    Args:
        times: whether the table shows times, which some notes are about.
    """
    kind = task(table.basis.task)
    found = Notes()
    for row in table.rows:
        score, status, gap = list(row.marks), [], []
        for check in row.broken:
            said = f"{row.label}: {check.message.rstrip('. ')}"
            if check.name in kind.marks:
                found.laws.setdefault(kind.marks[check.name], []).append(said)
            else:
                score.append(found.number(said))
        remarks = [text for record in row.records if record.status == "ok" for text in kind.remarks(record)]
        score += [found.number(text) for text in dict.fromkeys([*remarks, *tuned.remarks(row)])]
        if row.pooled < len(row.records):
            status.append(found.number(f"{row.label}: {ended(row)}"))
        if row.why_no_interval:
            score.append(found.number(f"{row.label}: {row.why_no_interval}"))
        if row.against_reference is not None and row.against_reference.carried_by:
            score.append(found.number(_carried(table, row.against_reference, row)))
        fit = [found.number(text) for text in _times(row)] if times else []
        if row.beats_truth:
            gap.append(ALARM)
            found.alarms.append(
                f"{row.label} is better than the true model beyond the paired interval, which no honest model can be: "
                "test data leaked into it, or its scores are not probabilities, or this is the one case in "
                f"{2 / (1 - table.settings.level):.0f} that such an interval misses"
            )
        found.marked.append(Marked((*score, *status), tuple(gap), tuple(fit), tuple(status)))
    return found


def _times(row: Row) -> Iterator[str]:
    """Yield what must be known of the time of a fit."""
    costs = row.costs
    if not row.pooled:
        return
    if costs.busy:
        yield _BUSY
    if row.kind == "truth" or costs.fit_seconds is None or costs.predict_seconds is None:
        return
    if costs.deferred_seconds is not None:
        yield f"{row.label}: {seconds(costs.deferred_seconds)} of its fit passed in its first prediction"
    if costs.predict_seconds > max(LONG, TIMES * costs.fit_seconds):
        yield (
            f"{row.label}: most of its work is done when it predicts: scoring the test part took "
            f"{seconds(costs.predict_seconds)}"
        )


def _carried(table: Table, versus: Comparison, row: Row) -> str:
    assert versus.spread is not None
    numbers = listed([f"{group + 1:,}" for group in versus.carried_by])
    return (
        f"{row.label}: numbers {numbers} of the {versus.spread.way} carry most of the difference from "
        f"{table.reference}, so the interval that decides the verdict is made {HEAVY:g} times as wide"
    )


def ended(row: Row) -> str:
    """Return how the cells without a score ended; cells with the same end are listed together."""
    ends: dict[str, list[str]] = {}
    for record in row.records:
        if record.status != "ok":
            end = record.status + (f" ({record.reason.rstrip('. ')})" if record.reason else "")
            ends.setdefault(end, []).append(str(record.identity.seed))
    if len(ends) == 1 and not row.pooled:
        return next(iter(ends))
    cells = "; ".join(f"seed{_plural(seeds)} {', '.join(seeds)} {end}" for end, seeds in ends.items())
    pooled = f"pooled over {row.pooled} of {len(row.records)} seeds; " if row.pooled else ""
    return pooled + cells


def _plural(things: Sequence[str]) -> str:
    return "s" if len(things) > 1 else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
