"""Strata: every known item is in exactly one, and each is scored as if it stood alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqbench.evidence.strata import MOST, Property, divided, scored, strata
from seqbench.tasks.classes import ACCURACY, item_columns


@given(arrays(np.float64, st.integers(0, 60), elements=st.integers(0, 12).map(float)))
def test_strata_divide_the_known_items_and_keep_equal_values_together(values: np.ndarray) -> None:
    found = divided(values)
    covered = np.sum([np.zeros(len(values), int), *(stratum.here for stratum in found)], axis=0)
    assert covered.tolist() == (values > 0).astype(int).tolist()
    assert all(a.high < b.low for a, b in pairwise(found))
    assert all(values[one.here].min() == one.low and values[one.here].max() == one.high for one in found)
    distinct = len(set(values[values > 0]))
    assert len(found) == distinct if distinct <= MOST else 2 <= len(found) <= MOST


def test_many_values_make_strata_of_about_equal_size() -> None:
    sizes = [int(one.here.sum()) for one in divided(1.0 + np.arange(1003))]
    assert sum(sizes) == 1003
    assert len(sizes) == 5
    assert max(sizes) - min(sizes) <= 2


def test_a_stratum_is_scored_as_its_items_alone_are() -> None:
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    columns = item_columns(np.log(p), np.array([0, 1, 1, 0])) | {"far": np.array([1, 4, 0, 3]), "none": np.zeros(4)}
    assert scored([Property("far", "steps"), Property("none", "")], columns, [ACCURACY]) == {
        "far": [
            {"from": 1.0, "to": 1.0, "items": 1.0, "accuracy": 1.0},
            {"from": 3.0, "to": 3.0, "items": 1.0, "accuracy": 1.0},
            {"from": 4.0, "to": 4.0, "items": 1.0, "accuracy": 0.0},
        ]
    }
    with pytest.raises(ValueError, match="'near' is missing"):
        scored([Property("near", "steps")], columns, [ACCURACY])


def test_properties_say_which_values_are_known_and_how_many_strata_there_are() -> None:
    values = np.array([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.0])
    assert [(one.low, one.high) for one in divided(values, most=3)] == [(1, 3), (4, 6), (7, 9)]
    with_zero = divided(values, most=3, least=0)
    assert [(one.low, one.high) for one in with_zero] == [(0, 1), (2, 5), (6, 9)]
    assert all(one.here.sum() == 4 for one in with_zero)
    prop = Property("far", "steps", least=0, most=3)
    assert [one.high for one in strata(prop, {"far": values})] == [1, 5, 9]
