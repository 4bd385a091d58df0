"""Random parts of a training part, for curves of quality against training size.

The parts of one seed are nested: a larger one holds a smaller one. Items keep their order.
"""

from fractions import Fraction

import numpy as np

from seqbench.interface import Floats, Ids


def written(share: float) -> str:
    """Return a share as people write it: `1/32`, or `30 %` if it is no simple fraction."""
    near = Fraction(share).limit_denominator(10_000)
    return str(near) if abs(near - share) < 1e-12 and near.numerator == 1 else f"{100 * share:.3g} %"


def drawn(count: int, share: float, seed: int, *, classes: Ids | None = None, groups: Ids | None = None) -> Ids:
    """Return the rows of a random part of `count` items, ascending; at least one row.

    Args:
        classes: (N,) the class of each item; classes keep their shares, and none vanishes before the part is smaller
            than their number.
        groups: (N,) the group of each item; whole groups are drawn, since items of one group depend on each other, and
            only the last one may be cut. Classes are then left to chance.
    """
    order = np.random.default_rng(seed).permutation(count)
    if groups is not None:
        first = _ranks(np.random.default_rng(seed).permutation(int(groups.max()) + 1))
        order = order[np.argsort(first[groups[order]], kind="stable")]
    elif classes is not None:
        order = order[np.argsort(_places(classes[order]), kind="stable")]
    found: Ids = np.sort(order[: max(1, round(share * count))])
    return found


def stretch(lengths: Ids, share: float, seed: int) -> Ids:
    """Return the rows of consecutive items of these lengths (N,) that hold a share of them all, from a random item on;
    after the last item comes the first."""
    start = int(np.random.default_rng(seed).integers(len(lengths)))
    order = (start + np.arange(len(lengths))) % len(lengths)
    held = np.cumsum(lengths[order])
    return order[: int(np.searchsorted(held, share * held[-1])) + 1]


def refuse_fewer(found: int, least: int, what: str, share: float, why: str) -> None:
    """Raise if a part is too small to learn from.

    Args:
        what: what is counted, in the plural.
        why: why there must be `least` of them.

    Raises:
        ValueError: it is.
    """
    if found < least:
        raise ValueError(
            f"{written(share)} of the training part is too small, {found:,} {what}: {why} (at least {least:,}); give "
            "fewer sizes, or larger shares, with --sizes"
        )


def _ranks(order: Ids) -> Ids:
    """Return the place of each number in an order of them."""
    ranks: Ids = np.argsort(order, kind="stable")
    return ranks


def _places(classes: Ids) -> Floats:
    """Return r / n for each item: r, how many items of its class (N,) stand before it; n, the size of its class."""
    by_class = np.argsort(classes, kind="stable")
    sizes = np.bincount(classes)
    starts = np.cumsum(sizes) - sizes
    ranks = np.empty(len(classes))
    ranks[by_class] = np.arange(len(classes)) - starts[classes[by_class]]
    places: Floats = ranks / sizes[classes]
    return places
