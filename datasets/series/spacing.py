"""From the rows of a table to series at equal steps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from seqbench.data import DataError
from seqbench.datasets.series.base import Notes
from seqbench.datasets.series.stamps import Frequency, Misfit, Stamp, Times, Uneven, positions, step, unit_of
from seqbench.datasets.tables import Table, shown
from seqbench.interface import Floats

Missing = Literal["refuse", "last", "zero"]

LONGEST = 20_000_000
"""The most steps of a series, those that are filled included: two rows can lie ages apart."""
REGULAR = 10
"""A series of so many values at equal steps has a frequency of its own, and is not one with rare values."""


class Cell(NamedTuple):
    stamp: Stamp
    value: float
    """NaN: no value."""
    place: int
    """The line or row of the file, for messages."""


@dataclass
class Series:
    """The series found so far, all at one frequency."""

    times: Times
    notes: Notes
    values: dict[str, Floats] = field(default_factory=dict)
    stamps: dict[str, list[Stamp]] = field(default_factory=dict)
    """Times of the values that the file holds."""
    frequency: tuple[Frequency, str] | None = None
    """The frequency, and the name of the series from which it was taken."""
    longest: int = 0
    reading: dict[str, str] = field(default_factory=dict)
    """Options with which new files are read as this one."""

    def later(self, horizon: int) -> list[list[str]] | None:
        """Return the times of the next steps (H,) after each series; None if the frequency is unknown."""
        if self.frequency is None:
            return None
        ahead = (self.frequency[0].after(stamps, horizon) for stamps in self.stamps.values())
        return [[self.times.write(stamp) for stamp in stamps] for stamps in ahead]

    def count(self, what: str, number: int = 1) -> None:
        if number:
            self.notes[what] = int(self.notes.get(what, 0)) + number


@dataclass(frozen=True)
class Spacing:
    """Counts the steps of each series of a table and fills the gaps between its values."""

    table: Table
    step: str | None
    """Time from one value to the next, such as `15 minutes`; None: the smallest that occurs."""
    missing: Missing
    """What replaces missing values between others: the last value before, or 0; refuse: an error."""
    fewest: int
    """Series with fewer values than this are left out."""

    def add(self, cells: Mapping[str, Sequence[Cell]], found: Series) -> None:
        """Add the series, whose cells are in any order.

        Raises:
            DataError: a time occurs twice, values are missing, or steps are uneven or differ between series.
        """
        cut: dict[str, Sequence[Cell]] = {}
        for name, own in cells.items():
            if some := self._cut(name, sorted(own, key=lambda cell: order(cell.stamp)), found):
                cut[name] = some
        unit, size = self._unit(cut)
        for name, some in cut.items():
            self._take(name, some, unit, size, found)
        if found.frequency is not None:
            found.notes["frequency"] = found.reading["step"] = str(found.frequency[0])
        if found.notes.get("values_filled"):
            found.reading["missing"] = self.missing

    def _cut(self, name: str, cells: Sequence[Cell], found: Series) -> Sequence[Cell]:
        """Return the cells, which are ordered by time, from the first value to the last.

        Raises:
            DataError: a time occurs twice.
        """
        found.count("rows", len(cells))
        for one, two in pairwise(cells):
            if one.stamp == two.stamp:
                clock = "; where clocks are set back, write the offset from UTC" if _has_clock(one.stamp) else ""
                raise DataError(
                    f"{self.table.path}: series {shown(name)} has the time {one.stamp} twice, in "
                    f"{self.table.unit}s {one.place} and {two.place}; keep one, or add them up{clock}"
                )
        there = [i for i, cell in enumerate(cells) if not math.isnan(cell.value)]
        if not there:
            found.count("left_out_without_values")
            return ()
        cut = cells[there[0] : there[-1] + 1]
        found.count("rows_before_the_first_value_or_after_the_last", len(cells) - len(cut))
        return cut

    def _unit(self, cut: Mapping[str, Sequence[Cell]]) -> tuple[Frequency, int | None]:
        """Return the unit of all series, and the units in a step; None: the smallest step of each series.

        If missing values are zeros, rows may be rare, and the step is the smallest of all series.

        Raises:
            DataError: rows are so rare in all series together that they do not show the step.
        """
        if self.step is not None:
            given = step(self.step)
            return replace(given, size=1), given.size
        stamps = [[cell.stamp for cell in cells] for cells in cut.values()]
        unit = unit_of(stamps)
        if self.missing != "zero":
            return unit, None
        numbers = [unit.numbers(each) for each in stamps if len(each) > 1]
        every = np.unique(np.concatenate([*numbers, np.empty(0, np.int64)]))
        size = min((int(np.diff(each).min()) for each in numbers), default=0)
        if size < 1:
            return unit, None
        length = int(every[-1] - every[0]) // size + 1
        if 2 * (length - len(every)) > length:
            whose = f"series {shown(next(iter(cut)))} has" if len(cut) == 1 else "the series have"
            raise DataError(
                f"{self.table.path}: {whose} no value at {length - len(every):,} of {length:,} steps of "
                f"{replace(unit, size=size)}; if the file mixes frequencies, bring it to one; if its rows are rare, "
                "name the step, such as --step day"
            )
        return unit, size

    def _take(
        self,
        name: str,
        cells: Sequence[Cell],
        unit: Frequency,
        size: int | None,
        found: Series,
    ) -> None:
        """Add one series, whose cells are ordered by time and begin and end with a value.

        Raises:
            DataError: values are missing, or the steps are uneven or differ from other series.
        """
        frequency, values = None, np.array([cells[0].value])
        if len(cells) > 1 or size is not None:
            frequency, values = self._spaced(name, cells, unit, size, found)
        found.longest = max(found.longest, len(values))
        if len(values) < self.fewest:
            found.count("left_out_too_short")
            return
        if frequency is not None:
            first, of = found.frequency or (frequency, name)
            if first != frequency:
                raise _mixed(self.table.path, of, first, name, frequency)
            found.frequency = first, of
        found.count("constant_series", int(values.min() == values.max()))
        found.values[name], found.stamps[name] = values, [cell.stamp for cell in cells]

    def _spaced(
        self, name: str, cells: Sequence[Cell], unit: Frequency, size: int | None, found: Series
    ) -> tuple[Frequency, Floats]:
        stamps = [cell.stamp for cell in cells]
        try:
            frequency, places = positions(stamps, unit, size)
        except Misfit as error:
            raise DataError(
                f"{self.table.path}: series {shown(name)} has no equal steps: in {self.table.unit} "
                f"{cells[error.number].place}, {error}; bring it to one frequency, or name the step with --step"
            ) from None
        except Uneven as error:
            if own := _own_frequency(stamps):
                raise _unlike(self.table.path, name, own) from None
            one, two = (f"{self.table.unit} {cells[i].place}" for i in (error.before_smallest, error.before_other))
            raise DataError(
                f"{self.table.path}: series {shown(name)} has no equal steps: {error.smallest} after {one}, "
                f"{error.other} after {two}; bring it to one frequency, or name the step with --step"
            ) from None
        apart = np.diff(places)
        if self.step is None and len(places) >= REGULAR and apart[0] > 1 and (apart == apart[0]).all():
            raise _unlike(self.table.path, name, replace(unit, size=int(apart[0]) * frequency.size))
        length, given = int(places[-1]) + 1, np.array([cell.value for cell in cells])
        if length > LONGEST:
            raise DataError(
                f"{self.table.path}: series {shown(name)} spans {length:,} steps of {frequency}, more than {LONGEST:,}"
                "; correct its first or last time, or name a longer step with --step"
            )
        known = ~np.isnan(given)
        absent = length - int(known.sum())
        if 2 * absent > length and size is None:
            raise DataError(
                f"{self.table.path}: series {shown(name)} has no value at {absent:,} of its {length:,} steps of "
                f"{frequency}; if it mixes frequencies, bring it to one; if its rows are rare, "
                "say --missing zero"
            )
        if absent and self.missing == "refuse":
            before = np.flatnonzero(np.diff(places[known]) > 1)[0]
            place = [cell.place for cell in cells if not math.isnan(cell.value)][before]
            raise DataError(
                f"{self.table.path}: series {shown(name)} has no value at {absent:,} of its {length:,} steps of "
                f"{frequency}, first after {self.table.unit} {place}; fill them in, or say --missing last or "
                "--missing zero"
            )
        found.count("values_filled", absent)
        values = np.full(length, np.nan)
        values[places] = given
        gaps = np.isnan(values)
        latest = np.maximum.accumulate(np.where(gaps, 0, np.arange(length)))
        return frequency, np.where(gaps, 0.0, values) if self.missing == "zero" else values[latest]


def _mixed(path: Path, one: str, first: Frequency, two: str, second: Frequency) -> DataError:
    return DataError(
        f"{path}: series {shown(one)} has a value every {first}, series {shown(two)} every {second}; "
        "give each frequency a file of its own"
    )


def _unlike(path: Path, name: str, own: Frequency) -> DataError:
    return DataError(
        f"{path}: series {shown(name)} has a value every {own}, unlike other series; "
        "give each frequency a file of its own, or name the step of all with --step"
    )


def _own_frequency(stamps: Sequence[Stamp]) -> Frequency | None:
    """Return the frequency of a series by itself, or None if its steps are not equal."""
    try:
        return positions(stamps)[0]
    except (Uneven, Misfit):
        return None


def order(stamp: Stamp) -> Any:
    """Return a key for sorting; the keys of a table are all numbers or all times."""
    return stamp


def _has_clock(stamp: Stamp) -> bool:
    return not isinstance(stamp, int) and (stamp.hour, stamp.minute) != (0, 0)
