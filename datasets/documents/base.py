"""Labelled documents as a data set: how texts are cut into words and split into parts, and what is left out."""

import hashlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, repeat
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError, Dataset
from seqbench.datasets.files import decode, read_bytes, unix_line_ends
from seqbench.datasets.splits import assign, group_folds, rare
from seqbench.datasets.text.tokens import words_and_marks
from seqbench.interface import Ids
from seqbench.tasks.documents.data import LabelledData
from seqbench.tasks.documents.model import Labelled, Texts
from seqbench.tasks.language.vocab import EOS, UNK, Vocab

Notes = dict[str, int | str]
Words = list[str]
PARTS = ("train", "valid", "test")

CUT = 0.1
"""Share of the documents for each part that is cut from the training part."""
TOLD = 10
"""The most classes whose shares are in the notes."""


@dataclass(frozen=True)
class Rows:
    """Documents as they are in a file."""

    texts: Sequence[str]
    labels: Sequence[str]
    groups: Sequence[str] | None = None
    """All documents of a group stay in one part; None: there are no groups."""


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
class _Row:
    text: str
    label: str
    words: Words
    group: str | None


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

    @abstractmethod
    def parts(self) -> DocumentParts:
        """Return the documents of each part.

        Raises:
            DataError: as in `load`.
        """

    def title(self) -> str:
        """Return the name of the documents in errors and tables."""
        return self.name

    def load(self) -> LabelledData:
        parts = self.parts()
        try:
            return self._numbered(parts)
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

    def _numbered(self, parts: DocumentParts) -> LabelledData:
        notes: Notes = dict(parts.notes)
        rows = self._split(parts, notes)
        notes |= _count_shared(rows)
        if self.overlap == "remove":
            rows = _without_shared(rows, notes)
        if parts.drop_rare:
            strange = {row.label for row in chain(*rows.values())} - {row.label for row in rows["train"]}
            rows = _without_classes(rows, strange, "not_in_training", notes)
        classes = _classes(rows)
        notes["truncated"] = sum(len(row.words) > self.longest for row in chain(*rows.values()))
        vocab = self._vocab(rows["train"])
        notes["vocabulary"] = vocab.size
        groups = {name: i for i, name in enumerate(sorted({row.group for row in chain(*rows.values()) if row.group}))}
        splits = {part: self._labelled(of_part, vocab, classes, groups) for part, of_part in rows.items()}
        if groups:
            notes |= {"groups": len(groups)} | _count_groups(rows)
        for part, split in splits.items():
            notes[f"documents_{part}"] = len(split)
            notes[f"unknown_{part}"] = sum(int(np.count_nonzero(ids == vocab.unk)) for ids in split.texts.ids)
        return LabelledData(
            name=self.title(),
            vocab=vocab,
            classes=classes,
            train=splits["train"],
            valid=splits["valid"],
            test=splits["test"],
            convention=self._convention(),
            notes={**notes, "warnings": list(parts.warnings)} if parts.warnings else {**notes},
        )

    def _split(self, parts: DocumentParts, notes: Notes) -> dict[str, list[_Row]]:
        """Return the rows of train, valid and test, without rows that have no words, in the order of their hashes."""
        given = {"train": parts.train, "valid": parts.valid, "test": parts.test}
        rows = {part: self._rows(of_part) for part, of_part in given.items() if of_part is not None}
        notes["without_words_left_out"] = sum(len(of_part.texts) for of_part in given.values() if of_part) - sum(
            map(len, rows.values())
        )
        missing = [part for part in PARTS if part not in rows]
        if missing:
            whole = rows["train"]
            if parts.drop_rare and parts.train.groups is None:
                few = rare([row.text for row in whole], [row.label for row in whole], 1 + len(missing))
                whole = _without_classes({"train": whole}, few, "rare", notes)["train"]
            cut = _cut(whole, len(missing))
            for number, part in enumerate(["train", *missing]):
                rows[part] = [row for row, of_row in zip(whole, cut, strict=True) if of_row == number]
        return {part: rows[part] for part in PARTS}

    def _rows(self, given: Rows) -> list[_Row]:
        told = zip(given.texts, given.labels, given.groups or repeat(None, len(given.texts)), strict=True)
        rows = [_Row(text, label, words, group) for text, label, group in told if (words := self.words(text))]
        return sorted(rows, key=_place)

    def _vocab(self, train: Sequence[_Row]) -> Vocab:
        """Return `<unk>`, then words by frequency, ties in alphabetical order.

        The word `<eos>` is unknown, since it stands for line ends.
        """
        counts = Counter(chain.from_iterable(row.words[: self.longest] for row in train))
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        kept = [word for word in ranked if counts[word] >= self.min_count and word not in (UNK, EOS)]
        if not kept and not counts.keys() - {UNK, EOS}:
            raise DataError(f"the training part holds no word but {UNK}; give texts that still have their words")
        if not kept:
            raise DataError(
                f"min_count={self.min_count} leaves no word; the most frequent one occurs {max(counts.values())} times"
                "; give a smaller min_count or more texts"
            )
        return Vocab((UNK, *kept[: None if self.vocab_size is None else self.vocab_size - 1]))

    def _labelled(self, rows: Sequence[_Row], vocab: Vocab, classes: Sequence[str], groups: dict[str, int]) -> Labelled:
        words = [row.words[: self.longest] for row in rows]
        number = {label: i for i, label in enumerate(classes)}
        labels = np.array([number[row.label] for row in rows], dtype=np.int64)
        texts = Texts([vocab.encode(of_text) for of_text in words], words)
        if not groups:
            return Labelled(texts, labels)
        return Labelled(texts, labels, np.array([groups[row.group] for row in rows if row.group], dtype=np.int64))

    def _convention(self) -> str:
        units = "words between white space" if self.tokens == "whitespace" else "words and marks"
        return f"{'lower-case ' if self.lowercase else ''}{units}, the first {self.longest}"


class TokenisedDocuments(DocumentDataset):
    """Documents that are already tokenised: words are separated by white space, and case is kept."""

    tokens: Literal["whitespace", "words"] = Field(
        "whitespace", description=DocumentDataset.model_fields["tokens"].description
    )
    lowercase: bool = Field(False, description=DocumentDataset.model_fields["lowercase"].description)


def _place(row: _Row) -> bytes:
    told = (row.text, row.label) if row.group is None else (row.text, row.label, row.group)
    return hashlib.sha256("\0".join(told).encode("utf-8", "surrogatepass")).digest()


def _cut(rows: Sequence[_Row], parts: int) -> Ids:
    """Return the part of each row: 1..parts for a CUT of the rows each, 0 for the rest."""
    labels, groups = [row.label for row in rows], [row.group for row in rows if row.group is not None]
    if not groups:
        return assign([row.text for row in rows], labels, [1 - CUT * parts, *repeat(CUT, parts)])
    fold = group_folds(groups, labels, round(1 / CUT))
    return np.where(fold < parts, parts - fold, 0)


def _count_groups(rows: dict[str, list[_Row]]) -> Notes:
    """Return the number of groups of each part, and the shares of its most frequent classes."""
    notes: Notes = {}
    for part, of_part in rows.items():
        counts = Counter(row.label for row in of_part)
        shares = [f"{label} {number / len(of_part):.1%}" for label, number in counts.most_common(TOLD)]
        notes[f"groups_{part}"] = len({row.group for row in of_part})
        notes[f"classes_{part}"] = ", ".join([*shares, "…"] if len(counts) > TOLD else shares)
    return notes


def _words_of(rows: Iterable[_Row]) -> set[tuple[str, ...]]:
    return {tuple(row.words) for row in rows}


def _count_shared(rows: dict[str, list[_Row]]) -> Notes:
    """Count the distinct texts, compared as words, that two parts share."""
    distinct = {part: _words_of(of_part) for part, of_part in rows.items()}
    return {f"shared_{a}_{b}": len(distinct[a] & distinct[b]) for a, b in combinations(PARTS, 2)}


def _without_shared(rows: dict[str, list[_Row]], notes: Notes) -> dict[str, list[_Row]]:
    """Return the rows whose words differ from all rows of later parts; note how many were left out."""
    kept: dict[str, list[_Row]] = {}
    later: set[tuple[str, ...]] = set()
    for part in reversed(PARTS):
        kept[part] = [row for row in rows[part] if tuple(row.words) not in later]
        later |= _words_of(kept[part])
        notes[f"shared_left_out_{part}"] = len(rows[part]) - len(kept[part])
    del notes["shared_left_out_test"]
    return {part: kept[part] for part in PARTS}


def _without_classes(rows: dict[str, list[_Row]], classes: set[str], why: str, notes: Notes) -> dict[str, list[_Row]]:
    """Return the rows of other classes than these; note how many were left out, and of which classes."""
    kept = {part: [row for row in of_part if row.label not in classes] for part, of_part in rows.items()}
    if classes:
        notes[f"left_out_{why}"] = sum(map(len, rows.values())) - sum(map(len, kept.values()))
        notes[f"classes_{why}"] = ", ".join(sorted(classes))
    return kept


def _classes(rows: dict[str, list[_Row]]) -> tuple[str, ...]:
    """Return the classes of the training part, in alphabetical order.

    Raises:
        DataError: a part is empty, there is only one class, or a later part has a class that is not among them.
    """
    for part, of_part in rows.items():
        if not of_part:
            raise DataError(f"no document is left for the {part} part; give more texts")
    classes = sorted({row.label for row in rows["train"]})
    if len(classes) == 1:
        raise DataError(f"all training documents are of one class, {classes[0]!r}; there is nothing to tell apart")
    for part in PARTS[1:]:
        if strange := sorted({row.label for row in rows[part]} - set(classes)):
            raise DataError(
                f"the {part} part has the class {strange[0]!r}, which the training part lacks; "
                "correct the label, give training documents of that class, or leave it out (--rare drop)"
            )
    return tuple(classes)
