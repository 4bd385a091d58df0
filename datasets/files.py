"""Users' text files: UTF-8, read as a whole; each fault is reported in one line."""

import codecs
from pathlib import Path

from seqbench.data import DataError


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        DataError: the file does not exist, cannot be read, or is empty.
    """
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


def decode(path: Path, data: bytes) -> str:
    """Decode UTF-8 bytes; a byte-order mark is allowed.

    Raises:
        DataError: the bytes are not valid UTF-8, or hold only blank lines.
    """
    body = data.removeprefix(codecs.BOM_UTF8)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path} is UTF-16; convert it: iconv -f utf-16 -t utf-8 {path.name}")
    if b"\0" in body:
        raise DataError(f"{path} is no text: it holds NUL bytes, the first at offset {data.index(0)}; give a text file")
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


def unix_line_ends(text: str) -> str:
    """Replace the line ends of Windows and of old Macs by newlines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
