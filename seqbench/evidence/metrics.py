"""Metrics as functions of item columns and weights, so that every bootstrap runs through the same code."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Floats

Columns = Mapping[str, NDArray[Any]]
"""One entry an item, each column (N,)."""


LN2 = math.log(2)
"""Nats in a bit."""


@dataclass(frozen=True)
class Metric:
    """A score of weighted items.

    `function(columns, weights)` takes weights (R, N), one row a resample, and returns (R,).
    """

    name: str
    title: str
    function: Callable[[Columns, Floats], Floats]
    lower_is_better: bool
    scale: Literal["linear", "log"] = "linear"
    """Where differences are taken and fits are averaged: a perplexity's on the log scale."""
    per_cent: bool = False
    """Whether it is a share, which people read in hundredths."""

    @property
    def factor(self) -> float:
        """What a value is multiplied by to be read: 100 for a share."""
        return 100.0 if self.per_cent else 1.0

    def __call__(self, columns: Columns, weights: Floats | None = None) -> Floats:
        """(R,) scores; without weights one score (1,), in which every item counts once.

        Raises:
            ValueError: columns are missing, empty or of different lengths, or have nothing to divide by.
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
        """Whether score a beats score b."""
        return a < b if self.lower_is_better else a > b


def _nats(columns: Columns, weights: Floats, per: str) -> Floats:
    """(R,) nats for one of `per`; infinite where an item that the model held impossible has weight."""
    for name in ("nats", per):
        if name not in columns:
            raise ValueError(f"column {name!r} is missing among: {', '.join(columns)}")
    nats, size = columns["nats"].astype(np.float64), columns[per].astype(np.float64)
    impossible = np.isposinf(nats)
    total: Floats = weights @ np.where(impossible, 0.0, nats)  # 0 · ∞ would make NaN of resamples without the item
    total[weights[:, impossible].any(axis=1)] = np.inf
    sizes: Floats = weights @ size
    if not (sizes > 0).all():
        raise ValueError(f"the items hold no {per}: column {per!r} must sum to more than 0")
    return total / sizes


def _perplexity(columns: Columns, weights: Floats) -> Floats:
    with np.errstate(over="ignore"):  # beyond 709 nats a token, infinity is the nearest float
        perplexity: Floats = np.exp(_nats(columns, weights, per="tokens"))
    return perplexity


def _bits_per_token(columns: Columns, weights: Floats) -> Floats:
    return _nats(columns, weights, per="tokens") / LN2


def _bits_per_character(columns: Columns, weights: Floats) -> Floats:
    return _nats(columns, weights, per="characters") / LN2


PERPLEXITY = Metric("perplexity", "perplexity", _perplexity, lower_is_better=True, scale="log")
BITS_PER_TOKEN = Metric("bits_per_token", "bits/token", _bits_per_token, lower_is_better=True)
BITS_PER_CHARACTER = Metric("bits_per_character", "bits/char", _bits_per_character, lower_is_better=True)
