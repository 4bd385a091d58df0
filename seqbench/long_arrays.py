"""Long arrays of numbers on disk: written from front to back, read in pieces or through a memory map.

The files have no names, so nothing is left of them however the process ends. They lie in the folder for temporary
files, which `TMPDIR` sets.
"""

import mmap
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

PIECE = 1 << 20
"""Number of entries of a long array that are read at once."""
SHORT = 1 << 26
"""Bytes of an array that is kept in memory."""


class OnDisk:
    """An array (N,) in a file without a name, which grows at its end."""

    def __init__(self, dtype: DTypeLike) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed with this object)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, entries: NDArray[Any]) -> None:
        """Write entries behind the last one.

        Raises:
            OSError: the disk is full.
        """
        self[self._length : self._length + len(entries)] = entries

    def __setitem__(self, rows: slice, entries: NDArray[Any]) -> None:
        content = np.ascontiguousarray(entries, self.dtype).view(np.uint8).data
        try:
            self._file.seek(rows.start * self.dtype.itemsize)
            while len(content):
                content = content[self._file.write(content) :]
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror}: temporary files in {tempfile.gettempdir()} cannot grow; free some space there, or "
                "set TMPDIR to a folder on a larger disk",
            ) from None
        self._length = max(self._length, rows.stop)

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        """Read the entries `start:stop` into a new array."""
        start, stop, _ = rows.indices(self._length)
        entries = np.empty(max(0, stop - start), self.dtype)
        content = entries.view(np.uint8).data
        self._file.seek(start * self.dtype.itemsize)
        while len(content):
            content = content[self._file.readinto(content) :]
        return entries

    def mapped(self, writable: bool = False) -> NDArray[Any]:
        """Return the whole array as a memory map, which lives on without this object.

        Args:
            writable: whether it may be changed; changes stay in memory.
        """
        if not self._length:
            return np.empty(0, self.dtype)
        access = mmap.ACCESS_COPY if writable else mmap.ACCESS_READ
        return np.frombuffer(mmap.mmap(self._file.fileno(), 0, access=access), self.dtype)


class Collected:
    """An array that grows: in memory while it is short, then on disk."""

    def __init__(self, dtype: DTypeLike, most: int = SHORT) -> None:
        """most: bytes of a short array."""
        self._most = most
        self._short, self._bytes = [np.empty(0, dtype)], 0
        self._long: OnDisk | None = None

    def append(self, entries: NDArray[Any]) -> None:
        if self._long is None:
            self._short.append(entries.astype(self._short[0].dtype, copy=False))
            self._bytes += self._short[-1].nbytes
            if self._bytes <= self._most:
                return
            self._long = OnDisk(self._short[0].dtype)
            entries, self._short = np.concatenate(self._short), self._short[:1]
        self._long.append(entries)

    def array(self) -> NDArray[Any]:
        """Return the whole array; a long one is a memory map."""
        if self._long is not None:
            return self._long.mapped(writable=True)
        self._short = [np.concatenate(self._short)]
        return self._short[0]


def forget(array: NDArray[Any]) -> None:
    """Return to the system the memory that holds what was read of a memory-mapped array; its content stays on disk."""
    base: Any = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


def pieces(array: NDArray[Any], size: int = PIECE) -> Iterator[NDArray[Any]]:
    """Yield an array in pieces; whole pieces of a memory-mapped array do not stay in memory once they were used."""
    for start in range(0, len(array), size):
        yield array[start : start + size]
        if start + size <= len(array):
            forget(array)


def numbered_pieces(array: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield the place of each piece of an array, and the piece."""
    start = 0
    for piece in pieces(array):
        yield start, piece
        start += len(piece)


def blocks_of(arrays: Iterable[NDArray[Any]], size: int = PIECE) -> Iterator[NDArray[Any]]:
    """Yield the entries of all arrays in order, in blocks of about `size`."""
    held: list[NDArray[Any]] = []
    length = 0
    for array in arrays:
        for piece in pieces(array, size):
            held.append(piece)
            length += len(piece)
            if length >= size:
                yield np.concatenate(held)
                forget(array)
                held, length = [], 0
    if held:
        yield np.concatenate(held)


def occurrences(arrays: Iterable[NDArray[Any]], size: int) -> NDArray[np.int64]:
    """Return (size,) how often each number 0..size − 1 occurs in arrays."""
    counts = np.zeros(size, dtype=np.int64)
    for block in blocks_of(arrays):
        counts += np.bincount(block, minlength=size)
    return counts
