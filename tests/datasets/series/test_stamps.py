"""Times in every form that is read, and the steps that they make."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.data import DataError
from seqbench.datasets.series.stamps import Frequency, Order, Stamp, Uneven, parse, positions, step


def read(*cells: str) -> list[Stamp]:
    return parse(cells, lambda i: f"row {i + 1}").stamps


def test_forms_of_one_time_are_one_time() -> None:
    day = datetime(2024, 3, 1)
    for form in ("2024-03-01", "2024-03", "20240301", "2024-03-01 00:00", " 2024-03-01T00:00:00.000 ", "2024-W09-5"):
        assert read(form) == [day]
    utc = datetime(2024, 3, 1, 12)
    for form in (
        "2024-03-01 12:00Z",
        "2024-03-01T14:00:00+02:00",
        "2024-03-01 06:30-05:30",
        "2024-03-01 12:00:00+0000",
    ):
        assert read(form) == [utc]
    assert read("-3", "+4", "2016") == [-3, 4, 2016]
    assert read("20240301", "7") == [20240301, 7]  # no column of dates


@pytest.mark.parametrize(
    ("pandas", "frequency", "season"),
    [
        ("h", "1 hour", 24),
        ("15min", "15 minutes", 96),
        ("s", "1 second", 1),
        ("7h", "7 hours", 1),
        ("D", "1 day", 7),
        ("B", "1 weekday", 5),
        ("W-FRI", "7 days", 52),
        ("MS", "1 month", 12),
        ("ME", "1 month", 12),
        ("QS", "3 months", 4),
        ("QE", "3 months", 4),
        ("YE", "12 months", 1),
        ("BMS", "1 month", 12),
        ("BME", "1 month", 12),
        ("bh", "1 hour, 8 per weekday from 09:00", 8),
    ],
)
def test_the_ranges_of_pandas_are_even_and_go_on_as_they_do(pandas: str, frequency: str, season: int) -> None:
    stamps = read(*map(str, pd.date_range("2023-02-27", periods=80, freq=pandas)))
    found, places = positions(stamps[:60])
    assert (str(found), found.season) == (frequency, season)
    np.testing.assert_array_equal(places, np.arange(60))
    assert found.after(stamps[:60], 20) == stamps[60:]
    assert step(str(found)) == found


@pytest.mark.parametrize("day", [1, 15, 28, 29, 30, 31])
def test_the_same_day_of_each_month_or_its_last_is_monthly(day: int) -> None:
    stamps: list[Stamp] = [datetime(2023 + m // 12, m % 12 + 1, 1) for m in range(40)]
    stamps = [s.replace(day=min(day, monthrange(s.year, s.month)[1])) for s in stamps if isinstance(s, datetime)]
    found, places = positions(stamps[:30])
    assert str(found) == "1 month"
    np.testing.assert_array_equal(places, np.arange(30))
    assert found.after(stamps[:30], 10) == stamps[30:]


def test_times_of_working_days_are_even_and_a_holiday_is_a_gap() -> None:
    hours = [
        datetime(2024, 1, d, h, 30) for d in range(1, 20) if datetime(2024, 1, d).weekday() < 5 for h in (9, 13, 17)
    ]
    found, places = positions(hours)
    assert str(found) == "4 hours, 3 per weekday from 09:30"
    np.testing.assert_array_equal(places, np.arange(len(hours)))
    without = positions([time for time in hours if time.day != 9])[1]
    np.testing.assert_array_equal(without, [i for i, time in enumerate(hours) if time.day != 9])


def test_numbers_of_10_or_13_digits_are_times_since_1970() -> None:
    for unit, factor in (("seconds", 1), ("milliseconds", 1000)):
        cells = [str((1_700_000_000 + 3600 * h) * factor) for h in range(5)]
        times = parse(cells, str)
        assert times.read_as == f"{unit} since 1970, UTC"
        assert times.stamps[:2] == [datetime(2023, 11, 14, 22, 13, 20), datetime(2023, 11, 14, 23, 13, 20)]
        assert [times.write(stamp) for stamp in times.stamps] == cells
    assert read("1700000000", "7") == [1_700_000_000, 7]


@pytest.mark.parametrize(
    ("cells", "order", "day"),
    [
        (["31/12/2024", "1/1/2025"], "day-first", 31),
        (["12/31/2024", "1/1/2025"], "month-first", 31),
        (["31.12.2024 14:30", "1.1.2025 00:00"], "day-first", 31),
    ],
)
def test_a_day_above_12_shows_the_order_of_day_and_month(cells: list[str], order: Order, day: int) -> None:
    times = parse(cells, str)
    assert (times.order, times.read_as) == (order, order)
    assert [(s.month, s.day) for s in times.stamps if isinstance(s, datetime)] == [(12, day), (1, 1)]


def test_the_order_of_day_and_month_may_be_given() -> None:
    for order, month in (("day-first", 4), ("month-first", 3)):
        assert parse(["3/4/2024"], str, order).stamps == [datetime(2024, month, 7 - month)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-03-01", "2024-03-02"],
        ["2024-03", "2024-04"],
        ["20240301", "20240302"],
        ["2024-03-01 12:00:00", "2024-03-01 13:00:00"],
        ["2024-03-01 12:00:00+00:00"],
        ["31/03/2024", "01/04/2024"],
        ["3", "7"],
    ],
)
def test_times_are_written_as_they_were_read(cells: list[str]) -> None:
    times = parse(cells, str)
    assert [times.write(stamp) for stamp in times.stamps] == cells


@pytest.mark.parametrize(
    ("text", "frequency"),
    [
        ("day", Frequency("second", 86400)),
        ("15 minutes", Frequency("second", 900)),
        ("week", Frequency("second", 7 * 86400)),
        ("business-day", Frequency("weekday", 1)),
        ("2 quarters", Frequency("month", 6)),
        ("1,000 steps", Frequency("step", 1000)),
    ],
)
def test_a_step_has_a_name(text: str, frequency: Frequency) -> None:
    assert step(text) == frequency


@pytest.mark.parametrize("text", ["", "fortnight", "0 days", "-1 day", "1.5 days"])
def test_what_names_no_step_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no step; write such as day, 15 minutes"):
        step(text)


@given(st.integers(1, 10**6), st.integers(-(10**9), 10**9), st.sets(st.integers(0, 200), min_size=2), st.booleans())
def test_places_are_counted_in_the_smallest_step(size: int, start: int, kept: set[int], dated: bool) -> None:
    places = np.array(sorted(kept))
    if 1 not in np.diff(places):
        places = np.append(places, places[-1] + 1)
    numbers: Sequence[int] = (start + size * places).tolist()
    first = datetime(2000, 1, 1, 0, 0, 1)
    stamps: list[Stamp] = [first + timedelta(seconds=n - start) for n in numbers] if dated else list(numbers)
    frequency, found = positions(stamps)
    assert frequency.size == size or frequency.unit in ("month", "weekday", "slot")
    if frequency.size == size:
        np.testing.assert_array_equal(found, places - places[0])


def test_hours_with_offsets_are_even_over_a_change_of_the_clocks() -> None:
    zone = ZoneInfo("Europe/Berlin")
    for month, day in ((3, 30), (10, 26)):
        start = datetime(2024, month, day, tzinfo=UTC)
        times = [(start + timedelta(hours=h)).astimezone(zone) for h in range(60)]
        frequency, places = positions(read(*map(str, times)))
        assert frequency == Frequency("second", 3600)
        np.testing.assert_array_equal(places, np.arange(60))
        naive = [str(time.replace(tzinfo=None)) for time in times]
        assert len(set(naive)) == (60 if month == 3 else 59)


def test_local_midnights_with_offsets_are_days() -> None:
    zone = ZoneInfo("Europe/Berlin")
    days = [datetime(2024, 3, 25, tzinfo=zone) + timedelta(days=d) for d in range(20)]
    frequency, places = positions(read(*map(str, days)))
    assert str(frequency) == "1 day"
    np.testing.assert_array_equal(places, np.arange(20))


def test_uneven_steps_are_told_with_their_places() -> None:
    with pytest.raises(Uneven) as told:
        positions(read("2024-01-01 00:00", "2024-01-01 06:00", "2024-01-01 08:00", "2024-01-01 11:00"))
    error = told.value
    assert (str(error.smallest), str(error.other)) == ("2 hours", "3 hours")
    assert (error.before_smallest, error.before_other) == (1, 2)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["2024-01-01", " "], "row 2 has no time; write 2024-03-31"),
        (["2024-01-01", "soon"], "row 2: 'soon' is no time; write 2024-03-31"),
        (["3/4/2024"], "row 1: '3/4/2024' may begin with the day or the month, .*say --dates day-first or"),
        (["13/4/2024", "1/31/2024"], "row 2: '1/31/2024' is not day-first, as other rows are"),
        (["31/13/2024"], "row 1: '31/13/2024' is not day-first"),
        (["31/2/2024"], "row 1: '2024-02-31' is no time"),
        (["13/4/2024", "2024-04-14"], "row 1: '13/4/2024' is no time"),
        (["2024-02-30"], "row 1: '2024-02-30' is no time"),
        (["2024-13"], "row 1: '2024-13' is no time"),
        (["9999-12-31"], "row 1: '9999-12-31' is no time"),
        (["1.5", "2.5"], "row 1: '1.5' is no time"),
        (["1", "2024-01-01"], "row 2: '2024-01-01' is a time, the first row has a number; keep to one"),
        (["2024-01-01", "2"], "row 2: '2' is a number, the first row has a time; keep to one"),
        (["2024-01-01", "2024-01-02 00:00Z"], "row 2: .* has an offset from UTC, the first row has none; write it for"),
        (["2024-01-01 00:00Z", "2024-01-02"], "row 2: .* lacks an offset from UTC, the first row has one; write it"),
    ],
)
def test_what_is_no_time_is_refused(cells: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(*cells)
