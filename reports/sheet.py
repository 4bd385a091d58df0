"""A table as text: all formats write the same cells, notes and footer, and differ only in syntax."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from seqbench.reports.columns import MAIN, USUAL, Definition, Panel, definitions
from seqbench.reports.entries import IDENTIFYING, entries
from seqbench.reports.footer import command, footer
from seqbench.reports.formatting import ABSENT, plain
from seqbench.reports.notes import Marked, notes
from seqbench.reports.summary import summary
from seqbench.reports.table import Row, Table
from seqbench.reports.view import View

Tone = Literal["", "good", "bad", "even", "quiet"]
TONES: dict[str, Tone] = {"better": "good", "worse": "bad", "tie": "even", "reference": "quiet", "ok": "quiet"}
_HOMES = {"score": ("score", "model"), "gap": ("gap", "score", "model"), "fit": ("fit", "training", "speed")}
"""In which column the marks of a row stand: in the first of these that is shown. Notes about times have no other."""
_EXPLAINED = {"interval": {"interval", "verdict"}, "verdict": {"verdict", "skill"}, "cost": {"training"}}
"""Texts of the footer that are left out if none of these columns is shown."""


@dataclass(frozen=True)
class Cell:
    text: str
    marks: tuple[str, ...] = ()
    """Marks that point to notes."""
    bold: bool = False
    tone: Tone = ""
    value: float | None = None
    """The number in the text, not rounded, by which rows can be sorted; None: there is none."""

    @property
    def mark(self) -> str:
        return ",".join(self.marks)


@dataclass(frozen=True)
class Column:
    key: str
    """The name by which it is chosen."""
    title: str
    cells: tuple[Cell, ...]
    panel: Panel
    numeric: bool = True
    importance: int = USUAL

    @property
    def says_something(self) -> bool:
        return any(cell.text != ABSENT or cell.marks for cell in self.cells)


@dataclass(frozen=True)
class Sheet:
    kind: Literal["table", "ranks", "comparison", "curve", "effort"]
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
    entries: tuple[Mapping[str, Any], ...]
    """The values of each row by name, not rounded; None if they do not exist."""
    table: Table | None = None
    """The table that the sheet shows; None: it shows several."""

    def plain(self) -> "Sheet":
        """Return the sheet with each text as one line of printable characters: all formats write such a sheet."""
        columns = (
            replace(c, title=plain(c.title), cells=tuple(replace(cell, text=plain(cell.text)) for cell in c.cells))
            for c in self.columns
        )
        return replace(
            self,
            title=plain(self.title),
            summary=plain(self.summary),
            columns=tuple(columns),
            notes=tuple((mark, plain(text)) for mark, text in self.notes),
            footer=tuple((plain(heading), plain(text)) for heading, text in self.footer),
            command=plain(self.command),
        )

    def panels(self, width: Callable[[Column], float], first: float, later: float) -> list[list[Column]]:
        """Return the columns in as few panels as possible, each with the labels first.

        If one panel is not enough, the columns stand in the order of their importance.

        Args:
            width: of a column.
            first, later: room for the columns after the labels, in the first panel and in others.
        """
        label, *others = self.columns
        if sum(map(width, others)) <= first:
            return [[label, *others]]
        panels, room = [[label]], first
        for column in sorted(others, key=lambda column: column.importance):
            if len(panels[-1]) > 1 and width(column) > room:
                panels.append([label])
                room = later
            panels[-1].append(column)
            room -= width(column)
        return panels


def rows(columns: Sequence[Column]) -> list[tuple[Cell, ...]]:
    """Return the cells of columns, row by row."""
    return list(zip(*(column.cells for column in columns), strict=True))


def sheet(table: Table, view: View = View()) -> Sheet:  # noqa: B008 (a view does not change)
    """Return a table as a reader asks to see it."""
    columns = definitions(table)
    table = _sorted(table, columns, view.sort)
    shown = _shown(table, columns, view.columns)
    keys = {column.key for column in shown}
    found = notes(table, times=not keys.isdisjoint(_HOMES["fit"]))
    values = {*IDENTIFYING, *(name for _, one in columns if one.key in keys for name in one.values)}
    return Sheet(
        kind="table",
        title=_title(table),
        summary=summary(table),
        columns=_marked(shown, found.marked),
        truth=sum(row.kind != "truth" for row in table.rows),
        notes=found.listed(),
        footer=tuple(pair for pair in footer(table) if keys & _EXPLAINED.get(pair[0], keys)),
        command=command(table),
        entries=tuple(
            {name: value for name, value in entry.items() if name in values or not view.columns}
            for entry in entries(table)
        ),
        table=table,
    ).plain()


def _title(table: Table) -> str:
    basis, data = table.basis, table.basis.comparability
    parts = [f"{basis.task} on {basis.dataset}"]
    if data is not None:
        parts += [f"{data.items:,} test {data.unit}s", f"convention: {data.convention}"]
    return " · ".join(parts + ([basis.distinction] if basis.distinction else []))


def _sorted(table: Table, columns: Sequence[tuple[Panel, Definition]], sort: str) -> Table:
    """Return the table with its rows sorted; if it has no such column, in the order of the runs.

    If rows are sorted by quality, those whose score is not comparable come after the others.
    """
    chosen = next(((panel, one) for panel, one in columns if sort and sort in (one.key, one.other)), None)
    if chosen is None:
        return table
    panel, column = chosen

    def key(row: Row) -> tuple[bool, bool, bool, Any]:
        value = column.order(row)
        absent = value is None or value != value  # NaN
        return row.kind == "truth", absent, panel == "quality" and not row.comparable, 0 if absent else value

    return replace(table, rows=tuple(sorted(table.rows, key=key)))


def _shown(table: Table, columns: Sequence[tuple[Panel, Definition]], chosen: Sequence[str]) -> list[Column]:
    made = {one.key: _column(table, panel, one) for panel, one in columns}
    if not chosen:
        told = {key for key, column in made.items() if key == "score" or column.says_something}
        return [made[one.key] for _, one in columns if one.shown and one.key in told]
    keys = {name: one.key for _, one in columns for name in (one.key, one.other)}
    picked = dict.fromkeys(keys[name] for name in ("model", *chosen) if name in keys)
    return [replace(made[key], importance=MAIN) for key in picked]


def _column(table: Table, panel: Panel, column: Definition) -> Column:
    cells = []
    for row in table.rows:
        text, best = column.text(row), row.label == table.best or row.ties_with_best
        tone = TONES.get(text, "bad" if column.key == "status" else "") if column.key in ("verdict", "status") else ""
        cells.append(Cell(text, bold=best and column.key in ("model", "score"), tone=tone, value=column.value(row)))
    return Column(column.key, column.title, tuple(cells), panel, column.numeric, column.importance)


def _marked(columns: Sequence[Column], marked: Sequence[Marked]) -> tuple[Column, ...]:
    """Return the columns with the marks of notes in their cells."""
    keys = [column.key for column in columns]
    homes = {kind: next((key for key in _HOMES[kind] if key in keys), None) for kind in _HOMES}
    kinds = {key: [kind for kind, home in homes.items() if home == key] for key in keys} | {"status": ["status"]}
    return tuple(
        replace(
            column,
            cells=tuple(
                replace(cell, marks=tuple(mark for kind in kinds[column.key] for mark in getattr(row, kind)))
                for cell, row in zip(column.cells, marked, strict=True)
            ),
        )
        for column in columns
    )
