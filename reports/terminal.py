"""Tables for the terminal: side by side where there is room, else panel below panel, with nothing left out."""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from io import StringIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as Grid
from rich.text import Text

from seqbench.reports.sheet import Cell, Column, Sheet, rows, sheet
from seqbench.reports.table import Table

FILE_WIDTH = 120
"""Columns where nobody watches."""
LABEL_WIDTH = 34
_STYLES = {"good": "bold green", "bad": "red", "even": "yellow", "quiet": "dim", "": ""}


def render(tables: Sequence[Table], width: int | None = None, color: bool | None = None) -> str:
    """Tables as text.

    Args:
        width: columns of the screen; None: those of the terminal.
        color: whether to write escape codes; None: if standard output is a terminal.
    """
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
    for i, table in enumerate(tables):
        _print(console, sheet(table), first=i == 0)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _print(console: Console, page: Sheet, first: bool) -> None:
    if not first:
        console.print()
    console.print(Text(page.title, "bold"))
    console.print(Text(page.summary))
    for panel in page.panels(lambda columns: _width(console, page, columns) <= console.width):
        console.print(_grid(console, page, panel))
    _pairs(console, page.notes, "red")
    if page.notes:
        console.print()
    _pairs(console, page.footer, "dim")
    console.print(Text(f"$ {page.command}", "dim"), soft_wrap=True)


def _width(console: Console, page: Sheet, columns: Sequence[Column]) -> int:
    return Measurement.get(console, console.options.update(width=10_000), _grid(console, page, columns)).maximum


def _grid(console: Console, page: Sheet, columns: Sequence[Column]) -> Grid:
    grid = Grid(box=box.HORIZONTALS, pad_edge=False, header_style="bold", show_edge=True)
    for column in columns:
        is_label = column.panel == "label"
        grid.add_column(
            _head(column),
            vertical="bottom" if not is_label else "top",
            max_width=min(LABEL_WIDTH, console.width // 2) if is_label else None,
            overflow="fold",
        )
    aligned = [_aligned(column) for column in columns]
    for i in range(len(rows(columns))):
        grid.add_row(*(cells[i] for cells in aligned), end_section=i + 1 == page.truth)
    return grid


def _head(column: Column) -> Text:
    """The title in lines no longer than they must be, set as the cells are."""
    size = max([_size(cell) for cell in column.cells] + [cell_len(word) for word in column.title.split()])
    lines = textwrap.wrap(column.title, size)
    return Text("\n".join(line.rjust(size) if column.numeric else line for line in lines), no_wrap=True)


def _aligned(column: Column) -> list[Text]:
    """Cells set so that digits stand below digits, whatever marks follow them."""
    body = max(cell_len(cell.text) for cell in column.cells)
    tail = max(cell_len(cell.mark) for cell in column.cells)
    head = max(cell_len(line) for line in _head(column).plain.split("\n"))
    texts = []
    for cell in column.cells:
        space = " " * (max(body + tail, head) - tail - cell_len(cell.text)) if column.numeric else ""
        style = "bold" if cell.bold else _STYLES[cell.tone]
        texts.append(Text.assemble(space, (cell.text, style), (cell.mark, "red")))
    return texts


def _size(cell: Cell) -> int:
    return cell_len(cell.text) + cell_len(cell.mark)


def _pairs(console: Console, pairs: Sequence[tuple[str, str]], style: str) -> None:
    """Heading and text side by side, the text with a hanging indent."""
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style=style)
    grid.add_column(style="" if style == "red" else style)
    for heading, text in pairs:
        grid.add_row(Text(heading), Text(text))
    if pairs:
        console.print(grid)
