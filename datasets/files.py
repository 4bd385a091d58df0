"""Users' text files, read as a whole; each fault is reported in one line."""

import codecs
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from seqbench.data import DataError

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",  # it begins with the mark of UTF-16, so it must be tested first
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings by their byte-order mark."""
UTF_8 = "utf-8"


class Line(NamedTuple):
    """A line of a file, with its place for messages."""

    source: str
    number: int
    """From 1."""
    text: str

    def fault(self, what: str) -> DataError:
        return DataError(f"{self.source}, line {self.number}: {what}")


def first_lines(path: Path, most: int = 50) -> list[str]:
    """Return the first lines of a file, to see what it may be; empty if it cannot be read."""
    try:
        with path.open("rb") as stream:
            data = stream.read(1 << 16)
        return data.decode(encoding_of(data), errors="replace").splitlines()[:most]
    except (OSError, DataError):
        return []


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open a file that is not empty.

    Raises:
        DataError: the file does not exist, cannot be read, or is empty.
    """
    try:
        with path.open("rb") as stream:
            if not stream.peek(1):
                raise DataError(f"{path} is empty")
            yield stream
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; name a text file in it") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        DataError: as in `opened`.
    """
    with opened(path) as stream:
        return stream.read()


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits.

    Raises:
        DataError: as in `opened`.
    """
    with opened(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def encoding_of(data: bytes, encoding: str = UTF_8) -> str:
    """Return the encoding that the byte-order mark tells; without a mark, the given one.

    Raises:
        DataError: there is no encoding of the given name.
    """
    try:
        name = codecs.lookup(encoding).name.removesuffix("-sig")
        "".encode(name)  # some codecs, such as hex, are not of text
    except LookupError:
        raise DataError(
            f"there is no encoding {encoding[:60]!r}; common ones are utf-8, cp1252, latin-1, cp1251"
        ) from None
    return next((marked for mark, marked in MARKS.items() if data.startswith(mark)), name)


def decode(path: Path, data: bytes, encoding: str = UTF_8, blank: bool = False) -> str:
    """Decode the bytes of a file in the encoding of `encoding_of`; a byte-order mark is removed.

    Args:
        blank: whether the text may be empty or hold only blank lines.

    Raises:
        DataError: there is no such encoding, the bytes are not valid in it, or the text is blank and must not be.
    """
    name = encoding_of(data, encoding)
    try:
        text = data.decode(name).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = unix_line_ends(data[: error.start].decode(name, "ignore")).count("\n") + 1
        raise undecodable(path, name, line, data[error.start], error.start) from None
    except UnicodeError as error:
        raise not_text(path, name, str(error)) from None
    if "\0" in text:
        raise holds_nul(path, name, unix_line_ends(text[: text.index("\0")]).count("\n") + 1)
    if not blank and (not text or text.isspace()):
        raise DataError(f"{path} holds only blank lines")
    return text


def undecodable(path: Path, name: str, line: int, byte: int, offset: int) -> DataError:
    return DataError(
        f"{path} is not {name.upper()}: line {line}, byte 0x{byte:02x} at offset {offset}; "
        "name the encoding of the file, such as --encoding cp1252"
    )


def not_text(path: Path, name: str, why: str) -> DataError:
    return DataError(f"{path} is not {name.upper()}: {why}; name the encoding of the file with --encoding")


def holds_nul(path: Path, name: str, line: int) -> DataError:
    return DataError(
        f"{path} is no text in {name.upper()}: it holds NUL characters, the first on line {line}; "
        "name the encoding of the file with --encoding, or remove these characters"
    )


def read_distinct(paths: Sequence[Path], otherwise: str) -> list[bytes]:
    """Return the bytes of files; otherwise: what is wrong with two equal ones, for the message.

    Raises:
        DataError: two files are equal, or one cannot be read.
    """
    read = [read_bytes(path) for path in paths]
    for i, data in enumerate(read):
        if data in read[:i]:
            raise DataError(f"{paths[i]} and {paths[read.index(data)]} {otherwise}")
    return read


def encoding_note(encodings: Iterable[str]) -> dict[str, int | str]:
    """Return the note of a record on the encodings of files; none if all are UTF-8."""
    counts = Counter(encodings)
    if not set(counts) - {UTF_8}:
        return {}
    if len(counts) == 1:
        return {"encoding": next(iter(counts))}
    return {"encoding": ", ".join(f"{name}: {number:,}" for name, number in sorted(counts.items())) + " files"}


def unix_line_ends(text: str) -> str:
    """Replace the line ends of Windows and of old Macs by newlines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
