"""Counts n-grams on disk: sorted runs, which are merged; the memory that this needs does not grow with the text.

Heafield et al. 2013, "Scalable modified Kneser-Ney language model estimation", section 3, sort on disk in the same way.
There the key of an n-gram is all its words. Here, as in memory, it is the index of its prefix and its last word.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from seqbench.baselines.ngrams.counts import first_level
from seqbench.baselines.ngrams.levels import Column, Level, Taken, index_type, spans, symbol_bits
from seqbench.baselines.ngrams.runs import ByRange, Runs
from seqbench.interface import Documents, Ids
from seqbench.long_arrays import OnDisk, blocks_of

ROW_BYTES = 320
"""Memory for each row of a block: about forty numbers, those of the block, what is computed of them, and look-ups."""
RANGE = 4
"""Number of blocks of values that are held at once while they are looked up at random."""


class Written(OnDisk):
    """A column that grows on disk."""

    def done(self) -> "Written":
        return self

    def array(self) -> NDArray[Any]:
        return self.mapped()


class Disk:
    """Keeps columns on disk and reads a bounded number of their entries at once."""

    def __init__(self, block: int) -> None:
        self.block = block
        self.range = RANGE * block

    def column(self, dtype: DTypeLike, most: int) -> Written:
        return Written(dtype)

    def take(self, values: Column, indices: Column) -> Column:
        """Return values[indices]: first all values of the first range are looked up, then those of the next."""
        if len(values) <= self.range:
            return Taken(values[:], indices)
        asked = ByRange(len(values), self.range, index_type(self.block))
        for rows in spans(len(indices), self.block):
            asked.add(indices[rows], np.arange(rows.stop - rows.start))
        taken = Written(values[:0].dtype)
        for part, slices in asked.ranges():
            held = values[part]
            for rows in slices:
                taken[rows] = held[asked.index[rows] - part.start]
        for rows in asked.blocks:  # from the order in which they were looked up to that in which they were asked for
            block = np.empty(rows.stop - rows.start, taken.dtype)
            block[asked.payload[rows]] = taken[rows]
            taken[rows] = block
        return taken

    def tally(self, indices: Column, size: int) -> Column:
        met = ByRange(size, self.range, np.bool_)
        for rows in spans(len(indices), self.block):
            index = indices[rows]
            met.add(index, np.ones(len(index), dtype=np.bool_))
        counts = Written(index_type(len(indices) + 1))
        for part, slices in met.ranges():
            count = np.zeros(part.stop - part.start, dtype=np.int64)
            for rows in slices:
                count += np.bincount(met.index[rows] - part.start, minlength=len(count))
            counts.append(count)
        return counts

    def scattered(self, blocks: Iterable[tuple[Ids, Ids]], size: int) -> Column:
        """Return a column (size,) that holds, for blocks of places and values, each value at its place; else −1."""
        moved = ByRange(size, self.range, index_type(size))
        for place, value in blocks:
            moved.add(place, value)
        column = Written(moved.payload.dtype)
        for part, slices in moved.ranges():
            held = np.full(part.stop - part.start, -1, dtype=column.dtype)
            for rows in slices:
                held[moved.index[rows] - part.start] = moved.payload[rows]
            column.append(held)
        return column


def count_on_disk(documents: Documents, vocab_size: int, order: int, disk: Disk) -> Iterator[Level]:
    """Count as `count_ngrams` does, with columns on disk."""
    start, bits = vocab_size, symbol_bits(vocab_size)
    size = sum(map(len, documents)) + len(documents)
    small = index_type(size + vocab_size + 1)
    symbols = Written(small)
    counts = np.zeros(start + 1, dtype=np.int64)
    for gathered in blocks_of(_marked(documents, start), disk.block):
        symbols.append(gathered)
        counts += np.bincount(gathered, minlength=start + 1)
    level = first_level(counts, start)
    yield level

    index: Column = symbols  # index of the n-gram that ends at each position; −1: it would cross a start
    for n in range(2, order + 1):
        runs = Runs(disk.block, small, small)
        for rows in spans(max(0, size - 1), disk.block):
            after = slice(rows.start + 1, rows.stop + 1)
            prefix, symbol, suffix = index[rows].astype(np.int64), symbols[after], index[after]
            within = np.flatnonzero((prefix >= 0) & (symbol != start))
            runs.add((prefix[within] << bits) | symbol[within], within + after.start, suffix[within])
        grams = Grouped(runs)
        if n < order:
            index = disk.scattered(grams.numbered(), size)
        else:
            for _ in grams.numbered():
                pass
        level = Level(grams.key, grams.suffix, grams.count, len(level.key), grams.below(level.opening << bits), bits)
        yield level


def _marked(documents: Documents, start: int) -> Iterator[Ids]:
    """Yield a marker before each document."""
    marker = np.array([start])
    for document in documents:
        yield marker
        yield document


class Grouped:
    """The distinct n-grams of sorted occurrences."""

    def __init__(self, runs: Runs) -> None:
        """runs: by the key of the n-gram; its last position and the index of its suffix."""
        self._runs = runs
        self.key = Written(np.int64)
        self.suffix = Written(runs.columns[2].dtype)
        self.count = Written(runs.columns[1].dtype)

    def numbered(self) -> Iterator[tuple[Ids, Ids]]:
        """Yield the positions and the index of the n-gram that ends at each, and write the n-grams meanwhile."""
        last, opened, read = -1, 0, 0
        for key, position, suffix in self._runs.merged():
            new = np.empty(len(key), dtype=np.bool_)
            new[0], new[1:] = key[0] != last, key[1:] != key[:-1]
            first = np.flatnonzero(new)
            index = np.cumsum(new) + (len(self.key) - 1)
            if len(first):
                opens = first + read
                closed = np.diff(opens, prepend=opened)
                self.count.append(closed if read else closed[1:])
                opened = int(opens[-1])
            self.key.append(key[first])
            self.suffix.append(suffix[first])
            last, read = int(key[-1]), read + len(key)
            yield position, index
        if read:
            self.count.append(np.array([read - opened]))

    def below(self, key: int) -> int:
        """Return how many keys are smaller."""
        low, high = 0, len(self.key)
        while low < high:
            middle = (low + high) // 2
            if self.key[middle : middle + 1][0] < key:
                low = middle + 1
            else:
                high = middle
        return low
