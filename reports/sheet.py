"""A table as text: every format writes the same cells, notes and footer, and differs in its syntax alone."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from seqbench.reports.footer import command, footer
from seqbench.reports.formatting import ABSENT, count, fixed, interval, memory, percent, places, seconds
from seqbench.reports.notes import Marked, notes
from seqbench.reports.summary import summary
from seqbench.reports.table import Row, Table

SHOWN = 2
"""Metrics that get a column; the frame holds all of them."""

Tone = Literal["", "good", "bad", "even", "quiet"]
_TONES: dict[str, Tone] = {"better": "good", "worse": "bad", "tie": "even", "reference": "quiet", "ok": "quiet"}


@dataclass(frozen=True)
class Cell:
    text: str
    marks: tuple[str, ...] = ()
    """That point to notes."""
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


@dataclass(frozen=True)
class Sheet:
    title: str
    summary: str
    columns: tuple[Column, ...]
    truth: int
    """Rows from this one on are true models, to be set apart."""
    notes: tuple[tuple[str, str], ...]
    """Pairs of a mark and what it says."""
    footer: tuple[tuple[str, str], ...]
    """Pairs of a heading and a text."""
    command: str
    """For the shell."""

    def panels(self, fits: Callable[[Sequence[Column]], bool]) -> list[list[Column]]:
        """All columns side by side if they fit; else quality and cost apart, and each broken where it must be.
        The column of labels leads every panel."""
        if fits(self.columns):
            return [list(self.columns)]
        label, broken = self.columns[0], []
        for name in ("quality", "cost"):
            panel: list[Column] = [label]
            for column in (c for c in self.columns if c.panel == name):
                if len(panel) > 1 and not fits([*panel, column]):
                    broken.append(panel)
                    panel = [label]
                panel.append(column)
            broken.append(panel)
        return broken


def rows(columns: Sequence[Column]) -> list[tuple[Cell, ...]]:
    """The cells of columns, row by row."""
    return list(zip(*(column.cells for column in columns), strict=True))


def sheet(table: Table) -> Sheet:
    found = notes(table)
    return Sheet(
        title=_title(table),
        summary=summary(table),
        columns=tuple(_columns(table, found.marked)),
        truth=sum(row.kind != "truth" for row in table.rows),
        notes=found.listed(),
        footer=footer(table),
        command=command(table),
    )


def _title(table: Table) -> str:
    group, data = table.group, table.group.comparability
    parts = [f"{group.task} on {group.dataset}"]
    if data is not None:
        parts += [f"{data.items:,} test {data.unit}s", f"{data.convention} convention"]
    return " · ".join(parts + ([group.distinction] if group.distinction else []))


def _columns(table: Table, marked: Sequence[Marked]) -> Iterator[Column]:
    def cells(text: Callable[[Row], str]) -> tuple[Cell, ...]:
        return tuple(Cell(text(row), tone=_TONES.get(text(row), "")) for row in table.rows)

    def decimals(name: str) -> int:
        comparable = [row for row in table.rows if row.comparable]
        return places([row.scores.get(name) for row in comparable or table.rows])

    metric, digits = table.metrics[0], decimals(table.metrics[0].name)
    labels = tuple(replace(cell, bold=row.label == table.best) for row, cell in _beside(table, cells(_label)))
    scores = cells(lambda row: fixed(row.scores.get(metric.name), digits))
    scores = tuple(
        replace(cell, marks=mark.score, bold=row.label == table.best)
        for (row, cell), mark in zip(_beside(table, scores), marked, strict=True)
    )
    yield Column("model", labels, "label", numeric=False)
    yield Column(f"test {metric.title}", scores, "quality")
    yield Column(f"{100 * table.settings.level:.0f} % interval", cells(lambda row: _interval(row, digits)), "quality")
    for other in table.metrics[1:SHOWN]:
        finer, name = decimals(other.name), other.name
        column = Column(other.title, cells(partial(_score, name=name, decimals=finer)), "quality")
        if any(cell.text != ABSENT for cell in column.cells):
            yield column
    yield Column("valid", cells(lambda row: fixed(row.validation, digits)), "quality")
    yield Column("SD over seeds", cells(lambda row: _spread(row, digits)), "quality")
    yield Column("skill", cells(_skill), "quality")
    yield Column("verdict", cells(lambda row: _verdict(table, row)), "quality", numeric=False)
    if any(row.kind == "truth" for row in table.rows):
        gaps = zip(cells(_gap), marked, strict=True)
        yield Column("gap to truth", tuple(replace(cell, marks=mark.gap) for cell, mark in gaps), "quality")
    yield Column("parameters", cells(lambda row: count(row.costs.parameters)), "cost")
    yield Column("fit", cells(lambda row: ABSENT if row.kind == "truth" else seconds(row.costs.fit_seconds)), "cost")
    unit = "items" if table.group.comparability is None else f"{table.group.comparability.unit}s"
    yield Column(f"{unit}/s", cells(lambda row: count(row.costs.items_per_second)), "cost")
    yield Column("peak memory", cells(lambda row: memory(row.costs.peak_memory_bytes)), "cost")
    statuses = zip(cells(lambda row: row.status), marked, strict=True)
    yield Column("status", tuple(replace(cell, marks=mark.status) for cell, mark in statuses), "cost", numeric=False)


def _label(row: Row) -> str:
    return row.label


def _score(row: Row, name: str, decimals: int) -> str:
    return fixed(row.scores.get(name), decimals)


def _interval(row: Row, decimals: int) -> str:
    known = row.estimate is not None and math.isfinite(row.estimate.value)
    return interval(row.estimate.low, row.estimate.high, decimals) if row.estimate and known else ABSENT


def _spread(row: Row, decimals: int) -> str:
    if not row.stochastic or not row.pooled:
        return ABSENT
    if row.pooled == 1:
        return "one fit"
    return ABSENT if row.estimate is None else fixed(row.estimate.seeds_sd, decimals)


def _skill(row: Row) -> str:
    return ABSENT if row.against_reference is None else percent(row.against_reference.skill)


def _verdict(table: Table, row: Row) -> str:
    if row.label == table.reference:
        return "reference"
    return ABSENT if row.against_reference is None or row.kind == "truth" else row.against_reference.verdict


def _gap(row: Row) -> str:
    """How much worse than the true model: with the sign turned, the skill over it."""
    return ABSENT if row.against_truth is None else percent(-row.against_truth.skill)


def _beside(table: Table, cells: Sequence[Cell]) -> list[tuple[Row, Cell]]:
    return list(zip(table.rows, cells, strict=True))
