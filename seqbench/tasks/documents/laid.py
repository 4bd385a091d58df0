"""Documents that lie in one array, so that many of them take no more memory than their words, which may be on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from seqbench import long_arrays
from seqbench.interface import Documents, Ids
from seqbench.long_arrays import consecutive, forget


@dataclass(frozen=True, eq=False)
class Laid(Sequence[Ids]):
    """The ids of N documents, each (T_i,) a new array.

    The words of all texts have numbers: those of the vocabulary their ids 0..V-1, unknown words further numbers.
    """

    numbers: NDArray[np.int32]
    """(M,) of the words of all documents, and perhaps of others."""
    starts: Ids
    """(N,) where each document begins."""
    lengths: NDArray[np.int32]
    """(N,) number of words of each document."""
    known: int
    """V"""
    unk: int
    """The id of all numbers from V on."""

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, i: int) -> Ids: ...

    @overload
    def __getitem__(self, i: slice) -> "Laid": ...

    def __getitem__(self, i: int | slice) -> "Ids | Laid":
        if isinstance(i, slice):
            return self.take(np.arange(*i.indices(len(self))))
        return self._ids(self.numbers_of(i))

    def numbers_of(self, i: int) -> NDArray[np.int32]:
        start = int(self.starts[i])
        return self.numbers[start : start + int(self.lengths[i])]

    def take(self, rows: Ids) -> "Laid":
        """Return the documents of these rows, in this order; the array of all words is shared."""
        return Laid(self.numbers, self.starts[rows], self.lengths[rows], self.known, self.unk)

    def joined(self) -> Ids:
        """Return the ids of all documents, one document after the other."""
        lengths = self.lengths.astype(np.int64)
        ends = self.starts + lengths
        if len(self) and np.array_equal(ends[:-1], self.starts[1:]):
            ids = self._ids(self.numbers[self.starts[0] : ends[-1]])
        else:
            ids = self._ids(self.numbers[consecutive(self.starts, lengths)])
        forget(self.numbers)
        return ids

    def _ids(self, numbers: NDArray[np.int32]) -> Ids:
        ids = numbers.astype(np.int64)
        ids[ids >= self.known] = self.unk
        return ids


@dataclass(frozen=True, eq=False)
class Spelt(Sequence[list[str]]):
    """The words of documents as text, each document a new list."""

    documents: Laid
    spellings: Sequence[str]
    """Of all numbers."""

    def __len__(self) -> int:
        return len(self.documents)

    @overload
    def __getitem__(self, i: int) -> list[str]: ...

    @overload
    def __getitem__(self, i: slice) -> "Spelt": ...

    def __getitem__(self, i: int | slice) -> "list[str] | Spelt":
        if isinstance(i, slice):
            return Spelt(self.documents[i], self.spellings)
        return [self.spellings[number] for number in self.documents.numbers_of(i).tolist()]

    def __eq__(self, other: object) -> bool:
        """Compare the words with those of other documents, as lists are compared."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == list(theirs) for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


def taken(documents: Documents, rows: Ids) -> Documents:
    """Return the documents of these rows, in this order."""
    return documents.take(rows) if isinstance(documents, Laid) else [documents[i] for i in rows]


def lengths_of(documents: Sequence[Any]) -> Ids:
    """Return the length (N,) of each document."""
    if isinstance(documents, Laid):
        return documents.lengths.astype(np.int64)
    return long_arrays.lengths_of(documents)


def joined(documents: Documents) -> Ids:
    """Return the words of all documents, one document after the other."""
    return documents.joined() if isinstance(documents, Laid) else np.concatenate([*documents, np.zeros(0, np.int64)])
