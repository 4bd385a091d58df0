"""A hash table from integer keys to their indices, which looks up whole arrays of keys at once."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Ids

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, odd: Knuth's multiplicative hashing; its high bits are well mixed


class Layer(NamedTuple):
    multiplier: Ids
    shift: Ids
    slots: NDArray[np.signedinteger[Any]]
    """(2^b,) the index of a key; 0 in a free slot."""

    def slot(self, keys: Ids) -> Ids:
        """Return the b high bits of keys times multiplier, as signed numbers: negative slots count from the end."""
        return (keys * self.multiplier) >> self.shift


class KeyTable:
    """Finds keys in an array, usually at the first probe; each step of a binary search would be a cache miss.

    If several keys have the same slot in the first layer, one stays there. The others go to a second layer with another
    hash function, and so on until all keys have a slot. Whole arrays are looked up layer by layer; the search for a key
    ends when it is found or its slot is free.
    """

    def __init__(self, keys: Ids) -> None:
        """keys: (K,) distinct and not negative, except keys[0], which is never found, as index 0 means "absent"."""
        self.keys = keys
        self._layers: list[Layer] = []
        small: type[np.signedinteger[Any]] = np.int32 if len(keys) < 2**31 else np.int64
        # The last key written to a slot stays there. Keys are written backwards, so keys listed first are found first.
        index = np.arange(len(keys) - 1, 0, -1).astype(small)
        keys = keys[:0:-1].copy()
        while len(keys) or not self._layers:
            # To save memory, the first layer is a quarter to half full; later layers are small, so a quarter of that.
            bits = max(1, (len(keys) * (8 if self._layers else 2)).bit_length())
            # Arrays without dimensions, because NumPy converts Python numbers slowly when arrays are short.
            multiplier = np.array(pow(GOLDEN, len(self._layers) + 1, 2**64), dtype=np.uint64).view(np.int64)
            layer = Layer(multiplier, np.array(64 - bits), np.zeros(1 << bits, dtype=small))
            slot = layer.slot(keys)
            layer.slots[slot] = index
            left = np.flatnonzero(layer.slots[slot] != index)
            index, keys = index[left], keys[left]
            self._layers.append(layer)

    def find(self, keys: Ids) -> Ids:
        """Return the index (N,) of each key (N,), or 0 if it is absent."""
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
