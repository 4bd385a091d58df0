"""Arrays in files are read as those in memory are, whatever is read of them, and in which order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from seqbench import long_arrays
from seqbench.long_arrays import Blocks, Cut, OnDisk, in_one, is_mapped, lengths_of


def mapped(array: NDArray[np.int64]) -> NDArray[np.int64]:
    file = OnDisk(array.dtype)
    file.append(array)
    return file.mapped()


@settings(deadline=None, max_examples=60)
@given(data=st.data(), length=st.integers(1, 100), block=st.integers(1, 9), held=st.integers(1, 5))
def test_entries_taken_in_any_order_are_those_of_the_array(
    data: st.DataObject, length: int, block: int, held: int
) -> None:
    array = np.random.default_rng(length).integers(1000, size=length)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("BLOCK", block), ("HELD", held), ("MAPPED", 2)):
            patch.setattr(long_arrays, name, value)
        blocks = Blocks(mapped(array))
        for _ in range(4):
            places = np.array(data.draw(st.lists(st.integers(0, length - 1), max_size=12)), dtype=np.int64)
            np.testing.assert_array_equal(blocks.take(places), array[places])
            pair = np.stack([places, places[::-1]])
            np.testing.assert_array_equal(blocks.take(pair), array[pair])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_arrays_in_one_lie_one_after_the_other(lengths: list[int]) -> None:
    whole = np.arange(sum(lengths))
    arrays = np.split(whole, np.cumsum(lengths)[:-1])
    cut = Cut(whole, np.cumsum(lengths)[:-1])
    for given_arrays in (arrays, cut):
        np.testing.assert_array_equal(in_one(given_arrays), whole)
        assert lengths_of(given_arrays).tolist() == lengths
    assert in_one(cut) is whole
    assert in_one([whole]) is whole


def test_a_long_copy_lies_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = [np.arange(5), np.arange(7)]
    assert not is_mapped(in_one(arrays))
    monkeypatch.setattr(long_arrays.Collected.__init__, "__defaults__", (50,))
    long = in_one(arrays)
    assert is_mapped(long)
    np.testing.assert_array_equal(long, np.concatenate(arrays))
