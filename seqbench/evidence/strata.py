"""Strata of the test part, each scored by itself: short and long sources, facts that are near and far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.exhibits import Line
from seqbench.evidence.metrics import Columns, Metric, column
from seqbench.evidence.statistics import Estimate, estimate
from seqbench.evidence.units import Units
from seqbench.interface import Floats

MOST = 5
"""Number of strata of a property with more values than this."""
ZERO = 0.5
"""Where the value 0 is drawn on a logarithmic axis."""

Mask = NDArray[np.bool_]
"""(N,) which items are meant."""


@dataclass(frozen=True)
class Property:
    """A property by which items are divided into strata."""

    name: str
    """The item column with its values, whole numbers."""
    title: str
    """What the values are, for an axis: `words of the source`."""
    least: int = 1
    """The smallest value that is known; items with smaller ones are in no stratum."""
    most: int = MOST
    """Number of strata if there are more values than this."""
    log: bool = False
    """Whether the axis of the values is logarithmic."""


class Stratum(NamedTuple):
    low: float
    high: float
    """The smallest and the largest value."""
    here: Mask
    """Which items belong to it."""


class Point(NamedTuple):
    """The score of one stratum."""

    x: float
    """The mean of its values; `ZERO` instead of 0 on a logarithmic axis."""
    found: Estimate


def divided(values: Floats, most: int = MOST, least: int = 1) -> list[Stratum]:
    """Divide items by their values (N,): a stratum per value, or `most` of about equal size if there are more.

    Items with one value are in one stratum; there may be fewer if many items have one value. Strata are in the order of
    their values, and items with values below `least` are in none.
    """
    known = values >= least
    distinct = np.unique(values[known])
    shares = np.linspace(0, 1, most + 1)[1:-1]
    cuts = distinct if len(distinct) <= most else np.unique(np.quantile(values[known], shares, method="inverted_cdf"))
    number = np.searchsorted(cuts, values)
    masks = [known & (number == one) for one in np.unique(number[known])]
    return [Stratum(float(values[here].min()), float(values[here].max()), here) for here in masks]


def strata(prop: Property, columns: Columns) -> list[Stratum]:
    """Divide items by a property; raises ValueError if its column is missing."""
    return divided(column(columns, prop.name), prop.most, prop.least)


def taken(columns: Columns, here: Mask) -> Columns:
    """Return the columns of some items."""
    return {name: values[here] for name, values in columns.items()}


def scored(
    properties: Sequence[Property], columns: Columns, metrics: Sequence[Metric]
) -> dict[str, list[dict[str, float]]]:
    """Return for each property a list of strata: `from`, `to`, the number of `items`, and the score by each metric.

    Properties without a known value are left out.
    """
    found = {prop.name: strata(prop, columns) for prop in properties}
    return {
        name: [
            {
                "from": stratum.low,
                "to": stratum.high,
                "items": float(stratum.here.sum()),
                **{metric.name: float(metric(taken(columns, stratum.here))[0]) for metric in metrics},
            }
            for stratum in of_property
        ]
        for name, of_property in found.items()
        if of_property
    }


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
