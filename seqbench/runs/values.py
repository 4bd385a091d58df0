"""Values of curves on their way from the process of a cell to its parent: lines of JSON in a file.

The model runs in the process that writes, and may write anything, anywhere, or nothing. The parent reads what is in the
file and never waits; a line that is no value ends the cell, not the run.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LONGEST = 1000
"""Bytes of a line."""
MOST = 2**20
"""Bytes that are read at once."""
BEHIND = 2**28
"""Bytes that may wait to be read."""


class Garbled(ValueError):
    """Raised if a file of values holds anything else."""


class Sender:
    """Writes values, in the process of the cell. A full disk ends the writing, not the cell."""

    def __init__(self, path: Path) -> None:
        self.file: int | None = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))

    def send(self, name: str, value: float) -> None:
        line = json.dumps([name, value]).encode() + b"\n"
        if self.file is None or len(line) > LONGEST:
            return
        written = 0
        with suppress(OSError):
            written = os.write(self.file, line)
        if written < len(line):
            self.file = None


class Receiver:
    """Reads values, in the parent."""

    def __init__(self, path: Path) -> None:
        """Make the file, before the cell starts."""
        self.file = path.open("x+b", buffering=0)  # kept open, so that nothing else can take its place
        self.rest = b""

    def values(self) -> Iterator[tuple[str, float]]:
        """Yield the values that have arrived since the last call.

        Raises:
            Garbled: the file holds something else.
        """
        if self._waiting() > BEHIND:
            raise Garbled("more than can be read")
        *lines, self.rest = (self.rest + self.file.read(MOST)).split(b"\n")
        for line in lines:
            yield _value(line)
        if len(self.rest) > LONGEST or not self.rest.startswith(b'["'[: len(self.rest)]):
            raise Garbled(f"no value: {self.rest[:20]!r}")

    def finish(self) -> None:
        """Read the rest, once the cell has ended; raises as `values` does."""
        while self._waiting():
            for _ in self.values():
                continue

    def close(self) -> None:
        self.file.close()

    def _waiting(self) -> int:
        return os.fstat(self.file.fileno()).st_size - self.file.tell()


def _value(line: bytes) -> tuple[str, float]:
    try:
        if len(line) > LONGEST:
            raise ValueError("too long")
        name, value = json.loads(line)
        if type(name) is not str or type(value) is not float:
            raise TypeError("not a name and a number")
    except (ValueError, TypeError, RecursionError) as error:
        raise Garbled(f"no value: {line[:20]!r}") from error
    return name, value
