"""Origins of forecasts: what is known at each, what came after, and what a fit may see."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.tasks.forecasts.data import Origins, SeriesData, rolling
from seqbench.tasks.forecasts.model import Panel
from seqbench.tasks.forecasts.stretches import Stretches

lengths = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 30)), min_size=1, max_size=4)


def data(train_ends: list[int], valid: Origins, test: Origins, horizon: int = 3) -> SeriesData:
    values = [np.arange(20.0), 100 + np.arange(15.0)]
    return SeriesData("toy", Panel(values, ["a", "b"], 4), np.array(train_ends), valid, test, horizon)


def test_rolling_origins_by_hand() -> None:
    found = rolling(np.array([5, 2]), np.array([12, 5]), horizon=3, stride=2)
    np.testing.assert_array_equal(found.series, [0, 0, 0, 1])
    np.testing.assert_array_equal(found.ends, [5, 7, 9, 2])


@given(lengths, st.integers(1, 8), st.integers(1, 8))
def test_what_is_forecast_lies_in_its_part_and_no_origin_is_left_out(
    parts: list[tuple[int, int]], horizon: int, stride: int
) -> None:
    starts, stops = np.array([s for s, _ in parts]), np.array([s + n for s, n in parts])
    found = rolling(starts, stops, horizon, stride)
    expected = [
        (n, end)
        for n, (start, length) in enumerate(parts)
        for end in range(start, start + length)
        if (end - start) % stride == 0 and end + horizon <= start + length
    ]
    assert list(zip(found.series.tolist(), found.ends.tolist(), strict=True)) == expected


def test_pasts_and_futures_meet_at_their_origins() -> None:
    origins = Origins(np.array([1, 0, 0]), np.array([2, 5, 17]))
    toy = data([10, 10], origins, origins)
    assert toy.past(origins).names == ["b", "a", "a"]
    np.testing.assert_array_equal([p[-1] for p in toy.past(origins).values], [101, 4, 16])
    np.testing.assert_array_equal(toy.actual(origins), [[102, 103, 104], [5, 6, 7], [17, 18, 19]])


def test_a_fit_sees_the_training_part_up_to_the_first_origin_that_it_is_scored_on() -> None:
    inside, after = (
        rolling(np.array([7, 4]), np.array([13, 10]), 3, 3),
        rolling(np.array([13, 10]), np.array([20, 15]), 3, 1),
    )
    toy = data([13, 10], inside, after)
    assert [len(v) for v in toy.before(toy.valid).values] == [7, 4]
    assert [len(v) for v in toy.before(toy.test).values] == [13, 10]
    assert [len(v) for v in toy.train.values] == [13, 10]
    parted = data([7, 4], inside, after)
    assert [len(v) for v in parted.before(parted.valid).values] == [7, 4]
    assert [len(v) for v in parted.before(parted.test).values] == [7, 4]


def test_without_its_test_part_data_ends_at_the_first_test_origin_and_gives_the_same_fits_and_yardstick() -> None:
    inside, after = (
        rolling(np.array([7, 4]), np.array([13, 10]), 3, 3),
        rolling(np.array([13, 10]), np.array([20, 12]), 3, 1),
    )
    toy = data([13, 10], inside, after)
    known = toy.without_test()
    assert [len(v) for v in known.series.values] == [13, 15]  # the second has no test origin
    assert len(Stretches.of(known.series.values).flat) == 28  # the array behind the views ends there too
    for part in ("valid", "test"):
        before, after_cut = (d.before(getattr(d, part)) for d in (toy, known))
        for one, other in zip(before.values, after_cut.values, strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(known.yardstick("valid").actual, toy.yardstick("valid").actual)
    np.testing.assert_array_equal(known.yardstick("valid").naive2["mase"], toy.yardstick("valid").naive2["mase"])


def test_origins_are_taken_by_row() -> None:
    taken = rolling(np.array([0]), np.array([9]), 2, 1).take(np.array([3, 1]))
    np.testing.assert_array_equal(taken.ends, [3, 1])
    assert len(taken) == 2


def test_the_scale_of_mase_is_that_of_all_values_before_the_origin() -> None:
    """The changes of 0, 1, 4, 9, … are 1, 3, 5, …, and the mean of the first T − 1 of these is T − 1."""
    borders = [np.array([end]) for end in (20, 30, 40)]
    valid, test = (rolling(*borders[part : part + 2], 4, 3) for part in (0, 1))
    held = SeriesData("squares", Panel([np.arange(40.0) ** 2], ["a"], 1), borders[0], valid, test, 4)
    assert held.yardstick("valid").scale.tolist() == [19, 22, 25]
    assert held.yardstick("test").scale.tolist() == [29, 32, 35]


def test_with_a_shorter_history_fits_and_forecasts_see_the_latest_values_and_scales_stay() -> None:
    rng = np.random.default_rng(0)
    inside, after = (
        rolling(np.array([30, 32]), np.array([36, 38]), 3, 3),
        rolling(np.array([36, 38]), np.array([42, 44]), 3, 3),
    )
    values = [rng.normal(size=42), rng.normal(size=44)]
    whole = SeriesData("toy", Panel(values, ["a", "b"], 4), np.array([36, 38]), inside, after, 3)
    half = whole.younger(0.5)
    assert [len(v) for v in half.train.values] == [18, 19]
    for split, ends in ((half.valid, [30, 32]), (half.test, [36, 38])):
        for n, values_seen in enumerate(half.before(split).values):
            np.testing.assert_array_equal(values_seen, values[n][: ends[n]][-(18 + n) :])
    for past, series, end in zip(half.past(half.test).values, half.test.series, half.test.ends, strict=True):
        np.testing.assert_array_equal(past, values[series][:end][-(18 + series) :])
    for split in ("valid", "test"):
        a, b = whole.yardstick(split), half.yardstick(split)
        np.testing.assert_array_equal(a.scale, b.scale)
        np.testing.assert_array_equal(a.naive2["mase"], b.naive2["mase"])
    assert half.before(half.test) is half.train
    assert half.without_test().before(half.test) is not whole.train


def test_two_seasons_or_horizons_are_always_left_and_less_is_refused() -> None:
    origins = rolling(np.array([16, 11]), np.array([20, 15]), 3, 3)
    toy = data([16, 11], origins, origins)
    assert [len(v) for v in toy.younger(0.7).train.values] == [12, 9]
    with pytest.raises(ValueError, match=r"too small, 7 values per series: .* \(at least 9\)"):
        toy.younger(0.5)
