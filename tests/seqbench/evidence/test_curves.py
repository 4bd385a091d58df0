"""A curve has the score of each stratum alone, with its interval."""

from functools import partial

import numpy as np

from seqbench.evidence.curves import Point, curve, drawn
from seqbench.evidence.metrics import Columns, Metric, mean_of, totals
from seqbench.evidence.statistics import Estimate, estimate
from seqbench.evidence.strata import Property, taken
from seqbench.evidence.units import Units, Way, numbered
from seqbench.tasks.classes import ACCURACY


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
