"""What a cell prints: a file of which the first and the last part are kept, however much is printed."""

import ctypes
import os
import sys
from pathlib import Path

FIRST, LAST = 2**16, 2**18
"""Bytes that are kept of the beginning and of the end."""
LEFT_OUT = b"\n[the middle of the output is left out]\n"
PUNCH_HOLE, KEEP_SIZE = 2, 1


class Printed:
    """The file that a cell prints into."""

    def __init__(self, path: Path, make: bool = False) -> None:
        """Open the file; the parent makes it before the cell starts, and keeps it open, as the model may replace it."""
        flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT | os.O_EXCL if make else 0)
        self.file = open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "r+b", buffering=0)  # noqa: PTH123, SIM115
        self.freed = FIRST

    def bound(self) -> None:
        """Give the disk back the space of the middle, while the cell prints on; only Linux can do it.

        The middle becomes a hole of the file (fallocate(2)), so nothing is lost of what is printed at the same time.
        """
        end = self._size() - LAST
        if sys.platform == "linux" and end > self.freed + LAST:
            start, length = ctypes.c_int64(self.freed), ctypes.c_int64(end - self.freed)
            ctypes.CDLL(None).fallocate(self.file.fileno(), PUNCH_HOLE | KEEP_SIZE, start, length)
            self.freed = end

    def read(self) -> bytes:
        """Return what was printed, without the middle if it is long."""
        size = self._size()
        self.file.seek(0)
        if size <= FIRST + LAST:
            return self.file.read(size)
        first = self.file.read(FIRST)
        self.file.seek(size - LAST)
        return first + LEFT_OUT + self.file.read(LAST)

    def close(self) -> None:
        self.file.close()

    def _size(self) -> int:
        return os.fstat(self.file.fileno()).st_size
