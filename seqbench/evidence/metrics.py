"""Metrics: functions of sums over items, so that one theory of their uncertainty serves them all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Floats

Columns = Mapping[str, NDArray[Any]]
"""Columns (N,) by name, with one entry per item."""


@dataclass(frozen=True)
class Metric:
    """A score that depends on its items only through K sums over them: `value(weights @ sums(columns))`.

    Almost every metric is of this kind: a mean is a sum and a count, an F1 three counts per class. What one item
    contributes can then be measured by leaving it out of the sums.
    """

    name: str
    title: str
    sums: Callable[[Columns], Floats]
    """`sums(columns)` returns (N, K) finite numbers: what each item adds."""
    value: Callable[[Floats], Floats]
    """`value(sums)` turns sums (R, K) into scores (R,)."""
    lower_is_better: bool
    scale: Literal["linear", "log", "square"] = "linear"
    """The scale on which differences and means over fits are computed: log for a perplexity, square for the root of a
    mean square, whose estimate without bias may fall below 0; `value` then returns the negative root of its size."""
    range: Literal["any", "positive", "share"] = "any"
    """Where the score lies on its scale. An interval stays inside: shares lie in 0..1."""
    errors: Callable[[Columns], tuple[Floats, Floats]] | None = None
    """For a share: `errors(columns)` returns (E, K), what changes in the sums if an item that is right were wrong, for
    E kinds of items, and (E,) their probabilities. A sample without errors says little about a share without it."""
    noise: Callable[[Columns], tuple[float, float]] | None = None
    """For a mean square: `noise(columns)` returns c and d; the variance of its estimate is 4 c θ + d at the value θ."""
    per_cent: bool = False
    """Whether the score is shown in per cent."""

    @property
    def factor(self) -> float:
        """The factor by which a value is multiplied for display: 100 for a share."""
        return 100.0 if self.per_cent else 1.0

    @property
    def heading(self) -> str:
        """The title with its unit, for an axis or a column."""
        return f"{self.title}, %" if self.per_cent else self.title

    def __call__(self, columns: Columns, weights: Floats | None = None) -> Floats:
        """Return scores (R,) under weights (R, N); without weights, one score (1,) with every item counted once.

        Raises:
            ValueError: columns are missing, empty or of different lengths, or the divisor is zero.
        """
        sums = self.of_items(columns)
        scores = self.value(sums.sum(axis=0, keepdims=True) if weights is None else weights @ sums)
        return np.maximum(scores, 0.0) if self.scale == "square" else scores

    def of_items(self, columns: Columns) -> Floats:
        """Return `sums` of valid columns; raises as a call does."""
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
            raise ValueError(f"{self.name} needs columns of one length, not {found}")
        if max(lengths.values(), default=0) == 0:
            raise ValueError(f"there are no items to score: {self.name} needs at least one")
        return self.sums(columns)

    def on_scale(self, sums: Floats) -> Floats:
        """Return scores (R,) on the metric's scale, from sums (R, K).

        Raises:
            ValueError: the metric is undefined for these sums, or not above 0 on the log scale.
        """
        scores = self.value(sums)
        if np.isnan(scores).any():
            raise ValueError(f"{self.name} is undefined (NaN) for these items")
        if self.scale == "linear":
            return scores
        if self.scale == "square":
            return scores * np.abs(scores)
        if not (scores > 0).all():
            raise ValueError(f"{self.name} is compared on the log scale and must be above 0, not {scores.min()}")
        return np.log(scores)

    def natural(self, values: Floats) -> Floats:
        """Return scores from values on the metric's scale; the root of a mean square below 0 is 0."""
        if self.scale == "square":
            return np.sqrt(np.maximum(values, 0.0))
        with np.errstate(over="ignore"):
            return np.exp(values) if self.scale == "log" else values

    def noise_of(self, columns: Columns) -> tuple[float, float]:
        """Return `noise` of the columns; raises ValueError if the metric does not have it."""
        if self.noise is None:
            raise ValueError(f"{self.name} is the root of a mean square, so its `noise` must be known")
        return self.noise(columns)

    def better(self, a: float, b: float) -> bool:
        """Return whether score a is better than score b."""
        return a < b if self.lower_is_better else a > b


def column(columns: Columns, name: str) -> Floats:
    """Return a column as float64.

    Raises:
        ValueError: there is no such column.
    """
    if name not in columns:
        raise ValueError(f"column {name!r} is missing among: {', '.join(columns)}")
    return columns[name].astype(np.float64)


def totals(columns: Columns, name: str) -> Floats:
    """Return (N, 3) for `mean_of`: the finite value of each item, whether it is infinite, and whether it has a value.

    NaN is no value.
    """
    values = column(columns, name)
    told, endless = ~np.isnan(values), np.isposinf(values)
    return np.stack([np.where(told & ~endless, values, 0.0), endless * 1.0, told * 1.0], axis=1)


SHARE: dict[str, Any] = {"lower_is_better": False, "range": "share", "per_cent": True}
"""The settings of a metric that is a share."""


def share_of(sums: Floats) -> Floats:
    """Return the shares (R,) of sums (R, 2): of items that are right, and of items that count; NaN if none count."""
    right, counted = sums.T
    share: Floats = np.where(counted > 0, right / np.where(counted > 0, counted, 1.0), np.nan)
    return share


def one_error(columns: Columns) -> tuple[Floats, Floats]:
    """Return the `errors` of such a share: one item that is right becomes wrong."""
    return np.array([[-1.0, 0.0]]), np.ones(1)


def mean_of(sums: Floats) -> Floats:
    """Return the means (R,) of the sums of `totals`: infinite if one item is, NaN without items."""
    total, endless, counted = sums.T
    mean: Floats = np.where(counted > 0, total / np.where(counted > 0, counted, 1.0), np.nan)
    mean[(endless > 0) & (counted > 0)] = np.inf
    return mean
