"""What is known of a user's documents while they are read in pieces: which are kept, and where they are."""

import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, count
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqbench.data import DataError
from seqbench.datasets.documents.base import Notes
from seqbench.datasets.documents.collection import Collection, Numbering, Rows
from seqbench.interface import Ids
from seqbench.long_arrays import Collected

COUNTS = (
    "rows",
    "labels_without_their_outer_spaces",
    "left_out_without_text",
    "left_out_without_label",
    "texts_not_in_nfc",
)
"""What the notes count, in their order."""


class Found(NamedTuple):
    """Some of the documents of a file or folder; all lists have the same length."""

    texts: list[str]
    labels: list[str]
    places: Sequence[int]
    splits: list[str] | None = None
    orders: list[str] | None = None
    groups: list[str] | None = None


class Source(NamedTuple):
    """A file or folder of documents."""

    path: Path
    hint: str
    """What may be wrong if it holds no texts."""
    found: Iterable[Found]
    where: Callable[[int], str]
    """Returns the place of a document for messages, given the number that `Found.places` has for it."""
    notes: Notes
    """Complete once all documents were found."""


class Kept:
    """The documents of all sources that have a text and a class, numbered from 0; their texts are in a collection."""

    def __init__(self, collection: Collection) -> None:
        self.notes: Notes = {"rows": 0}
        self.classes: set[str] = set()
        self.ends: list[int] = []
        """Number of documents up to the end of each source."""
        self.splits, self.groups = Column(), Column()
        self.orders: list[str] = []
        self._collection = collection
        self._sources: list[Source] = []
        self._places = Collected(np.int64)

    def __len__(self) -> int:
        return self.ends[-1]

    def read(self, source: Source) -> Counter[str]:
        """Read a source to its end; return how many of its documents are of each class, the empty one among them.

        Raises:
            DataError: as in `Source.found`; or more than half of the texts are empty.
        """
        labels: Counter[str] = Counter()
        counts = dict.fromkeys(COUNTS, 0)
        end = self.ends[-1] if self.ends else 0
        for found in source.found:
            own = [label.strip() for label in found.labels]
            labels.update(own)
            blank = list(map(_blank, found.texts))
            kept = [bool(label) and not without for label, without in zip(own, blank, strict=True)]
            texts = list(compress(found.texts, kept))
            counts["rows"] += len(own)
            counts["labels_without_their_outer_spaces"] += sum(a != b for a, b in zip(found.labels, own, strict=True))
            counts["left_out_without_text"] += sum(blank)
            counts["left_out_without_label"] += len(own) - sum(blank) - len(texts)
            counts["texts_not_in_nfc"] += sum(not unicodedata.is_normalized("NFC", text) for text in texts)
            end += self._keep(found, kept, texts, list(compress(own, kept)))
        self._sources.append(source)
        self.ends.append(end)
        if 2 * counts["left_out_without_text"] > counts["rows"]:
            raise DataError(f"{source.path}: more than half of the {counts['rows']:,} texts are empty; {source.hint}")
        for name, number in counts.items():
            if number:
                self.notes[name] = int(self.notes.get(name, 0)) + number
        self.notes = source.notes | self.notes
        return labels

    def _keep(self, found: Found, kept: Sequence[bool], texts: Sequence[str], labels: Sequence[str]) -> int:
        """Keep some of the documents that were found, and return how many have a word."""
        groups = None if found.groups is None else [group.strip() for group in compress(found.groups, kept)]
        have = self._collection.add(Rows(texts, labels, groups))
        self.classes.update(labels)
        self._places.append(np.fromiter(compress(found.places, kept), dtype=np.int64, count=len(texts))[have])
        for column, cells in ((self.groups, groups), (self.splits, found.splits and compress(found.splits, kept))):
            column.add(compress(cells or (), have))
        self.orders += compress(compress(found.orders or (), kept), have)
        return int(np.count_nonzero(have))

    def where(self, row: int) -> str:
        """Return the place of a document for messages."""
        return self._sources[self.source_of(row)].where(int(self._places.array()[row]))

    def source_of(self, row: int) -> int:
        return bisect_right(self.ends, row)


class Column:
    """The cells of a column, as numbers of the distinct ones."""

    def __init__(self) -> None:
        self._numbering: Numbering = defaultdict(count().__next__)
        self._numbers = Collected(np.int32)

    def add(self, cells: Iterable[str]) -> None:
        self._numbers.append(np.fromiter(map(self._numbering.__getitem__, cells), dtype=np.int32))

    @property
    def distinct(self) -> list[str]:
        return list(self._numbering)

    def numbers(self) -> Ids:
        """Return the number of each cell, (N,), as its place among the distinct ones."""
        return self._numbers.array()


def _blank(text: str) -> bool:
    return not text or text.isspace()
