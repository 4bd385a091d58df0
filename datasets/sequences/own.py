"""Users' own sequences: a table in the long format, one row per step, with a target or a class per sequence."""

import hashlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Generic, cast

import numpy as np
from pydantic import Field

from seqbench.data import DataError, Dataset, shown
from seqbench.datasets.files import read_bytes
from seqbench.datasets.series.numerals import Decimal, numbers
from seqbench.datasets.series.stamps import Order, parse
from seqbench.datasets.splits import assign
from seqbench.datasets.tables.reading import TableOptions
from seqbench.datasets.tables.table import Table
from seqbench.interface import Floats, Ids
from seqbench.tasks.sequences.data import NewSequences, SequenceData
from seqbench.tasks.sequences.model import LabelledSequences, Part, TargetedSequences

PARTS = ("train", "valid", "test")
SHARES = (0.8, 0.1, 0.1)


@dataclass(frozen=True)
class Steps:
    """The sequences of a table."""

    table: Table
    names: Sequence[str]
    """Of the N sequences, in order of first appearance."""
    rows: Sequence[Ids]
    """The rows of the table that belong to each sequence, in the order of their time."""
    values: Sequence[Floats]
    """Each (T_i, D)."""
    columns: tuple[str, ...]
    reading: dict[str, Any]
    """Options with which new files are read as this one."""

    def single(self, column: str) -> list[str]:
        """Return the cell of each sequence in a column that is the same in all its rows.

        Raises:
            DataError: a cell is empty, or differs from one before it in the same sequence.
        """
        cells, found = self.table[column], []
        for name, rows in zip(self.names, self.rows, strict=True):
            first = int(rows.min())
            for row in np.sort(rows):
                if not cells[row].strip():
                    raise DataError(f"{self.table.where(row)}: the column {shown(column)} is empty; fill it in")
                if cells[row].strip() != cells[first].strip():
                    raise DataError(
                        f"{self.table.where(row)}: sequence {shown(name)} has {shown(cells[row])} in the column "
                        f"{shown(column)} here, but {shown(cells[first])} in {self.table.unit} "
                        f"{self.table.places[first]}; a sequence has one value there"
                    )
            found.append(cells[first].strip())
        return found


class SequenceFile(TableOptions, Dataset[SequenceData[Part]], Generic[Part]):
    """A table (CSV, TSV, JSONL, Parquet): one row per step, with what is to be predicted in every row of a sequence.

    Without a column of splits, sequences are split 80/10/10 by a hash of their names, so that the split depends on
    neither their order nor a seed.
    """

    path: Path = Field(description="the table")
    id: str = Field(description="column that names the sequence of each row")
    time: str | None = Field(
        None, description="column of times or numbers that order the steps of a sequence; None: the order of the rows"
    )
    value: str | None = Field(
        None, description="columns of the values, separated by commas; None: all columns that no other option names"
    )
    split: str | None = Field(None, description="column that says train, valid or test, one word for a sequence")
    dates: Order | None = Field(
        None, description="whether dates such as 3/4/2024 are day-first or month-first; None: as days above 12 show"
    )
    decimal: Decimal | None = Field(
        None, description="the mark before decimals, comma or point; None: as the values show"
    )

    @property
    @abstractmethod
    def asked(self) -> dict[str, str]:
        """The columns of what is to be predicted, and what to do if a column is missing."""

    @abstractmethod
    def labelled(self, steps: Steps) -> tuple[Part, tuple[str, ...], Sequence[str]]:
        """Return all sequences with what is to be predicted; the names of targets or classes; and a class for each
        sequence, whose shares are the same in all parts."""

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path"})

    def fingerprint(self) -> str:
        return hashlib.sha256(read_bytes(self.path.expanduser())).hexdigest()

    def load(self) -> SequenceData[Part]:
        steps = self._read(self.path.expanduser(), self.asked | self._of_split)
        if len(steps.names) < len(PARTS):
            raise DataError(
                f"{self.path}: {len(steps.names)} sequence{'s' if len(steps.names) > 1 else ''}, fewer than the "
                f"{len(PARTS)} parts of the split; is {shown(self.id)} the right column? Name another with --id NAME"
            )
        whole, names, classes = self.labelled(steps)
        parts = self._parts(steps, classes)
        train, valid, test = (cast(Part, whole.take(np.flatnonzero(parts == number))) for number in range(len(PARTS)))
        lengths = [len(values) for values in steps.values]
        notes: dict[str, Any] = dict(steps.table.notes)
        notes |= {"sequences": len(lengths), "shortest": min(lengths), "longest": max(lengths)}
        return SequenceData(
            name=self.path.name,
            columns=steps.columns,
            names=names,
            train=train,
            valid=valid,
            test=test,
            convention=f"{', '.join(self.asked)} from {', '.join(steps.columns)}"
            + ("" if self.split is None else f", parts by {self.split}"),
            notes=notes,
            reading=steps.reading,
        )

    def read(self, path: Path, encoding: dict[str, Any]) -> NewSequences:
        """Read a table with the same columns of values; it needs no targets or classes.

        Args:
            encoding: `columns` of the values, and `reading`, the options with which the training data was read.
        """
        steps = self.model_copy(update=encoding["reading"])._read(path, {}, encoding["columns"])
        return NewSequences(steps.values, steps.names)

    @property
    def _of_split(self) -> dict[str, str]:
        return {} if self.split is None else {self.split: "name the column of the parts with --split NAME"}

    def _read(self, path: Path, others: Mapping[str, str], columns: Sequence[str] = ()) -> Steps:
        """Read the sequences of a table.

        Args:
            others: further columns that are wanted, as `TableOptions.table` takes them.
            columns: of the values; empty: as the options say.
        """
        wanted = {self.id: "name the column of the sequences with --id NAME"}
        if self.time is not None:
            wanted[self.time] = "name the column of the times with --time NAME"
        wanted |= others
        named = columns or self._named(path, wanted)
        table = self.table(path, wanted | dict.fromkeys(named, "name the columns of the values with --value A,B"))
        found = numbers({name: table[name] for name in named}, table.where, self.decimal)
        steps: Floats = np.array([found.columns[name] for name in named], dtype=np.float64).T
        for row, column in np.argwhere(np.isnan(steps))[:1]:
            where = table.where(int(row))
            raise DataError(f"{where}: the column {shown(named[column])} holds no value; fill it in, or remove the row")
        reading: dict[str, Any] = {} if found.decimal is None else {"decimal": found.decimal}
        rows: dict[str, list[int]] = {}
        for row, name in enumerate(table[self.id]):
            if not name.strip():
                raise DataError(
                    f"{table.where(row)}: the column {shown(self.id)} is empty; say which sequence it is of"
                )
            rows.setdefault(name.strip(), []).append(row)
        ordered = self._in_time(table, rows, reading)
        return Steps(table, list(rows), ordered, [steps[own] for own in ordered], tuple(named), reading)

    def _named(self, path: Path, wanted: Mapping[str, str]) -> Sequence[str]:
        """Return the names of the columns of values."""
        named = [name.strip() for name in (self.value or "").split(",") if name.strip()]
        named = named or [name for name in self.table(path, wanted).header if name not in wanted]
        if not named:
            raise DataError(f"{path} has no column of values beside {', '.join(map(shown, wanted))}; add one")
        for name in named:
            if name in wanted:
                raise DataError(f"{path}: the column {shown(name)} cannot be a value too; name others with --value A,B")
        return named

    def _in_time(self, table: Table, rows: Mapping[str, list[int]], reading: dict[str, Any]) -> list[Ids]:
        """Return the rows of each sequence in the order of their times; note in `reading` how dates were read."""
        if self.time is None:
            return [np.array(own, dtype=np.int64) for own in rows.values()]
        times = parse(table[self.time], table.where, self.dates)
        if times.order:
            reading["dates"] = times.order
        ordered = []
        for name, own in rows.items():
            own = sorted(own, key=lambda row: times.stamps[row])
            for one, two in pairwise(own):
                if times.stamps[one] == times.stamps[two]:
                    raise DataError(
                        f"{table.where(two)}: sequence {shown(name)} has the time {shown(table[self.time][two])} "
                        f"twice, first in {table.unit} {table.places[one]}; keep one of the rows"
                    )
            ordered.append(np.array(own, dtype=np.int64))
        return ordered

    def _parts(self, steps: Steps, classes: Sequence[str]) -> Ids:
        """Return the number of the part of each sequence, (N,)."""
        if self.split is None:
            return assign(steps.names, classes, SHARES)
        said = steps.single(self.split)
        for name, part in zip(steps.names, said, strict=True):
            if part not in PARTS:
                raise DataError(
                    f"{self.path}: the column {shown(self.split)} says {shown(part)} of sequence {shown(name)}; it may "
                    f"say: {', '.join(PARTS)}"
                )
        for part in PARTS:
            if part not in said:
                raise DataError(
                    f"{self.path} has no sequence for the {part} part; correct the column {shown(self.split)}"
                )
        return np.array([PARTS.index(part) for part in said], dtype=np.int64)


class TargetFile(SequenceFile[TargetedSequences]):
    """Sequences with one number or several to predict."""

    task: ClassVar[str] = "regress"

    target: str = Field(description="columns of the targets, separated by commas; each is the same in a whole sequence")

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        return 2 * int({"value", "target"} <= options)

    @property
    def asked(self) -> dict[str, str]:
        names = [name.strip() for name in self.target.split(",") if name.strip()]
        return dict.fromkeys(names, "name the columns of the targets with --target A,B")

    def labelled(self, steps: Steps) -> tuple[TargetedSequences, tuple[str, ...], Sequence[str]]:
        names = list(self.asked)
        first = [int(rows.min()) for rows in steps.rows]
        cells = {name: steps.single(name) for name in names}
        found = numbers(cells, lambda i: steps.table.where(first[i]), self.decimal).columns
        targets: Floats = np.array([found[name] for name in names], dtype=np.float64).T
        for i, k in np.argwhere(np.isnan(targets))[:1]:
            raise DataError(
                f"{steps.table.where(first[i])}: sequence {shown(steps.names[i])} has no target {shown(names[k])}; "
                "fill it in, or remove the sequence"
            )
        for name, column in zip(names, targets.T, strict=True):
            if (column == column[0]).all():
                raise DataError(
                    f"{self.path}: the target {shown(name)} is {column[0]:g} in all sequences; name another"
                )
        return TargetedSequences(steps.values, targets), tuple(names), [""] * len(targets)


class ClassFile(SequenceFile[LabelledSequences]):
    """Sequences that belong to one class each; the classes have the same shares in all parts."""

    task: ClassVar[str] = "recognise"

    label: str = Field(description="column of the class, which is the same in a whole sequence")

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        return 2 * int({"value", "label"} <= options)

    @property
    def asked(self) -> dict[str, str]:
        return {self.label: "name the column of the classes with --label NAME"}

    def labelled(self, steps: Steps) -> tuple[LabelledSequences, tuple[str, ...], Sequence[str]]:
        labels = steps.single(self.label)
        classes = tuple(sorted(set(labels)))
        if len(classes) == 1:
            raise DataError(
                f"{self.path}: all sequences are of the class {shown(classes[0])}, so there is nothing to tell apart; "
                f"is {shown(self.label)} the right column? Name another with --label NAME"
            )
        if self.split is None:
            for name in classes:
                if (count := labels.count(name)) < len(PARTS):
                    raise DataError(
                        f"{self.path}: the class {shown(name)} has {count} sequence{'s' if count > 1 else ''}, fewer "
                        f"than the {len(PARTS)} parts of the split; add some, or remove the class"
                    )
        numbered = np.array([classes.index(label) for label in labels], dtype=np.int64)
        return LabelledSequences(steps.values, numbered), classes, labels
