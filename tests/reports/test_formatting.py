import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.reports.formatting import (
    LONG,
    count,
    fixed,
    interval,
    memory,
    percent,
    places,
    plain,
    seconds,
    significant,
)

UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
UNITS |= {"s": 1.0, "ms": 1e-3, "%": 0.01}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (fixed(98.204, 2), "98.20"),
        (fixed(33278.4, 2), "33,278"),
        (fixed(3.2e9, 2), "3.2e+09"),
        (fixed(math.inf, 2), "∞"),
        (fixed(math.nan, 2), "—"),
        (fixed(None, 2), "—"),
        (fixed(-0.5, 1), "−0.5"),
        (interval(95.97, 100.513, 2), "95.97–100.51"),
        (interval(-0.2, 0.1, 1), "−0.2 to 0.1"),
        (interval(0.0, math.inf, 1), "0.0–∞"),
        (percent(0.1234), "+12.3 %"),
        (percent(-0.0042), "−0.42 %"),
        (percent(-0.00001), "0.00 %"),
        (percent(-146.9), "−14,690 %"),
        (percent(math.nan), "—"),
        (count(0), "0"),
        (count(812), "812"),
        (count(33278), "33.3 k"),
        (count(1_200_000), "1.20 M"),
        (count(999_999), "1.00 M"),
        (seconds(0.0042), "4.20 ms"),
        (seconds(3.4), "3.40 s"),
        (seconds(1840.2), "1,840 s"),
        (seconds(0.0), "0 s"),
        (memory(512e6), "512 MB"),
        (memory(1_239_700_000), "1.24 GB"),
        (memory(None), "—"),
        (plain("a\nb\x1b[31m\tc\x07\u202e"), "a b c"),
    ],
)
def test_a_number_is_written_as_people_write_it(written: str, expected: str) -> None:
    assert written == expected


def test_the_smallest_score_of_a_column_keeps_four_digits() -> None:
    assert places([33278.0, 98.204]) == 2
    assert places([1.234, 5.0, None, math.inf]) == 3
    assert places([]) == places([0.0]) == 0


def read(text: str) -> float:
    number, _, unit = text.replace(",", "").replace("−", "-").partition(" ")
    return float(number) * UNITS[unit]


@given(st.floats(1e-3, 1e14))
def test_what_is_written_is_within_half_a_unit_of_the_third_digit(value: float) -> None:
    for write in (count, memory) if value >= LONG else (count, memory, seconds, significant):
        assert read(write(value)) == pytest.approx(value, rel=5.001e-3)
