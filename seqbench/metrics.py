"""Metrics as functions of item columns and weights, so that every bootstrap runs through the same code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Floats

Columns = Mapping[str, NDArray[Any]]
"""One entry an item, each column (N,)."""


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

    def __call__(self, columns: Columns, weights: Floats | None = None) -> Floats:
        """(R,) scores; without weights one score (1,), in which every item counts once."""
        if weights is None:
            weights = np.ones((1, len(next(iter(columns.values())))))
        return self.function(columns, weights)

    def better(self, a: float, b: float) -> bool:
        """Whether score a beats score b."""
        return a < b if self.lower_is_better else a > b


def _perplexity(columns: Columns, weights: Floats) -> Floats:
    return np.exp((weights @ columns["nats"]) / (weights @ columns["tokens"]))


def _bits_per_token(columns: Columns, weights: Floats) -> Floats:
    return (weights @ columns["nats"]) / (weights @ columns["tokens"]) / np.log(2)


def _bits_per_character(columns: Columns, weights: Floats) -> Floats:
    return (weights @ columns["nats"]) / (weights @ columns["characters"]) / np.log(2)


PERPLEXITY = Metric("perplexity", "perplexity", _perplexity, lower_is_better=True, scale="log")
BITS_PER_TOKEN = Metric("bits_per_token", "bits/token", _bits_per_token, lower_is_better=True)
BITS_PER_CHARACTER = Metric("bits_per_character", "bits/char", _bits_per_character, lower_is_better=True)
