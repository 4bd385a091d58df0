"""Documents as batches of columns, cut into windows for truncated backpropagation through time.

Werbos 1990; a long stream is cut into columns as in Zaremba, Sutskever & Vinyals 2014, section 4.1.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqbench.interface import Documents, Ids
from seqbench.long_arrays import PIECE, forget


class Window(NamedTuple):
    """Consecutive steps of a batch of columns."""

    inputs: Tensor
    """(T, B) the symbol before each target; the start symbol at the start of a document."""
    targets: Tensor
    """(T, B) the symbols to predict."""
    mask: Tensor | None
    """(T, B) False after the end of a column; None: no column ends in this window."""
    fresh: bool
    """Whether the columns start in this window; otherwise they continue the previous window."""


class Windows:
    """All symbols of documents, each exactly once, in windows of at most `steps` steps by about `batch_size` columns.

    A column is a document or a piece of a long document. Every document starts in a new column, with the start symbol
    and without a state, exactly as in prediction. A document longer than one column's share (for example, a stream that
    is one document) is cut into pieces of equal length; the first symbol of a later piece has its true predecessor as
    input, but no state. Columns of similar length form a batch, so there is little padding. Documents shorter than a
    window form larger batches, so that an update uses about `batch_size` x `steps` symbols whatever their length.

    Iterating yields the windows of one epoch. With `shuffle`, columns of equal length are put in random order, and so
    are the batches, with torch's global generator.
    """

    def __init__(
        self, documents: Documents, start: int, batch_size: int, steps: int, device: torch.device, shuffle: bool = False
    ) -> None:
        documents = [d for d in documents if len(d)]
        self.steps, self.shuffle = steps, shuffle
        self.symbols = sum(len(d) for d in documents)
        """Number of targets in all windows."""
        # A stream, which may be longer than memory, is not copied.
        alone = len(documents) == 1 and documents[0].flags.writeable
        self._text = np.ascontiguousarray(
            documents[0] if alone else np.concatenate([*documents, np.zeros(0, np.int64)])
        )
        self._symbols = torch.from_numpy(self._text).to(device)
        lengths = np.array([len(d) for d in documents], dtype=np.int64)
        starts = np.cumsum(lengths) - lengths
        self._start, self._openings = start, torch.tensor(starts, device=device)
        share = max(steps, -(-self.symbols // batch_size))
        starts, lengths = _cut(starts, lengths, -(-lengths // share))
        order = np.argsort(-lengths, kind="stable")
        starts, lengths = starts[order], lengths[order]
        self._batches: list[slice] = []
        first = 0
        while first < len(lengths):
            columns = batch_size * max(1, steps // int(lengths[first]))
            left = len(lengths) - first
            if left < batch_size and lengths[first] > steps:
                # Few long columns remain: cutting them into shorter pieces fills the batch and saves updates.
                pieces = np.minimum(-(-batch_size // left), np.maximum(1, lengths[first:] // steps))
                tail_starts, tail_lengths = _cut(starts[first:], lengths[first:], pieces)
                order = np.argsort(-tail_lengths, kind="stable")
                starts = np.concatenate([starts[:first], tail_starts[order]])
                lengths = np.concatenate([lengths[:first], tail_lengths[order]])
                columns = max(columns, len(tail_lengths))
            self._batches.append(slice(first, min(first + columns, len(lengths))))
            first += columns
        self._starts, self._lengths = starts, lengths

    def __len__(self) -> int:
        """Return the number of windows per epoch."""
        return sum(-(-int(self._lengths[batch.start]) // self.steps) for batch in self._batches)

    def __iter__(self) -> Iterator[Window]:
        starts, lengths, batches = self._starts, self._lengths, self._batches
        if self.shuffle:
            starts = starts[np.lexsort((torch.randperm(len(starts)).numpy(), -lengths))]
            batches = [batches[i] for i in torch.randperm(len(batches)).tolist()]
        device, last, read = self._symbols.device, len(self._symbols) - 1, 0
        for batch in batches:
            first = torch.tensor(starts[batch], device=device)
            length = torch.tensor(lengths[batch], device=device)
            opens = torch.isin(first, self._openings)
            longest, shortest = int(lengths[batch.start]), int(lengths[batch.stop - 1])
            for begin in range(0, longest, self.steps):
                end = min(begin + self.steps, longest)
                step = torch.arange(begin, end, device=device)[:, None]
                where = (first + step).clamp_(max=last)
                mask = None if end <= shortest else step < length
                inputs = self._symbols[where - 1]
                if begin == 0:
                    inputs[0, opens] = self._start
                yield Window(inputs, self._symbols[where], mask, fresh=begin == 0)
                read += where.numel()
                if read > PIECE:
                    forget(self._text)
                    read = 0


def _cut(starts: Ids, lengths: Ids, pieces: Ids) -> tuple[Ids, Ids]:
    """Cut each stretch into `pieces` parts whose lengths differ by at most one; return all starts and lengths (N,)."""
    cuts = [
        s + n * np.arange(k + 1) // k
        for s, n, k in zip(starts.tolist(), lengths.tolist(), pieces.tolist(), strict=True)
    ]
    return (
        np.concatenate([*(c[:-1] for c in cuts), np.zeros(0, np.int64)]),
        np.concatenate([*(np.diff(c) for c in cuts), np.zeros(0, np.int64)]),
    )
