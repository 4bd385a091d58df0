"""Documents as numbers while they are read, so that a table of many takes a few bytes for each besides its words.

A text is forgotten once its words are numbered. What is needed of it later is a hash: of its place among all documents,
of the text that decides its part, and of its words, by which documents of several parts are compared.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, compress, count

import numpy as np
from numpy.typing import DTypeLike, NDArray

from seqbench.datasets.splits import Digests, digests, key
from seqbench.interface import Ids
from seqbench.long_arrays import Collected, consecutive, forget
from seqbench.tasks.documents.laid import Laid

TOGETHER = 1 << 12
"""Documents whose words are strings at the same time."""
SHORT = 1 << 24
"""Bytes of an array that is kept in memory."""
GATHERED = 1 << 16
"""Documents whose words are put in order at the same time."""
Words = list[str]
Numbering = dict[str, int]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """Documents as they are in a file."""

    texts: Sequence[str]
    labels: Sequence[str]
    groups: Sequence[str] | None = None
    """All documents of a group stay in one part; None: there are no groups."""


class Collection:
    """Takes documents, and forgets their texts; those without a word are left out."""

    def __init__(self, words: Callable[[str], Words], longest: int) -> None:
        """words: returns all words of a text. longest: the most words that are kept of a document."""
        self._words, self._longest = words, longest
        self._spellings: Numbering = defaultdict(count().__next__)
        self._labels: Numbering = defaultdict(count().__next__)
        self._groups: Numbering = defaultdict(count().__next__)
        self._arrays = {name: Collected(kind, SHORT) for name, kind in ARRAYS.items()}
        self._without_words = 0

    def add(self, rows: Rows) -> Flags:
        """Take documents; return which of them have a word, (N,)."""
        kept = [np.zeros(0, dtype=np.bool_)]
        for start in range(0, len(rows.texts), TOGETHER):
            piece = slice(start, start + TOGETHER)
            groups = None if rows.groups is None else rows.groups[piece]
            kept.append(self._add(rows.texts[piece], rows.labels[piece], groups))
        return np.concatenate(kept)

    def _add(self, texts: Sequence[str], labels: Sequence[str], groups: Sequence[str] | None) -> Flags:
        words = list(map(self._words, texts))
        kept = np.fromiter(map(bool, words), dtype=np.bool_, count=len(words))
        if not kept.all():
            self._without_words += int(np.count_nonzero(~kept))
            texts, labels = (list(compress(each, kept)) for each in (texts, labels))
            words = list(compress(words, kept))
            groups = None if groups is None else list(compress(groups, kept))
        told = zip(texts, labels, strict=True) if groups is None else zip(texts, labels, groups, strict=True)
        lengths = np.fromiter(map(len, words), dtype=np.int32, count=len(words))
        numbers = map(self._spellings.__getitem__, chain.from_iterable(each[: self._longest] for each in words))
        added = {
            "places": digests(_sha256("\0".join(each)) for each in told).reshape(-1),
            "keys": digests(map(key, texts)).reshape(-1),
            "contents": digests(_sha256(" ".join(each)) for each in words).reshape(-1),
            "cut": lengths > self._longest,
            "lengths": np.minimum(lengths, self._longest),
            "numbers": np.fromiter(numbers, dtype=np.int32),
            "labels": np.fromiter(map(self._labels.__getitem__, labels), dtype=np.int32),
            "groups": np.fromiter(map(self._groups.__getitem__, groups or ()), dtype=np.int32),
        }
        for name, entries in added.items():
            self._arrays[name].append(entries)
        return kept

    def collected(self) -> "NumberedDocuments":
        """Return all documents that were taken."""
        arrays = {name: each.array() for name, each in self._arrays.items()}
        (labels, classes), (groups, authors) = (
            _alphabetical(arrays[name], names) for name, names in (("labels", self._labels), ("groups", self._groups))
        )
        return NumberedDocuments(
            places=arrays["places"].reshape(-1, 2),
            keys=arrays["keys"].reshape(-1, 2),
            contents=arrays["contents"].reshape(-1, 2),
            cut=arrays["cut"],
            lengths=arrays["lengths"],
            starts=np.cumsum(arrays["lengths"], dtype=np.int64) - arrays["lengths"],
            numbers=arrays["numbers"],
            spellings=list(self._spellings),
            labels=labels,
            classes=classes,
            groups=groups if self._groups else None,
            group_names=authors,
            without_words=self._without_words,
        )


ARRAYS: dict[str, DTypeLike] = {
    "places": np.uint64,
    "keys": np.uint64,
    "contents": np.uint64,
    "cut": np.bool_,
    "lengths": np.int32,
    "numbers": np.int32,
    "labels": np.int32,
    "groups": np.int32,
}
"""What a collection keeps; the documents have one entry of each, or two, or one for each word (`numbers`)."""


@dataclass(frozen=True, eq=False)
class NumberedDocuments:
    """N documents with M words in all, without their texts; long arrays are memory maps."""

    places: Digests
    """By which documents are ordered: of text, label and group."""
    keys: Digests
    """By which documents are divided into parts: as `splits.key` says."""
    contents: Digests
    """By which documents are compared: of all their words."""
    cut: Flags
    """(N,) whether words beyond the longest were left out."""
    starts: Ids
    """(N,) where each document's words begin."""
    lengths: NDArray[np.int32]
    """(N,)"""
    numbers: NDArray[np.int32]
    """(M,)"""
    spellings: list[str]
    """Of each number."""
    labels: NDArray[np.int32]
    """(N,)"""
    classes: list[str]
    """Names of all labels, in alphabetical order."""
    groups: NDArray[np.int32] | None
    """(N,)"""
    group_names: list[str]
    """In alphabetical order."""
    without_words: int
    """Number of documents that were left out."""

    def __len__(self) -> int:
        return len(self.lengths)

    def occurrences(self, rows: Ids) -> Ids:
        """Return how often each word occurs in the documents of these rows, (W,)."""
        counted = np.zeros(len(self), dtype=np.bool_)
        counted[rows] = True
        counts = np.zeros(len(self.spellings), dtype=np.int64)
        for start in range(0, len(self), GATHERED):
            piece = slice(start, start + GATHERED)
            within = np.repeat(counted[piece], self.lengths[piece])
            first = int(self.starts[start])
            counts += np.bincount(self.numbers[first : first + len(within)][within], minlength=len(counts))
            forget(self.numbers)
        return counts

    def laid(self, rows: Ids, renumbered: NDArray[np.int32], known: int, unk: int) -> Laid:
        """Return the documents of these rows in their order, in an array of their own.

        Args:
            renumbered: (W,) the new number of each word.
            known, unk: as in `Laid`.
        """
        numbers, lengths = Collected(np.int32, SHORT), self.lengths[rows]
        for start in range(0, len(rows), GATHERED):
            piece = rows[start : start + GATHERED]
            places = consecutive(self.starts[piece], self.lengths[piece].astype(np.int64))
            numbers.append(renumbered[self.numbers[places]])
            forget(self.numbers)
        return Laid(numbers.array(), np.cumsum(lengths, dtype=np.int64) - lengths, lengths, known, unk)


def _alphabetical(numbers: NDArray[np.int32], names: Iterable[str]) -> tuple[NDArray[np.int32], list[str]]:
    """Return numbers in the alphabetical order of their names, and the names."""
    found = list(names)
    order = sorted(range(len(found)), key=found.__getitem__)
    rank = np.empty(len(found), dtype=np.int32)
    rank[order] = np.arange(len(found), dtype=np.int32)
    return rank[numbers], [found[i] for i in order]


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
