"""Tables for the terminal: all columns side by side if they fit, otherwise in panels below each other."""

import re
import shutil
import sys
from collections.abc import Sequence
from io import StringIO

from rich import box
from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from seqbench.reports.formatting import raised
from seqbench.reports.ranks import sheets
from seqbench.reports.sheet import Column, Sheet
from seqbench.reports.table import Table

FILE_WIDTH = 120
"""Width in characters if the output is not a terminal."""
WIDE_LABEL, NARROW_LABEL = 34, 22
"""Longer labels are broken before a setting; the second width is used if the first one does not fit."""
_STYLES = {"good": "bold green", "bad": "red", "even": "yellow", "quiet": "dim", "": ""}


def render(tables: Sequence[Table], width: int | None = None, color: bool | None = None) -> str:
    """Return tables as text.

    Args:
        width: in characters; None: the width of the terminal.
        color: whether to write escape codes; None: only if standard output is a terminal.
    """
    return pages(sheets(tables), width, color)


def pages(found: Sequence[Sheet], width: int | None = None, color: bool | None = None) -> str:
    """Return sheets as text; the arguments are those of `render`."""
    watched = sys.stdout.isatty()
    text = StringIO()
    console = Console(
        file=text,
        width=width or shutil.get_terminal_size((FILE_WIDTH, 0)).columns,
        force_terminal=watched if color is None else color,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for i, page in enumerate(found):
        _print(console, page, first=i == 0)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _print(console: Console, page: Sheet, first: bool) -> None:
    if not first:
        console.print()
    console.print(Text(page.title, "bold"))
    console.print(Text(page.summary))
    narrow = max(8, min(NARROW_LABEL, console.width // 2))
    widths = {column.title: _column_width(column, narrow) for column in page.columns}
    for panel in page.panels(lambda columns: 1 + sum(widths[column.title] for column in columns) <= console.width):
        rest = 1 + sum(widths[column.title] for column in panel[1:])
        label = WIDE_LABEL if rest + _column_width(panel[0], WIDE_LABEL) <= console.width else narrow
        console.print(_grid(panel, label, page.truth), width=rest + _column_width(panel[0], label), crop=False)
    _pairs(console, [(raised(mark), text) for mark, text in page.notes], "red")
    if page.notes:
        console.print()
    _pairs(console, page.footer, "dim")
    console.print(Text(f"$ {page.command}", "dim"), soft_wrap=True)


def _column_width(column: Column, label: int) -> int:
    """Return the width of a column with the space and the divider after it."""
    return max(_size(text) for text in [_head(column), *_set(column, label)]) + 2


def _grid(columns: Sequence[Column], label: int, truth: int) -> Grid:
    """Return a grid in the style of booktabs; its cells are padded already."""
    grid = Grid(box=box.HORIZONTALS, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        grid.add_column(_head(column), vertical="bottom" if column.panel == "label" else "top", no_wrap=True)
    cells = [_set(column, label) for column in columns]
    for i, row in enumerate(zip(*cells, strict=True), start=1):
        grid.add_row(*row, end_section=i == truth)
    return grid


def _head(column: Column) -> Text:
    """Return the title, broken into lines as short as possible and aligned like the cells."""
    size = _body(column) + _tail(column)
    lines = _folded(re.split(r"(?<= )|(?<=/)(?=\w{2})", column.title), size)
    size = max([size, *(cell_len(line) for line in lines)])
    return Text("\n".join(line.rjust(size) if column.numeric else line for line in lines))


def _set(column: Column, label: int) -> list[Text]:
    """Return cells, padded so that digits align whatever marks follow them; labels are at most `label` wide."""
    if column.panel == "label":
        return [
            Text("\n  ".join(_folded(_settings(c.text, label), label)), "bold" if c.bold else "") for c in column.cells
        ]
    size = max(_body(column) + _tail(column), _size(_head(column))) if column.numeric else 0
    return [
        Text.assemble(
            " " * (size - _tail(column) - cell_len(cell.text)),
            (cell.text, "bold" if cell.bold else _STYLES[cell.tone]),
            (raised(cell.mark), "red"),
        )
        for cell in column.cells
    ]


def _settings(label: str, size: int) -> list[str]:
    """Return the pieces between which a label may be broken: before and between settings, and in long pieces."""
    return [
        part for piece in re.split(r"(?<=, )|(?=\()|(?<=:)|(?<= )(?=\[)", label) for part in chop_cells(piece, size - 2)
    ]


def _folded(pieces: Sequence[str], size: int) -> list[str]:
    """Join pieces of a text into lines of at most `size`, or as long as the longest piece."""
    lines = [""]
    for piece in pieces:
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > size:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def _size(text: Text) -> int:
    return max(cell_len(line) for line in text.plain.split("\n"))


def _body(column: Column) -> int:
    return max(cell_len(cell.text) for cell in column.cells)


def _tail(column: Column) -> int:
    return max(cell_len(cell.mark) for cell in column.cells)


def _pairs(console: Console, pairs: Sequence[tuple[str, str]], style: str) -> None:
    """Print heading and text side by side, with a hanging indent."""
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style=style)
    grid.add_column(style="" if style == "red" else style)
    for heading, text in pairs:
        grid.add_row(Text(heading), Text(text))
    if pairs:
        console.print(grid)
