"""Users' own text files."""

import hashlib
from pathlib import Path
from typing import ClassVar

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError
from seqbench.datasets.file_text import FileText
from seqbench.datasets.files import UTF_8, decode, encoding_note, read_bytes, sha256_of
from seqbench.datasets.tables.reading import SUFFIXES as TABLES
from seqbench.datasets.text.base import Notes, Parts, TextDataset, by_position
from seqbench.datasets.text.pieces import whole

SUFFIXES = ("", ".txt", ".text", ".md", ".rst", ".log")
"""Of files that are likely to be texts."""
FEWEST = 100
"""The fewest words (between white space) or characters of a text that is to be split."""


class TextFile(TextDataset):
    """A text: one file, split 80/10/10 by position, or one file per part.

    Line ends of Windows and of old Macs are read as newlines. Words that occur once in the training part become
    `<unk>`, so that models learn to handle unknown words (`min_count=1` keeps them). If the training part already holds
    `<unk>`, it was cut before, and all its words are kept.
    """

    name: ClassVar[str] = "file"
    usual_min_count: ClassVar[int] = 2

    path: Path = Field(description="the text; the training part if `valid` and `test` are given")
    valid: Path | None = Field(None, description="text of the validation part")
    test: Path | None = Field(None, validate_default=True, description="text of the test part")

    @field_validator("test")
    @classmethod
    def _both_or_none(cls, test: Path | None, info: ValidationInfo) -> Path | None:
        if (test is None) != (info.data.get("valid") is None):
            raise ValueError(
                "give valid and test both, or neither; with neither, the text is split 80/10/10 by position"
            )
        return test

    encoding: str = Field(
        UTF_8, description="encoding of files without a byte-order mark, such as cp1252; a mark tells its own"
    )

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        if not path.is_file():
            return 0
        told = bool(options & {"unit", "convention", "vocab_size", "min_count"})
        return int(path.suffix.lower() in SUFFIXES) + int(told and path.suffix.lower() not in TABLES)

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path", "valid", "test"})

    def title(self) -> str:
        return self.path.name

    def fingerprint(self) -> str:
        return hashlib.sha256("".join(self._digests()).encode()).hexdigest()

    def parts(self) -> Parts:
        self._digests()
        texts = [FileText(path, self.encoding) for path in self._paths()]
        summaries = [text.summary for text in texts]
        returns = sum(summary.returns for summary in summaries)
        if self.valid is not None:
            train, valid, test = map(whole, texts)
            parts = Parts(train, valid, test)
        else:
            length = summaries[0].words if self.unit == "word" else summaries[0].length
            if length < FEWEST:
                raise DataError(
                    f"{self.path} holds {length} {self.unit}s, too few to be split 80/10/10; "
                    f"give at least {FEWEST}, or files of their own for the other parts, with --valid and --test"
                )
            parts = by_position(texts[0], train=0.8, valid=0.1, unit=self.unit)
        notes: Notes = {"line_ends_read_as_newlines": returns} if returns else {}
        if not all(summary.normal for summary in summaries):
            notes["unicode_form"] = "not NFC"
        return parts.noting(notes | encoding_note(text.encoding for text in texts))

    def text_of(self, path: Path) -> str:
        return decode(path, read_bytes(path), self.encoding)

    def _paths(self) -> list[Path]:
        return [path.expanduser() for path in (self.path, self.valid, self.test) if path is not None]

    def _digests(self) -> list[str]:
        """Return the sha256 of each file.

        Raises:
            DataError: a file cannot be read, or two are equal.
        """
        paths = self._paths()
        digests = [sha256_of(path) for path in paths]
        for i, digest in enumerate(digests):
            if digest in digests[:i]:
                raise DataError(
                    f"{paths[i]} and {paths[digests.index(digest)]} are one text; give different files, since a model "
                    "must not be tested on its training text"
                )
        return digests
