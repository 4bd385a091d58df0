"""Numbers in users' tables, with a decimal point or a decimal comma, and with separators of thousands or without.

A file has one way of writing numbers, which is that of all its values together.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal

import numpy as np

from seqbench.data import DataError, shown
from seqbench.datasets.packed import pieces_of
from seqbench.interface import Floats

Decimal = Literal["comma", "point"]

NOTHING = frozenset({"", "nan", "na", "n/a", "null", "none", "nat", "-"})
"""Contents of cells without a value, in lower case."""
SPACES = " \u00a0\u2009\u202f'\u2019"
"""Separators of thousands beside any decimal mark; narrow and unbreakable spaces, and apostrophes, are among them."""
MARKS: dict[Decimal, tuple[str, str]] = {"point": (".", ","), "comma": (",", ".")}
"""The decimal mark, and the separator of thousands that goes with it."""
GRAMMARS = {
    name: re.compile(
        rf"[+-]?(?:\d*|[1-9]\d{{0,2}}(?:([{SPACES}{re.escape(group)}])\d{{3}}(?:\1\d{{3}})*))"
        rf"(?:{re.escape(mark)}\d*)?(?:[eE][+-]?\d+)?"
    )
    for name, (mark, group) in MARKS.items()
}
GROUPED = re.compile(rf"[+-]?\d+(?:[.,{SPACES}]\d+)+")
"""Digits with a decimal comma or with separators of thousands."""
REMEMBERED = 1 << 16
"""Distinct cells whose numbers are remembered, since values often recur."""


@dataclass(frozen=True)
class Numbers:
    columns: dict[str, Floats]
    """(T,) each; NaN: no value."""
    decimal: Decimal | None
    """The decimal mark if a value has a comma or a separator of thousands; None: all are plain numbers."""
    grouped: int
    """Number of values with separators of thousands."""


def numbers(
    columns: Mapping[str, Sequence[str]], where: Callable[[int], str], decimal: Decimal | None = None
) -> Numbers:
    """Read the numbers of all columns of values of a file.

    Args:
        where: returns the place of a row, for messages.
        decimal: the decimal mark; None: the one with which all values are numbers.

    Raises:
        DataError: a cell is no finite number, or the values are numbers with either mark, but not the same.
    """
    odd: list[tuple[int, str]] = []
    if decimal != "comma":
        read: dict[str, Floats] = {}
        for name, cells in columns.items():
            read[name], first = _plain_column(cells)
            odd += [] if first is None else [(first, name)]
        if not odd:
            for name, values in read.items():
                _check(values, columns[name], name, where)
            return Numbers(read, None, 0)
    mark = decimal or _mark(columns, *min(odd, key=lambda place: place[0]), where)
    value = lru_cache(REMEMBERED)(partial(_value, decimal=mark))
    separated = lru_cache(REMEMBERED)(partial(_separated, decimal=mark))
    read, grouped = {}, 0
    for name, cells in columns.items():
        found = [value(cell) for cell in cells]
        read[name] = np.array(found, dtype=np.float64)
        wrong = found.index(None) if None in found else None
        _check(read[name][:wrong], cells, name, where)
        if wrong is not None:
            raise _no_number(cells[wrong], name, wrong, where, mark)
        grouped += sum(map(separated, cells))
    return Numbers(read, mark, grouped)


def _plain_column(column: Sequence[str]) -> tuple[Floats, int | None]:
    """Return the plain numbers (T,) of a column; or some of them and the row of the first cell that is none."""
    found, rows = [np.empty(0)], 0
    for cells in pieces_of(column):
        try:
            found.append(np.fromiter(map(float, cells), np.float64, len(cells)))
            plain = "_" not in "".join(cells)
        except ValueError:
            plain = False
        if not plain:
            values = [_plain(cell) for cell in cells]
            if None in values:
                return np.concatenate(found), rows + values.index(None)
            found.append(np.array(values, dtype=np.float64))
        rows += len(cells)
    return np.concatenate(found), None


def _check(values: Floats, cells: Sequence[str], name: str, where: Callable[[int], str]) -> None:
    """Raise a DataError if a value of a column is infinite."""
    for row in np.flatnonzero(np.isinf(values))[:1].tolist():
        raise DataError(f"{where(row)}: the column {shown(name)} holds {shown(cells[row])}; a value must be finite")


def _mark(columns: Mapping[str, Sequence[str]], row: int, name: str, where: Callable[[int], str]) -> Decimal:
    """Return the decimal mark with which all values are numbers.

    Args:
        row, name: of the first cell that is no plain number.
    """
    every = {cell for cells in columns.values() for cell in cells}
    fitting: list[Decimal] = [mark for mark in MARKS if all(_value(cell, mark) is not None for cell in every)]
    cell = columns[name][row]
    if not fitting:
        raise _no_number(cell, name, row, where)
    if len(fitting) > 1 and any(
        _value(cell, "comma") != _value(cell, "point") for cell in every if cell.strip().lower() not in NOTHING
    ):
        raise DataError(
            f"{where(row)}: the column {shown(name)} holds {shown(cell)}, whose comma may stand before decimals or "
            "between thousands, and no other value shows which; say --decimal comma or --decimal point"
        )
    return fitting[0]


def _plain(cell: str) -> float | None:
    """Return the number that Python reads, NaN for no value, or None."""
    if cell.strip().lower() in NOTHING:
        return math.nan
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        return None


def _value(cell: str, decimal: Decimal) -> float | None:
    """Return the number with this decimal mark, NaN for no value, or None."""
    text = cell.strip()
    if text.lower() in NOTHING:
        return math.nan
    found = GRAMMARS[decimal].fullmatch(text)
    mark, _ = MARKS[decimal]
    return _plain(text.replace(found[1] or "_", "").replace(mark, ".")) if found else None


def _separated(cell: str, decimal: Decimal) -> bool:
    """Return whether a number has separators of thousands."""
    found = GRAMMARS[decimal].fullmatch(cell.strip())
    return found is not None and found[1] is not None


def _no_number(
    cell: str, name: str, row: int, where: Callable[[int], str], decimal: Decimal | None = None
) -> DataError:
    cure = (
        "write 1234.5, with a decimal point and no other separator"
        if GROUPED.fullmatch(cell.strip())
        else "leave the cell empty if there is no value"
    )
    which = f" with a decimal {decimal}" if decimal else ""
    return DataError(f"{where(row)}: the column {shown(name)} holds {shown(cell)}, which is no number{which}; {cure}")
