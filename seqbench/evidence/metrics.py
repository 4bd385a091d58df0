"""Metrics: functions of item columns and weights, so that one bootstrap serves them all."""

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
    """A score of weighted items.

    `function(columns, weights)` takes weights (R, N), one row per resample, and returns (R,).
    """

    name: str
    title: str
    function: Callable[[Columns, Floats], Floats]
    lower_is_better: bool
    scale: Literal["linear", "log"] = "linear"
    """The scale on which differences and means over fits are computed; log for a perplexity."""
    per_cent: bool = False
    """Whether the score is a share, which is shown in per cent."""

    @property
    def factor(self) -> float:
        """The factor by which a value is multiplied for display: 100 for a share."""
        return 100.0 if self.per_cent else 1.0

    def __call__(self, columns: Columns, weights: Floats | None = None) -> Floats:
        """Return scores (R,); without weights, one score (1,) with every item counted once.

        Raises:
            ValueError: columns are missing, empty or of different lengths, or the divisor is zero.
        """
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
            raise ValueError(f"{self.name} needs columns of one length, not {found}")
        items = max(lengths.values(), default=0)
        if items == 0:
            raise ValueError(f"there are no items to score: {self.name} needs at least one")
        return self.function(columns, np.ones((1, items)) if weights is None else weights)

    def better(self, a: float, b: float) -> bool:
        """Return whether score a is better than score b."""
        return a < b if self.lower_is_better else a > b
