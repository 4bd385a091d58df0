"""Text files that are read in pieces, so that a file may be larger than memory."""

import codecs
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from seqbench.data import DataError
from seqbench.datasets.files import UTF_8, encoding_of, holds_nul, not_text, opened, undecodable

BYTES = 1 << 20
"""Bytes of a file that are read at once."""
ENOUGH = 1000
"""More words than this are not counted to the end."""


@dataclass(frozen=True)
class Summary:
    """What is known of a text after it was read once."""

    length: int
    """Number of characters."""
    words: int
    """Number of words between white space, or a number not below `ENOUGH`."""
    returns: int
    """Number of carriage returns, all of which are read as parts of line ends."""
    normal: bool
    """Whether the text is in Unicode's form NFC."""
    quoted: bool
    """Whether the text holds a double quote."""


@dataclass(frozen=True)
class FileText:
    """The text of a file, with newlines as line ends and without a byte-order mark."""

    path: Path
    named: str = UTF_8
    """The encoding, if no byte-order mark tells another."""
    size: int | None = None
    """Bytes that are read at once; None: `BYTES`."""

    @cached_property
    def encoding(self) -> str:
        with opened(self.path) as stream:
            return encoding_of(stream.peek(4), self.named)

    @cached_property
    def summary(self) -> Summary:
        """Read the whole text once.

        Raises:
            DataError: the text cannot be decoded, holds NUL characters or only blank lines.
        """
        length = words = returns = 0
        normal, blank, quoted = True, True, False
        for piece, skipped in self._read():
            length, returns = length + len(piece), returns + skipped
            words += len(piece.split()) if words < ENOUGH else 0
            normal = normal and (piece.isascii() or unicodedata.is_normalized("NFC", piece))
            blank, quoted = blank and not piece.strip(), quoted or '"' in piece
        if blank:
            raise DataError(f"{self.path} holds only blank lines")
        return Summary(length, words, returns, normal, quoted)

    def pieces(self) -> Iterator[str]:
        """Yield the text in pieces, which end after a line end or, within a long line, before white space."""
        return (piece for piece, _ in self._read())

    def lines(self) -> "Lines":
        return Lines(self)

    def _read(self) -> Iterator[tuple[str, int]]:
        """Yield pieces, and how many carriage returns were read for each."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        lines, left, fed, started = io.IncrementalNewlineDecoder(None, translate=True), "", 0, False
        ends = 0  # line ends in the pieces before
        with opened(self.path) as stream:
            while True:
                data = stream.read(self.size or BYTES)
                fed += len(data)
                try:
                    text = decoder.decode(data, final=not data)
                except UnicodeDecodeError as error:
                    offset = fed - len(error.object) + error.start
                    byte = error.object[error.start]
                    raise undecodable(self.path, self.encoding, self._line_at(offset), byte, offset) from None
                except UnicodeError as error:
                    raise not_text(self.path, self.encoding, str(error)) from None
                if not started and text:
                    text, started = text.removeprefix("\ufeff"), True
                returns = text.count("\r")
                left += lines.decode(text, final=not data)
                if "\0" in left:
                    raise holds_nul(self.path, self.encoding, ends + left[: left.index("\0")].count("\n") + 1)
                cut = len(left) if not data else _last_cut(left)
                if cut or returns:
                    ends += left.count("\n", 0, cut)
                    yield left[:cut], returns
                    left = left[cut:]
                if not data:
                    return

    def _line_at(self, offset: int) -> int:
        """Return the number of the line that holds a byte."""
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(self.encoding)("ignore"), translate=True)
        lines, size = 1, self.size or BYTES
        with opened(self.path) as stream:
            for start in range(0, offset, size):
                data = stream.read(min(size, offset - start))
                lines += decoder.decode(data, final=start + len(data) == offset).count("\n")
        return lines


class Lines:
    """The lines of a file, each with its newline, which the last one may lack."""

    def __init__(self, text: FileText) -> None:
        self.pieces = 0
        """Number of pieces of the file that were read so far."""
        self._text = text

    def __iter__(self) -> Iterator[str]:
        held: list[str] = []
        for piece in self._text.pieces():
            self.pieces += 1
            end = piece.rfind("\n") + 1
            if end:
                yield from io.StringIO("".join([*held, piece[:end]]), newline="")
                held = []
            held.append(piece[end:])
        if last := "".join(held):
            yield last


def _last_cut(text: str) -> int:
    """Return the last place where a text may be cut, 0 if there is none: after a line end, or else before white space.

    White space is cut off as a whole, since it belongs to the word or the line end that follows.
    """
    line = text.rfind("\n") + 1
    return line or len(text[: text.rfind(" ") + 1].rstrip())
