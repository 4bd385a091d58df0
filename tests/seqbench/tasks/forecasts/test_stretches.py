"""Series as stretches of one array: the same series, the same digits, and nothing else in a pickle."""

import pickle

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqbench.interface import Floats
from seqbench.tasks.forecasts.metrics import ROUNDING, rounding, seasonal_scale
from seqbench.tasks.forecasts.naive2 import naive2
from seqbench.tasks.forecasts.stretches import Stretches

series = st.lists(
    st.integers(1, 60).flatmap(lambda length: arrays(np.float64, length, elements=st.floats(-1e6, 1e6))),
    min_size=1,
    max_size=8,
)


@settings(max_examples=30)
@given(series, st.data())
def test_they_are_the_series_cut_taken_copied_and_pickled(values: list[Floats], data: st.DataObject) -> None:
    whole = Stretches.of(values)
    rows = np.array(data.draw(st.lists(st.integers(0, len(values) - 1), max_size=10)), np.int64)
    ends = np.array([data.draw(st.integers(0, len(values[n]))) for n in rows], np.int64)
    starts = np.array([data.draw(st.integers(0, end)) for end in ends.tolist()], np.int64)
    cut = whole.take(rows).cut(starts, ends)
    wanted = [values[n][start:end] for n, start, end in zip(rows, starts, ends, strict=True)]
    read = pickle.loads(pickle.dumps(cut))
    for found in (cut, cut.copied(), read, cut[:], [cut[i] for i in range(len(cut))]):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, other)
    assert len(read.flat) == sum(map(len, wanted))


@settings(max_examples=30)
@given(series)
def test_each_series_is_in_one_block(values: list[Floats]) -> None:
    seen = []
    for rows, block in Stretches.of(values).blocks():
        seen += rows.tolist()
        np.testing.assert_array_equal(block, np.stack([values[n] for n in rows]))
    assert sorted(seen) == list(range(len(values)))


@settings(max_examples=30)
@given(series, st.integers(1, 13))
def test_series_of_one_length_have_together_the_digits_that_each_has_alone(values: list[Floats], season: int) -> None:
    np.testing.assert_array_equal(rounding(values), [ROUNDING * np.abs(v).mean() for v in values])
    moves = [np.abs(v[season:] - v[:-season]).mean() if len(v) > season else 0.0 for v in values]
    np.testing.assert_array_equal(seasonal_scale(values, season), np.where(moves > rounding(values), moves, 0))
    up = [np.abs(v) + 1 for v in values]
    np.testing.assert_array_equal(naive2(up, 9, season), [naive2([v], 9, season)[0] for v in up])
