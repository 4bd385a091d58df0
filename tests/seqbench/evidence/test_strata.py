"""Strata: every known item is in exactly one, and each is scored as if it stood alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqbench.evidence.strata import MOST, Property, divided, scored, within
from seqbench.evidence.units import Way
from seqbench.tasks.classes import ACCURACY, item_columns


@given(arrays(np.float64, st.integers(0, 60), elements=st.integers(0, 12).map(float)))
def test_strata_divide_the_known_items_and_keep_equal_values_together(values: np.ndarray) -> None:
    strata = divided(values)
    covered = np.sum([np.zeros(len(values), int), *(stratum.here for stratum in strata)], axis=0)
    assert covered.tolist() == (values > 0).astype(int).tolist()
    assert all(a.high < b.low for a, b in pairwise(strata))
    assert all(values[one.here].min() == one.low and values[one.here].max() == one.high for one in strata)
    distinct = len(set(values[values > 0]))
    assert len(strata) == distinct if distinct <= MOST else 2 <= len(strata) <= MOST


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


def test_units_of_a_stratum_depend_on_each_other_as_before() -> None:
    here = np.array([False, True, True, True, False])
    alone, tales = within([Way("items"), Way("tales", np.array([0, 0, 2, 2, 1]))], here)
    assert alone.groups is None
    assert alone.count(3) == 3
    assert tales.groups is not None
    assert tales.groups.tolist() == [0, 1, 1]
    assert tales.name == "tales"
