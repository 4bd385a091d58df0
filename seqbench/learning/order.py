"""In which order items are batched: so that little padding is needed, and so that a long text is read in stretches."""

from collections.abc import Iterator

import numpy as np
import torch

from seqbench.interface import Ids
from seqbench.long_arrays import BLOCK

POOL = 16
"""Number of batches whose items are drawn together and then sorted by length.

It is large enough to keep padding small, and small enough that a batch of long items is not of one kind only.
"""

WHOLE = 1 << 24
"""The most rows of which all are put in random order at once; more are shuffled within pools of blocks."""
POOLED = 1 << 8
"""Number of blocks in a pool."""


def random_rows(count: int, size: int) -> Iterator[Ids]:
    """Draw batches of `size` of the rows 0..count−1, each row once, with torch's global generator.

    All orders are equally likely if `count` is at most `WHOLE`. Of more rows, blocks of consecutive ones are drawn, as
    many as a pool holds, and the rows of a pool are put in random order. So memory is bounded, and the rows of a pool
    lie in few places of the data.
    """
    held = np.zeros(0, np.int64)
    for part in _parts(count):
        held = np.concatenate([held, part]) if len(held) else part
        whole = len(held) - len(held) % size
        for first in range(0, whole, size):
            yield held[first : first + size].astype(np.int64, copy=False)
        held = held[whole:]
    if len(held):
        yield held.astype(np.int64, copy=False)


def _parts(count: int) -> Iterator[Ids]:
    """Yield the rows 0..count−1 in random order."""
    if count <= WHOLE:
        # Four bytes per row; the order is that of eight.
        yield torch.randperm(count, dtype=torch.int32).numpy()
        return
    for blocks in torch.split(torch.randperm(-(-count // BLOCK)), POOLED):
        rows = rows_of_blocks(blocks.numpy(), BLOCK, count)
        yield rows[torch.randperm(len(rows)).numpy()]


def rows_of_blocks(blocks: Ids, size: int, count: int) -> Ids:
    """Return which of the rows 0..count−1 the blocks of `size` consecutive rows hold, in the order of the blocks."""
    rows = (blocks[:, None] * size + np.arange(size)).ravel()
    return rows[rows < count]


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
