"""Strata: every known item is in exactly one, and each is scored as if it stood alone."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqbench.evidence.metrics import Columns, Metric, mean_of, totals
from seqbench.evidence.statistics import Estimate, estimate
from seqbench.evidence.strata import MOST, Point, Property, curve, divided, drawn, scored, strata, taken
from seqbench.evidence.units import Units, Way, numbered
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


def _units(columns: Columns, here: np.ndarray) -> Units:
    some = taken(columns, here)
    return Units({"right": some["right"]}, (Way("tales", numbered(some["tale"])),))


RIGHT = Metric("right", "right", partial(totals, name="right"), mean_of, lower_is_better=False)


def test_a_curve_has_the_estimate_of_each_stratum_alone_at_the_mean_of_its_values() -> None:
    rng = np.random.default_rng(0)
    fits = [
        {"far": np.arange(200) % 4 * 10, "right": rng.normal(size=200), "tale": np.arange(200) // 5} for _ in range(2)
    ]
    found = curve(Property("far", "steps"), fits, _units, RIGHT, 0.9)
    assert [x for x, _ in found] == [10, 20, 30]
    for x, estimated in found:
        rows = np.flatnonzero(fits[0]["far"] == x)
        tales = numbered(fits[0]["tale"][rows])
        alone = estimate(RIGHT, [{"right": fit["right"][rows]} for fit in fits], (Way("tales", tales),), 0.9)
        assert estimated == alone
    assert curve(Property("near", "steps"), fits, _units, RIGHT) == []
    assert curve(Property("far", "steps"), [], _units, RIGHT) == []


def test_zero_has_a_place_on_a_logarithmic_axis_and_undefined_strata_have_none() -> None:
    columns = {"far": np.repeat([0, 10, 100], 10), "right": np.repeat([1.0, np.nan, 2.0], 10), "tale": np.arange(30)}
    found = curve(Property("far", "steps", least=0, log=True), [columns], _units, RIGHT)
    assert [(x, one.value) for x, one in found] == [(0.5, 1.0), (100, 2.0)]


def test_a_line_is_in_the_unit_of_display_without_infinite_scores_and_ends() -> None:
    def estimated(value: float, low: float, high: float) -> Estimate:
        return Estimate(value, low, high, seeds=1, seeds_sd=None, spread=None, seed_dof=None)

    points = [
        Point(1, estimated(0.5, 0.25, 0.75)),
        Point(2, estimated(0.5, -np.inf, 0.75)),
        Point(3, estimated(np.inf, np.inf, np.inf)),
    ]
    line = drawn("a", points, ACCURACY)
    assert (line.name, line.x, line.y) == ("a", [1, 2], [50, 50])
    np.testing.assert_array_equal(line.low, [25, np.nan])
    np.testing.assert_array_equal(line.high, [75, np.nan])
