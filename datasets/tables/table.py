"""A table of a user's: its columns of text, and what is wrong with it, in one line.

Every cell stays text: no type is guessed, so `NA` is two letters and the 1.50 of JSON is four characters. Only a NaN
that JSON or Parquet holds as a number is an empty cell, as null is.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqbench.data import DataError, shown

Columns = dict[str, list[str]]
"""Columns by name; all have the same length."""
LONGEST = 1_000_000
"""The most characters of a cell; if a cell is longer, a quote was left open or the file is not a table."""
LISTED = 20
"""The most names of columns that a message quotes."""


@dataclass(frozen=True, eq=False)
class Table(Mapping[str, Sequence[str]]):
    """The wanted columns of a table, by name."""

    path: Path
    columns: Mapping[str, Sequence[str]]
    """Columns by name; all have the same length."""
    header: Sequence[str]
    """The names of all columns."""
    places: Sequence[int]
    """The line of the file on which each row starts, from 1; of Parquet, the number of the row."""
    unit: str = "line"
    """What `places` counts: line or row."""
    notes: dict[str, int | str] = field(default_factory=dict)
    """How the file was read, if not in the usual way."""

    def __getitem__(self, name: str) -> Sequence[str]:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def where(self, row: int) -> str:
        """Return the place of a row, numbered from 0, for messages."""
        return f"{self.path}, {self.unit} {self.places[row]}"


@dataclass(frozen=True)
class Piece:
    """Some rows of a table; the arguments are as in `Table`."""

    columns: Columns
    places: list[int]


@dataclass(eq=False)
class Reading:
    """A table that is read in pieces; the other fields are as in `Table`, and complete once all pieces were read."""

    path: Path
    unit: str = "line"
    header: Sequence[str] = ()
    notes: dict[str, int | str] = field(default_factory=dict)
    rows: Iterable[Piece] = ()

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows in pieces, once.

        Raises:
            DataError: as in `TableOptions.table`; a fault that only the whole file shows is told after the last piece.
        """
        empty = True
        for piece in self.rows:
            empty = empty and not piece.places
            yield piece
        if empty:
            raise DataError(f"{self.path} has a header and no rows; add some rows")


def check_wanted(path: Path, names: Sequence[str], wanted: Mapping[str, str]) -> None:
    """Raise a DataError if a wanted column is missing; wanted: as in `TableOptions.table`."""
    for name, cure in wanted.items():
        if name in names:
            continue
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
        hint = f"did you mean {shown(near[0])}? " if near else ""
        more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
        listed = ", ".join(map(shown, names[:LISTED])) or "no column at all"
        raise DataError(f"{path} has no column {shown(name)}; {hint}it has: {listed}{more}; {cure}")


def cell_text(where: str, name: str, value: Any) -> str:
    """Return a cell of JSON or Parquet as text: None and NaN are empty, and true is `true` in both formats."""
    if isinstance(value, bytes | list | tuple | dict):
        raise DataError(
            f"{where}: {shown(name)} is neither text nor number but {type(value).__name__}; write one text or number"
        )
    text = "" if value is None or value != value else str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > LONGEST:
        raise DataError(
            f"{where}: the cell {shown(name)} holds {len(text):,} characters, more than {LONGEST:,}; "
            "shorten the text, or remove the row"
        )
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise DataError(
            f"{where}: {shown(name)} holds half of a surrogate pair, which is no character; correct the text"
        )
    return text
