"""Documents as one text, from which symbols and windows are taken by their places.

A text in a file, as a memory map, stays there, so it may be larger than memory: only the pages that hold what was taken
last are in memory.
"""

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Documents, Ids
from seqbench.long_arrays import PIECE, forget, in_one, lengths_of


class Text:
    """L symbols of documents, one document after the other."""

    starts: Ids
    """(D,) the place of the first symbol of each document."""

    def __init__(self, documents: Documents) -> None:
        self._symbols = in_one(documents)
        lengths = lengths_of(documents)
        self.starts = np.cumsum(lengths) - lengths
        self._taken = 0

    def __len__(self) -> int:
        return len(self._symbols)

    @property
    def lengths(self) -> Ids:
        """(D,) the number of symbols of each document."""
        return np.diff(self.starts, append=len(self))

    def take(self, places: Ids) -> Ids:
        """Return the symbols at places of any shape."""
        symbols = self._symbols[places].astype(np.int64, copy=False)
        self._taken += places.size
        if self._taken > PIECE:
            forget(self._symbols)
            self._taken = 0
        return symbols

    def opens(self, places: Ids) -> NDArray[np.bool_]:
        """Return whether a document starts at each of the places (N,)."""
        opens: NDArray[np.bool_] = self._start_of(places) == places
        return opens

    def windows(self, places: Ids, width: int, edge: int) -> Ids:
        """Return the symbols (N, width) before each of the places (N,), the oldest first.

        Args:
            edge: stands before the first symbol of a document.
        """
        before = places[:, None] + np.arange(-width, 0)
        known = before >= self._start_of(places)[:, None]
        return np.where(known, self.take(np.maximum(before, 0)), edge)

    def _start_of(self, places: Ids) -> Ids:
        """Return where the document of each of the places (N,) starts."""
        return self.starts[np.searchsorted(self.starts, places, side="right") - 1]
