"""The rows of a table of series, ordered by series and time, as a few long arrays."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.datasets.packed import pieces_of
from seqbench.datasets.series.stamps import Calendar, Stamp
from seqbench.interface import Floats, Ids


@dataclass(frozen=True)
class Distinct:
    """The different texts of a column, in the order in which they occur first."""

    texts: Sequence[str]
    """(D,)"""
    numbers: NDArray[np.integer[Any]]
    """(T,) the number of the text of each row."""

    @property
    def first(self) -> Ids:
        """Return the row (D,) in which each text occurs first."""
        return np.flatnonzero(np.diff(np.maximum.accumulate(self.numbers), prepend=-1))


def distinct(column: Sequence[str]) -> Distinct:
    """Return the different texts of a column."""
    found: dict[str, int] = defaultdict(count().__next__)
    pieces = [np.fromiter(map(found.__getitem__, cells), np.int32, len(cells)) for cells in pieces_of(column)]
    return Distinct(list(found), np.concatenate([np.empty(0, np.int32), *pieces]))


@dataclass(frozen=True)
class Rows:
    """The R rows of N series, one series after the other, each ordered by time."""

    names: Sequence[str]
    """(N,)"""
    calendar: Calendar
    """The times of the rows; a time may occur twice in a series."""
    values: Floats
    """(R,) NaN: no value."""
    rows: Ids
    """(R,) the rows of the table, from 0, for messages."""

    @classmethod
    def long(cls, names: Distinct, stamps: Sequence[Stamp], times: NDArray[np.integer[Any]], values: Floats) -> "Rows":
        """Order the rows (T,) of a table in the long layout.

        Args:
            names: of the series; texts that differ only in outer spaces are one name.
            stamps: (D,) in any order, some may be equal.
            times: (T,) the number of each row's stamp.
        """
        series: dict[str, int] = defaultdict(count().__next__)
        of = np.array([series[name.strip()] for name in names.texts])[names.numbers]
        ascending, places = _ascending(stamps)
        places = places[times]
        key = of * len(ascending) + places
        rows = np.arange(len(key))
        if (np.diff(key) < 0).any():
            rows = np.argsort(key, kind="stable")
            of, places, values = of[rows], places[rows], values[rows]
        starts = np.flatnonzero(np.diff(of, prepend=-1))
        return cls(list(series), Calendar(ascending, places, starts), values, rows)

    @classmethod
    def wide(cls, columns: Mapping[str, Floats], stamps: Sequence[Stamp], times: NDArray[np.integer[Any]]) -> "Rows":
        """Order the rows (T,) of a table whose columns (T,) are series; the arguments are as in `long`."""
        ascending, places = _ascending(stamps)
        places = places[times]
        rows = np.argsort(places, kind="stable")
        starts = len(rows) * np.arange(len(columns))
        calendar = Calendar(ascending, np.tile(places[rows], len(columns)), starts)
        values = np.concatenate([column[rows] for column in columns.values()])
        return cls(list(columns), calendar, values, np.tile(rows, len(columns)))

    @property
    def ends(self) -> Ids:
        return self.calendar.starts + self.calendar.lengths

    def twice(self) -> tuple[int, int] | None:
        """Return the number of the first series with a time that occurs twice, and of the first of its two rows."""
        again = np.flatnonzero(np.diff(self.calendar.places) == 0)
        again = again[np.isin(again + 1, self.calendar.starts, invert=True)][:1]
        return None if not len(again) else (int(np.searchsorted(self.calendar.starts, again[0], "right")) - 1, again[0])

    def within_values(self) -> tuple["Rows", Ids]:
        """Cut off what lies before the first and after the last value of each series.

        Returns:
            The rows of the series that have a value, and how many rows (N,) of each series are left.
        """
        known = np.flatnonzero(~np.isnan(self.values))
        low, high = np.searchsorted(known, self.calendar.starts), np.searchsorted(known, self.ends)
        (there,) = np.nonzero(high > low)
        first, last = known[low[there]], known[high[there] - 1] + 1
        left = np.zeros(len(self.names), np.int64)
        left[there] = last - first
        if (left == self.calendar.lengths).all():
            return self, left
        borders = np.zeros(len(self.values) + 1, np.int64)
        borders[first] += 1
        borders[last] -= 1
        inside = np.cumsum(borders[:-1]) > 0
        places = self.calendar.places[inside]
        used = np.bincount(places, minlength=len(self.calendar.stamps)) > 0
        stamps = [self.calendar.stamps[place] for place in np.flatnonzero(used).tolist()]
        starts = np.cumsum(left[there]) - left[there]
        calendar = Calendar(stamps, (np.cumsum(used) - 1)[places], starts)
        return Rows([self.names[n] for n in there.tolist()], calendar, self.values[inside], self.rows[inside]), left


def _ascending(stamps: Sequence[Stamp]) -> tuple[list[Stamp], Ids]:
    """Return the different stamps (D,) in order, and the number of each given one among them."""
    found: list[Stamp] = sorted(set(stamps))
    number = {stamp: place for place, stamp in enumerate(found)}
    return found, np.array([number[stamp] for stamp in stamps], np.int64)
