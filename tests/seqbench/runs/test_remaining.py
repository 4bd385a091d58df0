"""The time that is left: known cells are summed over jobs, and what is not known is never claimed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.runs.remaining import Remaining

ROWS = {key: key[0] for key in ("a0", "a1", "a2", "b0", "b1", "c0")}
"""The letter is the row, the digit the seed."""


def of(waiting: dict[str, float | None], jobs: int = 1) -> Remaining:
    return Remaining(waiting, ROWS, jobs)


@pytest.mark.parametrize(
    ("seconds", "jobs", "said"),
    [
        ([30.0], 1, "less than 1 min left"),
        ([100.0, 61.0], 1, "about 3 min left"),
        ([100.0, 61.0], 2, "about 2 min left"),  # the longer cell alone takes that
        ([100.0, 100.0, 100.0], 2, "about 3 min left"),
        ([3540.0], 1, "about 59 min left"),
        ([5400.0], 1, "about 1.5 h left"),
    ],
)
def test_times_are_summed_over_jobs_and_told_in_whole_minutes(seconds: list[float], jobs: int, said: str) -> None:
    assert of(dict(zip(ROWS, seconds, strict=False)), jobs).told(0.0) == said


def test_nothing_is_said_where_nothing_is_known() -> None:
    found = of({"a0": None, "b0": None})
    assert (found.seconds(0.0), found.told(0.0)) == (None, "")
    found.start("a0", 0.0)
    assert found.told(100.0) == ""


def test_cells_of_unknown_length_make_it_more_than_what_is_known() -> None:
    assert of({"a0": 200.0, "b0": None}).told(0.0) == "more than 3 min left"
    assert of({"a0": 20.0, "b0": None}).told(0.0) == ""


def test_a_running_cell_counts_with_what_is_left_of_it_and_no_longer_when_it_is_overdue() -> None:
    found = of({"a0": 200.0, "b0": 100.0})
    found.start("a0", 1000.0)
    assert found.seconds(1050.0) == (250.0, True)
    assert found.seconds(1200.0) == (100.0, False)
    assert found.told(1300.0) == "more than 1 min left"


def test_a_cell_is_expected_to_take_as_long_as_its_other_seeds_took() -> None:
    found = of({"a0": None, "a1": None, "a2": None, "b0": None})
    found.start("a0", 0.0)
    found.finish("a0", 90.0)
    assert found.seconds(90.0) == (180.0, False)
    found.start("b0", 90.0)
    found.finish("b0", 95.0)
    assert found.told(95.0) == "about 3 min left"
    found.start("a1", 95.0)
    found.finish("a1", 245.0)  # 150 s: the mean is now 120
    assert found.seconds(245.0) == (120.0, True)


def test_earlier_times_are_scaled_by_how_fast_this_run_is() -> None:
    found = of({"a0": 10.0, "b0": 100.0})
    found.start("a0", 0.0)
    found.finish("a0", 20.0)
    assert found.seconds(20.0) == (200.0, True)
    brief = of({"a0": 0.01, "b0": 100.0})
    brief.start("a0", 0.0)
    brief.finish("a0", 1.0)
    assert brief.seconds(1.0) == (100.0, True)  # a hundredth of a second says nothing of speed


def test_a_cell_that_needed_not_run_takes_no_time() -> None:
    found = of({"a0": 100.0})
    found.finish("c0", 5.0)
    assert found.seconds(5.0) == (100.0, True)
    found.finish("a0", 5.0)
    assert found.told(5.0) == ""


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e5)), min_size=1, max_size=6), st.integers(1, 4))
def test_it_is_at_least_the_longest_cell_and_at_most_their_sum(seconds: list[float | None], jobs: int) -> None:
    known = [one for one in seconds if one is not None]
    found = of(dict(zip(ROWS, seconds, strict=False)), jobs).seconds(0.0)
    if not known:
        assert found is None
    else:
        assert found is not None
        assert max(known) <= found[0] <= sum(known) * (1 + 1e-9)
        assert found[1] == (len(known) == len(seconds))
