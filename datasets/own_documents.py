"""Your own labelled documents: a table, or a folder with one subfolder a class."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.documents import DocumentDataset, DocumentParts, Notes, Rows
from seqbench.datasets.files import read_bytes
from seqbench.datasets.tables import Columns, column, read_table, read_text
from seqbench.interface import Texts
from seqbench.vocab import Vocab

SPLITS = {"train": "train", "valid": "valid", "validation": "valid", "val": "valid", "dev": "valid", "test": "test"}
MOST_CLASSES = 1000


class LabelledFile(DocumentDataset):
    """A table (CSV, TSV, JSONL, Parquet) with a column of text and one of classes, or a folder of `.txt` files.

    Without a column of splits, documents are split 80/10/10 by hash of their text, stratified, so that neither their
    order nor a seed changes a split. Rows without text or class are left out and counted in the record.
    """

    name: ClassVar[str] = "file"

    path: Path = Field(description="the table, or the folder: class/*.txt, or train/class/*.txt and test/class/*.txt")
    text: str = Field("text", description="column of the text")
    label: str = Field("label", description="column of the class")
    split: str | None = Field(None, description="column that says train, valid or test; a missing valid is cut off")
    encoding: str = Field("utf-8", description="of the file's characters, such as cp1252")

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path"})

    def title(self) -> str:
        return self.path.name

    def fingerprint(self) -> str:
        if not self._path.is_dir():
            return hashlib.sha256(read_bytes(self._path)).hexdigest()
        lines = [f"{f.relative_to(self._path)} {hashlib.sha256(f.read_bytes()).hexdigest()}" for f in self._files()]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def parts(self) -> DocumentParts:
        columns = self._folder() if self._path.is_dir() else self._table()
        texts = column(self._path, columns, self.text, "--text")
        labels = column(self._path, columns, self.label, "--label")
        split = ("split" if "split" in columns else None) if self._path.is_dir() else self.split
        splits = column(self._path, columns, split, "--split") if split else []
        _check_labels(self._path, self.label, texts, labels)
        notes: Notes = {"rows": len(texts)}
        kept = []
        for i, (text, label) in enumerate(zip(texts, labels, strict=True)):
            if not text.strip():
                _count(notes, "left_out_without_text")
            elif not label.strip():
                _count(notes, "left_out_without_label")
            else:
                kept.append(i)
        if 2 * int(notes.get("left_out_without_text", 0)) > len(texts):
            raise DataError(
                f"{self._path}: the column {self.text!r} is empty in more than half of the {len(texts):,} rows; "
                "is it the right one? Name another with --text NAME"
            )

        def part(name: str) -> Rows | None:
            rows = [i for i in kept if not split or self._split_of(split, splits[i], i) == name]
            return Rows([texts[i] for i in rows], [labels[i].strip() for i in rows]) if rows else None

        if not split:
            return DocumentParts(part("train") or Rows([], []), notes=notes)
        train, valid, test = part("train"), part("valid"), part("test")
        for name, found in (("train", train), ("test", test)):
            if found is None:
                raise DataError(f"{self._path}: no row of the column {split!r} says {name!r}")
        assert train is not None
        return DocumentParts(train, valid, test, notes)

    def read(self, path: Path, encoding: dict[str, Any]) -> Texts:
        """A table with the same column of text, in the vocabulary `encoding["symbols"]`; classes are not needed."""
        texts = column(path, read_table(path, self.encoding), self.text, "--text")
        try:
            return self.encoded(texts, Vocab(tuple(encoding["symbols"])))
        except DataError as error:
            raise DataError(f"{path}: {error}") from None

    @property
    def _path(self) -> Path:
        return self.path.expanduser()

    def _table(self) -> Columns:
        return read_table(self._path, self.encoding)

    def _files(self) -> list[Path]:
        return sorted(file for file in self._path.rglob("*.txt") if file.is_file())

    def _folder(self) -> Columns:
        """The columns of text and class, and where the folder has train/ and test/, `split`.

        Files that lie in no folder of a class, as read-me files do, have no class and are left out.
        """
        parted = (self._path / "train").is_dir() and (self._path / "test").is_dir()
        texts, labels, splits = [], [], []
        for file in self._files():
            place = file.relative_to(self._path).parts
            texts.append(read_text(file, self.encoding) if file.read_bytes().strip() else "")
            labels.append(place[-2] if len(place) == (3 if parted else 2) else "")
            splits.append(place[0] if parted and place[0] in SPLITS else "train")
        if not any(labels):
            form = "train/CLASS/NAME.txt and test/CLASS/NAME.txt" if parted else "CLASS/NAME.txt"
            raise DataError(f"{self._path} holds no .txt file in a folder of a class; lay them as {form}")
        found = {self.text: texts, self.label: labels}
        return {**found, "split": splits} if parted else found

    def _split_of(self, split: str, said: str, row: int) -> str:
        found = SPLITS.get(said.strip().lower())
        if found is None:
            raise DataError(
                f"{self._path}, row {row + 1}: the column {self.split!r} says {said!r}; it may say: {', '.join(SPLITS)}"
            )
        return found


def _check_labels(path: Path, name: str, texts: Sequence[str], labels: Sequence[str]) -> None:
    """Refuse a column that holds no classes.

    Raises:
        DataError: there is one class only, or so many that they are none.
    """
    counts = Counter(label.strip() for label in labels if label.strip())
    if not counts:
        raise DataError(f"{path}: the column {name!r} is empty; is it the right one? Name another with --label NAME")
    if len(counts) == 1:
        raise DataError(
            f"{path}: all rows are of one class, {next(iter(counts))!r}, by the column {name!r}; "
            "there is nothing to tell apart"
        )
    if len(counts) > MOST_CLASSES or (len(texts) > 9 and len(counts) == len(texts)):
        raise DataError(
            f"{path}: the column {name!r} holds {len(counts):,} classes in {len(texts):,} rows; is it the right one? "
            "Name another with --label NAME"
        )


def _count(notes: Notes, name: str) -> None:
    notes[name] = int(notes.get(name, 0)) + 1
