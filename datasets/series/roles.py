"""What the columns of a user's table may be, so that a message can name the options that are missing."""

import shlex
from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path

from seqbench.data import DataError
from seqbench.datasets.series.numerals import numbers
from seqbench.datasets.series.stamps import parse
from seqbench.datasets.tables import LISTED, SUFFIXES, read_table, shown

ROWS = 1_000
"""The first so many rows are looked at."""
WORDS = 3
"""The fewest words of a text, on average."""
CLASSES = 50
"""The most classes that a column is taken to hold."""


def proposals(path: Path) -> list[str]:
    """Return what a table may be, each as the options that say so; empty if it is no table or nothing fits."""
    try:
        header = [name for name in read_table(path, {}).header if name]
        table = read_table(path, dict.fromkeys(header, ""))
    except (DataError, ImportError):
        return []
    cells = {name: [cell for cell in islice(table[name], ROWS) if cell.strip()] for name in header}
    held = {name: column for name, column in cells.items() if column}
    times = [name for name, column in held.items() if _are_times(column)]
    times = times or [name for name, column in held.items() if _are_steps(column)]
    values = [name for name, column in held.items() if name not in times and _are_numbers(column)]
    texts = sorted((n for n, c in held.items() if _words(c) >= WORDS), key=lambda n: -_words(held[n]))
    classes = [n for n, c in held.items() if n not in (*times, *texts) and 1 < len(set(c)) <= min(CLASSES, len(c) // 5)]
    found = []
    if texts and classes:
        words = [name for name in classes if name not in values] or classes
        found.append(f"classes of texts, --text {shlex.quote(texts[0])} --label {shlex.quote(words[0])}")
    if times and values:
        many = [name for name in classes if name not in (*values, *times)] if _repeat(held[times[0]]) else []
        more = f" --id {shlex.quote(many[0])}" if many else ""
        found.append(f"series, --time {shlex.quote(times[0])} --value {shlex.quote(values[0])}{more}")
    return found


def columns(path: Path) -> str:
    """Return the names of the columns of a table, for a message; empty if it is none."""
    if path.suffix.lower() not in SUFFIXES:
        return ""
    try:
        header = read_table(path, {}).header
    except (DataError, ImportError):
        return ""
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
