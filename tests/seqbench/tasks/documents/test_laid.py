"""Documents in one array are those that a list of arrays holds."""

import pickle
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.tasks.documents.laid import Laid, joined, lengths_of, taken
from seqbench.tasks.documents.model import Texts, spelt

SPELLINGS = ["<unk>", "a", "b", "new", "newer"]
KNOWN = 3
DOCUMENTS = st.lists(st.lists(st.integers(0, 4), max_size=5), min_size=1, max_size=6)


def both(documents: list[list[int]]) -> tuple[Texts, Texts]:
    """The same documents in an array, and as lists."""
    lengths = np.array([len(d) for d in documents], dtype=np.int32)
    numbers = np.array(list(chain.from_iterable(documents)), dtype=np.int32)
    laid = spelt(Laid(numbers, np.cumsum(lengths, dtype=np.int64) - lengths, lengths, KNOWN, 0), SPELLINGS)
    ids = [np.array([i if i < KNOWN else 0 for i in d], dtype=np.int64) for d in documents]
    return laid, Texts(ids, [[SPELLINGS[i] for i in d] for d in documents])


def assert_equal(a: Texts, b: Texts) -> None:
    assert len(a) == len(b)
    assert list(map(list, a.words)) == list(map(list, b.words))
    for mine, theirs in zip(a.ids, b.ids, strict=True):
        np.testing.assert_array_equal(mine, theirs, strict=True)


@settings(max_examples=40, deadline=None)
@given(DOCUMENTS, st.data())
def test_documents_are_the_same_however_they_lie(documents: list[list[int]], data: st.DataObject) -> None:
    laid, lists = both(documents)
    assert_equal(laid, lists)
    assert_equal(pickle.loads(pickle.dumps(laid)), lists)
    assert laid.words == lists.words
    rows = np.array(data.draw(st.lists(st.integers(0, len(documents) - 1))), dtype=np.int64)
    assert_equal(laid.take(rows), lists.take(rows))
    assert_equal(Texts(laid.ids[1:3], laid.words[1:3]), Texts(lists.ids[1:3], lists.words[1:3]))
    for a, b in ((laid.ids, lists.ids), (taken(laid.ids, rows), taken(lists.ids, rows))):
        np.testing.assert_array_equal(joined(a), joined(b))
        np.testing.assert_array_equal(lengths_of(a), lengths_of(b))


def test_a_model_that_changes_its_ids_changes_no_document() -> None:
    laid, lists = both([[1, 2], [3]])
    laid.ids[0][:] = 2
    laid.words[0].append("more")
    assert_equal(laid, lists)
    assert laid.words != [["a", "b"], ["b"]]
    with pytest.raises(IndexError):
        laid.ids[2]
