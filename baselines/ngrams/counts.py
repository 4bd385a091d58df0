"""Counts n-grams in memory, with one packed integer per n-gram and one sort per order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.baselines.ngrams.levels import BLOCK, Level, index_type, spans, symbol_bits
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
    symbols, place = np.empty(size, small), 0
    for document in documents:
        symbols[place] = start
        symbols[place + 1 : place + 1 + len(document)] = document
        place += 1 + len(document)
    level = first_level(np.bincount(symbols, minlength=start + 1), start)
    yield level

    keys, ends = np.empty(size, np.int64), np.empty(size, small)
    index = symbols  # index of the n-gram that ends at each position; −1: it would cross a start
    for n in range(2, order + 1):
        used = _list_occurrences(symbols, index, start, keys, ends)
        key, end = keys[:used], ends[:used]
        sort_together(key, end)
        new = np.empty(used, dtype=np.bool_)
        new[:1] = True
        np.not_equal(key[1:], key[:-1], out=new[1:])
        first = new.nonzero()[0]
        count = np.empty(len(first), small)
        np.subtract(np.append(first[1:], used), first, out=count, casting="unsafe")
        distinct, suffix, below = key[first], index[end[first]], level
        del first
        if n < order:
            index = np.full(size, -1, dtype=small)
            numbers = np.cumsum(new, dtype=small)
            numbers -= 1
            index[end] = numbers
            del numbers
        else:
            del symbols, index, keys, ends, key, end, new  # what follows needs the memory
        opening = int(np.searchsorted(distinct, below.opening << bits))
        level = Level(distinct, suffix, count, len(below.key), opening, bits)
        yield level


def _list_occurrences(
    symbols: NDArray[np.signedinteger[Any]],
    index: NDArray[np.signedinteger[Any]],
    start: int,
    keys: Ids,
    ends: NDArray[np.signedinteger[Any]],
) -> int:
    """Write the key of each n-gram and the position where it ends, and return how many there are.

    Args:
        index: of the prefix that ends at each position; −1: none.
    """
    used, bits = 0, symbol_bits(start)
    for rows in spans(max(0, len(symbols) - 1), BLOCK):
        after = slice(rows.start + 1, rows.stop + 1)
        prefix, symbol = index[rows], symbols[after]
        within = ((prefix >= 0) & (symbol != start)).nonzero()[0]
        more = slice(used, used + len(within))
        keys[more] = prefix[within]
        keys[more] <<= bits
        keys[more] |= symbol[within]
        ends[more] = within
        ends[more] += after.start
        used = more.stop
    return used


def first_level(count: Ids, start: int) -> Level:
    """Return level 1 of the counts (V + 1,) of the symbols and of the marker <s> = `start`."""
    count[start] = 0
    return Level(np.arange(start + 1), np.zeros(start + 1, dtype=np.int64), count, 1, start, symbol_bits(start))


def sort_together(keys: Ids, positions: NDArray[np.signedinteger[Any]]) -> None:
    """Sort keys in place, and positions in the same order.

    Keys must not be negative, and the last position must be the largest. Sorting numbers is several times faster than
    sorting indices by them, so key and position are packed into one number if both fit into 63 bits.
    """
    if len(keys) == 0:
        return
    bits = int(positions[-1]).bit_length()
    if int(keys.max()).bit_length() + bits > 63:
        order = np.argsort(keys, kind="stable")
        keys[:] = keys[order]
        positions[:] = positions[order]
        return
    keys <<= bits
    keys |= positions
    keys.sort()
    np.bitwise_and(keys, (1 << bits) - 1, out=positions, casting="unsafe")
    keys >>= bits
