"""Counts n-grams, with one packed integer per n-gram and one sort per order."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Documents, Floats, Ids


def symbol_bits(vocab_size: int) -> int:
    """Return the number of bits of a symbol in a key; <s> = vocab_size is also a symbol."""
    return vocab_size.bit_length()


@dataclass(frozen=True)
class Level:
    """The distinct n-grams of one order n.

    Level 1 holds all symbols of the vocabulary and the start marker <s>, so its indices are the symbols themselves. The
    count of <s> is zero, since it is never predicted. Level 0, the empty n-gram, is not stored.
    """

    key: Ids
    """(K,) index of w_1 … w_(n-1) in the level below, with w_n in the low bits; ascending."""
    suffix: Ids
    """(K,) index of w_2 … w_n in the level below."""
    count: Ids
    """(K,) number of occurrences."""
    contexts: int
    """Number of entries of the level below."""
    opening: int
    """Index of the first entry that begins with <s>; such entries come last, since <s> is the largest symbol."""
    bits: int
    """Number of low bits of a key that hold w_n."""

    @cached_property
    def context(self) -> Ids:
        """Return the index (K,) of w_1 … w_(n-1) in the level below."""
        return self.key >> self.bits

    def per_context(self, values: NDArray[Any]) -> Floats:
        """Return the sums (contexts,) of values (K,) over the n-grams of each context."""
        sums: Floats = np.bincount(self.context, weights=values, minlength=self.contexts).astype(np.float64, copy=False)
        return sums


def count_ngrams(documents: Documents, vocab_size: int, order: int) -> Iterator[Level]:
    """Count levels 1..order of documents of ids (T_i,), each preceded by one marker <s> = vocab_size.

    No n-gram crosses the start of a document. The indices of one order are part of the keys of the next. A key needs
    the bits of the number of positions plus those of the vocabulary, so it fits into 63 bits if the text fits into
    memory.
    """
    start, bits = vocab_size, symbol_bits(vocab_size)
    marker = np.array([start])
    symbols = np.concatenate([marker[:0], *(piece for document in documents for piece in (marker, document))])
    count = np.bincount(symbols, minlength=start + 1)
    count[start] = 0
    level = Level(np.arange(start + 1), np.zeros(start + 1, dtype=np.int64), count, 1, start, bits)
    yield level

    inside = symbols[1:] != start
    within = np.ones(len(symbols), dtype=bool)  # whether an n-gram that ends here does not cross a start
    index = symbols  # index of the n-gram that ends at each position
    for n in range(2, order + 1):
        within[1:] = within[:-1] & inside
        within[:1] = False
        before = np.flatnonzero(within[1:])  # positions where the prefixes end
        keys = index[before]
        keys <<= bits
        keys |= symbols[1:][before]
        before = sort_together(keys, before)
        new = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
        first = np.flatnonzero(new)
        keys, suffix, count = keys[first], index[1:][before[first]], np.diff(first, append=len(keys))
        level = Level(keys, suffix, count, len(level.key), int(np.searchsorted(keys, level.opening << bits)), bits)
        yield level
        if n < order:
            index = np.empty_like(index)
            index[1:][before] = np.cumsum(new) - 1


def sort_together(keys: Ids, positions: Ids) -> Ids:
    """Sort keys in place and return the positions in the same order.

    Keys must not be negative, and the last position must be the largest. Sorting numbers is several times faster than
    sorting indices by them, so key and position are packed into one number if both fit into 63 bits.
    """
    if len(keys) == 0:
        return positions
    bits = int(positions[-1]).bit_length()
    if int(keys.max()).bit_length() + bits > 63:
        order = np.argsort(keys, kind="stable")
        keys[:] = keys[order]
        return positions[order]
    keys <<= bits
    keys |= positions
    keys.sort()
    positions = keys & ((1 << bits) - 1)
    keys >>= bits
    return positions
