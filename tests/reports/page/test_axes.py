import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.reports.page.axes import MANY, Extent, extent, number, short, ticks

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8)
positive = st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=8)


@given(values)
def test_an_extent_holds_all_values_and_has_a_width(found: list[float]) -> None:
    shown = extent(found)
    assert all(shown.holds(value) for value in found)
    assert shown.low < shown.high


@given(positive)
def test_a_logarithmic_extent_holds_all_values_above_0_with_a_share_as_its_margin(found: list[float]) -> None:
    shown = extent([*found, 0.0, -1.0, math.inf, math.nan], log=True)
    assert all(shown.low < value < shown.high for value in found)
    assert shown.low > 0
    middle = math.sqrt(min(found) * max(found))
    assert shown.low * shown.high == pytest.approx(middle**2, rel=1e-6)


@given(st.floats(1e-4, 1e4), st.floats(1.05, 1e6), st.booleans())
def test_ticks_are_few_and_within_and_no_axis_is_without(low: float, ratio: float, log: bool) -> None:
    found = ticks(Extent(low, low * ratio, log))
    assert 1 <= len(found) <= MANY
    assert all(low * (1 - 1e-9) <= at <= low * ratio * (1 + 1e-9) for at in found)
    assert found == sorted(set(found))


def test_ticks_of_counts_are_whole_numbers() -> None:
    assert ticks(Extent(0.9, 3.1, whole=True)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.05, "0.05"), (-2.5, "−2.5"), (1000, "1,000"), (200_000, "200 k"), (1e-5, "0.00001"), (math.inf, "∞")],
)
def test_a_tick_has_no_digits_that_say_nothing(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("text", "shorter"), [("1.00 ms", "1 ms"), ("100 s", "100 s"), ("0.340 s", "0.34 s"), ("—", "—")]
)
def test_zeros_at_the_end_are_left_out(text: str, shorter: str) -> None:
    assert short(text) == shorter
