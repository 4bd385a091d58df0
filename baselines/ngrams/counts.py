"""Counts n-grams in memory, with one packed integer per n-gram and one sort per order."""

from collections.abc import Iterator

import numpy as np

from seqbench.baselines.ngrams.levels import Level, index_type, symbol_bits
from seqbench.interface import Documents, Ids


def count_ngrams(documents: Documents, vocab_size: int, order: int) -> Iterator[Level]:
    """Count levels 1..order of documents of ids (T_i,), each preceded by one marker <s> = vocab_size.

    No n-gram crosses the start of a document. The indices of one order are part of the keys of the next. A key needs
    the bits of the number of positions plus those of the vocabulary, so it fits into 63 bits if the text fits into
    memory.
    """
    start, bits = vocab_size, symbol_bits(vocab_size)
    size = sum(map(len, documents)) + len(documents)
    small = index_type(size + vocab_size + 1)
    symbols, end = np.empty(size, small), 0
    for document in documents:
        symbols[end] = start
        symbols[end + 1 : end + 1 + len(document)] = document
        end += 1 + len(document)
    level = first_level(np.bincount(symbols, minlength=start + 1), start)
    yield level

    inside = symbols[1:] != start
    within = np.ones(size, dtype=bool)  # whether an n-gram that ends here does not cross a start
    index = symbols  # index of the n-gram that ends at each position
    for n in range(2, order + 1):
        within[1:] = within[:-1] & inside
        within[:1] = False
        before = np.flatnonzero(within[1:])  # positions where the prefixes end
        keys = index[before].astype(np.int64)
        keys <<= bits
        keys |= symbols[1:][before]
        before = sort_together(keys, before)
        new = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
        first = np.flatnonzero(new)
        count = np.diff(first, append=len(keys)).astype(small)
        suffix = index[1:][before[first]]
        if n < order:
            index = np.empty_like(index)
            index[1:][before] = np.cumsum(new, dtype=small) - 1
        keys, below = keys[first], level
        del before, new, first
        level = Level(keys, suffix, count, len(below.key), int(np.searchsorted(keys, below.opening << bits)), bits)
        yield level


def first_level(count: Ids, start: int) -> Level:
    """Return level 1 of the counts (V + 1,) of the symbols and of the marker <s> = `start`."""
    count[start] = 0
    return Level(np.arange(start + 1), np.zeros(start + 1, dtype=np.int64), count, 1, start, symbol_bits(start))


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
