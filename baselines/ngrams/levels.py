"""The distinct n-grams of a text, order by order, and where the arrays that describe them lie.

Arrays are as long as there are n-grams, so that they may not fit into memory. `Memory` keeps them there, `Disk` (in
`disk.py`) in files; what is computed of them is computed block by block and equal in both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from seqbench.interface import Floats, Ids

BLOCK = 1 << 16
"""Number of entries of which arithmetic is done at once in memory, so that they stay in the processor's cache."""


class Column(Protocol):
    """A long array (K,), in memory or on disk, which is read in slices."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> NDArray[Any]: ...


class Growing(Protocol):
    """A column that is written from front to back."""

    def append(self, entries: NDArray[Any]) -> None: ...

    def done(self) -> Column:
        """Return the whole column; nothing is appended any more."""

    def array(self) -> NDArray[Any]:
        """Return the whole column as an array, which may be a memory map."""


class Place(Protocol):
    """Where columns lie."""

    block: int
    """Number of entries of which arithmetic is done at once."""

    def column(self, dtype: DTypeLike, most: int) -> Growing:
        """Return an empty column for at most so many entries."""

    def take(self, values: Column, indices: Column) -> Column:
        """Return values[indices]."""

    def tally(self, indices: Column, size: int) -> Column:
        """Return (size,) how often each index 0..size − 1 occurs."""


@dataclass(frozen=True)
class Block:
    """The n-grams of one order that share some contexts."""

    rows: slice
    """Place of the n-grams in their level."""
    contexts: slice
    """Place of their contexts in the level below."""
    context: Ids
    """(rows,) context of each n-gram, from 0 for the first one of `contexts`."""

    def per_context(self, values: NDArray[Any]) -> Floats:
        """Return the sums (contexts,) of values (rows,) over the n-grams of each context."""
        size = self.contexts.stop - self.contexts.start
        sums: Floats = np.bincount(self.context, weights=values, minlength=size).astype(np.float64, copy=False)
        return sums


@dataclass(frozen=True)
class Level:
    """The distinct n-grams of one order n.

    Level 1 holds all symbols of the vocabulary and the start marker <s>, so its indices are the symbols themselves. The
    count of <s> is zero, since it is never predicted. Level 0, the empty n-gram, is not stored.
    """

    key: Column
    """(K,) index of w_1 … w_(n-1) in the level below, with w_n in the low bits; ascending."""
    suffix: Column
    """(K,) index of w_2 … w_n in the level below."""
    count: Column
    """(K,) number of occurrences."""
    contexts: int
    """Number of entries of the level below."""
    opening: int
    """Index of the first entry that begins with <s>; such entries come last, since <s> is the largest symbol."""
    bits: int
    """Number of low bits of a key that hold w_n."""

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all contexts with their n-grams, about `size` of either at once; no context is divided."""
        size = max(size, (1 << self.bits) + 1)  # at least the n-grams of one context
        row = context = 0
        while context < self.contexts:
            keys = self.key[row : row + size]
            end = self.contexts
            if row + len(keys) < len(self.key):
                end = int(keys[-1] >> self.bits)  # further n-grams of this one may follow
            end = min(end, context + size)
            keys = keys[: np.searchsorted(keys, end << self.bits)]
            yield Block(slice(row, row + len(keys)), slice(context, end), (keys >> self.bits) - context)
            row, context = row + len(keys), end


def symbol_bits(vocab_size: int) -> int:
    """Return the number of bits of a symbol in a key; <s> = vocab_size is also a symbol."""
    return vocab_size.bit_length()


def index_type(size: int) -> type[np.signedinteger[Any]]:
    """Return the type of indices below `size`, and of counts up to it."""
    return np.int32 if size < 2**31 else np.int64


def spans(length: int, size: int) -> Iterator[slice]:
    """Yield slices of at most `size` entries, which together are 0..length."""
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


@dataclass(frozen=True)
class Taken:
    """values[indices], which are looked up when they are read."""

    values: NDArray[Any]
    indices: Column

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        found: NDArray[Any] = self.values[self.indices[rows]]
        return found


class Filled:
    """A column in memory, which is filled from its front. What is not filled takes no memory, only addresses."""

    def __init__(self, dtype: DTypeLike, size: int) -> None:
        self._entries, self._end = np.empty(size, dtype), 0

    def append(self, entries: NDArray[Any]) -> None:
        self._entries[self._end : self._end + len(entries)] = entries
        self._end += len(entries)

    def done(self) -> NDArray[Any]:
        return self._entries[: self._end]

    array = done


class Memory:
    """Keeps columns in memory."""

    block = BLOCK

    def column(self, dtype: DTypeLike, most: int) -> Filled:
        return Filled(dtype, most)

    def take(self, values: Column, indices: Column) -> Taken:
        return Taken(values[:], indices)

    def tally(self, indices: Column, size: int) -> Ids:
        return np.bincount(indices[:], minlength=size)
