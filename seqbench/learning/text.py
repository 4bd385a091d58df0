"""Documents as one text, from which symbols and windows are taken by their places.

A text in a file, as a memory map, stays there. If it is long, few blocks of it are in memory, so it may be larger than
memory.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Documents, Ids
from seqbench.learning.order import WHOLE
from seqbench.long_arrays import Blocks, in_one, is_mapped, lengths_of


class Text:
    """L symbols of documents, one document after the other."""

    starts: Ids
    """(D,) the place of the first symbol of each document."""

    def __init__(self, documents: Documents) -> None:
        symbols = in_one(documents)
        lengths = lengths_of(documents)
        self._length, self.starts = len(symbols), np.cumsum(lengths) - lengths
        # Up to `WHOLE` places are met in any order, so that blocks would be read for single symbols.
        in_blocks = len(symbols) > WHOLE and is_mapped(symbols)
        self._symbols: Callable[[Ids], NDArray[np.integer]] = Blocks(symbols).take if in_blocks else symbols.__getitem__

    def __len__(self) -> int:
        return self._length

    @property
    def lengths(self) -> Ids:
        """(D,) the number of symbols of each document."""
        return np.diff(self.starts, append=len(self))

    def take(self, places: Ids) -> Ids:
        """Return the symbols at places of any shape."""
        return self._symbols(places).astype(np.int64, copy=False)

    def windows(self, places: Ids, width: int, edge: int) -> tuple[Ids, Ids]:
        """Return the symbols (N, width) before each of the places (N,), the oldest first, and those (N,) at the places.

        Args:
            edge: stands before the first symbol of a document.
        """
        seen = places[:, None] + np.arange(-width, 1)
        known = seen >= self._start_of(places)[:, None]
        symbols = self.take(np.maximum(seen, 0, out=seen))
        symbols[~known] = edge
        return symbols[:, :-1], symbols[:, -1]

    def opens(self, places: Ids) -> NDArray[np.bool_]:
        """Return whether a document starts at each of the places (N,)."""
        opens: NDArray[np.bool_] = self._start_of(places) == places
        return opens

    def _start_of(self, places: Ids) -> Ids:
        """Return where the document of each of the places (N,) starts."""
        return self.starts[np.searchsorted(self.starts, places, side="right") - 1]
