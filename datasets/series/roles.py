"""What the columns of a user's table may be, so that a message can name the options that are missing."""

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from seqbench.data import DataError, shown
from seqbench.datasets.series.numerals import numbers
from seqbench.datasets.series.stamps import parse
from seqbench.datasets.tables.delimited import SEPARATORS
from seqbench.datasets.tables.reading import TableOptions
from seqbench.datasets.tables.table import LISTED, Columns

ROWS = 1_000
"""The first so many rows are looked at."""
WORDS = 3
"""The fewest words of a text, on average."""
CLASSES = 50
"""The most classes that a column is taken to hold."""


def proposals(path: Path, options: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of the columns of a table, and what it may be, each as the options that say so.

    Args:
        options: those that were given; `encoding`, `separator` and `quotes` say how it is read.

    Raises:
        DataError: it is no table, or a damaged one.
    """
    reading = {name: options[name] for name in TableOptions.model_fields if name in options}
    columns = _read(path, TableOptions(**reading))
    cells = {name: [cell for cell in islice(column, ROWS) if cell.strip()] for name, column in columns.items()}
    held = {name: column for name, column in cells.items() if column}
    times = [name for name, column in held.items() if _are_times(column)]
    steps = [] if times else [name for name, column in held.items() if _are_steps(column)]
    times = times or steps
    values = [name for name, column in held.items() if name not in times and _are_numbers(column)]
    texts = sorted((n for n, c in held.items() if _words(c) >= WORDS), key=lambda n: -_words(held[n]))
    classes = [n for n, c in held.items() if n not in (*times, *texts) and 1 < len(set(c)) <= min(CLASSES, len(c) // 5)]
    found = []
    if texts and classes:
        words = [name for name in classes if name not in values] or classes
        found.append(f"classes of texts, {_option('text', texts[0])} {_option('label', words[0])}")
    if times and values and not (steps and classes and not _repeat(held[times[0]])):
        many = [name for name in classes if name not in (*values, *times)] if _repeat(held[times[0]]) else []
        more = f" {_option('id', many[0])}" if many else ""
        found.append(f"series, {_option('time', times[0])} {_option('value', values[0])}{more}")
    return list(columns), found


def _read(path: Path, reading: TableOptions) -> Columns:
    """Return the columns of a table. Without names of columns, the separator is the one of the suffix, or else the one
    that divides all rows into as many cells as the header, two at least."""
    first: Columns | DataError
    try:
        first = _columns(path, reading)
    except DataError as error:
        first = error
    if not isinstance(first, DataError) and (len(first) > 1 or reading.separator != "auto"):
        return first
    for separator in SEPARATORS if reading.separator == "auto" else ():
        with suppress(DataError):
            columns = _columns(path, reading.model_copy(update={"separator": separator}))
            if len(columns) > 1:
                return columns
    if isinstance(first, DataError):
        raise first
    return first


def _columns(path: Path, reading: TableOptions) -> Columns:
    """Read a whole table, and return the first ROWS rows or more."""
    columns: Columns = {name: [] for name in reading.header(path, {}) if name}
    rows = 0
    for piece in reading.pieces(path, dict.fromkeys(columns, "")).pieces():
        if rows < ROWS:
            rows += len(piece.places)
            for name, cells in columns.items():
                cells += piece.columns[name]
    return columns


def _option(name: str, column: str) -> str:
    """Return an option with the name of a column, as a shell reads it."""
    return shlex.join([f"--{name}={column}"] if column.startswith("-") else [f"--{name}", column])


def listed(header: Sequence[str]) -> str:
    """Return names of columns for a message."""
    more = f" and {len(header) - LISTED:,} more" if len(header) > LISTED else ""
    return ", ".join(map(shown, header[:LISTED])) + more


def _words(column: Sequence[str]) -> float:
    return sum(len(cell.split()) for cell in column) / len(column)


def _are_numbers(column: Sequence[str]) -> bool:
    try:
        numbers({"": column}, str)
    except DataError:
        return False
    return True


def _are_times(column: Sequence[str]) -> bool:
    """Return whether all cells are times that are not plain numbers."""
    if _are_numbers(column):
        return False
    try:
        parse(column, str)
    except DataError:
        return False
    return True


def _are_steps(column: Sequence[str]) -> bool:
    """Return whether all cells are whole numbers, most of which are one more than the one before."""
    if not all(cell.strip().isdecimal() for cell in column):
        return False
    steps = [int(after) - int(before) for before, after in pairwise(column)]
    return steps.count(1) > len(steps) / 2


def _repeat(column: Sequence[str]) -> bool:
    return len(set(column)) < len(column)
