"""Your own text files."""

import codecs
import hashlib
from pathlib import Path
from typing import ClassVar

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError
from seqbench.datasets.text import Parts, TextDataset, by_position

FEWEST = 100
"""Words (between white space) or characters in a text that is to be split."""


class TextFile(TextDataset):
    """A UTF-8 text: one file, split 80/10/10 by position, or a file for each part.

    Line ends of Windows and of old Macs are read as newlines. Words that occur once in the training part become
    `<unk>`, so that models learn what an unknown word looks like (`min_count=1` keeps them).
    """

    name: ClassVar[str] = "file"
    usual_min_count: ClassVar[int] = 2

    path: Path = Field(description="the text; the training part where `valid` and `test` are given")
    valid: Path | None = Field(None, description="text of the validation part")
    test: Path | None = Field(None, validate_default=True, description="text of the test part")

    @field_validator("test")
    @classmethod
    def _both_or_none(cls, test: Path | None, info: ValidationInfo) -> Path | None:
        if (test is None) != (info.data.get("valid") is None):
            raise ValueError("give valid and test both, or neither: then the text is split 80/10/10 by position")
        return test

    def title(self) -> str:
        return self.path.name

    def fingerprint(self) -> str:
        return hashlib.sha256("".join(hashlib.sha256(data).hexdigest() for data in self._bytes()).encode()).hexdigest()

    def parts(self) -> Parts:
        decoded = [_decode(path, data) for path, data in zip(self._paths(), self._bytes(), strict=True)]
        returns = sum(text.count("\r") for text in decoded)
        texts = [text.replace("\r\n", "\n").replace("\r", "\n") for text in decoded]
        if self.valid is not None:
            train, valid, test = texts
            parts = Parts(train, valid, test)
        else:
            length = len(texts[0].split()) if self.unit == "word" else len(texts[0])
            if length < FEWEST:
                raise DataError(
                    f"{self.path} holds {length} {self.unit}s, too few to be split 80/10/10; "
                    f"give at least {FEWEST}, or files of their own as valid= and test="
                )
            parts = by_position(texts[0], train=0.8, valid=0.1, unit=self.unit)
        return parts.noting({"line_ends_read_as_newlines": returns}) if returns else parts

    def _paths(self) -> list[Path]:
        return [path.expanduser() for path in (self.path, self.valid, self.test) if path is not None]

    def _bytes(self) -> list[bytes]:
        paths = self._paths()
        read = [_read(path) for path in paths]
        for i, data in enumerate(read):
            if data in read[:i]:
                raise DataError(
                    f"{paths[i]} and {paths[read.index(data)]} are one text; a model is not tested on what it learned"
                )
        return read


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; name a text file in it") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    if not data:
        raise DataError(f"{path} is empty")
    return data


def _decode(path: Path, data: bytes) -> str:
    """UTF-8, a byte-order mark allowed.

    Raises:
        DataError: the bytes are no UTF-8, or hold nothing but blank lines.
    """
    body = data.removeprefix(codecs.BOM_UTF8)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path} is UTF-16; convert it: iconv -f utf-16 -t utf-8 {path.name}")
    if b"\0" in body:
        raise DataError(f"{path} is no text: it holds NUL bytes, the first at offset {data.index(0)}")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(body)
        line = data.count(b"\n", 0, offset) + 1
        raise DataError(
            f"{path} is not UTF-8: line {line}, byte 0x{data[offset]:02x} at offset {offset}; "
            f"if it is cp1252 or latin-1, convert it: iconv -f cp1252 -t utf-8 {path.name}"
        ) from None
    if not text.strip():
        raise DataError(f"{path} holds only blank lines")
    return text
