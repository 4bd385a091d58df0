"""The files of a data set, known by what they hold: a worker reads them where they lie, or gets their bytes once."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from seqbench.disk import sha256_of
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
    """The files of a data set: the two that `Files` names, and those that lie beside them, such as large arrays."""

    files: Files
    of: tuple[Parcel, ...]

    @classmethod
    def pack(cls, files: Files) -> "Parcels":
        named = (files.fitting, files.scoring)
        beside = {path for one in named for path in one.parent.glob(f"{one.stem}*")}
        return cls(files, tuple(Parcel.of(path) for path in sorted(beside)))

    @property
    def name(self) -> str:
        """A name for the folder of the files on a worker; files of other content have another one."""
        return hashlib.sha256(" ".join(f"{one.path.name} {one.sha256}" for one in self.of).encode()).hexdigest()[:32]

    def lie_here(self) -> bool:
        """Whether this machine has all files at the same paths."""
        return all(one.lies_here() for one in self.of)

    def lacking(self, folder: Path) -> list[Parcel]:
        """Return those that a worker has not got yet; its folder holds what it got."""
        return [one for one in self.of if not (folder / self.name / one.path.name).exists()]

    def unpacked(self, folder: Path) -> Files:
        """Return the files as a worker got them."""
        own = folder / self.name
        return Files(fitting=own / self.files.fitting.name, scoring=own / self.files.scoring.name)


def _state(path: Path) -> tuple[int, int, int, int]:
    """Return what changes if a file is written anew."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@cache
def _sha256(path: Path, state: tuple[int, int, int, int]) -> str:
    return sha256_of(path)
