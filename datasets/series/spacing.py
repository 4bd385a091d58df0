"""From the rows of a table to series at equal steps."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from seqbench.data import DataError, shown
from seqbench.datasets.series.base import Notes
from seqbench.datasets.series.rows import Rows
from seqbench.datasets.series.stamps import Frequency, Misfit, Stamp, Times, Uneven, positions, spaced, step, unit_of
from seqbench.datasets.tables.table import Table
from seqbench.interface import Floats, Ids

Missing = Literal["refuse", "last", "zero"]

LONGEST = 20_000_000
"""The most steps of a series, those that are filled included: two rows can lie ages apart."""
REGULAR = 10
"""A series of so many values at equal steps has a frequency of its own, and is not one with rare values."""


@dataclass
class Series:
    """The series found so far, all at one frequency."""

    times: Times
    notes: Notes
    values: dict[str, Floats] = field(default_factory=dict)
    stamps: Sequence[Stamp] = ()
    """The times of all series, ascending."""
    places: dict[str, Ids] = field(default_factory=dict)
    """For the values of each series that the file holds, the numbers of their times among `stamps`."""
    frequency: tuple[Frequency, str] | None = None
    """The frequency, and the name of the series from which it was taken."""
    longest: int = 0
    reading: dict[str, str] = field(default_factory=dict)
    """Options with which new files are read as this one."""

    def later(self, horizon: int) -> list[list[str]] | None:
        """Return the times of the next steps (H,) after each series; None if the frequency is unknown."""
        if self.frequency is None:
            return None
        own = ([self.stamps[place] for place in places.tolist()] for places in self.places.values())
        ahead = (self.frequency[0].after(stamps, horizon) for stamps in own)
        return [[self.times.write(stamp) for stamp in stamps] for stamps in ahead]

    def count(self, what: str, number: int = 1) -> None:
        if number:
            self.notes[what] = int(self.notes.get(what, 0)) + number


@dataclass(frozen=True)
class _One:
    """The rows of one series, ordered by time; they begin and end with a value."""

    name: str
    places: Ids
    """(T,) the numbers of their times."""
    numbers: Ids | None
    """(T,) their times, counted in the unit; None: some time of the table cannot be."""
    values: Floats
    """(T,) NaN: no value."""
    rows: Ids
    """(T,) the rows of the table."""


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

    def add(self, rows: Rows, found: Series) -> None:
        """Add the series.

        Raises:
            DataError: a time occurs twice, values are missing, or steps are uneven or differ between series.
        """
        if len(rows.rows):
            self._check_once(rows)
        cut, left = rows.within_values()
        gone = rows.calendar.lengths - left
        found.count("rows", len(rows.rows))
        nothing, edges = np.flatnonzero(left == 0), np.flatnonzero((left > 0) & (gone > 0))
        counts = [
            (nothing, "left_out_without_values", len(nothing)),
            (edges, "rows_before_the_first_value_or_after_the_last", int(gone[edges].sum())),
        ]
        for _, what, number in sorted(counts, key=lambda one: one[0][:1].tolist()):
            found.count(what, number)
        unit, size = self._unit(cut)
        found.stamps, numbers = cut.calendar.stamps, None
        with suppress(Misfit):  # it is met again, in the first series with such a time
            numbers = unit.numbers(found.stamps)
        numbers = None if numbers is None else numbers[cut.calendar.places]
        borders = zip(cut.names, cut.calendar.starts.tolist(), cut.ends.tolist(), strict=True)
        for name, start, end in borders:
            own = slice(start, end)
            one = None if numbers is None else numbers[own]
            self._take(_One(name, cut.calendar.places[own], one, cut.values[own], cut.rows[own]), unit, size, found)
        if found.frequency is not None:
            found.notes["frequency"] = found.reading["step"] = str(found.frequency[0])
        if found.notes.get("values_filled"):
            found.reading["missing"] = self.missing

    def _check_once(self, rows: Rows) -> None:
        """Raise a DataError if a time occurs twice in a series."""
        if (twice := rows.twice()) is None:
            return
        series, row = twice
        stamp = rows.calendar.stamps[int(rows.calendar.places[row])]
        clock = "; where clocks are set back, write the offset from UTC" if _has_clock(stamp) else ""
        raise DataError(
            f"{self.table.path}: series {shown(rows.names[series])} has the time {stamp} twice, in "
            f"{self.table.unit}s {self._place(rows.rows[row])} and {self._place(rows.rows[row + 1])}; keep one, "
            f"or add them up{clock}"
        )

    def _place(self, row: int) -> int:
        """Return the line or row of the file, for messages."""
        return self.table.places[int(row)]

    def _unit(self, cut: Rows) -> tuple[Frequency, int | None]:
        """Return the unit of all series, and the units in a step; None: the smallest step of each series.

        If missing values are zeros, rows may be rare, and the step is the smallest of all series.

        Raises:
            DataError: rows are so rare in all series together that they do not show the step.
        """
        if self.step is not None:
            given = step(self.step)
            return replace(given, size=1), given.size
        calendar = cut.calendar
        unit = unit_of(calendar)
        if self.missing != "zero":
            return unit, None
        numbers = unit.numbers(calendar.stamps)
        size = int(calendar.steps(numbers).min(initial=np.iinfo(np.int64).max))
        several = np.repeat(calendar.lengths > 1, calendar.lengths)
        if not several.any() or size < 1:
            return unit, None
        every = numbers[np.unique(calendar.places[several])]
        length = int(every[-1] - every[0]) // size + 1
        if 2 * (length - len(every)) > length:
            whose = f"series {shown(cut.names[0])} has" if len(cut.names) == 1 else "the series have"
            raise DataError(
                f"{self.table.path}: {whose} no value at {length - len(every):,} of {length:,} steps of "
                f"{replace(unit, size=size)}; if the file mixes frequencies, bring it to one; if its rows are rare, "
                "name the step, such as --step day"
            )
        return unit, size

    def _take(self, one: _One, unit: Frequency, size: int | None, found: Series) -> None:
        """Add one series.

        Raises:
            DataError: values are missing, or the steps are uneven or differ from other series.
        """
        frequency, values = None, one.values.copy()
        if len(values) > 1 or size is not None:
            frequency, values = self._spaced(one, unit, size, found)
        found.longest = max(found.longest, len(values))
        if len(values) < self.fewest:
            found.count("left_out_too_short")
            return
        if frequency is not None:
            first, of = found.frequency or (frequency, one.name)
            if first != frequency:
                raise _mixed(self.table.path, of, first, one.name, frequency)
            found.frequency = first, of
        found.count("constant_series", int(values.min() == values.max()))
        found.values[one.name], found.places[one.name] = values, one.places

    def _spaced(self, one: _One, unit: Frequency, size: int | None, found: Series) -> tuple[Frequency, Floats]:
        name, given = one.name, one.values

        def stamps() -> list[Stamp]:
            return [found.stamps[place] for place in one.places.tolist()]

        try:
            frequency, places = spaced(unit.numbers(stamps()) if one.numbers is None else one.numbers, unit, size)
        except Misfit as error:
            raise DataError(
                f"{self.table.path}: series {shown(name)} has no equal steps: in {self.table.unit} "
                f"{self._place(one.rows[error.number])}, {error}; bring it to one frequency, or name the step with "
                "--step"
            ) from None
        except Uneven as error:
            if own := _own_frequency(stamps()):
                raise _unlike(self.table.path, name, own) from None
            early, late = (
                f"{self.table.unit} {self._place(one.rows[i])}" for i in (error.before_smallest, error.before_other)
            )
            raise DataError(
                f"{self.table.path}: series {shown(name)} has no equal steps: {error.smallest} after {early}, "
                f"{error.other} after {late}; bring it to one frequency, or name the step with --step"
            ) from None
        apart = np.diff(places)
        if self.step is None and len(places) >= REGULAR and apart[0] > 1 and (apart == apart[0]).all():
            raise _unlike(self.table.path, name, replace(unit, size=int(apart[0]) * frequency.size))
        length = int(places[-1]) + 1
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
            place = self._place(one.rows[known][before])
            raise DataError(
                f"{self.table.path}: series {shown(name)} has no value at {absent:,} of its {length:,} steps of "
                f"{frequency}, first after {self.table.unit} {place}; fill them in, or say --missing last or "
                "--missing zero"
            )
        if not absent:
            return frequency, given.copy()
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


def _has_clock(stamp: Stamp) -> bool:
    return not isinstance(stamp, int) and (stamp.hour, stamp.minute) != (0, 0)
