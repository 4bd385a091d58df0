import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.learning import text as texts
from seqbench.learning.text import Text
from seqbench.long_arrays import Cut, OnDisk

EDGE = 99


@settings(deadline=None, max_examples=80)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=8).filter(any), st.integers(1, 5), st.booleans(), st.booleans())
def test_windows_are_what_stands_before_in_the_same_document(
    lengths: list[int], width: int, on_disk: bool, long: bool
) -> None:
    whole = np.random.default_rng(len(lengths)).integers(9, size=sum(lengths))
    cuts = np.cumsum(lengths)[:-1]
    expected = [
        [EDGE] * max(0, width - k) + document[max(0, k - width) : k + 1].tolist()
        for document in np.split(whole, cuts)
        for k in range(len(document))
    ]
    if on_disk:
        file = OnDisk(np.int64)
        file.append(whole)
        whole = file.mapped()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "WHOLE", 0 if long else len(whole))
        text = Text(Cut(whole, cuts))
    assert len(text) == len(whole)
    assert text.lengths.tolist() == lengths
    order = np.random.default_rng(1).permutation(len(whole))
    windows, symbols = text.windows(order, width, EDGE)
    np.testing.assert_array_equal(np.column_stack([windows, symbols]), np.array(expected)[order])
    np.testing.assert_array_equal(text.take(order), whole[order])
    first = np.flatnonzero(np.isin(np.arange(len(whole)), np.append(0, cuts)))
    np.testing.assert_array_equal(np.flatnonzero(text.opens(np.arange(len(whole)))), first)


def test_symbols_may_be_stored_in_fewer_bytes() -> None:
    assert Text([np.array([3, 1], np.uint16)]).take(np.array([1, 0])).dtype == np.int64
