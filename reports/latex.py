r"""Tables for LaTeX, in the style of booktabs, for documents with \usepackage{booktabs}."""

import re
from collections.abc import Sequence

from seqbench.reports.ranks import sheets
from seqbench.reports.sheet import Cell, Column, Sheet, rows
from seqbench.reports.table import Table

PAGE = 112
"""Characters of footnote size that fit on a line; a gap between columns counts as 1.5. Wider tables are split into
panels."""

ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": r"\textasciigrave{}",
    "*": r"\textasteriskcentered{}",
    "[": "{[}",
    "]": "{]}",
    "—": r"\textemdash{}",
    "–": r"\textendash{}",
    "−": r"\ensuremath{-}",
    "∞": r"\ensuremath{\infty}",
    "×": r"\ensuremath{\times}",
    "·": r"\textperiodcentered{}",
    "†": r"\dag{}",
    "‡": r"\ddag{}",
    "§": r"\S{}",
    "¶": r"\P{}",
    "‼": "!!",
}


def render(tables: Sequence[Table]) -> str:
    """Return tables as LaTeX, one float per table."""
    return pages(sheets(tables))


def pages(found: Sequence[Sheet]) -> str:
    """Return sheets as LaTeX."""
    head = "% \\usepackage{booktabs,textcomp}\n"
    return head + "\n".join(map(_float, found))


def escape(text: str) -> str:
    """Escape text, so that no part of it is read as a command."""
    escaped = "".join(ESCAPES.get(character, character) for character in text)
    return re.sub("-(?=-)", "-{}", escaped)  # two hyphens would become a dash


def _float(page: Sheet) -> str:
    label = re.sub(r"[^a-z0-9]+", "-", page.title.lower()).strip("-")
    panels = page.panels(lambda columns: sum(_width(column) + 1.5 for column in columns) <= PAGE)
    lines = [
        r"\begin{table}",
        r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"\caption[{{{escape(page.title)}}}]{{{escape(page.title)}. {escape(page.summary)}}}",
        rf"\label{{tab:{label}}}",
        "\n\\medskip\n".join(_tabular(panel, page.truth) for panel in panels),
        r"\par\medskip\raggedright\scriptsize",
        *(f"\\textsuperscript{{{escape(mark)}}}~{escape(text)}\\par" for mark, text in page.notes),
        *(f"\\emph{{{escape(heading)}}}: {escape(text)}.\\par" for heading, text in page.footer),
        r"\texttt{" + escape(page.command).replace("'", r"\textquotesingle{}") + "}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _tabular(columns: Sequence[Column], truth: int) -> str:
    lines = [rf"\begin{{tabular}}{{@{{}}{''.join('r' if column.numeric else 'l' for column in columns)}@{{}}}}"]
    lines += [r"\toprule", _line([_head(column) for column in columns]), r"\midrule"]
    for i, row in enumerate(rows(columns)):
        lines += [r"\midrule"] if 0 < i == truth else []
        lines.append(_line([_cell(cell) for cell in row]))
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _head(column: Column) -> str:
    words = [escape(word) for word in column.title.split()]
    stacked = r" \\ ".join([" ".join(words[:-1]), words[-1]])
    return rf"\shortstack[{'r' if column.numeric else 'l'}]{{{stacked}}}" if len(words) > 1 else words[0]


def _cell(cell: Cell) -> str:
    """Return the text with its marks; marks have no width, so that digits align down the column."""
    text = rf"\textbf{{{escape(cell.text)}}}" if cell.bold else escape(cell.text)
    return text + (rf"\rlap{{\textsuperscript{{{escape(cell.mark)}}}}}" if cell.marks else "")


def _width(column: Column) -> int:
    return max(len(text) for text in [*column.title.split(), *(cell.text for cell in column.cells)])
