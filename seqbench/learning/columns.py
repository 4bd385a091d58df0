"""Documents as batches of columns, cut into windows for truncated backpropagation through time.

Werbos 1990; a long stream is cut into columns as in Zaremba, Sutskever & Vinyals 2014, section 4.1.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqbench.interface import Documents, Ids
from seqbench.learning.text import Text
from seqbench.long_arrays import consecutive


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
        self._text, self._start, self._device = Text(documents), start, device
        self.steps, self.shuffle = steps, shuffle
        self.symbols = len(self._text)
        """Number of targets in all windows."""
        starts, lengths = self._text.starts, self._text.lengths
        starts, lengths = starts[lengths > 0], lengths[lengths > 0]
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
            starts = _shuffled_alike(starts, lengths)
            batches = [batches[i] for i in torch.randperm(len(batches)).tolist()]
        for batch in batches:
            first, length = starts[batch], lengths[batch]
            opens = self._text.opens(first)
            longest, shortest = int(length[0]), int(length[-1])
            for begin in range(0, longest, self.steps):
                end = min(begin + self.steps, longest)
                step = np.arange(begin, end)[:, None]
                where = np.minimum(first + step, len(self._text) - 1)
                inputs, targets = self._text.take(np.maximum(where - 1, 0)), self._text.take(where)
                if begin == 0:
                    inputs[0, opens] = self._start
                mask = None if end <= shortest else torch.from_numpy(step < length).to(self._device)
                yield Window(
                    torch.from_numpy(inputs).to(self._device),
                    torch.from_numpy(targets).to(self._device),
                    mask,
                    fresh=begin == 0,
                )


def _cut(starts: Ids, lengths: Ids, pieces: Ids) -> tuple[Ids, Ids]:
    """Cut each stretch into `pieces` parts whose lengths differ by at most one; return all starts and lengths (N,)."""
    if (pieces == 1).all():
        return starts, lengths
    starts, lengths, parts = (np.repeat(x, pieces) for x in (starts, lengths, pieces))
    part = consecutive(np.zeros_like(pieces), pieces)
    begins, ends = lengths * part // parts, lengths * (part + 1) // parts
    return starts + begins, ends - begins


def _shuffled_alike(starts: Ids, lengths: Ids) -> Ids:
    """Return starts (N,), of which those with equal lengths are in random order; equal lengths stand together."""
    keys = torch.randperm(len(starts)).numpy()
    borders = [0, *(np.flatnonzero(np.diff(lengths)) + 1).tolist(), len(starts)]
    return np.concatenate([starts[a:b][np.argsort(keys[a:b])] for a, b in pairwise(borders)])
