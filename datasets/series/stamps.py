"""Times in users' tables, and the steps between them, which must be equal.

Times are whole numbers, years and months (`2024-03`), dates or date-times of ISO 8601 (`2024-03-31 14:00`), with or
without an offset from UTC. Ambiguous times (3/4/2024) are refused.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from seqbench.data import DataError
from seqbench.interface import Ids

Stamp = int | datetime
"""The number of a step, or a time without a zone or in UTC."""
Unit = Literal["step", "second", "weekday", "month"]

NUMBER = re.compile(r"[+-]?\d{1,15}")
MONTH = re.compile(r"\d{4}-\d{2}")
DATE_IN_DIGITS = re.compile(r"(?:19|20)\d{6}")
CURE = "write 2024-03-31, 2024-03-31 14:00, 2024-03, or whole numbers"
DAY = 86_400
NAMES = ((DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Frequency:
    """A value every `size` units."""

    unit: Unit
    size: int

    def __str__(self) -> str:
        name, size = str(self.unit), self.size
        if self.unit == "second":
            length, name = next((length, name) for length, name in NAMES if size % length == 0)
            size //= length
        return f"{size:,} {name}{'s' if size > 1 else ''}"

    @property
    def season(self) -> int:
        """Return the steps of the usual season (a day for steps below a day, a week, a year); 1: no season."""
        if self.unit == "second" and self.size < DAY:
            return DAY // self.size if DAY % self.size == 0 and self.size >= 600 else 1
        if self.unit == "month":
            return 12 // self.size if 12 % self.size == 0 else 1
        return {("second", DAY): 7, ("second", 7 * DAY): 52, ("weekday", 1): 5}.get((self.unit, self.size), 1)


def parse(cells: Sequence[str], where: Callable[[int], str]) -> list[Stamp]:
    """Parse the times of a table, which are all of one kind.

    Times with an offset become UTC. If all of them are midnight in their own zones, they are read as days, since the
    UTC time of midnight changes by an hour when clocks are changed.

    Args:
        where: returns the place of a cell, given its number, for messages.

    Raises:
        DataError: a cell is empty, is not a time, or is of another kind than the first.
    """
    texts = [cell.strip() for cell in cells]
    for i, text in enumerate(texts):
        if not text:
            raise DataError(f"{where(i)} has no time; {CURE}, or remove the row")
    if all(DATE_IN_DIGITS.fullmatch(text) for text in texts):
        return _zoned([_time(text, where(i)) for i, text in enumerate(texts)], texts, where)
    numbers = [NUMBER.fullmatch(text) is not None for text in texts]
    if all(numbers):
        return [int(text) for text in texts]
    if any(numbers):
        other = numbers.index(not numbers[0])
        kinds = ("a number", "a time") if numbers[0] else ("a time", "a number")
        raise DataError(
            f"{where(other)}: {texts[other]!r:.60} is {kinds[1]}, the first row has {kinds[0]}; keep to one kind"
        )
    return _zoned([_time(text, where(i)) for i, text in enumerate(texts)], texts, where)


def _time(text: str, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(f"{text}-01" if MONTH.fullmatch(text) else text)
    except ValueError:
        time = datetime.min
    if not datetime.min.year < time.year < datetime.max.year:  # else another zone or the next day may overflow
        raise DataError(f"{where}: {text!r:.60} is no time; {CURE}")
    return time


def _zoned(times: list[datetime], texts: Sequence[str], where: Callable[[int], str]) -> list[Stamp]:
    aware = [time.tzinfo is not None for time in times]
    if not any(aware):
        return list(times)
    if not all(aware):
        other = aware.index(not aware[0])
        kinds = ("has", "the first row has none") if aware[other] else ("lacks", "the first row has one")
        raise DataError(
            f"{where(other)}: the time {texts[other]!r:.60} {kinds[0]} an offset from UTC, {kinds[1]}; "
            "write it for all rows, or for none"
        )
    if all((time.hour, time.minute, time.second, time.microsecond) == (0, 0, 0, 0) for time in times):
        return [time.replace(tzinfo=None) for time in times]
    return [time.astimezone(UTC).replace(tzinfo=None) for time in times]


def positions(stamps: Sequence[Stamp]) -> tuple[Frequency, Ids]:
    """Return the smallest step of the series, and each stamp's position: the number of such steps from the first.

    Months are equal steps if all stamps are on the same day of the month or on its last day; so are working days if all
    five of a week occur and no other day does.

    Args:
        stamps: at least two, ascending, all different.

    Raises:
        Uneven: a step is not a multiple of the smallest one.
    """
    unit, numbers = _numbered(stamps)
    steps = np.diff(numbers)
    size = int(steps.min())
    if (uneven := np.flatnonzero(steps % size)).size:
        small = int(steps.argmin())
        raise Uneven(Frequency(unit, size), Frequency(unit, int(steps[uneven[0]])), small, int(uneven[0]))
    return Frequency(unit, size), (numbers - numbers[0]) // size


class Uneven(ValueError):
    """Raised if steps are not equal; holds two steps, and the numbers of the stamps before them."""

    def __init__(self, smallest: Frequency, other: Frequency, before_smallest: int, before_other: int) -> None:
        super().__init__(f"a step of {smallest} and one of {other}")
        self.smallest, self.other = smallest, other
        self.before_smallest, self.before_other = before_smallest, before_other


def _numbered(stamps: Sequence[Stamp]) -> tuple[Unit, Ids]:
    times = [stamp for stamp in stamps if isinstance(stamp, datetime)]
    if not times:
        return "step", np.array(stamps, dtype=np.int64)
    if len({time.time() for time in times}) == 1:
        if len({time.day for time in times}) == 1 or all((time + timedelta(days=1)).day == 1 for time in times):
            return "month", np.array([12 * time.year + time.month for time in times])
        if {time.weekday() for time in times} == set(range(5)):
            days = np.array([time.date() for time in times], dtype="datetime64[D]")
            return "weekday", np.busday_count(np.datetime64("1900-01-01"), days)
    return "second", np.array([round((time - datetime(1900, 1, 1)).total_seconds()) for time in times])
