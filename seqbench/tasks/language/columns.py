"""What the item columns tell of each symbol besides its score: its unit, its place, how often training has it."""

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.strata import Property
from seqbench.interface import Documents, Ids
from seqbench.long_arrays import occurrences
from seqbench.tasks.language.data import Convention
from seqbench.tasks.language.vocab import Vocab

SEGMENT = 64
"""Number of symbols of a stream per unit, whose scores are summed."""
STRATA = 10
"""Symbols are many, so that even rare ones fill a tenth."""
POSITION = Property("position", "place of the symbol in its line", most=STRATA, log=True)
FREQUENCY = Property("frequency", "occurrences of the symbol in training", least=0, most=STRATA, log=True)


def units_of(documents: Documents, convention: Convention) -> NDArray[np.int32]:
    """Return the unit of each symbol: its sentence, or its stretch of the stream."""
    lengths = np.array([len(document) for document in documents])
    if convention == "sentence":
        return np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    total = int(lengths.sum())
    return (np.arange(total) // max(1, min(SEGMENT, total // SEGMENT))).astype(np.int32)


def positions(documents: Documents, vocab: Vocab) -> NDArray[np.int32]:
    """Return the place of each symbol in its line, from 1; a document without line ends is one line."""
    found: NDArray[np.int32] = np.concatenate([_places(ids, vocab) for ids in documents]).astype(np.int32)
    return found


def starts(ids: Ids, vocab: Vocab) -> Ids:
    """Return where the lines of a document start."""
    ends = np.flatnonzero(np.isin(ids, vocab.line_ends)) + 1
    return np.concatenate([np.zeros(1, np.int64), ends[ends < len(ids)]])


def _places(ids: Ids, vocab: Vocab) -> Ids:
    first = starts(ids, vocab)
    return np.arange(len(ids)) - np.repeat(first, np.diff(first, append=len(ids))) + 1


def counts(documents: Documents, symbols: int) -> NDArray[np.int32]:
    """Return how often each symbol 0..`symbols` − 1 occurs."""
    return occurrences(documents, symbols).astype(np.int32)
