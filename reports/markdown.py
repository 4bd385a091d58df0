"""Tables in GitHub-flavoured Markdown."""

import re
from collections.abc import Iterable, Sequence

from seqbench.reports.formatting import raised
from seqbench.reports.ranks import sheets
from seqbench.reports.sheet import Cell, Sheet, rows
from seqbench.reports.table import Table


def render(tables: Sequence[Table]) -> str:
    """Return tables as Markdown, one heading per table."""
    return pages(sheets(tables))


def pages(found: Sequence[Sheet]) -> str:
    """Return sheets as Markdown."""
    return "\n".join(map(_page, found))


def escape(text: str) -> str:
    """Escape text, so that no part of it is read as syntax, nor its beginning as that of a list or a rule."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", text)
    return re.sub(r"^(\d*)([-+.)])(?=[ -]|$)", r"\1\\\2", escaped)


def _page(page: Sheet) -> str:
    lines = [f"### {escape(page.title)}", "", escape(page.summary), ""]
    lines.append(_line(escape(column.title) for column in page.columns))
    lines.append(_line("--:" if column.numeric else ":--" for column in page.columns))
    lines += [_line(_cell(cell) for cell in row) for row in rows(page.columns)]
    lines += ["", *(f"- {escape(raised(mark))} {escape(text)}" for mark, text in page.notes)] if page.notes else []
    lines += ["", *(f"- **{escape(heading)}**: {escape(text)}" for heading, text in page.footer)]
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", page.command))])
    return "\n".join([*lines, "", f"{fence}sh", page.command, fence, ""])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    return (f"**{text}**" if cell.bold else text) + escape(raised(cell.mark))
