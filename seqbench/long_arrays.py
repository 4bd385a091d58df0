"""Long arrays of numbers on disk: written from front to back, read in pieces or through a memory map.

The files have no names, so nothing is left of them however the process ends. They lie in the folder for temporary
files, which `TMPDIR` sets.
"""

import mmap
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

PIECE = 1 << 20
"""Number of entries of a long array that are read at once."""
SHORT = 1 << 26
"""Bytes of an array that is kept in memory."""
BLOCK = 1 << 12
"""Number of consecutive entries that are read together where places are read in any order."""
HELD = 1 << 10
"""Number of blocks of an array that are held in memory."""
MAPPED = 1 << 4
"""Number of blocks that are read before what was mapped for them is forgotten."""


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


@dataclass(frozen=True, eq=False)
class Cut(Sequence[NDArray[Any]]):
    """Arrays that lie one after the other in a long one, of which they are views."""

    whole: NDArray[Any]
    places: NDArray[np.int64]
    """Where the whole is cut, ascending."""

    def __len__(self) -> int:
        return len(self.places) + 1

    @overload
    def __getitem__(self, i: int) -> NDArray[Any]: ...

    @overload
    def __getitem__(self, i: slice) -> list[NDArray[Any]]: ...

    def __getitem__(self, i: int | slice) -> NDArray[Any] | list[NDArray[Any]]:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        k = i + len(self) if i < 0 else i
        if not 0 <= k < len(self):
            raise IndexError(f"there are {len(self)} arrays, so none has the index {i}")
        return self.whole[self.places[k - 1] if k else 0 : self.places[k] if k < len(self.places) else None]


def lengths_of(arrays: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Return the lengths (N,) of arrays."""
    if isinstance(arrays, Cut):
        return np.diff(arrays.places, prepend=0, append=len(arrays.whole))
    return np.fromiter(map(len, arrays), dtype=np.int64, count=len(arrays))


def consecutive(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places start..start + length − 1 of each of N stretches (N,), one stretch after the other."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))


def in_one(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return arrays one after the other, as one array.

    It is copied only if they do not lie so already, and a long copy lies on disk.
    """
    if isinstance(arrays, Cut):
        return arrays.whole
    if len(arrays) == 1:
        return arrays[0]
    collected = Collected(np.int64)
    for block in blocks_of(arrays):
        collected.append(block)
    return collected.array()


def _map_under(array: NDArray[Any]) -> mmap.mmap | None:
    """Return the memory map of which an array is a view, if there is one."""
    base: Any = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    return base if isinstance(base, mmap.mmap) else None


def is_mapped(array: NDArray[Any]) -> bool:
    """Return whether an array is a memory map, so that it may be longer than memory."""
    return _map_under(array) is not None


def forget(array: NDArray[Any]) -> None:
    """Return to the system the memory that holds what was read of a memory-mapped array; its content stays on disk."""
    base = _map_under(array)
    if base is not None and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


class Blocks:
    """Entries of a long memory-mapped array by their places, with few of its blocks in memory.

    To read a single entry through the map, the system may map 2 MB around it. So blocks are copied, and what was read
    for that is forgotten. Several threads may read.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self._array, self._lock = array, Lock()
        self._held = np.empty((HELD, BLOCK), array.dtype)
        self._row = np.full(-(-len(array) // BLOCK), -1, np.int32)  # of `_held` for each block; −1: not held
        self._free = 0

    def take(self, places: NDArray[np.int64]) -> NDArray[Any]:
        """Return the entries at places of any shape."""
        blocks, within = np.divmod(places, BLOCK)
        with self._lock:
            rows = self._row[blocks]
            if (missing := rows < 0).any():
                self._hold(np.unique(blocks[missing]), blocks)
                rows = self._row[blocks]
            return self._held[rows, within]

    def _hold(self, missing: NDArray[np.int64], wanted: NDArray[np.int64]) -> None:
        """Hold the missing ones of the wanted blocks too; if there is no room, hold the wanted ones alone."""
        if self._free + len(missing) > len(self._held):
            self._row[:], self._free = -1, 0
            missing = np.unique(wanted)
            if len(missing) > len(self._held):
                self._held = np.empty((len(missing), BLOCK), self._held.dtype)
        for read, block in enumerate(missing.tolist(), start=1):
            entries = self._array[block * BLOCK : (block + 1) * BLOCK]
            self._held[self._free, : len(entries)] = entries
            self._row[block] = self._free
            self._free += 1
            if read % MAPPED == 0 or read == len(missing):
                forget(self._array)


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
    for array in [arrays.whole] if isinstance(arrays, Cut) else arrays:
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
