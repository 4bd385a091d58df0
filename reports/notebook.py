"""Tables in a notebook: a few columns that a lecture room can read, with all footnotes."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import ClassVar

import pandas as pd

from seqbench.reports.frame import frame
from seqbench.reports.markup import environment
from seqbench.reports.ranks import sheets
from seqbench.reports.sheet import Column, Sheet, rows
from seqbench.reports.table import Table

METRICS = 2
"""The most metrics that a table shows; the frame has them all."""
LEFT_OUT = {"valid", "sd", "skill", "training", "speed", "memory"}
"""Other columns that are left out, by their names."""


class Results(pd.DataFrame):
    """The rows of tables, as `frame` makes them. A notebook shows the tables themselves, with their footnotes.

    What is selected from it is a plain frame.
    """

    _metadata: ClassVar[list[str]] = ["tables"]
    tables: Sequence[Table]

    def __init__(self, tables: Sequence[Table]) -> None:
        super().__init__(frame(tables))  # type: ignore[call-arg]  # pandas-stubs know only __new__
        self.tables = tables

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str:
        return render(self.tables)


def render(tables: Sequence[Table]) -> str:
    """Return tables as HTML to be placed in a page."""
    left_out = LEFT_OUT | {metric.name for table in tables for metric in table.metrics[METRICS:]}
    template = environment("seqbench.reports").get_template("notebook.html")
    return template.render(pages=[_narrow(page, left_out) for page in sheets(tables)], rows=rows)


def _narrow(page: Sheet, left_out: AbstractSet[str]) -> Sheet:
    """Leave out columns, so that what is left can be written in letters that the last row can read."""
    return replace(page, columns=tuple(column for column in page.columns if not _dispensable(column, left_out)))


def _dispensable(column: Column, left_out: AbstractSet[str]) -> bool:
    if column.key == "status":
        return all(cell.text == "ok" for cell in column.cells)
    return column.key in left_out
