"""Users' own labelled documents: a table, or a folder with one subfolder per class."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError
from seqbench.datasets.documents.base import CUT, PARTS, DocumentDataset, DocumentParts, Notes, Rows
from seqbench.datasets.files import decode, encoding_note, encoding_of, read_bytes
from seqbench.datasets.series.stamps import Order, parse
from seqbench.datasets.splits import SPLITS, in_order, part_named
from seqbench.datasets.tables import SUFFIXES, TableOptions, shown
from seqbench.tasks.documents.model import Texts
from seqbench.tasks.language.vocab import Vocab

MOST_CLASSES, LONGEST_LABEL = 1000, 200
"""The most classes, and the most characters of a class's name; a column that exceeds them does not hold classes."""
NOT_A_NUMBER = ("NaN", "nan")
"""Cells of the column of classes that hold no class: what pandas and Python write for a missing value."""
NOTHING = frozenset({"na", "n/a", "<na>", "none", "null", "nil", "unknown", "?", "-"})
"""Names of classes, in lower case, that may mean that there is none; they stay classes, with a warning."""


class _Found(NamedTuple):
    """Documents; all have the same length."""

    texts: Sequence[str]
    labels: list[str]
    where: Callable[[int], str]
    """Returns the place of a document, given its number, for messages."""
    notes: Notes
    splits: Sequence[str] | None = None
    orders: Sequence[str] | None = None
    groups: Sequence[str] | None = None


class LabelledFile(TableOptions, DocumentDataset):
    """A table (CSV, TSV, JSONL, Parquet) with a column of texts and one of classes, or a folder of `.txt` files.

    Without a column of splits, documents are split 80/10/10 by a hash of their text, stratified, so that the split does
    not depend on their order or on a seed. Rows without text or class, and files outside the folders of classes, are
    left out and counted in the record.
    """

    name: ClassVar[str] = "file"

    path: Path = Field(description="the table, or the folder: class/*.txt, or train/class/*.txt and test/class/*.txt")
    text: str = Field("text", description="column of the text")
    label: str = Field("label", description="column of the class")
    split: str | None = Field(
        None, description="column that says train, valid or test; a missing valid is cut from train"
    )
    order: str | None = Field(
        None,
        description="column of a time or number; the latest tenth is for the test, the tenth before it for validation",
    )
    dates: Order | None = Field(
        None,
        description="whether dates such as 3/4/2024 of the order are day-first or month-first; None: as days above 12 "
        "show",
    )
    group: str | None = Field(
        None, description="column of a group, such as an author or a thread; no group is in two parts"
    )
    rare: Literal["refuse", "drop"] = Field(
        "refuse",
        description="what to do with a class of too few texts for each part, or that the training part lacks: refuse "
        "the data, or drop its documents",
    )

    @field_validator("order")
    @classmethod
    def _one_split(cls, order: str | None, info: ValidationInfo) -> str | None:
        if order is not None and info.data.get("split") is not None:
            raise ValueError("order and split both say which part a document is in; give one of them")
        return order

    @field_validator("group")
    @classmethod
    def _no_group_in_time(cls, group: str | None, info: ValidationInfo) -> str | None:
        if group is not None and info.data.get("order") is not None:
            raise ValueError("a group may lie in two parts of an order; give order or group, not both")
        return group

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        if path.is_dir():
            return 2 * int(next(path.glob("*/*.txt"), None) is not None)
        return 2 * int(bool(options & {"text", "label"}) and "value" not in options and path.suffix.lower() in SUFFIXES)

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path"})

    def title(self) -> str:
        return self.path.name

    def fingerprint(self) -> str:
        if not self._path.is_dir():
            return hashlib.sha256(read_bytes(self._path)).hexdigest()
        lines = [f"{file.relative_to(self._path)} {hashlib.sha256(_bytes(file)).hexdigest()}" for file in self._files()]
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    def parts(self) -> DocumentParts:
        found = self._folder() if self._path.is_dir() else self._table()
        labels = [label.strip() for label in found.labels]
        if trimmed := sum(a != b for a, b in zip(found.labels, labels, strict=True)):
            found.notes["labels_without_their_outer_spaces"] = trimmed
        self._check_labels(labels)
        kept = self._kept(found, labels)
        splits, groups = self._splits(found, kept), self._groups(found, kept)
        if splits is not None and groups is not None:
            self._check_apart(groups, splits, [found.where(i) for i in kept])

        def part(name: str) -> Rows | None:
            own = [j for j in range(len(kept)) if splits is None or splits[j] == name]
            texts, classes = ([told[kept[j]] for j in own] for told in (found.texts, labels))
            return Rows(texts, classes, None if groups is None else [groups[j] for j in own]) if own else None

        train, valid, test = (part(name) if splits is not None or name == "train" else None for name in PARTS)
        for name, rows in (("train", train), ("test", test)):
            if splits is not None and rows is None:
                raise DataError(
                    f"{self._path} has no document for the {name} part; {self._hint('--split', self.split)}"
                )
        warnings = _warnings({labels[i] for i in kept})
        return DocumentParts(train or Rows([], []), valid, test, found.notes, warnings, self.rare == "drop")

    def read(self, path: Path, encoding: dict[str, Any]) -> Texts:
        """Read a table with the same column of texts, in the vocabulary `encoding["symbols"]`; it needs no classes."""
        table = self.table(path, {self.text: "give the column of texts that name"})
        return self.encoded(table[self.text], Vocab(tuple(encoding["symbols"])), table.where)

    @property
    def _path(self) -> Path:
        return self.path.expanduser()

    def _table(self) -> _Found:
        names = ("text", "label", "split", "order", "group")
        options = {getattr(self, name): f"--{name}" for name in reversed(names) if getattr(self, name) is not None}
        wanted = {column: f"name the right one with {option} NAME" for column, option in options.items()}
        table = self.table(self._path, wanted)
        notes = table.notes | {"rows": len(table.places)}
        labels = ["" if label.strip() in NOT_A_NUMBER else label for label in table[self.label]]
        splits, orders, groups = (table[name] if name else None for name in (self.split, self.order, self.group))
        return _Found(table[self.text], labels, table.where, notes, splits, orders, groups)

    def _files(self) -> list[Path]:
        return sorted(file for file in self._path.rglob("*.txt") if file.is_file())

    def _folder(self) -> _Found:
        """Read a folder; leave out files outside the folders of classes, such as read-me files or IMDB's URL lists."""
        parted = (self._path / "train").is_dir() and (self._path / "test").is_dir()
        if self.order or self.group:
            raise DataError(f"{self._path} is a folder, which has no columns; leave out the options order and group")
        texts: list[str] = []
        splits: list[str] | None = [] if parted else None
        found = _Found(texts, [], lambda i: str(kept[i]), {"rows": 0}, splits)
        kept: list[Path] = []
        encodings: list[str] = []
        for file in self._files():
            place = file.relative_to(self._path).parts
            if len(place) != 2 + parted or (parted and place[0] not in SPLITS):
                _count(found.notes, "files_outside_classes_left_out")
                continue
            _count(found.notes, "rows")
            data = _bytes(file)
            kept.append(file)
            encodings.append(encoding_of(data, self.encoding))
            texts.append(decode(file, data, self.encoding, blank=True))
            found.labels.append(place[-2])
            if splits is not None:
                splits.append(place[0])
        if not found.texts:
            form = "train/CLASS/NAME.txt and test/CLASS/NAME.txt"
            raise DataError(
                f"{self._path} holds no .txt file in a folder of a class; lay them as "
                f"{form if parted else f'CLASS/NAME.txt, or {form}'}"
            )
        found.notes.update(encoding_note(encodings))
        return found

    def _kept(self, found: _Found, labels: Sequence[str]) -> list[int]:
        """Return the numbers of the documents that have a text and a class; note how many have not.

        Raises:
            DataError: more than half of the texts are empty.
        """
        kept = []
        for i, (text, label) in enumerate(zip(found.texts, labels, strict=True)):
            if not text.strip():
                _count(found.notes, "left_out_without_text")
            elif not label:
                _count(found.notes, "left_out_without_label")
            else:
                kept.append(i)
        if 2 * int(found.notes.get("left_out_without_text", 0)) > len(labels):
            raise DataError(
                f"{self._path}: more than half of the {len(labels):,} texts are empty; "
                f"{self._hint('--text', self.text)}"
            )
        if decomposed := sum(not unicodedata.is_normalized("NFC", found.texts[i]) for i in kept):
            found.notes["texts_not_in_nfc"] = decomposed
        return kept

    def _splits(self, found: _Found, kept: Sequence[int]) -> Sequence[str] | None:
        """Return the part of each document that is kept, as the file says or by time; None: by hash."""
        if found.splits is not None:
            return [part_named(found.splits[i], self.split or "", found.where(i)) for i in kept]
        if found.orders is None:
            return None
        times = parse([found.orders[i] for i in kept], lambda j: found.where(kept[j]), self.dates)
        try:
            parts = in_order(times.stamps, (1 - 2 * CUT, CUT, CUT))
        except DataError as error:
            raise DataError(f"{self._path}: {error}") from None
        found.notes["ordered_by"] = str(self.order)
        if times.read_as:
            found.notes["times_read_as"] = times.read_as
        for number, part in enumerate(PARTS):
            found.notes[f"{part}_begins_at"] = str(
                min(s for s, own in zip(times.stamps, parts, strict=True) if own == number)
            )
        return [PARTS[part] for part in parts]

    def _groups(self, found: _Found, kept: Sequence[int]) -> Sequence[str] | None:
        """Return the group of each document that is kept; None: there are no groups."""
        if found.groups is None:
            return None
        groups = [found.groups[i].strip() for i in kept]
        if "" in groups:
            where = found.where(kept[groups.index("")])
            raise DataError(f"{where}: the column {shown(str(self.group))} is empty; say of which group the text is")
        found.notes["grouped_by"] = str(self.group)
        return groups

    def _check_apart(self, groups: Sequence[str], splits: Sequence[str], where: Sequence[str]) -> None:
        """Raise DataError if the column of splits has a group in two parts."""
        first: dict[str, int] = {}
        for j, group in enumerate(groups):
            i = first.setdefault(group, j)
            if splits[i] != splits[j]:
                raise DataError(
                    f"{where[j]}: {shown(str(self.group))} {shown(group)} is in the {splits[j]} part here, but in the "
                    f"{splits[i]} part before ({where[i].rpartition(', ')[2]}); correct the column "
                    f"{shown(str(self.split))}, or leave out --split or --group"
                )

    def _hint(self, option: str, name: str | None) -> str:
        if name is None or self._path.is_dir():
            return "is it the right folder?"
        return f"is {shown(name)} the right column? Name another with {option} NAME"

    def _check_labels(self, labels: Sequence[str]) -> None:
        """Refuse columns that hold no classes.

        Raises:
            DataError: there is only one class, or there are too many, or their names are too long.
        """
        counts = Counter(label for label in labels if label)
        hint = self._hint("--label", self.label)
        if not counts:
            raise DataError(f"{self._path}: all {len(labels):,} labels are empty; {hint}")
        if len(counts) == 1:
            raise DataError(
                f"{self._path}: all documents are of one class, {shown(next(iter(counts)))}; "
                f"there is nothing to tell apart; {hint}"
            )
        if len(counts) > MOST_CLASSES or len(counts) == counts.total():
            raise DataError(f"{self._path}: {len(counts):,} classes in {len(labels):,} documents; {hint}")
        longest = max(counts, key=len)
        if len(longest) > LONGEST_LABEL:
            raise DataError(f"{self._path}: the class {shown(longest)} has {len(longest):,} characters; {hint}")


def _bytes(file: Path) -> bytes:
    """Return the bytes of a file that may be empty.

    Raises:
        DataError: it cannot be read.
    """
    return read_bytes(file) if file.stat().st_size else b""


def _count(notes: Notes, name: str) -> None:
    notes[name] = int(notes.get(name, 0)) + 1


def _warnings(classes: Iterable[str]) -> tuple[str, ...]:
    """Return warnings of classes that are probably one, and of names that may mean that there is no class."""
    alike: dict[str, list[str]] = {}
    for name in sorted(classes):
        alike.setdefault("".join(unicodedata.normalize("NFKC", name).casefold().split()), []).append(name)
    same = [
        f"the classes {', '.join(map(shown, names))} differ only in case, spaces or Unicode form, and count as "
        f"{len(names)} classes; give them one name if they are one"
        for names in alike.values()
        if len(names) > 1
    ]
    none = [
        f"{shown(name)} counts as a class; if it means that the class is not known, leave these cells empty"
        for names in alike.values()
        for name in names
        if name.lower() in NOTHING
    ]
    return (*same, *none)
