"""Tables for the terminal: all columns side by side if they fit, otherwise in panels below each other."""

import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from seqbench.reports.columns import MAIN
from seqbench.reports.formatting import broken, joined, raised, shortened
from seqbench.reports.sheet import Column, Sheet

FILE_WIDTH = 120
"""Width in characters if the output is not a terminal."""
WIDE_LABEL, NARROW_LABEL, SHORT_LABEL = 34, 22, 12
"""Longer labels are broken before a setting. The second width is used if the first one does not fit. In panels below
the first, labels are shortened to the second one, or to the third one if that saves a panel."""
SCREENS = 2
"""The most heights of the screen that a table may have, except that there may always be two panels."""
_STYLES = {"good": "bold green", "bad": "red", "even": "yellow", "quiet": "dim", "": ""}


def render(
    pages: Sequence[Sheet], width: int | None = None, color: bool | None = None, height: int | None = None
) -> str:
    """Return sheets as text.

    If not all columns fit side by side, the first panel has the most important ones, and the others follow below. If
    they are more than `SCREENS` screens high, the last ones are only named.

    Args:
        width: in characters; None: the width of the terminal.
        color: whether to write escape codes; None: only if standard output is a terminal.
        height: of the screen, in lines; None: that of the terminal, or without bound if there is none.
    """
    watched = sys.stdout.isatty()
    size = shutil.get_terminal_size((FILE_WIDTH, 0))
    text = StringIO()
    console = Console(
        file=text,
        width=width or size.columns,
        force_terminal=watched if color is None else color,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for i, page in enumerate(pages):
        _print(console, page, (height or size.lines) if height or watched else 0, first=i == 0)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _print(console: Console, page: Sheet, height: int, first: bool) -> None:
    if not first:
        console.print()
    console.print(Text(page.title, "bold"))
    console.print(Text(page.summary))
    ways = [_shown(panels, page.truth, height) for panels in _panels(page, console.width)]
    panels, left = min(ways, key=lambda way: (len(way[1]), len(way[0])))
    for panel in panels:
        console.print(_grid(panel, page.truth), width=1 + sum(map(panel.width, panel.columns)), crop=False)
    if left:
        by_name = f", or --columns {','.join(column.key for column in left)}" if page.kind == "table" else ""
        titles = ", ".join(column.title for column in left)
        console.print(Text(f"left out for want of room: {titles}; a wider window shows them{by_name}", "dim"))
    _pairs(console, [(raised(mark), text) for mark, text in page.notes], "red")
    if page.notes:
        console.print()
    _pairs(console, page.footer, "dim")
    console.print(Text(f"$ {page.command}", "dim"), soft_wrap=True)


@dataclass(frozen=True)
class _Panel:
    columns: Sequence[Column]
    label: int
    """The width of labels."""
    cut: bool = False
    """Whether longer labels are shortened; else they are broken into lines."""

    def cells(self, column: Column) -> list[Text]:
        """Return cells, padded so that digits align whatever marks follow them."""
        return _labels(column, self.label, self.cut) if column.panel == "label" else _cells(column)

    def width(self, column: Column) -> int:
        """Return the width of a column with the space and the divider after it."""
        return max(_size(text) for text in [_head(column), *self.cells(column)]) + 2

    def height(self, truth: int) -> int:
        """Return the number of lines, those between the parts included."""
        lines = [text.plain.count("\n") + 1 for text in self.cells(self.columns[0])]
        head = max(_head(column).plain.count("\n") + 1 for column in self.columns)
        return head + sum(lines) + 3 + (0 < truth < len(lines))


def _panels(page: Sheet, width: int) -> list[list[_Panel]]:
    """Return the panels in which the columns fit into this width; there may be two ways to lay them out."""
    label, *others = page.columns
    narrow = max(8, min(NARROW_LABEL, width // 2))
    wide, broken, cut, short = (
        _Panel(page.columns, size, cut)
        for size, cut in ((WIDE_LABEL, False), (narrow, False), (narrow, True), (min(SHORT_LABEL, narrow), True))
    )

    def room(panel: _Panel) -> float:
        return width - 1 - panel.width(label)

    if sum(map(wide.width, others)) <= room(wide):
        return [[wide]]
    if sum(map(broken.width, others)) <= room(broken):
        return [[broken]]
    main = sum(wide.width(column) for column in others if column.importance == MAIN)
    first = wide if main <= room(wide) else broken
    found = []
    for later in (cut, short):
        head, *rest = page.panels(wide.width, room(first), room(later))
        found.append([replace(first, columns=head), *(replace(later, columns=columns) for columns in rest)])
    return found


def _shown(panels: list[_Panel], truth: int, height: int) -> tuple[list[_Panel], list[Column]]:
    """Return the panels for which there is room, and the columns of the others.

    Args:
        height: of the screen; 0: without bound.
    """
    kept, left = list(panels), list[Column]()
    while height and len(kept) > SCREENS and sum(panel.height(truth) for panel in kept) > SCREENS * height:
        columns = kept[-1].columns[1:]
        if any(column.importance == MAIN for column in columns):
            break
        left = [*columns, *left]
        kept.pop()
    return kept, left


def _grid(panel: _Panel, truth: int) -> Grid:
    """Return a grid in the style of booktabs; its cells are padded already."""
    grid = Grid(box=box.HORIZONTALS, padding=(0, 1, 0, 0), header_style="bold")
    for column in panel.columns:
        grid.add_column(_head(column), vertical="bottom" if column.panel == "label" else "top", no_wrap=True)
    for i, row in enumerate(zip(*map(panel.cells, panel.columns), strict=True), start=1):
        grid.add_row(*row, end_section=i == truth)
    return grid


def _head(column: Column) -> Text:
    """Return the title, broken into lines as short as possible and aligned like the cells."""
    size = _body(column) + _tail(column)
    lines = joined(re.split(r"(?<= )|(?<=/)(?=\w{2})", column.title), size)
    size = max([size, *(cell_len(line) for line in lines)])
    return Text("\n".join(line.rjust(size) if column.numeric else line for line in lines))


def _cells(column: Column) -> list[Text]:
    size = max(_body(column) + _tail(column), _size(_head(column))) if column.numeric else 0
    return [
        Text.assemble(
            " " * (size - _tail(column) - cell_len(cell.text)),
            (cell.text, "bold" if cell.bold else _STYLES[cell.tone]),
            (raised(cell.mark), "red"),
        )
        for cell in column.cells
    ]


def _labels(column: Column, size: int, cut: bool) -> list[Text]:
    """Return labels that are at most `size` wide, their marks left out."""
    texts = [shortened(cell.text, size) if cut else "\n  ".join(broken(cell.text, size)) for cell in column.cells]
    return [
        Text.assemble((text, "bold" if cell.bold else ""), (raised(cell.mark), "red"))
        for text, cell in zip(texts, column.cells, strict=True)
    ]


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
