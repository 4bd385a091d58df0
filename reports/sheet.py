"""A table as text: all formats write the same cells, notes and footer, and differ only in syntax."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from seqbench.evidence.metrics import Metric
from seqbench.reports.footer import command, footer
from seqbench.reports.formatting import ABSENT, Written, count, memory, percent, plain, seconds, titled
from seqbench.reports.notes import Marked, notes
from seqbench.reports.summary import summary
from seqbench.reports.table import Row, Table

Tone = Literal["", "good", "bad", "even", "quiet"]
TONES: dict[str, Tone] = {"better": "good", "worse": "bad", "tie": "even", "reference": "quiet", "ok": "quiet"}


@dataclass(frozen=True)
class Cell:
    text: str
    marks: tuple[str, ...] = ()
    """Marks that point to notes."""
    bold: bool = False
    tone: Tone = ""

    @property
    def mark(self) -> str:
        return ",".join(self.marks)


@dataclass(frozen=True)
class Column:
    title: str
    cells: tuple[Cell, ...]
    panel: Literal["label", "quality", "cost"]
    numeric: bool = True

    @property
    def says_something(self) -> bool:
        return any(cell.text != ABSENT or cell.marks for cell in self.cells)


@dataclass(frozen=True)
class Sheet:
    title: str
    summary: str
    columns: tuple[Column, ...]
    truth: int
    """Index of the first true model: the rows from there on are true models, which are set apart."""
    notes: tuple[tuple[str, str], ...]
    """Pairs of a mark and its text."""
    footer: tuple[tuple[str, str], ...]
    """Pairs of a heading and a text."""
    command: str
    """The shell command that makes the table."""

    def plain(self) -> "Sheet":
        """Return the sheet with each text as one line of printable characters: all formats write such a sheet."""
        columns = (
            replace(c, title=plain(c.title), cells=tuple(replace(cell, text=plain(cell.text)) for cell in c.cells))
            for c in self.columns
        )
        return Sheet(
            title=plain(self.title),
            summary=plain(self.summary),
            columns=tuple(columns),
            truth=self.truth,
            notes=tuple((mark, plain(text)) for mark, text in self.notes),
            footer=tuple((plain(heading), plain(text)) for heading, text in self.footer),
            command=plain(self.command),
        )

    def panels(self, fits: Callable[[Sequence[Column]], bool]) -> list[list[Column]]:
        """Return the columns in as few panels as possible, each with the labels first.

        Quality and cost have separate panels if this needs no more panels.
        """
        label, *others = self.columns
        if fits(self.columns):
            return [list(self.columns)]
        quality = [column for column in others if column.panel == "quality"]
        cost = [column for column in others if column.panel == "cost"]
        apart = _packed(label, quality, fits) + _packed(label, cost, fits)
        together = _packed(label, others, fits)
        return apart if len(apart) <= len(together) else together


def _packed(label: Column, columns: Sequence[Column], fits: Callable[[Sequence[Column]], bool]) -> list[list[Column]]:
    """Return the columns in order; a column that does not fit any more starts a new panel."""
    panels = [[label]]
    for column in columns:
        if len(panels[-1]) > 1 and not fits([*panels[-1], column]):
            panels.append([label])
        panels[-1].append(column)
    return panels


def rows(columns: Sequence[Column]) -> list[tuple[Cell, ...]]:
    """Return the cells of columns, row by row."""
    return list(zip(*(column.cells for column in columns), strict=True))


def sheet(table: Table) -> Sheet:
    found = notes(table)
    return Sheet(
        title=_title(table),
        summary=summary(table),
        columns=tuple(column for column in _columns(table, found.marked) if column.says_something),
        truth=sum(row.kind != "truth" for row in table.rows),
        notes=found.listed(),
        footer=footer(table),
        command=command(table),
    ).plain()


def _title(table: Table) -> str:
    basis, data = table.basis, table.basis.comparability
    parts = [f"{basis.task} on {basis.dataset}"]
    if data is not None:
        parts += [f"{data.items:,} test {data.unit}s", f"convention: {data.convention}"]
    return " · ".join(parts + ([basis.distinction] if basis.distinction else []))


def _columns(table: Table, marked: Sequence[Marked]) -> Iterator[Column]:
    def cells(text: Callable[[Row], str]) -> tuple[Cell, ...]:
        return tuple(Cell(text(row), tone=TONES.get(text(row), "")) for row in table.rows)

    def written(metric: Metric) -> Written:
        comparable = [row for row in table.rows if row.comparable]
        return Written.of(metric, [row.scores.get(metric.name) for row in comparable or table.rows])

    first, score = table.metrics[0], written(table.metrics[0])
    best = [row.label == table.best for row in table.rows]
    rows = list(zip(table.rows, marked, best, strict=True))
    yield Column("model", tuple(Cell(row.label, bold=bold) for row, _, bold in rows), "label", numeric=False)
    scores = (Cell(score(row.scores.get(first.name)), mark.score, bold) for row, mark, bold in rows)
    yield Column(f"test {titled(first)}", tuple(scores), "quality")
    yield Column(f"{100 * table.settings.level:g} % interval", cells(lambda row: _interval(row, score)), "quality")
    for other in table.metrics[1 : table.shown]:
        told = _with_interval if other.scale == "square" else _score
        yield Column(titled(other), cells(partial(told, metric=other, written=written(other))), "quality")
    yield Column("valid", cells(lambda row: score(row.validation)), "quality")
    yield Column("SD over seeds", cells(lambda row: _spread(row, score)), "quality")
    yield Column("skill", cells(_skill), "quality")
    yield Column("verdict", cells(lambda row: _verdict(table, row)), "quality", numeric=False)
    yield Column("gap to truth", tuple(Cell(_gap(row), mark.gap) for row, mark, _ in rows), "quality")
    yield Column("parameters", cells(lambda row: count(row.costs.parameters)), "cost")
    fits = (Cell(ABSENT if row.kind == "truth" else seconds(row.costs.fit_seconds), mark.fit) for row, mark, _ in rows)
    yield Column("fit", tuple(fits), "cost")
    if any(_besides(row) for row in table.rows):
        yield Column("of it training", cells(_training), "cost")
    unit = "items" if table.basis.comparability is None else f"{table.basis.comparability.unit}s"
    yield Column(f"{unit}/s", cells(lambda row: count(row.costs.items_per_second)), "cost")
    yield Column("peak memory", cells(lambda row: memory(row.costs.peak_memory_bytes)), "cost")
    statuses = (Cell(row.status, mark.status, tone=TONES.get(row.status, "bad")) for row, mark, _ in rows)
    yield Column("status", tuple(statuses), "cost", numeric=False)


def _score(row: Row, metric: Metric, written: Written) -> str:
    return written(row.scores.get(metric.name))


def _with_interval(row: Row, metric: Metric, written: Written) -> str:
    """Return `2.1 (0.0–4.3)`: a score that is 0 for the best models is told with what the sample can distinguish."""
    found, text = row.estimates.get(metric.name), _score(row, metric, written)
    return text if found is None else f"{text} ({written.interval(found.low, found.high)})"


def _interval(row: Row, written: Written) -> str:
    known = row.estimate is not None and math.isfinite(row.estimate.value)
    return written.interval(row.estimate.low, row.estimate.high) if row.estimate and known else ABSENT


def _spread(row: Row, written: Written) -> str:
    if not row.stochastic or not row.pooled:
        return ABSENT
    if row.pooled == 1:
        return "one fit"
    return ABSENT if row.estimate is None else written(row.estimate.seeds_sd)


def _skill(row: Row) -> str:
    return ABSENT if row.against_reference is None else percent(row.against_reference.skill)


def _verdict(table: Table, row: Row) -> str:
    if row.label == table.reference:
        return "reference"
    return ABSENT if row.against_reference is None or row.kind == "truth" else row.against_reference.verdict


def _besides(row: Row) -> float:
    """Return the seconds of the fit that are validation, or training after the epoch that was kept."""
    return (row.costs.validation_seconds or 0.0) + (row.costs.early_stopping_seconds or 0.0)


def _training(row: Row) -> str:
    found = row.costs.fit_seconds
    return ABSENT if row.kind == "truth" or found is None else seconds(found - _besides(row))


def _gap(row: Row) -> str:
    """Return how much worse than the true model a row is: minus its skill over the true model."""
    return ABSENT if row.against_truth is None else percent(-row.against_truth.skill)
