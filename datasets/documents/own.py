"""Users' own labelled documents: a table, or a folder with one subfolder per class."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.documents.base import DocumentDataset, DocumentParts, Notes, Rows
from seqbench.datasets.files import decode, encoding_note, encoding_of, read_bytes
from seqbench.datasets.tables import TableOptions, shown
from seqbench.tasks.documents.model import Texts
from seqbench.tasks.language.vocab import Vocab

SPLITS = {"train": "train", "valid": "valid", "validation": "valid", "val": "valid", "dev": "valid", "test": "test"}
MOST_CLASSES, LONGEST_LABEL = 1000, 200
"""The most classes, and the most characters of a class's name; a column that exceeds them does not hold classes."""
NOT_A_NUMBER = ("NaN", "nan")
"""Cells of the column of classes that hold no class: what pandas and Python write for a missing value."""
NOTHING = frozenset({"na", "n/a", "<na>", "none", "null", "nil", "unknown", "?", "-"})
"""Names of classes, in lower case, that may mean that there is none; they stay classes, with a warning."""


class _Found(NamedTuple):
    """Documents; all lists have the same length."""

    texts: list[str]
    labels: list[str]
    splits: list[str] | None
    where: Callable[[int], str]
    """Returns the place of a document, given its number, for messages."""
    notes: Notes


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
    rare: Literal["refuse", "drop"] = Field(
        "refuse",
        description="what to do with a class of too few texts for each part, or that the training part lacks: refuse "
        "the data, or drop its documents",
    )

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
        texts, found, splits, where, notes = self._folder() if self._path.is_dir() else self._table()
        labels = [label.strip() for label in found]
        self._check_labels(labels)
        if trimmed := sum(a != b for a, b in zip(found, labels, strict=True)):
            notes["labels_without_their_outer_spaces"] = trimmed
        kept = []
        for i, (text, label) in enumerate(zip(texts, labels, strict=True)):
            if not text.strip():
                _count(notes, "left_out_without_text")
            elif not label:
                _count(notes, "left_out_without_label")
            else:
                kept.append(i)
        if decomposed := sum(not unicodedata.is_normalized("NFC", texts[i]) for i in kept):
            notes["texts_not_in_nfc"] = decomposed
        if 2 * int(notes.get("left_out_without_text", 0)) > len(texts):
            raise DataError(
                f"{self._path}: more than half of the {len(texts):,} texts are empty; {self._hint('--text', self.text)}"
            )

        def part(name: str) -> Rows | None:
            rows = [i for i in kept if splits is None or self._split_of(splits[i], where(i)) == name]
            return Rows([texts[i] for i in rows], [labels[i] for i in rows]) if rows else None

        train = part("train")
        drop_rare, warnings = self.rare == "drop", _warnings({labels[i] for i in kept})
        if splits is None:
            return DocumentParts(train or Rows([], []), notes=notes, warnings=warnings, drop_rare=drop_rare)
        valid, test = part("valid"), part("test")
        if train is None or test is None:
            name = "train" if train is None else "test"
            raise DataError(f"{self._path} has no document for the {name} part; {self._hint('--split', self.split)}")
        return DocumentParts(train, valid, test, notes, warnings, drop_rare)

    def read(self, path: Path, encoding: dict[str, Any]) -> Texts:
        """Read a table with the same column of texts, in the vocabulary `encoding["symbols"]`; it needs no classes."""
        table = self.table(path, {self.text: "give the column of texts that name"})
        try:
            return self.encoded(table[self.text], Vocab(tuple(encoding["symbols"])))
        except DataError as error:
            raise DataError(f"{path}: {error}") from None

    @property
    def _path(self) -> Path:
        return self.path.expanduser()

    def _table(self) -> _Found:
        options = {self.text: "--text", self.label: "--label"} | ({self.split: "--split"} if self.split else {})
        wanted = {name: f"name the right one with {option} NAME" for name, option in options.items()}
        table = self.table(self._path, wanted)
        splits = table[self.split] if self.split else None
        notes = table.notes | {"rows": len(table.places)}
        labels = ["" if label.strip() in NOT_A_NUMBER else label for label in table[self.label]]
        return _Found(table[self.text], labels, splits, table.where, notes)

    def _files(self) -> list[Path]:
        return sorted(file for file in self._path.rglob("*.txt") if file.is_file())

    def _folder(self) -> _Found:
        """Read a folder; leave out files outside the folders of classes, such as read-me files or IMDB's URL lists."""
        parted = (self._path / "train").is_dir() and (self._path / "test").is_dir()
        found = _Found([], [], [] if parted else None, lambda i: str(kept[i]), {"rows": 0})
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
            found.texts.append(decode(file, data, self.encoding, blank=True))
            found.labels.append(place[-2])
            if found.splits is not None:
                found.splits.append(place[0])
        if not found.texts:
            form = "train/CLASS/NAME.txt and test/CLASS/NAME.txt"
            raise DataError(
                f"{self._path} holds no .txt file in a folder of a class; lay them as "
                f"{form if parted else f'CLASS/NAME.txt, or {form}'}"
            )
        found.notes.update(encoding_note(encodings))
        return found

    def _split_of(self, said: str, where: str) -> str:
        found = SPLITS.get(said.strip().lower())
        if found is None:
            raise DataError(
                f"{where}: the column {shown(self.split or '')} says {shown(said)}; it may say: {', '.join(SPLITS)}"
            )
        return found

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
