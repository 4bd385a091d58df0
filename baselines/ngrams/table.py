"""Finds integer keys in long arrays; whole arrays of keys are looked up at once."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from seqbench.baselines.ngrams.levels import BLOCK, index_type, spans
from seqbench.interface import Ids
from seqbench.long_arrays import forget, numbered_pieces, pieces

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, odd: Knuth's multiplicative hashing; its high bits are well mixed


class Keys(Protocol):
    """Distinct keys (K,), ascending; keys[0] is never found, as index 0 means "absent"."""

    keys: Ids

    def find(self, keys: Ids) -> Ids:
        """Return the index (N,) of each key (N,), or 0 if it is absent."""


class Layer(NamedTuple):
    multiplier: Ids
    shift: Ids
    slots: NDArray[np.signedinteger[Any]]
    """(2^b,) the index of a key; 0 in a free slot."""

    def slot(self, keys: Ids) -> Ids:
        """Return the b high bits of keys times multiplier, as signed numbers: negative slots count from the end."""
        return (keys * self.multiplier) >> self.shift


class KeyTable:
    """A hash table, which finds keys usually at the first probe; each step of a binary search would be a cache miss.

    If several keys have the same slot in the first layer, one stays there. The others go to a second layer with another
    hash function, and so on until all keys have a slot. Whole arrays are looked up layer by layer; the search for a key
    ends when it is found or its slot is free.
    """

    def __init__(self, keys: Ids) -> None:
        """keys: (K,) distinct and not negative, except keys[0]."""
        self.keys = keys
        self._layers: list[Layer] = []
        small = index_type(len(keys))
        left = np.arange(1, len(keys), dtype=small)
        while len(left) or not self._layers:
            # To save memory, the first layer is at least half full; later layers are small, so at least a quarter.
            bits = max(1, (len(left) * (2 if self._layers else 1)).bit_length())
            # Arrays without dimensions, because NumPy converts Python numbers slowly when arrays are short.
            multiplier = np.array(pow(GOLDEN, len(self._layers) + 1, 2**64), dtype=np.uint64).view(np.int64)
            layer = Layer(multiplier, np.array(64 - bits), np.zeros(1 << bits, dtype=small))
            blocks = [left[rows] for rows in spans(len(left), BLOCK)]
            # The last key written to a slot stays there. Keys are written backwards, so keys listed first are found
            # first.
            for index in reversed(blocks):
                layer.slots[layer.slot(keys[index[::-1]])] = index[::-1]
            away = [index[layer.slots[layer.slot(keys[index])] != index] for index in blocks]
            left = np.concatenate([left[:0], *away])
            self._layers.append(layer)

    def find(self, keys: Ids) -> Ids:
        first, *others = self._layers
        found = first.slots[first.slot(keys)].astype(np.int64)
        left = ((self.keys[found] != keys) & (found != 0)).nonzero()[0]
        for layer in others:
            if not len(left):
                return found
            sought = keys[left]
            probed = layer.slots[layer.slot(sought)].astype(np.int64)
            found[left] = probed
            left = left[(self.keys[probed] != sought) & (probed != 0)]
        found[left] = 0
        return found


PAGE = 512
"""Number of keys in a page of a memory map."""


class OfDisk:
    """A memory-mapped array, whose first part is in memory, and of the rest what a number of visits brings there."""

    def __init__(self, array: NDArray[Any], near: int, visits: int) -> None:
        """near: entries of the first part. visits: to the rest; each may leave pages in memory."""
        self.array, self.near = array, np.empty(min(near, len(array)), array.dtype)
        for start, piece in numbered_pieces(array[:near]):
            self.near[start : start + len(piece)] = piece
        self._most, self._visits = max(1, visits // 2), 0
        forget(array)

    def visits(self, places: Ids) -> Iterator[Ids]:
        """Yield places (N,) in parts that may be visited at once."""
        for rows in spans(len(places), self._most):
            yield places[rows]
            self._visits += rows.stop - rows.start
            if self._visits >= self._most:
                forget(self.array)
                self._visits = 0


class SortedKeys:
    """A binary search in memory-mapped keys, of which one in 512 is in memory, so that a search reads one page.

    The first keys are in memory: those of short n-grams, which are looked up most.
    """

    def __init__(self, keys: Ids, near: int, visits: int) -> None:
        """near, visits: as in `OfDisk`."""
        self.keys, self._held = keys, OfDisk(keys, near, visits)
        self._first = np.concatenate([piece[::PAGE].copy() for piece in pieces(keys, 100 * PAGE)])

    def find(self, keys: Ids) -> Ids:
        near = self._held.near
        found = np.searchsorted(near, keys, side="right") - 1
        away = (found == len(near) - 1).nonzero()[0]
        found[near[found] != keys] = 0
        for rows in self._held.visits(away):
            found[rows] = self._find_on_disk(keys[rows])
        return found

    def _find_on_disk(self, sought: Ids) -> Ids:
        place = (np.searchsorted(self._first, sought, side="right") - 1) * PAGE
        step = PAGE // 2
        while step:
            probe = place + step
            inside = probe < len(self.keys)
            place = np.where(inside & (self.keys[np.where(inside, probe, 0)] <= sought), probe, place)
            step //= 2
        return np.where(self.keys[place] == sought, place, 0)


class Mapped:
    """Memory-mapped numbers, of which a bounded part is in memory at once."""

    def __init__(self, numbers: NDArray[np.float64], near: int, visits: int) -> None:
        """near, visits: as in `OfDisk`."""
        self.numbers, self._held = numbers, OfDisk(numbers, near, visits)

    def __len__(self) -> int:
        return len(self.numbers)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.float64]:
        return self.numbers

    def __getitem__(self, index: Any) -> NDArray[np.float64]:
        """Return the numbers at an array of places, or in a slice."""
        places = np.arange(*index.indices(len(self))) if isinstance(index, slice) else np.asarray(index)
        flat, near = places.ravel(), self._held.near
        found = near[np.minimum(flat, len(near) - 1)]
        for rows in self._held.visits((flat >= len(near)).nonzero()[0]):
            found[rows] = self.numbers[flat[rows]]
        return found.reshape(places.shape)
