"""Loaded data in files: large arrays lie beside the rest, each in a file of its own, and are memory-mapped when read.

So each process reads only what it uses of them, all processes share what was read, and data may be larger than memory.
Changes that a process makes to such an array are seen by it alone, and are not written to the file.
"""

import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqbench.long_arrays import pieces

LARGE = 1 << 20
"""Bytes of an array from which on it gets a file of its own."""


class Writer:
    """Writes contents to files of one folder; an array that occurs in several of them is written once."""

    def __init__(self) -> None:
        self.files: dict[int, tuple[str, NDArray[Any]]] = {}
        """The file of each array, by its identity; the array is kept, so that no other one gets its identity."""

    def write(self, file: Path, content: Any) -> None:
        with file.open("wb") as stream:
            _Pickler(stream, self, file).dump(content)

    def file_of(self, array: NDArray[Any], beside: Path) -> str:
        """Return the name of the file of an array, which lies in the folder of `beside`."""
        if id(array) not in self.files:
            name = f"{beside.stem}-{len(self.files)}.npy"
            with beside.with_name(name).open("xb") as stream:
                header = np.lib.format.header_data_from_array_1_0(array)
                np.lib.format.write_array_header_1_0(stream, header)
                for piece in pieces(array.reshape(-1)):
                    stream.write(piece.data)
            self.files[id(array)] = name, array
        return self.files[id(array)][0]


def read(file: Path) -> Any:
    """Read what a `Writer` wrote to a file."""
    with file.open("rb") as stream:
        return _Unpickler(stream, file.parent).load()


class _Pickler(pickle.Pickler):
    """Writes a large array as the name of its file."""

    def __init__(self, stream: BinaryIO, writer: Writer, file: Path) -> None:
        super().__init__(stream, protocol=pickle.HIGHEST_PROTOCOL)
        self.writer, self.file = writer, file

    def persistent_id(self, obj: Any) -> str | None:
        if isinstance(obj, np.ndarray) and obj.nbytes >= LARGE and obj.dtype.kind in "biuf" and obj.flags.c_contiguous:
            return self.writer.file_of(obj, self.file)
        return None


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: BinaryIO, folder: Path) -> None:
        super().__init__(stream)
        self.folder = folder

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        return np.asarray(np.load(self.folder / pid, mmap_mode="c", allow_pickle=False))
