"""Users' own pairs of sentences: a table with a column of sources and one of targets, or two files line by line."""

import hashlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from seqbench.data import DataError, shown
from seqbench.datasets.files import decode, encoding_note, encoding_of, read_bytes
from seqbench.datasets.pairs.base import PARTS, Lines, PairDataset, PairParts
from seqbench.datasets.pairs.sentences import lines
from seqbench.datasets.splits import part_named
from seqbench.datasets.tables.reading import SUFFIXES, TableOptions
from seqbench.tasks.translations.data import NewSources


class PairFile(TableOptions, PairDataset):
    """A table (CSV, TSV, JSONL, Parquet) with a column of sources and one of targets; or two files of text, whose lines
    belong together.

    Without a column of splits, pairs are split 80/10/10 by a hash of their source, so that the split depends on neither
    their order nor a seed, and equal sources are in one part.
    """

    name: ClassVar[str] = "file"

    path: Path = Field(description="the table; or, with `targets`, the file of the sources, one per line")
    source: str = Field("source", description="column of the source")
    target: str = Field("target", description="column of the target")
    split: str | None = Field(
        None, description="column that says train, valid or test; a missing valid or test is cut from train"
    )
    targets: Path | None = Field(None, description="the file of the targets, one per line; None: path is a table")

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        return 2 * int("targets" in options or {"source", "target"} <= options)

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path", "targets"}) | {"two_files": self.targets is not None}

    def fingerprint(self) -> str:
        files = [self.path] if self.targets is None else [self.path, self.targets]
        each = [hashlib.sha256(read_bytes(file.expanduser())).hexdigest() for file in files]
        return each[0] if len(each) == 1 else hashlib.sha256("".join(each).encode()).hexdigest()

    def title(self) -> str:
        return self.path.name

    def parts(self) -> PairParts:
        return self._table() if self.targets is None else self._two_files(self.targets.expanduser())

    def read(self, path: Path, encoding: dict[str, Any]) -> NewSources:
        """Read new sources from a table with the same column of sources; or line by line, as the training data was."""
        if self.targets is not None:
            found, _ = self._lines(path)
            return self.encoded(found, lambda i: f"{path}, line {i + 1}")
        table = self.table(path, {self.source: "give the column of sources that name"})
        return self.encoded(table[self.source], table.where)

    def _table(self) -> PairParts:
        path = self.path.expanduser()
        if path.is_file() and path.suffix.lower() not in SUFFIXES:
            raise DataError(
                f"{path} ends in {path.suffix or 'nothing'}, so it is no table; give a table, which ends in "
                f"{', '.join(SUFFIXES)}, or name the file of the targets, line by line, with --targets FILE"
            )
        if self.source == self.target:
            raise DataError(f"{path}: source and target are both the column {shown(self.source)}; name two columns")
        wanted = {
            self.source: "name the column of the sources with --source NAME",
            self.target: "name the column of the targets with --target NAME",
        }
        if self.split is not None:
            wanted |= {self.split: "name the column of the parts with --split NAME"}
        table = self.table(path, wanted)
        pairs = Lines(table[self.source], table[self.target], table.where)
        notes = dict(table.notes)
        if self.split is None:
            return PairParts(pairs, notes=notes)
        parts = np.array([part_named(cell, self.split, table.where(row)) for row, cell in enumerate(table[self.split])])
        rows = {part: np.flatnonzero(parts == part) for part in PARTS}
        if not len(rows["train"]):
            raise DataError(f"{path} has no pair for the train part; correct the column {shown(self.split)}")
        train, valid, test = (pairs.take(rows[part]) if len(rows[part]) else None for part in PARTS)
        assert train is not None
        return PairParts(train, valid, test, notes)

    def _two_files(self, targets: Path) -> PairParts:
        path = self.path.expanduser()
        if self.split is not None:
            raise DataError(f"{path} is a text, which has no columns; leave out --split, or give a table of pairs")
        if path.exists() and targets.exists() and path.samefile(targets):
            raise DataError(f"{path} is the file of the sources and of the targets; name another with --targets FILE")
        (sources, notes), (known, _) = self._lines(path), self._lines(targets)
        if len(sources) != len(known):
            raise DataError(
                f"{path} has {len(sources):,} lines, but {targets} has {len(known):,}; each line of one must be the "
                "translation of the same line of the other"
            )
        return PairParts(Lines(sources, known, lambda i: f"{path} and {targets}, line {i + 1}"), notes=notes)

    def _lines(self, path: Path) -> tuple[list[str], dict[str, int | str]]:
        data = read_bytes(path)
        return lines(decode(path, data, self.encoding)), encoding_note([encoding_of(data, self.encoding)])
