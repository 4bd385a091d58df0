"""Strata of the test part, each scored by itself: short and long sources, facts that are near and far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import Columns, Metric, column
from seqbench.interface import Floats

MOST = 5
"""Number of strata of a property with more values than this."""

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
