"""Metrics of language models: perplexity, bits per token, bits per character."""

import math
from functools import partial

import numpy as np

from seqbench.evidence.metrics import Columns, Metric, column
from seqbench.interface import Floats

LN2 = math.log(2)
"""Nats per bit."""


def _sums(columns: Columns, per: str) -> Floats:
    """Return (N, 3): the nats of each item if they are finite, whether they are infinite, and its size in `per`.

    Raises:
        ValueError: a column is missing, or the items hold no `per`.
    """
    nats, size = column(columns, "nats"), column(columns, per)
    if not size.sum() > 0:
        raise ValueError(f"the items hold no {per}: column {per!r} must sum to more than 0")
    impossible = np.isposinf(nats)
    return np.stack([np.where(impossible, 0.0, nats), impossible * 1.0, size], axis=1)


def _nats(sums: Floats) -> Floats:
    """Return nats per unit of size, (R,); infinite if an item of probability 0 has weight, NaN without any size."""
    total, impossible, size = sums.T
    rate: Floats = np.where(size > 0, total / np.where(size > 0, size, 1.0), np.nan)
    rate[(impossible > 0) & (size > 0)] = np.inf
    return rate


def _perplexity(sums: Floats) -> Floats:
    with np.errstate(over="ignore"):  # beyond 709 nats per token, infinity is the nearest float
        perplexity: Floats = np.exp(_nats(sums))
    return perplexity


def _bits(sums: Floats) -> Floats:
    return _nats(sums) / LN2


_BY_TOKEN, _BY_CHARACTER = partial(_sums, per="tokens"), partial(_sums, per="characters")

PERPLEXITY = Metric(
    "perplexity", "perplexity", _BY_TOKEN, _perplexity, lower_is_better=True, scale="log", range="positive"
)
BITS_PER_TOKEN = Metric("bits_per_token", "bits/token", _BY_TOKEN, _bits, lower_is_better=True, range="positive")
BITS_PER_CHARACTER = Metric(
    "bits_per_character", "bits/char", _BY_CHARACTER, _bits, lower_is_better=True, range="positive"
)
