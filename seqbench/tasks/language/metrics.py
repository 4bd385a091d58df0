"""Metrics of language models: perplexity, bits per token, bits per character."""

import math

import numpy as np

from seqbench.evidence.metrics import Columns, Metric
from seqbench.interface import Floats

LN2 = math.log(2)
"""Nats per bit."""


def _nats(columns: Columns, weights: Floats, per: str) -> Floats:
    """Return nats per unit of `per`, (R,); infinite if an item of probability 0 has weight."""
    for name in ("nats", per):
        if name not in columns:
            raise ValueError(f"column {name!r} is missing among: {', '.join(columns)}")
    nats, size = columns["nats"].astype(np.float64), columns[per].astype(np.float64)
    impossible = np.isposinf(nats)
    total: Floats = weights @ np.where(impossible, 0.0, nats)  # 0 · ∞ would give NaN in resamples without the item
    total[weights[:, impossible].any(axis=1)] = np.inf
    sizes: Floats = weights @ size
    if not (sizes > 0).all():
        raise ValueError(f"the items hold no {per}: column {per!r} must sum to more than 0")
    return total / sizes


def _perplexity(columns: Columns, weights: Floats) -> Floats:
    with np.errstate(over="ignore"):  # beyond 709 nats per token, infinity is the nearest float
        perplexity: Floats = np.exp(_nats(columns, weights, per="tokens"))
    return perplexity


def _bits_per_token(columns: Columns, weights: Floats) -> Floats:
    return _nats(columns, weights, per="tokens") / LN2


def _bits_per_character(columns: Columns, weights: Floats) -> Floats:
    return _nats(columns, weights, per="characters") / LN2


PERPLEXITY = Metric("perplexity", "perplexity", _perplexity, lower_is_better=True, scale="log")
BITS_PER_TOKEN = Metric("bits_per_token", "bits/token", _bits_per_token, lower_is_better=True)
BITS_PER_CHARACTER = Metric("bits_per_character", "bits/char", _bits_per_character, lower_is_better=True)
