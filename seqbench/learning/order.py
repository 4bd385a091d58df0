"""In which order items of unequal length are batched, so that little padding is needed."""

from collections.abc import Iterator

import numpy as np
import torch

from seqbench.interface import Ids

POOL = 16
"""Number of batches whose items are drawn together and then sorted by length.

It is large enough to keep padding small, and small enough that a batch of long items is not of one kind only.
"""


def random_batches(lengths: Ids, size: int) -> list[Ids]:
    """Draw batches of row numbers, each row once, with torch's global generator; a batch has items of similar length.

    Args:
        lengths: (N,) of the items.
        size: items per batch.
    """
    batches: list[Ids] = []
    for pool in torch.split(torch.randperm(len(lengths)), POOL * size):
        rows = pool.numpy()
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        batches += [rows[first : first + size] for first in range(0, len(rows), size)]
    return [batches[i] for i in torch.randperm(len(batches)).tolist()]


def by_length(lengths: Ids, most: int) -> Iterator[Ids]:
    """Yield rows of items of similar length: at most `most` padded steps together, or a single longer item."""
    order = np.argsort(lengths, kind="stable")
    first = 0
    for last in range(1, len(order) + 1):
        if last == len(order) or (last + 1 - first) * lengths[order[last]] > most:
            yield order[first:last]
            first = last
