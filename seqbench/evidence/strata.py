"""Strata of the test part, each scored by itself: short and long sources, facts that are near and far."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import Columns, Metric, column
from seqbench.evidence.units import Way, numbered
from seqbench.interface import Floats

MOST = 5
"""Number of strata of a property with more values than this."""


@dataclass(frozen=True)
class Property:
    """A property by which items are divided into strata."""

    name: str
    """The item column with its values, whole numbers from 1; 0: not known, in no stratum."""
    title: str
    """What the values are, for an axis: `words of the source`."""


class Stratum(NamedTuple):
    low: float
    high: float
    """The smallest and the largest value."""
    here: NDArray[np.bool_]
    """(N,) which items belong to it."""


def divided(values: Floats) -> list[Stratum]:
    """Divide items by their values (N,): a stratum per value, or `MOST` of about equal size if there are more.

    Items with one value are in one stratum; there may be fewer if many items have one value. Strata are in the order of
    their values, and items with the value 0 are in none.
    """
    known = values > 0
    distinct = np.unique(values[known])
    shares = np.linspace(0, 1, MOST + 1)[1:-1]
    cuts = distinct if len(distinct) <= MOST else np.unique(np.quantile(values[known], shares, method="inverted_cdf"))
    number = np.searchsorted(cuts, values)
    masks = [known & (number == one) for one in np.unique(number[known])]
    return [Stratum(float(values[here].min()), float(values[here].max()), here) for here in masks]


def taken(columns: Columns, here: NDArray[np.bool_]) -> Columns:
    """Return the columns of some items."""
    return {name: values[here] for name, values in columns.items()}


def within(ways: Sequence[Way], here: NDArray[np.bool_]) -> tuple[Way, ...]:
    """Return how some of the units depend on each other."""
    return tuple(way if way.groups is None else replace(way, groups=numbered(way.groups[here])) for way in ways)


def scored(
    properties: Sequence[Property], columns: Columns, metrics: Sequence[Metric]
) -> dict[str, list[dict[str, float]]]:
    """Return for each property a list of strata: `from`, `to`, the number of `items`, and the score by each metric.

    Properties without a known value are left out.
    """
    found = {prop.name: divided(column(columns, prop.name)) for prop in properties}
    return {
        name: [
            {
                "from": stratum.low,
                "to": stratum.high,
                "items": float(stratum.here.sum()),
                **{metric.name: float(metric(taken(columns, stratum.here))[0]) for metric in metrics},
            }
            for stratum in strata
        ]
        for name, strata in found.items()
        if strata
    }
