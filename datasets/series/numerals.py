"""Numbers in users' tables, with a decimal point or a decimal comma, and with separators of thousands or without.

A file has one way of writing numbers, which is that of all its values together.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from seqbench.data import DataError
from seqbench.datasets.tables import shown

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


@dataclass(frozen=True)
class Numbers:
    columns: dict[str, list[float]]
    """NaN: no value."""
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
    odd = {(name, i) for name, cells in columns.items() for i, cell in enumerate(cells) if _plain(cell) is None}
    if not odd and decimal != "comma":
        read = {
            name: [_finite(_plain(cell), cell, name, i, where) for i, cell in enumerate(cells)]
            for name, cells in columns.items()
        }
        return Numbers(read, None, 0)
    mark = decimal or _mark(columns, sorted(odd, key=lambda place: place[1]), where)
    read, grouped = {}, 0
    for name, cells in columns.items():
        read[name] = [_finite(_value(cell, mark), cell, name, i, where, mark) for i, cell in enumerate(cells)]
        found = (GRAMMARS[mark].fullmatch(cell.strip()) for cell in cells)
        grouped += sum(number is not None and number[1] is not None for number in found)
    return Numbers(read, mark, grouped)


def _mark(columns: Mapping[str, Sequence[str]], odd: Sequence[tuple[str, int]], where: Callable[[int], str]) -> Decimal:
    """Return the decimal mark with which all values are numbers.

    Args:
        odd: the column and row of the cells that are no plain numbers.
    """
    every = {cell for cells in columns.values() for cell in cells}
    fitting: list[Decimal] = [mark for mark in MARKS if all(_value(cell, mark) is not None for cell in every)]
    name, row = odd[0]
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


def _finite(
    value: float | None,
    cell: str,
    name: str,
    row: int,
    where: Callable[[int], str],
    decimal: Decimal | None = None,
) -> float:
    if value is None:
        raise _no_number(cell, name, row, where, decimal)
    if math.isinf(value):
        raise DataError(f"{where(row)}: the column {shown(name)} holds {shown(cell)}; a value must be finite")
    return value


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
