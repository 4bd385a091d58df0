"""Users' own labelled documents: a table, or a folder with one subfolder per class."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import compress
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError, shown
from seqbench.datasets.documents.base import CUT, PARTS, DocumentDataset, Gathered, Notes
from seqbench.datasets.documents.collection import Collection
from seqbench.datasets.documents.kept import Found, Kept, Source
from seqbench.datasets.files import decode, encoding_note, encoding_of, read_bytes, sha256_of
from seqbench.datasets.series.stamps import Order, parse
from seqbench.datasets.splits import SPLITS, in_order, part_named
from seqbench.datasets.tables.reading import SUFFIXES, TableOptions
from seqbench.tasks.documents.model import Texts
from seqbench.tasks.language.vocab import Vocab

MOST_CLASSES, LONGEST_LABEL = 1000, 200
"""The most classes, and the most characters of a class's name; a column that exceeds them does not hold classes."""
NOT_A_NUMBER = ("NaN", "nan")
"""Cells of the column of classes that hold no class: what pandas and Python write for a missing value."""
NOTHING = frozenset({"na", "n/a", "<na>", "none", "null", "nil", "unknown", "?", "-"})
"""Names of classes, in lower case, that may mean that there is none; they stay classes, with a warning."""


FILES = 1 << 8
"""The files of a folder that are read at once."""


class LabelledFile(TableOptions, DocumentDataset):
    """A table (CSV, TSV, JSONL, Parquet) with a column of texts and one of classes, or a folder of `.txt` files.

    Without a column of splits, documents are split 80/10/10 by a hash of their text, stratified, so that the split does
    not depend on their order or on a seed. Rows without text or class, and files outside the folders of classes, are
    left out and counted in the record.
    """

    name: ClassVar[str] = "file"

    path: Path = Field(
        description="the table, or the folder: class/*.txt, or train/class/*.txt and test/class/*.txt; the training "
        "part if `test` is given"
    )
    valid: Path | None = Field(None, description="table or folder of the validation part; None: it is cut from train")
    test: Path | None = Field(None, description="table or folder of the test part; None: it is a part of `path`")
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

    @field_validator("split", "order")
    @classmethod
    def _no_files(cls, column: str | None, info: ValidationInfo) -> str | None:
        if column is not None and (info.data.get("valid") or info.data.get("test")):
            raise ValueError(
                f"{info.field_name} says which part a document is in, as the files valid and test do; leave one out"
            )
        return column

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
        return self.model_dump(mode="json", exclude={"path", "valid", "test"})

    def title(self) -> str:
        return self.path.name

    def fingerprint(self) -> str:
        digests = [_fingerprint(path) for path in self._paths().values()]
        return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()

    def gather(self, collection: Collection) -> Gathered:
        paths = self._paths()
        self._check_different(paths)
        kept = Kept(collection)
        for part, path in paths.items():
            labels = kept.read(self._folder(path) if path.is_dir() else self._table(path))
            if part == PARTS[0]:
                self._check_labels(labels)
        parts, given = self._parts(kept, paths)
        if self.group is not None:
            self._check_groups(kept, parts, len(given) > 1)
        for number, part in enumerate(PARTS):
            if part in given and not (parts == number).any():
                hint = self._hint("--split", self.split) if len(paths) == 1 else "is it the right file?"
                raise DataError(f"{paths.get(part, self._path)} has no document for the {part} part; {hint}")
        return Gathered(parts, given, kept.notes, _warnings(kept.classes), self.rare == "drop")

    def read(self, path: Path, encoding: dict[str, Any]) -> Texts:
        """Read a table with the same column of texts, in the vocabulary `encoding["symbols"]`; it needs no classes."""
        table = self.table(path, {self.text: "give the column of texts that name"})
        return self.encoded(table[self.text], Vocab(tuple(encoding["symbols"])), table.where)

    @property
    def _path(self) -> Path:
        return self.path.expanduser()

    def _paths(self) -> dict[str, Path]:
        """Return the file or folder of each part that has one; the training part is also cut into the others."""
        named = zip(PARTS, (self.path, self.valid, self.test), strict=True)
        return {part: path.expanduser() for part, path in named if path is not None}

    def _check_different(self, paths: Mapping[str, Path]) -> None:
        """Raise DataError if two parts are the same."""
        met: dict[str, Path] = {}
        for path in paths.values() if len(paths) > 1 else ():
            digest = _fingerprint(path)
            if digest in met:
                raise DataError(
                    f"{path} and {met[digest]} hold the same; give different files, since a model must not be tested "
                    "on its training documents"
                )
            met[digest] = path

    def _table(self, path: Path) -> Source:
        columns = {name: getattr(self, name) for name in ("text", "label", "split", "order", "group")}
        options = {column: f"--{name}" for name, column in reversed(columns.items()) if column is not None}
        wanted = {column: f"name the right one with {option} NAME" for column, option in options.items()}
        reading = self.pieces(path, wanted)

        def found() -> Iterator[Found]:
            for piece in reading.pieces():
                labels = ["" if label.strip() in NOT_A_NUMBER else label for label in piece.columns[self.label]]
                others = (piece.columns[name] if name else None for name in (self.split, self.order, self.group))
                yield Found(piece.columns[self.text], labels, piece.places, *others)

        hint = self._hint("--text", self.text)
        return Source(path, hint, found(), lambda place: f"{path}, {reading.unit} {place}", reading.notes)

    def _folder(self, path: Path) -> Source:
        """Read a folder; leave out files outside the folders of classes, such as read-me files or IMDB's URL lists."""
        parted = (path / "train").is_dir() and (path / "test").is_dir()
        if self.order or self.group:
            raise DataError(f"{path} is a folder, which has no columns; leave out the options order and group")
        if parted and len(self._paths()) > 1:
            raise DataError(f"{path} has the folders train and test; leave out the options valid and test")
        files: list[Path] = []
        notes: Notes = {}
        outside = 0
        for file in _files(path):
            place = file.relative_to(path).parts
            if len(place) == 2 + parted and (not parted or place[0] in SPLITS):
                files.append(file)
            else:
                outside += 1
        if outside:
            notes["files_outside_classes_left_out"] = outside

        def found() -> Iterator[Found]:
            encodings: list[str] = []
            for start in range(0, len(files), FILES):
                own = files[start : start + FILES]
                texts = []
                for file in own:
                    data = _bytes(file)
                    encodings.append(encoding_of(data, self.encoding))
                    texts.append(decode(file, data, self.encoding, blank=True))
                places = [file.relative_to(path).parts for file in own]
                splits = [place[0] for place in places] if parted else None
                yield Found(texts, [place[-2] for place in places], range(start, start + len(own)), splits)
            if not files:
                form = "train/CLASS/NAME.txt and test/CLASS/NAME.txt"
                raise DataError(
                    f"{path} holds no .txt file in a folder of a class; lay them as "
                    f"{form if parted else f'CLASS/NAME.txt, or {form}'}"
                )
            notes.update(encoding_note(encodings))

        return Source(path, "is it the right folder?", found(), lambda i: str(files[i]), notes)

    def _parts(self, kept: Kept, paths: Mapping[str, Path]) -> tuple[NDArray[np.int8], frozenset[str]]:
        """Return the part of each document, as the file says or by time, and the parts that are not to be cut."""
        if len(paths) > 1:
            numbers = [PARTS.index(part) for part in paths]
            return np.repeat(np.array(numbers, dtype=np.int8), np.diff(kept.ends, prepend=0)), frozenset(paths)
        if self.order is not None:
            return self._by_order(kept), frozenset(PARTS)
        if said := kept.splits.distinct:
            names = [SPLITS.get(each.strip().lower()) for each in said]
            parts = np.array([-1 if name is None else PARTS.index(name) for name in names], dtype=np.int8)
            found = parts[kept.splits.numbers()]
            if -1 in parts:
                row = int((found == -1).argmax())
                part_named(said[kept.splits.numbers()[row]], self.split or "", kept.where(row))
            return found, frozenset(PARTS) if "valid" in names else frozenset({"train", "test"})
        return np.zeros(len(kept), dtype=np.int8), frozenset({"train"})

    def _by_order(self, kept: Kept) -> NDArray[np.int8]:
        times = parse(kept.orders, kept.where, self.dates)
        try:
            parts = in_order(times.stamps, (1 - 2 * CUT, CUT, CUT))
        except DataError as error:
            raise DataError(f"{self._path}: {error}") from None
        kept.notes["ordered_by"] = str(self.order)
        if times.read_as:
            kept.notes["times_read_as"] = times.read_as
        for number, part in enumerate(PARTS):
            kept.notes[f"{part}_begins_at"] = str(min(compress(times.stamps, parts == number)))
        return parts.astype(np.int8)

    def _check_groups(self, kept: Kept, parts: NDArray[np.int8], apart: bool) -> None:
        """Raise DataError if a group is empty, or in two parts that are given (`apart`)."""
        names, groups = kept.groups.distinct, kept.groups.numbers()
        if "" in names:
            where = kept.where(int((groups == names.index("")).argmax()))
            raise DataError(f"{where}: the column {shown(str(self.group))} is empty; say of which group the text is")
        kept.notes["grouped_by"] = str(self.group)
        if not apart:
            return
        first = np.unique(groups, return_index=True)[1][groups]
        strange = parts != parts[first]
        if strange.any():
            j = int(strange.argmax())
            i = int(first[j])
            before, cure = kept.where(i), "remove it from one of the files, or leave out --group"
            if self.split is not None:
                before = before.rpartition(", ")[2]
                cure = f"correct the column {shown(self.split)}, or leave out --split or --group"
            raise DataError(
                f"{kept.where(j)}: {shown(str(self.group))} {shown(names[groups[j]])} is in the {PARTS[parts[j]]} part "
                f"here, but in the {PARTS[parts[i]]} part before ({before}); {cure}"
            )

    def _hint(self, option: str, name: str | None) -> str:
        if name is None or self._path.is_dir():
            return "is it the right folder?"
        return f"is {shown(name)} the right column? Name another with {option} NAME"

    def _check_labels(self, labels: Counter[str]) -> None:
        """Refuse columns that hold no classes.

        Raises:
            DataError: there is only one class, or there are too many, or their names are too long.
        """
        counts, documents = Counter({label: number for label, number in labels.items() if label}), labels.total()
        hint = self._hint("--label", self.label)
        if not counts:
            raise DataError(f"{self._path}: all {documents:,} labels are empty; {hint}")
        if len(counts) == 1:
            raise DataError(
                f"{self._path}: all documents are of one class, {shown(next(iter(counts)))}; "
                f"there is nothing to tell apart; {hint}"
            )
        if len(counts) > MOST_CLASSES or len(counts) == counts.total():
            raise DataError(f"{self._path}: {len(counts):,} classes in {documents:,} documents; {hint}")
        longest = max(counts, key=len)
        if len(longest) > LONGEST_LABEL:
            raise DataError(f"{self._path}: the class {shown(longest)} has {len(longest):,} characters; {hint}")


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*.txt") if file.is_file())


def _fingerprint(path: Path) -> str:
    if not path.is_dir():
        return sha256_of(path)
    lines = [f"{file.relative_to(path)} {hashlib.sha256(_bytes(file)).hexdigest()}" for file in _files(path)]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _bytes(file: Path) -> bytes:
    """Return the bytes of a file that may be empty.

    Raises:
        DataError: it cannot be read.
    """
    return read_bytes(file) if file.stat().st_size else b""


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
