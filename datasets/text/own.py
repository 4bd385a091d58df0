"""Users' own text files."""

import hashlib
import unicodedata
from pathlib import Path
from typing import ClassVar

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError
from seqbench.datasets.files import UTF_8, decode, encoding_note, encoding_of, read_bytes, read_distinct, unix_line_ends
from seqbench.datasets.tables import SUFFIXES as TABLES
from seqbench.datasets.text.base import Notes, Parts, TextDataset, by_position

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
        return hashlib.sha256("".join(hashlib.sha256(data).hexdigest() for data in self._bytes()).encode()).hexdigest()

    def parts(self) -> Parts:
        read = self._bytes()
        decoded = [decode(path, data, self.encoding) for path, data in zip(self._paths(), read, strict=True)]
        returns = sum(text.count("\r") for text in decoded)
        texts = [unix_line_ends(text) for text in decoded]
        if self.valid is not None:
            train, valid, test = texts
            parts = Parts(train, valid, test)
        else:
            length = len(texts[0].split()) if self.unit == "word" else len(texts[0])
            if length < FEWEST:
                raise DataError(
                    f"{self.path} holds {length} {self.unit}s, too few to be split 80/10/10; "
                    f"give at least {FEWEST}, or files of their own for the other parts, with --valid and --test"
                )
            parts = by_position(texts[0], train=0.8, valid=0.1, unit=self.unit)
        notes: Notes = {"line_ends_read_as_newlines": returns} if returns else {}
        if not all(unicodedata.is_normalized("NFC", text) for text in texts):
            notes["unicode_form"] = "not NFC"
        return parts.noting(notes | encoding_note(encoding_of(data, self.encoding) for data in read))

    def text_of(self, path: Path) -> str:
        return decode(path, read_bytes(path), self.encoding)

    def _paths(self) -> list[Path]:
        return [path.expanduser() for path in (self.path, self.valid, self.test) if path is not None]

    def _bytes(self) -> list[bytes]:
        return read_distinct(
            self._paths(), "are one text; give different files, since a model must not be tested on its training text"
        )
