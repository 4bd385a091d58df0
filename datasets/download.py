"""Other people's files: read from `SEQBENCH_DATA`, the cache or the network, and always verified before use.

`SEQBENCH_DATA` names a folder that is read and never written. The cache belongs to the user (`SEQBENCH_CACHE` moves
it). `sources.toml` lists the files with their checksums.
"""

import hashlib
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, Literal

import platformdirs

from seqbench.data import DataError
from seqbench.datasets.remote import RemoteFile, part_of

State = Literal["good", "missing", "partial", "damaged", "failed"]


@dataclass(frozen=True)
class Source:
    licence: str
    citation: str
    files: tuple[RemoteFile, ...]


@dataclass(frozen=True)
class FileState:
    """A row of `seqbench data fetch` and `seqbench data verify`."""

    name: str
    """The data set."""
    file: str
    where: str
    """The path where the file was found, or where it would be kept."""
    state: State
    """good: its checksum is right; partial: an interrupted download, which can be resumed; failed: see `message`."""
    bytes: int
    """Its size on the disk."""
    message: str = ""

    @property
    def good(self) -> bool:
        return self.state == "good"


def _sources() -> dict[str, Source]:
    tables = tomllib.loads(resources.files("seqbench.datasets").joinpath("sources.toml").read_text("utf-8"))
    return {
        name: Source(table["licence"], table["citation"], tuple(RemoteFile(**file) for file in table["files"]))
        for name, table in tables.items()
    }


SOURCES: Mapping[str, Source] = _sources()


class Downloaded:
    """A data set whose files are listed in `sources.toml` under its name or that of its `source`.

    It must be the first of the base classes."""

    name: ClassVar[str]
    source: ClassVar[str]
    licence: ClassVar[str]
    citation: ClassVar[str]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.source = getattr(cls, "source", cls.name)
        cls.licence, cls.citation = SOURCES[cls.source].licence, SOURCES[cls.source].citation

    def fingerprint(self) -> str:
        """Like `Dataset.fingerprint`; also downloads and verifies the files."""
        return fingerprint(self.source)


def cache_folder() -> Path:
    """Return the folder where downloads are kept."""
    moved = os.environ.get("SEQBENCH_CACHE")
    return Path(moved).expanduser() if moved else platformdirs.user_cache_path("seqbench")


def lent_folder() -> Path | None:
    """Return the folder that `SEQBENCH_DATA` names.

    Raises:
        DataError: it does not exist.
    """
    named = os.environ.get("SEQBENCH_DATA")
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise DataError(f"SEQBENCH_DATA={named} is no folder; correct it or unset it")
    return folder


def read(name: str) -> list[bytes]:
    """Return the verified files of a data set, in the order of `sources.toml`; download missing ones.

    Raises:
        DataError: a file is missing and cannot be downloaded, or is damaged.
    """
    return [_read(name, file) for file in SOURCES[name].files]


def fingerprint(name: str) -> str:
    """Return one sha256 for all files of a data set, after downloading and verifying them.

    Raises:
        DataError: as in `read`.
    """
    return hashlib.sha256("".join(hashlib.sha256(data).hexdigest() for data in read(name)).encode()).hexdigest()


def verify(names: Sequence[str] | None = None) -> list[FileState]:
    """Check the files of the named data sets (None: all) by their checksums; download nothing.

    Raises:
        DataError: a name is unknown.
    """
    return [_state(name, file) for name in _known(names) for file in SOURCES[name].files]


def fetch(names: Sequence[str] | None = None) -> list[FileState]:
    """Download the missing files of the named data sets (None: all).

    A file that cannot be downloaded gives a row with the state "failed"; the others are still downloaded.

    Raises:
        DataError: a name is unknown.
    """
    return [_fetched(name, file) for name in _known(names) for file in SOURCES[name].files]


def _known(names: Sequence[str] | None) -> Sequence[str]:
    if names is None:
        return list(SOURCES)
    for name in names:
        if name not in SOURCES:
            raise DataError(f"{name} has nothing to download; these have: {', '.join(SOURCES)}")
    return names


def _read(name: str, file: RemoteFile) -> bytes:
    lent = lent_folder()
    if lent is not None and (lent / file.path).exists():
        data = _bytes(lent / file.path)
        if (found := hashlib.sha256(data).hexdigest()) != file.sha256:
            raise DataError(
                f"{lent / file.path} is not the expected file of {name}: expected sha256 {file.sha256}, found {found}; "
                "replace it, or unset SEQBENCH_DATA to download it"
            )
        return data
    cached = cache_folder() / file.path
    if cached.exists() and hashlib.sha256(data := _bytes(cached)).hexdigest() == file.sha256:
        return data
    _download(name, file)
    return _bytes(cached)


def _fetched(name: str, file: RemoteFile) -> FileState:
    try:
        _read(name, file)
    except DataError as error:
        found = _state(name, file)
        return FileState(name, file.path, found.where, "failed", found.bytes, str(error))
    return _state(name, file)


def _state(name: str, file: RemoteFile) -> FileState:
    lent, cached = lent_folder(), cache_folder() / file.path
    path = lent / file.path if lent is not None and (lent / file.path).exists() else cached
    part = part_of(cached)
    if path.exists():
        found = hashlib.sha256(_bytes(path)).hexdigest()
        message = "" if found == file.sha256 else f"expected sha256 {file.sha256}, found {found}"
        return FileState(name, file.path, str(path), "damaged" if message else "good", path.stat().st_size, message)
    if part.exists():
        return FileState(name, file.path, str(part), "partial", part.stat().st_size, f"of {file.bytes:,} bytes")
    return FileState(name, file.path, str(cached), "missing", 0)


def _download(name: str, file: RemoteFile) -> None:
    # Imported here: pooch imports requests, which is not needed if the data are already present.
    from seqbench.datasets.transfer import TransferError, transfer

    try:
        transfer(file, cache_folder())
    except TransferError as error:
        raise DataError(
            f"{name} is not at hand: {error}; set SEQBENCH_DATA to a folder that holds {file.path}, "
            f"or run `seqbench data fetch {name}` where there is a network"
        ) from error
    except OSError as error:
        raise DataError(
            f"{name} cannot be kept in the cache {cache_folder()}: {error.strerror or error}; it needs {file.bytes:,} "
            "bytes in a folder that can be written: set SEQBENCH_CACHE to such a folder"
        ) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
