"""Files that cells read, known by what they hold: a worker reads them where they lie, or gets their bytes once."""

import hashlib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from seqbench.runs.loading import Files

PIECE = 16 << 20
"""The most bytes that travel in one message, so that no scheduler has to hold a whole data set."""


@dataclass(frozen=True)
class Parcel:
    """A file, by its content."""

    path: Path
    """Where the machine that gave the command has it."""
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "Parcel":
        return cls(path, path.stat().st_size, _sha256(path, _state(path)))

    def lies_here(self) -> bool:
        """Whether this machine has the file at the same path, as on a file system that machines share."""
        try:
            return self.path.stat().st_size == self.size and _sha256(self.path, _state(self.path)) == self.sha256
        except OSError:
            return False


@dataclass(frozen=True)
class Parcels:
    """The files of a data set."""

    of: tuple[tuple[str, Parcel], ...]
    """By the names of the fields of `Files`."""

    @classmethod
    def pack(cls, files: Files) -> "Parcels":
        return cls(tuple((field.name, Parcel.of(getattr(files, field.name))) for field in fields(files)))

    def lacking(self, folder: Path) -> list[Parcel]:
        """Return those that lie neither at their path nor in the folder of what a worker got."""
        return [one for _, one in self.of if not one.lies_here() and not (folder / one.sha256).exists()]

    def unpack(self, folder: Path) -> Files:
        """Return the files as a worker has them."""
        return Files(**{name: one.path if one.lies_here() else folder / one.sha256 for name, one in self.of})


def _state(path: Path) -> tuple[int, int, int, int]:
    """Return what changes if a file is written anew."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@cache
def _sha256(path: Path, state: tuple[int, int, int, int]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
