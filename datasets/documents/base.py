"""Labelled documents as a data set: how texts are cut into words and split into parts, and what is left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations, repeat
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError, Dataset
from seqbench.datasets.documents.collection import Collection, Flags, NumberedDocuments, Rows, Words
from seqbench.datasets.files import decode, read_bytes, unix_line_ends
from seqbench.datasets.splits import Numbers, assigned, group_folds, numbered, order_of, too_rare
from seqbench.datasets.text.tokens import words_and_marks
from seqbench.interface import Ids
from seqbench.long_arrays import pieces
from seqbench.tasks.documents.data import LabelledData
from seqbench.tasks.documents.model import Labelled, Texts, spelt
from seqbench.tasks.language.vocab import EOS, UNK, Vocab

Notes = dict[str, int | str]
PARTS = ("train", "valid", "test")

CUT = 0.1
"""Share of the documents for each part that is cut from the training part."""
TOLD = 10
"""The most classes whose shares are in the notes."""


@dataclass(frozen=True)
class DocumentParts:
    """The documents of each part; None: the part is cut from the training part by a hash of text or group."""

    train: Rows
    valid: Rows | None = None
    test: Rows | None = None
    notes: Notes = field(default_factory=dict)
    """What was done and what was left out."""
    warnings: tuple[str, ...] = ()
    """Sentences for the footer of the table."""
    drop_rare: bool = False
    """Whether documents are left out if their class has too few texts for each part, or is not in the training part."""


@dataclass(frozen=True)
class Gathered:
    """What is known of the documents of a collection; the other fields are as in `DocumentParts`."""

    parts: NDArray[np.int8]
    """(N,) the part of each document, as its place in PARTS."""
    given: frozenset[str]
    """The parts that are given; others are cut from the training part."""
    notes: Notes = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    drop_rare: bool = False


class DocumentDataset(Dataset[LabelledData]):
    """Documents, each of one class. The options set how they become words; subclasses provide the documents.

    Documents are ordered by a hash of text and label, so that the order of the rows in a file changes nothing.
    """

    task: ClassVar[str] = "classify"
    name: ClassVar[str]

    tokens: Literal["whitespace", "words"] = Field(
        "words",
        description="whitespace: words are separated by white space only; words: punctuation marks are words too, "
        "and a run of one mark is one word",
    )
    lowercase: bool = Field(True, description="whether to convert words to lower case")
    longest: int = Field(400, ge=1, description="the most words per document; the first ones are kept")
    min_count: int = Field(1, ge=1, description="a word is kept if it occurs at least this often in the training part")
    vocab_size: int | None = Field(
        None, ge=2, description="V, including <unk>: the most frequent words of the training part are kept"
    )
    overlap: Literal["keep", "remove"] = Field(
        "keep",
        description="remove: documents of train and valid that have the same words as a document of a later part "
        "are left out; keep: they are only counted",
    )

    @field_validator("vocab_size")
    @classmethod
    def _one_cut(cls, vocab_size: int | None, info: ValidationInfo) -> int | None:
        if vocab_size is not None and info.data.get("min_count", 1) > 1:
            raise ValueError("give vocab_size or min_count, not both")
        return vocab_size

    def parts(self) -> DocumentParts:
        """Return the documents of each part. If they may not fit into memory, define `gather` instead.

        Raises:
            DataError: as in `load`.
        """
        raise NotImplementedError(f"{type(self).__name__} defines neither parts nor gather")

    def gather(self, collection: Collection) -> Gathered:
        """Add all documents to a collection, piece by piece.

        Raises:
            DataError: as in `load`.
        """
        parts = self.parts()
        given = {part: rows for part in PARTS if (rows := getattr(parts, part)) is not None}
        sizes = [int(np.count_nonzero(collection.add(given[part]))) if part in given else 0 for part in PARTS]
        return Gathered(
            np.repeat(np.arange(len(PARTS), dtype=np.int8), sizes),
            frozenset(given),
            parts.notes,
            parts.warnings,
            parts.drop_rare,
        )

    def title(self) -> str:
        """Return the name of the documents in errors and tables."""
        return self.name

    def load(self) -> LabelledData:
        collection = Collection(self.words, self.longest)
        gathered = self.gather(collection)
        documents = collection.collected()
        del collection
        try:
            return self._numbered(documents, gathered)
        except DataError as error:
            raise DataError(f"{self.title()}: {error}") from None

    def read(self, path: Path, encoding: dict[str, Any]) -> Texts:
        """Read a file with one text per line, in the vocabulary `encoding["symbols"]`."""
        lines = unix_line_ends(decode(path, read_bytes(path))).removesuffix("\n").split("\n")
        return self.encoded(lines, Vocab(tuple(encoding["symbols"])), lambda i: f"{path}, line {i + 1}")

    def encoded(self, texts: Sequence[str], vocab: Vocab, where: Callable[[int], str]) -> Texts:
        """Encode new texts in a vocabulary.

        Args:
            where: returns the place of a text, given its number, for messages.

        Raises:
            DataError: a text holds no word.
        """
        words = [self.words(text)[: self.longest] for text in texts]
        for number, of_text in enumerate(words):
            if not of_text:
                raise DataError(f"{where(number)}: the text holds no word; remove it, or write some words")
        return Texts([vocab.encode(of_text) for of_text in words], words)

    def words(self, text: str) -> Words:
        """Return all words of a text."""
        cased = text.lower() if self.lowercase else text
        return cased.split() if self.tokens == "whitespace" else words_and_marks(cased)

    def _numbered(self, documents: NumberedDocuments, gathered: Gathered) -> LabelledData:
        notes: Notes = {**gathered.notes, "without_words_left_out": documents.without_words}
        rows = _split(documents, gathered, notes)
        content, count = numbered(documents.contents)
        notes |= _count_shared(rows, content, count)
        if self.overlap == "remove":
            rows = _without_shared(rows, content, count, notes)
        del content
        if gathered.drop_rare:
            strange = np.setdiff1d(documents.labels[_all(rows)], documents.labels[rows["train"]])
            rows = _without_classes(documents, rows, strange, "not_in_training", notes)
        classes = _classes(documents, rows)
        notes["truncated"] = int(np.count_nonzero(documents.cut[_all(rows)]))
        vocab = self._vocab(documents, rows["train"])
        notes["vocabulary"] = vocab.size
        unk = vocab.index[UNK]
        unknown = sorted({*documents.spellings} - vocab.index.keys())
        spellings = [*vocab.symbols, *unknown]
        number = {word: i for i, word in enumerate(spellings)}
        renumbered = np.fromiter(map(number.__getitem__, documents.spellings), dtype=np.int32)
        label, group = _places(documents.labels[rows["train"]]), None
        if documents.groups is not None:
            group = _places(documents.groups[_all(rows)])
            notes |= {"groups": int(group.max()) + 1} | _count_groups(documents, rows)
        splits: dict[str, Labelled] = {}
        for part, own in rows.items():
            laid = documents.laid(own, renumbered, vocab.size, unk)
            groups = None if group is None or documents.groups is None else group[documents.groups[own]]
            splits[part] = Labelled(spelt(laid, spellings), label[documents.labels[own]], groups)
            notes[f"documents_{part}"] = len(own)
            notes[f"unknown_{part}"] = sum(
                int(np.count_nonzero((piece >= vocab.size) | (piece == unk))) for piece in pieces(laid.numbers)
            )
        return LabelledData(
            name=self.title(),
            vocab=vocab,
            classes=classes,
            train=splits["train"],
            valid=splits["valid"],
            test=splits["test"],
            convention=self._convention(),
            notes={**notes, "warnings": list(gathered.warnings)} if gathered.warnings else {**notes},
        )

    def _vocab(self, documents: NumberedDocuments, train: Ids) -> Vocab:
        """Return `<unk>`, then words by frequency, ties in alphabetical order.

        The word `<eos>` is unknown, since it stands for line ends.
        """
        counts = documents.occurrences(train)
        met = np.flatnonzero(counts)
        ranked = sorted(zip((-counts[met]).tolist(), map(documents.spellings.__getitem__, met), strict=True))
        kept = [word for count, word in ranked if -count >= self.min_count and word not in (UNK, EOS)]
        if not kept and {word for _, word in ranked} <= {UNK, EOS}:
            raise DataError(f"the training part holds no word but {UNK}; give texts that still have their words")
        if not kept:
            raise DataError(
                f"min_count={self.min_count} leaves no word; the most frequent one occurs {-ranked[0][0]} times"
                "; give a smaller min_count or more texts"
            )
        return Vocab((UNK, *kept[: None if self.vocab_size is None else self.vocab_size - 1]))

    def _convention(self) -> str:
        units = "words between white space" if self.tokens == "whitespace" else "words and marks"
        return f"{'lower-case ' if self.lowercase else ''}{units}, the first {self.longest}"


class TokenisedDocuments(DocumentDataset):
    """Documents that are already tokenised: words are separated by white space, and case is kept."""

    tokens: Literal["whitespace", "words"] = Field(
        "whitespace", description=DocumentDataset.model_fields["tokens"].description
    )
    lowercase: bool = Field(False, description=DocumentDataset.model_fields["lowercase"].description)


def _split(documents: NumberedDocuments, gathered: Gathered, notes: Notes) -> dict[str, Ids]:
    """Return the rows of train, valid and test in the order of their hashes."""
    order = order_of(documents.places)
    part = gathered.parts[order]
    rows = {name: order[part == number] for number, name in enumerate(PARTS) if name in gathered.given}
    missing = [name for name in PARTS if name not in gathered.given]
    if missing:
        whole = rows["train"]
        if gathered.drop_rare and documents.groups is None:
            few = too_rare(documents.keys[whole], documents.labels[whole], 1 + len(missing))
            whole = _without_classes(documents, {"train": whole}, few, "rare", notes)["train"]
        cut = _cut(documents, whole, len(missing))
        for number, name in enumerate(["train", *missing]):
            rows[name] = whole[cut == number]
    return {name: rows[name] for name in PARTS}


def _cut(documents: NumberedDocuments, rows: Ids, parts: int) -> Ids:
    """Return the part of each row: 1..parts for a CUT of the rows each, 0 for the rest."""
    labels = documents.labels[rows]
    if documents.groups is None:
        shares = [1 - CUT * parts, *repeat(CUT, parts)]
        return assigned(documents.keys[rows], labels, documents.classes, shares)
    groups = [documents.group_names[group] for group in documents.groups[rows]]
    fold = group_folds(groups, [documents.classes[label] for label in labels], round(1 / CUT))
    return np.where(fold < parts, parts - fold, 0)


def _all(rows: dict[str, Ids]) -> Ids:
    return np.concatenate(list(rows.values()))


def _places(met: NDArray[np.int32]) -> Ids:
    """Return the place of each number among the distinct ones that are met, up to the largest."""
    distinct = np.unique(met)
    place = np.zeros(int(distinct.max(initial=-1)) + 1, dtype=np.int64)
    place[distinct] = np.arange(len(distinct))
    return place


def _count_groups(documents: NumberedDocuments, rows: dict[str, Ids]) -> Notes:
    """Return the number of groups of each part, and the shares of its most frequent classes."""
    assert documents.groups is not None
    notes: Notes = {}
    for part, of_part in rows.items():
        labels, first, counts = np.unique(documents.labels[of_part], return_index=True, return_counts=True)
        ranked = np.lexsort((first, -counts))[:TOLD]
        shares = [f"{documents.classes[labels[i]]} {counts[i] / len(of_part):.1%}" for i in ranked]
        notes[f"groups_{part}"] = len(np.unique(documents.groups[of_part]))
        notes[f"classes_{part}"] = ", ".join([*shares, "…"] if len(counts) > TOLD else shares)
    return notes


def _count_shared(rows: dict[str, Ids], content: Ids, count: int) -> Notes:
    """Count the distinct texts, compared as words, that two parts share.

    Args:
        content: (N,) the number of each document's words, below `count`.
    """
    met = {part: _met(content[of_part], count) for part, of_part in rows.items()}
    return {f"shared_{a}_{b}": int(np.count_nonzero(met[a] & met[b])) for a, b in combinations(PARTS, 2)}


def _met(numbers: Ids, count: int) -> Flags:
    """Return which of the numbers below `count` are met."""
    met = np.zeros(count, dtype=np.bool_)
    met[numbers] = True
    return met


def _without_shared(rows: dict[str, Ids], content: Ids, count: int, notes: Notes) -> dict[str, Ids]:
    """Return the rows whose words differ from all rows of later parts; note how many were left out."""
    kept: dict[str, Ids] = {}
    later = np.zeros(count, dtype=np.bool_)
    for part in reversed(PARTS):
        kept[part] = rows[part][~later[content[rows[part]]]]
        later[content[kept[part]]] = True
        notes[f"shared_left_out_{part}"] = len(rows[part]) - len(kept[part])
    del notes["shared_left_out_test"]
    return {part: kept[part] for part in PARTS}


def _without_classes(
    documents: NumberedDocuments, rows: dict[str, Ids], classes: Numbers, why: str, notes: Notes
) -> dict[str, Ids]:
    """Return the rows of other classes than these; note how many were left out, and of which classes."""
    kept = {part: of_part[~np.isin(documents.labels[of_part], classes)] for part, of_part in rows.items()}
    if len(classes):
        notes[f"left_out_{why}"] = sum(map(len, rows.values())) - sum(map(len, kept.values()))
        notes[f"classes_{why}"] = ", ".join(documents.classes[label] for label in np.sort(classes))
    return kept


def _classes(documents: NumberedDocuments, rows: dict[str, Ids]) -> tuple[str, ...]:
    """Return the classes of the training part, in alphabetical order.

    Raises:
        DataError: a part is empty, there is only one class, or a later part has a class that is not among them.
    """
    for part, of_part in rows.items():
        if not len(of_part):
            raise DataError(f"no document is left for the {part} part; give more texts")
    met = {part: np.unique(documents.labels[of_part]) for part, of_part in rows.items()}
    classes = [documents.classes[label] for label in met["train"]]
    if len(classes) == 1:
        raise DataError(f"all training documents are of one class, {classes[0]!r}; there is nothing to tell apart")
    for part in PARTS[1:]:
        if len(strange := np.setdiff1d(met[part], met["train"])):
            raise DataError(
                f"the {part} part has the class {documents.classes[strange[0]]!r}, which the training part lacks; "
                "correct the label, give training documents of that class, or leave it out (--rare drop)"
            )
    return tuple(classes)
