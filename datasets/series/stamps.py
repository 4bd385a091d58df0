"""Times in users' tables, and the steps between them, which must be equal.

Times are whole numbers, years and months (`2024-03`), dates or date-times of ISO 8601 (`2024-03-31 14:00`), with or
without an offset from UTC, dates such as 31/12/2024, or seconds or milliseconds since 1970.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqbench.data import DataError
from seqbench.interface import Ids

Stamp = int | datetime
"""The number of a step, or a time without a zone or in UTC."""
Unit = Literal["step", "second", "weekday", "slot", "month"]
Order = Literal["day-first", "month-first"]

NUMBER = re.compile(r"[+-]?\d{1,15}")
MONTH = re.compile(r"\d{4}-\d{2}")
DATE_IN_DIGITS = re.compile(r"(?:19|20)\d{6}")
EPOCHS = {10: "seconds", 13: "milliseconds"}
"""The unit of whole numbers of so many digits that count from the start of 1970; they reach from 2001 to 2286."""
DAY_AND_MONTH = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})((?:[T ].*)?)")
SECONDS = re.compile(r"\d:\d\d:\d\d|[T ]\d{6}")
SHORT_HOUR = re.compile(r"(?<=\d)[T ](?=\d:)")
"""What stands before an hour of one digit, as spreadsheets write it: `2024-03-31 9:00`."""
CURE = "write 2024-03-31, 2024-03-31 14:00, 2024-03, or whole numbers"
START = datetime(1900, 1, 1)
"""A Monday."""
DAY = 86_400
NAMES = ((DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
STEPS = {
    "step": ("step", 1),
    **{name: ("second", length) for length, name in NAMES},
    "week": ("second", 7 * DAY),
    "weekday": ("weekday", 1),
    "business-day": ("weekday", 1),
    "month": ("month", 1),
    "quarter": ("month", 3),
    "year": ("month", 12),
}
"""Unit and size of the names of steps."""
EDGE = 3
"""The first or last weekday of a month is among its first or last three days."""


@dataclass(frozen=True)
class Frequency:
    """A value every `size` units. A slot is a time of working days; slots are `every` seconds apart."""

    unit: Unit
    size: int
    every: int = 0
    slots: int = 0
    """Number of slots per working day."""
    opens: int = 0
    """The first slot of a day, in seconds after midnight."""

    def __str__(self) -> str:
        name, size = str(self.unit), self.size * max(self.every, 1)
        if self.unit in ("second", "slot"):
            length, name = next((length, name) for length, name in NAMES if size % length == 0)
            size //= length
        hours = f", {self.slots} per weekday from {self.opens // 3600:02}:{self.opens // 60 % 60:02}"
        return f"{size:,} {name}{'s' if size > 1 else ''}{hours if self.slots else ''}"

    @property
    def season(self) -> int:
        """Return the steps of the usual season (a day for steps below a day, a week, a year); 1: no season."""
        if self.unit == "slot":
            return self.slots // self.size if self.slots % self.size == 0 else 1
        if self.unit == "second" and self.size < DAY:
            return DAY // self.size if DAY % self.size == 0 and self.size >= 600 else 1
        if self.unit == "month":
            return 12 // self.size if 12 % self.size == 0 else 1
        return {("second", DAY): 7, ("second", 7 * DAY): 52, ("weekday", 1): 5}.get((self.unit, self.size), 1)

    def numbers(self, stamps: Sequence[Stamp]) -> Ids:
        """Return the numbers (T,) of the stamps, counted in the unit.

        Raises:
            Misfit: a stamp is a number where the unit is one of time or vice versa, or lies outside working days.
        """
        return np.array([self._number(i, stamp) for i, stamp in enumerate(stamps)], dtype=np.int64)

    def _number(self, i: int, stamp: Stamp) -> int:
        if isinstance(stamp, int) != (self.unit == "step"):
            raise Misfit(i, f"the {'number' if isinstance(stamp, int) else 'time'} {stamp} has no steps of {self}")
        if isinstance(stamp, int):
            return stamp
        if self.unit == "month":
            return 12 * stamp.year + stamp.month - 1
        if self.unit == "second":
            return round((stamp - START).total_seconds())
        working = int(np.busday_count(START.date(), stamp.date()))
        slot, off = divmod(_second(stamp) - self.opens, self.every) if self.unit == "slot" else (0, 0)
        if stamp.weekday() > 4 or off or not 0 <= slot < max(self.slots, 1):
            raise Misfit(i, f"{stamp} is not among the steps of {self}")
        return working * max(self.slots, 1) + slot

    def after(self, stamps: Sequence[Stamp], horizon: int) -> list[Stamp]:
        """Return the times of the next steps (H,) after the last of `stamps`, which are all of one series."""
        last = self.numbers(stamps[-1:])[0]
        return [self._stamp(int(last) + h * self.size, stamps) for h in range(1, horizon + 1)]

    def _stamp(self, number: int, like: Sequence[Stamp]) -> Stamp:
        """Return the stamp of a number; its day of the month and time of day are those of `like`."""
        times = [stamp for stamp in like if isinstance(stamp, datetime)]
        if not times:
            return number
        if self.unit == "second":
            return START + timedelta(seconds=number)
        clock = times[-1] - datetime.combine(times[-1], datetime.min.time())
        if self.unit == "month":
            year, month = divmod(number, 12)
            return datetime.combine(_day_of_month(year, month + 1, times), datetime.min.time()) + clock
        working, slot = divmod(number, max(self.slots, 1))
        day = np.busday_offset(START.date(), working).astype(object)
        clock = timedelta(seconds=self.opens + slot * self.every) if self.unit == "slot" else clock
        return datetime.combine(day, datetime.min.time()) + clock


def step(text: str) -> Frequency:
    """Return the frequency that a text such as `day`, `15 minutes` or `business-day` names, or `str` of a frequency.

    Raises:
        ValueError: it names none.
    """
    found = re.fullmatch(r"(?:([\d,]+) )?([a-z-]+?)s?(?:, (\d+) per weekday from (\d\d):(\d\d))?", text.strip())
    size = int((found[1] or "1").replace(",", "") or 0) if found else 0
    if not found or found[2] not in STEPS or not size:
        raise ValueError(f"{text!r:.40} is no step; write such as day, 15 minutes, {', '.join(list(STEPS)[5:])}")
    unit, length = STEPS[found[2]]
    if found[3]:
        return Frequency("slot", 1, size * length, int(found[3]), 3600 * int(found[4]) + 60 * int(found[5]))
    return Frequency(unit, size * length)  # type: ignore[arg-type]


class Times(NamedTuple):
    """The times of a column."""

    stamps: list[Stamp]
    write: Callable[[Stamp], str]
    """Writes a stamp in the form of the column."""
    read_as: str = ""
    """How they were read if they are not ISO 8601 or numbers of steps, for the record."""
    order: Order | None = None
    """The order of day and month in dates such as 31/12/2024; None: there are none."""


def parse(cells: Sequence[str], where: Callable[[int], str], order: Order | None = None) -> Times:
    """Parse the times of a table, which are all of one kind.

    Times with an offset become UTC. If all of them are midnight in their own zones, they are read as days, since the
    UTC time of midnight changes by an hour when clocks are changed. Whole numbers that all have 10 or 13 digits are
    seconds or milliseconds since 1970.

    Args:
        where: returns the place of a cell, given its number, for messages.
        order: of day and month in dates such as 31/12/2024; None: as the column shows by days above 12.

    Raises:
        DataError: a cell is empty, is not a time, or is of another kind than the first; or no cell shows which is the
            day and which the month.
    """
    texts = [cell.strip() for cell in cells]
    for i, text in enumerate(texts):
        if not text:
            raise DataError(f"{where(i)} has no time; {CURE}, or remove the row")
    if all(DATE_IN_DIGITS.fullmatch(text) for text in texts):
        return _times([_time(text, where(i)) for i, text in enumerate(texts)], texts, where, "%Y%m%d")
    numbers = [NUMBER.fullmatch(text) is not None for text in texts]
    if all(numbers):
        unit = EPOCHS.get(len(texts[0])) if len({len(text) for text in texts}) == 1 and texts[0].isdigit() else None
        return _epoch([int(text) for text in texts], unit) if unit else Times([int(text) for text in texts], str)
    if any(numbers):
        other = numbers.index(not numbers[0])
        kinds = ("a number", "a time") if numbers[0] else ("a time", "a number")
        raise DataError(
            f"{where(other)}: {texts[other]!r:.60} is {kinds[1]}, the first row has {kinds[0]}; keep to one kind"
        )
    written = [DAY_AND_MONTH.fullmatch(text) for text in texts]
    parts = [found for found in written if found]
    if len(parts) == len(texts):
        return _day_and_month(parts, where, order)
    form = "%Y-%m" if all(MONTH.fullmatch(text) for text in texts) else ""
    return _times([_time(text, where(i)) for i, text in enumerate(texts)], texts, where, form)


def _epoch(numbers: Sequence[int], unit: str) -> Times:
    per_second = 1000 if unit == "milliseconds" else 1
    start = datetime(1970, 1, 1)

    def write(stamp: Stamp) -> str:
        assert isinstance(stamp, datetime)
        return str(round((stamp - start).total_seconds() * per_second))

    return Times([start + timedelta(**{unit: number}) for number in numbers], write, f"{unit} since 1970, UTC")


def _day_and_month(parts: Sequence[re.Match[str]], where: Callable[[int], str], order: Order | None) -> Times:
    """Parse dates such as 31/12/2024; a number above 12 is a day."""
    days: dict[Order, int | None] = {
        "day-first": next((i for i, part in enumerate(parts) if int(part[1]) > 12), None),
        "month-first": next((i for i, part in enumerate(parts) if int(part[3]) > 12), None),
    }
    shown = {name: i for name, i in days.items() if i is not None}
    if order is None and not shown:
        raise DataError(
            f"{where(0)}: {parts[0][0]!r:.60} may begin with the day or the month, and no row shows which; "
            "say --dates day-first or --dates month-first"
        )
    chosen: Order = next(iter(shown)) if order is None else order
    for name, i in shown.items():
        if name != chosen:
            raise DataError(f"{where(i)}: {parts[i][0]!r:.60} is not {chosen}, as other rows are; write 2024-03-31")
    day, month = (1, 3) if chosen == "day-first" else (3, 1)
    texts = [f"{part[4]}-{int(part[month]):02}-{int(part[day]):02}{part[5]}" for part in parts]
    mark = parts[0][2]
    form = f"%d{mark}%m{mark}%Y" if chosen == "day-first" else f"%m{mark}%d{mark}%Y"
    found = _times([_time(text, where(i)) for i, text in enumerate(texts)], texts, where, form)
    return found._replace(read_as=chosen, order=chosen)


def _time(text: str, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(f"{text}-01" if MONTH.fullmatch(text) else SHORT_HOUR.sub(r"\g<0>0", text))
    except ValueError:
        time = datetime.min
    if not datetime.min.year < time.year < datetime.max.year:  # else another zone or the next day may overflow
        raise DataError(f"{where}: {text!r:.60} is no time; {CURE}")
    return time


def _times(times: list[datetime], texts: Sequence[str], where: Callable[[int], str], form: str) -> Times:
    """Return times without a zone. `form` is the format of their dates; empty: that of ISO 8601."""
    aware = [time.tzinfo is not None for time in times]
    midnights = all((time.hour, time.minute, time.second, time.microsecond) == (0, 0, 0, 0) for time in times)
    date_form = form or "%Y-%m-%d"
    seconds = ":%S" if any(SECONDS.search(text) for text in texts) else ""
    clock = "" if midnights else f"{'T' if 'T' in texts[0] else ' '}%H:%M{seconds}"
    if not any(aware):
        return Times(list(times), lambda stamp: f"{stamp:{date_form}{clock}}")
    if not all(aware):
        other = aware.index(not aware[0])
        kinds = ("has", "the first row has none") if aware[other] else ("lacks", "the first row has one")
        raise DataError(
            f"{where(other)}: the time {texts[other]!r:.60} {kinds[0]} an offset from UTC, {kinds[1]}; "
            "write it for all rows, or for none"
        )
    if midnights:
        return Times([time.replace(tzinfo=None) for time in times], lambda stamp: f"{stamp:{date_form}}")
    utc: list[Stamp] = [time.astimezone(UTC).replace(tzinfo=None) for time in times]
    return Times(utc, lambda stamp: f"{stamp:{date_form}{clock}}+00:00")


@dataclass(frozen=True)
class Calendar:
    """The stamps of many series: the different ones, and those of each series by their number."""

    stamps: Sequence[Stamp]
    """(D,) ascending, all different; none of them need occur."""
    places: Ids
    """(R,) the numbers of the stamps of all series, one series after the other, each ascending."""
    starts: Ids
    """(N,) where each series starts; none is empty."""

    @classmethod
    def of(cls, stamps: Sequence[Stamp]) -> "Calendar":
        """Return the calendar of one series, whose stamps ascend and are all different."""
        return cls(stamps, np.arange(len(stamps)), np.zeros(min(1, len(stamps)), np.int64))

    @property
    def lengths(self) -> Ids:
        return np.diff(self.starts, append=len(self.places))

    def steps(self, numbers: Ids) -> Ids:
        """Return the differences (R − N,) within series of `numbers` (D,), which tell something of each stamp."""
        return np.delete(np.diff(numbers[self.places]), self.starts[1:] - 1)

    def alike(self, numbers: Ids) -> bool:
        """Return whether all stamps of each series have the same of `numbers` (D,)."""
        return not self.steps(numbers).any()

    def all_of(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return for each series (N,) whether all its flags, of `flags` (R,), are true."""
        found: NDArray[np.bool_] = np.logical_and.reduceat(flags, self.starts)
        return found


def unit_of(calendar: Calendar) -> Frequency:
    """Return the unit in which the stamps of all series are counted, as a frequency of size 1.

    Months are equal steps if each series has at most one stamp per month, on the same day (or the last day of shorter
    months), or on the first or last weekday. Working days are equal steps if all five of a week occur and no other day
    does; so are the times of working days if they are equally spaced and the same on all days.
    """
    times = [stamp for stamp in calendar.stamps if isinstance(stamp, datetime)]
    if not times or not len(calendar.places):
        return Frequency("step", 1)
    one_clock = calendar.alike(np.array([10**6 * _second(time) + time.microsecond for time in times]))
    if one_clock and len(calendar.places) > len(calendar.starts) and _monthly(times, calendar):
        return Frequency("month", 1)
    every = [times[place] for place in np.unique(calendar.places).tolist()]
    if {time.weekday() for time in every} == set(range(5)):
        if one_clock:
            return Frequency("weekday", 1)
        slots = sorted({_second(time) for time in every})
        even = len(slots) > 1 and len(set(np.diff(slots).tolist())) == 1
        steps = np.unique(calendar.steps(Frequency("second", 1).numbers(times)))
        if even and len(steps) > 1:  # equal steps in the plain sense need no slots
            return Frequency("slot", 1, slots[1] - slots[0], len(slots), slots[0])
    return Frequency("second", 1)


def positions(stamps: Sequence[Stamp]) -> tuple[Frequency, Ids]:
    """Return the step of a series by itself, and each stamp's position, as `spaced` does.

    Args:
        stamps: at least two, ascending, all different.

    Raises:
        Uneven, Misfit: as in `spaced`.
    """
    unit = unit_of(Calendar.of(stamps))
    return spaced(unit.numbers(stamps), unit)


def spaced(numbers: Ids, unit: Frequency, size: int | None = None) -> tuple[Frequency, Ids]:
    """Return the step of a series, and the position of each value: the number of such steps from the first.

    Args:
        numbers: (T,) of its stamps, counted in the unit, ascending; at least two, or one if `size` is given.
        unit: as `unit_of` returns it.
        size: number of units in a step; None: the smallest that occurs.

    Raises:
        Uneven: a step is not a multiple of the smallest one.
        Misfit: two numbers are equal, or a step is not a multiple of `size`.
    """
    steps = np.diff(numbers)
    if (steps < 1).any():
        raise Misfit(int(steps.argmin()) + 1, f"the time lies in the same step of {unit} as the time before")
    smallest = int(steps.min()) if size is None else size
    if (uneven := np.flatnonzero(steps % smallest)).size:
        before, found = int(uneven[0]), replace(unit, size=int(steps[uneven[0]]))
        if size is not None:
            raise Misfit(
                before + 1,
                f"the time comes {found} after the time before, not a multiple of {replace(unit, size=size)}",
            )
        raise Uneven(replace(unit, size=smallest), found, int(steps.argmin()), before)
    return replace(unit, size=smallest), (numbers - numbers[0]) // smallest


class Misfit(ValueError):
    """Raised if a stamp does not fit the steps; holds its number."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number


class Uneven(ValueError):
    """Raised if steps are not equal; holds two steps, and the numbers of the stamps before them."""

    def __init__(self, smallest: Frequency, other: Frequency, before_smallest: int, before_other: int) -> None:
        super().__init__(f"a step of {smallest} and one of {other}")
        self.smallest, self.other = smallest, other
        self.before_smallest, self.before_other = before_smallest, before_other


def _second(time: datetime) -> int:
    """Return the seconds since midnight."""
    return 3600 * time.hour + 60 * time.minute + time.second


def _monthly(times: Sequence[datetime], calendar: Calendar) -> bool:
    """Return whether each series has at most one stamp per month, all on the same kind of day."""
    if not (calendar.steps(np.array([12 * time.year + time.month for time in times])) > 0).all():
        return False
    month = np.array([(time.year, time.month) for time in times])
    every, of = np.unique(month, axis=0, return_inverse=True)
    of, day = of.reshape(-1), np.array([time.day for time in times])
    usual = np.maximum.reduceat(day[calendar.places], calendar.starts).repeat(calendar.lengths)
    length = np.array([monthrange(*ym)[1] for ym in every.tolist()])[of][calendar.places]
    fitting = calendar.all_of(day[calendar.places] == np.minimum(usual, length))
    for edge in (_first_weekday, _last_weekday):
        if not fitting.all():
            own = np.array([edge(*ym).day for ym in every.tolist()])[of]
            fitting |= calendar.all_of((day == own)[calendar.places])
    return bool(fitting.all())


def _day_of_month(year: int, month: int, like: Sequence[datetime]) -> date:
    """Return the day of a month that continues `like`, whose days are as `_monthly` allows."""
    length = monthrange(year, month)[1]
    day = max(time.day for time in like)
    lengths = [monthrange(time.year, time.month)[1] for time in like]
    if all(time.day == longest for time, longest in zip(like, lengths, strict=True)):
        return date(year, month, length)
    if all(time.day == min(day, longest) for time, longest in zip(like, lengths, strict=True)):
        return date(year, month, min(day, length))
    first = all(time.day <= EDGE for time in like)
    return (_first_weekday if first else _last_weekday)(year, month)


def _first_weekday(year: int, month: int) -> date:
    found: date = np.busday_offset(date(year, month, 1), 0, roll="forward").astype(object)
    return found


def _last_weekday(year: int, month: int) -> date:
    found: date = np.busday_offset(date(year, month, monthrange(year, month)[1]), 0, roll="backward").astype(object)
    return found
