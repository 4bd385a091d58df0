"""Scores of strata with their intervals, as the points of a curve."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from seqbench.evidence.exhibits import Line
from seqbench.evidence.metrics import Columns, Metric, column
from seqbench.evidence.statistics import Estimate, estimate
from seqbench.evidence.strata import Mask, Property, strata
from seqbench.evidence.units import Units

ZERO = 0.5
"""Where the value 0 is drawn on a logarithmic axis."""


class Point(NamedTuple):
    """The score of one stratum."""

    x: float
    """The mean of its values; `ZERO` instead of 0 on a logarithmic axis."""
    found: Estimate


def curve(
    prop: Property,
    fits: Sequence[Columns],
    units: Callable[[Columns, Mask], Units],
    metric: Metric,
    level: float = 0.95,
) -> list[Point]:
    """Return a point for each stratum of a property in which the score is defined; none if the column is missing.

    Args:
        fits: item columns of the same items for several seeds.
        units: returns the units of some of the items, here (N,), as a test part of their own.
        level: coverage of the intervals.
    """
    if not fits or prop.name not in fits[0]:
        return []
    values, points = column(fits[0], prop.name), []
    for stratum in strata(prop, fits[0]):
        some = [units(columns, stratum.here) for columns in fits]
        try:
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # a broken model may score anything
                found = estimate(metric, [one.columns for one in some], some[0].ways, level)
        except ValueError:  # the score of these items is undefined
            continue
        mean = float(values[stratum.here].mean())
        points.append(Point(mean or ZERO if prop.log else mean, found))
    return points


def drawn(name: str, points: Sequence[Point], metric: Metric) -> Line:
    """Return points as a line of a picture, in the metric's display unit; infinite scores are left out."""
    told = [(x, found) for x, found in points if np.isfinite(found.value)]
    ends = [(one.low, one.high) if np.isfinite([one.low, one.high]).all() else (np.nan, np.nan) for _, one in told]
    return Line(
        name,
        [x for x, _ in told],
        [metric.factor * found.value for _, found in told],
        [metric.factor * low for low, _ in ends],
        [metric.factor * high for _, high in ends],
    )
