"""Where the order of two models turns as the training part grows.

At each size the difference d of two scores has an interval. Between sizes, d and the ends of its interval are
interpolated on log(size). A straight line between two sizes is off by at most (Δ²/8) |d″|, so the band is wider there
by w (1 − w) Δ²/2 times the largest |d″| that neighbouring sizes show, w being the place between them.

The interval of the crossing holds every size at which the band holds 0: all sizes that the data do not exclude
(inversion of a test, as in Fieller 1954, "Some problems in interval estimation", J. Royal Statistical Society B 16).
Where the band never excludes 0 on one side, the interval is open there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seqbench.interface import Floats

STEPS = 200
"""Number of places between two sizes at which the band is evaluated."""


@dataclass(frozen=True)
class Difference:
    """The difference between two models that learned from training data of one size, with its interval."""

    size: float
    value: float
    """On the metric's scale."""
    low: float
    high: float


@dataclass(frozen=True)
class Crossing:
    """A size at which the order of two models turns."""

    at: float
    low: float | None
    """The smallest size that is not excluded; None: nothing excludes still smaller ones."""
    high: float | None
    """The largest size that is not excluded; None: nothing excludes still larger ones."""
    rises: bool
    """Whether the difference is below 0 at smaller sizes and above 0 at larger ones, rather than the reverse."""


@dataclass(frozen=True)
class Band:
    """Differences by size, interpolated."""

    sizes: Floats
    """(M,)"""
    value: Floats
    low: Floats
    high: Floats

    @property
    def sure(self) -> Floats:
        """Return (M,) the sign of the difference where its interval excludes 0, else 0."""
        return np.where(self.low > 0, 1.0, np.where(self.high < 0, -1.0, 0.0))


def band(points: Sequence[Difference]) -> Band:
    """Return the band between the sizes of points.

    Raises:
        ValueError: there are fewer than two points, sizes do not ascend, or a value is not finite.
    """
    x = np.log([point.size for point in points])
    values = np.array([[point.value, point.low, point.high] for point in points]).reshape(-1, 3)
    if len(points) < 2 or not (np.diff(x) > 0).all():
        raise ValueError("a crossing is looked for between two sizes or more, in ascending order")
    if not np.isfinite(values[:, 0]).all():
        raise ValueError("a crossing is looked for between finite differences: leave out sizes with an infinite one")
    bend = _bends(x, values[:, 0])
    pieces = []
    for k, width in enumerate(np.diff(x)):
        w = np.linspace(0, 1, STEPS + 1)[: None if k == len(x) - 2 else -1, None]
        with np.errstate(invalid="ignore"):  # 0 · ∞, if an interval is unbounded at the other size
            straight = (1 - w) * values[k] + w * values[k + 1]
        straight = np.where(w == 0, values[k], np.where(w == 1, values[k + 1], straight))
        wider = max(bend[k], bend[k + 1]) * width**2 / 2 * w * (1 - w)
        pieces.append(np.hstack([x[k] + w * width, straight + wider * [0.0, -1.0, 1.0]]))
    places, value, low, high = np.concatenate(pieces).T
    return Band(np.exp(places), value, low, high)


def _bends(x: Floats, y: Floats) -> Floats:
    """Return |d″| at each size, from the size and its two neighbours; at an end, that of the next size."""
    if len(x) < 3:
        return np.zeros(len(x))
    slopes = np.diff(y) / np.diff(x)
    inner = np.abs(np.diff(slopes)) * 2 / (x[2:] - x[:-2])
    return np.concatenate([inner[:1], inner, inner[-1:]])


def crossings(points: Sequence[Difference]) -> list[Crossing]:
    """Return the crossings within the sizes of points, the smallest size first; an empty list: there is none.

    A crossing lies between two sizes at which the difference surely has opposite signs; or it lies beyond the last such
    size, or before the first, if the difference itself changes its sign there.

    Raises:
        ValueError: as `band`.
    """
    found = band(points)
    sure = found.sure
    runs = _runs(sure)
    if not runs:
        return _open(found, 0, len(sure) - 1, None, None)
    (_, first, _), (_, _, last) = runs[0], runs[-1]
    made = _open(found, 0, first, None, first)
    for (sign, _, before), (other, after, _) in pairwise(runs):
        if sign != other:
            made.append(_between(found, before, after, before, after, rises=other > 0))
    return made + _open(found, last, len(sure) - 1, last, None)


def _runs(sure: Floats) -> list[tuple[float, int, int]]:
    """Return sign, first and last place of each run of equal sure signs; places without a sure sign do not divide
    runs."""
    runs: list[tuple[float, int, int]] = []
    for place in np.flatnonzero(sure).tolist():
        if runs and runs[-1][0] == sure[place]:
            runs[-1] = (runs[-1][0], runs[-1][1], place)
        else:
            runs.append((float(sure[place]), place, place))
    return runs


def _open(found: Band, start: int, stop: int, low: int | None, high: int | None) -> list[Crossing]:
    """Return the crossing between two places of which one is an end of the data, if the difference turns there."""
    ends = np.sign(found.value[[start, stop]])
    if ends[0] * ends[1] >= 0:
        return []
    return [_between(found, start, stop, low, high, rises=bool(ends[1] > 0))]


def _between(found: Band, start: int, stop: int, low: int | None, high: int | None, rises: bool) -> Crossing:
    """Return the crossing between two places; if the difference is 0 at several, the middle one counts."""
    value, places = found.value[start : stop + 1], np.log(found.sizes[start : stop + 1])
    turns = np.flatnonzero(np.diff(np.sign(value)) != 0)
    if len(turns):
        i = int(turns[len(turns) // 2])
        at = float(places[i] + (places[i + 1] - places[i]) * value[i] / (value[i] - value[i + 1]))
    else:
        at = float(places.mean())
    return Crossing(
        at=float(np.exp(at)),
        low=None if low is None else float(found.sizes[low]),
        high=None if high is None else float(found.sizes[high]),
        rises=rises,
    )
