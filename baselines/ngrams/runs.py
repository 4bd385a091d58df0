"""Rows of numbers on disk that are read in another order than they were written in."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from seqbench.baselines.ngrams.counts import sort_together
from seqbench.baselines.ngrams.levels import index_type
from seqbench.interface import Ids
from seqbench.long_arrays import OnDisk

Rows = list[NDArray[Any]]
"""Columns of equal length; the first one is the key."""


class Runs:
    """Sorts rows by a key: blocks are sorted in memory and written one after the other, then all are merged."""

    def __init__(self, block: int, *payload: DTypeLike) -> None:
        """block: number of rows that are held in memory at once, when they are merged."""
        self.block = block
        self.columns = [OnDisk(np.int64), *map(OnDisk, payload)]
        self._borders = [0]

    def add(self, key: Ids, *payload: NDArray[Any]) -> None:
        """Write a run; keys are not negative and are sorted in place."""
        if len(key):
            order = np.arange(len(key))
            sort_together(key, order)
            for column, entries in zip(self.columns, [key, *(column[order] for column in payload)], strict=True):
                column.append(entries)
            self._borders.append(len(self.columns[0]))

    def merged(self) -> Iterator[Rows]:
        """Yield all rows in blocks, in the order of their keys.

        A part of each run is held. The rows up to the smallest of the last keys of these parts are next: what was not
        read has larger keys, or equal ones.
        """
        runs = [_Run(self.columns, start, stop) for start, stop in pairwise(self._borders)]
        share = max(1, self.block // max(1, len(runs)))
        while runs:
            for run in runs:
                run.fill(share)
            limits = [run.held[0][-1] for run in runs if run.left]
            parts = [run.up_to(min(limits) if limits else None) for run in runs]
            rows = [np.concatenate(column) for column in zip(*parts, strict=True)]
            order = np.argsort(rows[0], kind="stable")  # which merges what is sorted, faster than it sorts
            yield [column[order] for column in rows]
            runs = [run for run in runs if run.left or len(run.held[0])]


class _Run:
    """Sorted rows `start:stop` on disk, and the first of them in memory."""

    def __init__(self, columns: list[OnDisk], start: int, stop: int) -> None:
        self._columns, self._start, self._stop = columns, start, stop
        self.held: Rows = [column[:0] for column in columns]

    @property
    def left(self) -> int:
        """Return the number of rows that were not read."""
        return self._stop - self._start

    def fill(self, size: int) -> None:
        """Hold `size` rows, if fewer than half of them are held and as far as there are any."""
        wanted = size - len(self.held[0])
        if self.left and 2 * wanted > size:
            end = min(self._stop, self._start + wanted)
            read = [column[self._start : end] for column in self._columns]
            self.held = [np.concatenate(both) for both in zip(self.held, read, strict=True)]
            self._start = end

    def up_to(self, key: int | None) -> Rows:
        """Remove and return the held rows with keys up to this one; None: all."""
        cut = len(self.held[0]) if key is None else int(np.searchsorted(self.held[0], key, side="right"))
        first, self.held = [column[:cut] for column in self.held], [column[cut:] for column in self.held]
        return first


class ByRange:
    """Rows of an index and a payload, written in blocks, so that the rows of one range of indices are read together."""

    def __init__(self, size: int, width: int, payload: DTypeLike) -> None:
        """size: indices are 0..size − 1; width: number of indices in a range."""
        self.size, self.width = size, width
        self.index, self.payload = OnDisk(index_type(size)), OnDisk(payload)
        self.blocks: list[slice] = []
        self._ends: list[Ids] = []

    def add(self, index: Ids, payload: NDArray[Any]) -> None:
        """Write a block, sorted by the ranges of its indices."""
        ranges = -(-self.size // self.width)
        of = (index // self.width).astype(np.min_scalar_type(ranges))
        order = np.argsort(of, kind="stable")
        start = len(self.index)
        self.index.append(index[order])
        self.payload.append(payload[order])
        self.blocks.append(slice(start, len(self.index)))
        self._ends.append(start + np.cumsum(np.bincount(of, minlength=ranges)))

    def ranges(self) -> Iterator[tuple[slice, list[slice]]]:
        """Yield each range of indices, and the slices of rows that have them."""
        for number, start in enumerate(range(0, self.size, self.width)):
            slices = [
                slice(block.start if number == 0 else int(ends[number - 1]), int(ends[number]))
                for block, ends in zip(self.blocks, self._ends, strict=True)
            ]
            yield slice(start, min(start + self.width, self.size)), [rows for rows in slices if rows.stop > rows.start]
