"""Temporary folders that belong to a living process, so that what a killed process leaves is found and removed.

The owner holds a lock on a file in its folder. The system frees the lock when the process ends, however it ends; so the
number of a process, which another process gets later, decides nothing.
"""

import multiprocessing.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

OWNER = "owner"
"""The locked file. It names the folder that `multiprocessing` made for the same process."""
MULTIPROCESSING = "pymp-"
TRIES = 100


@contextmanager
def owned_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Make a folder, and remove it with all that is still in it; if this process is killed, `remove_abandoned` does it.

    Args:
        parent: it must exist.

    Raises:
        OSError: the folder cannot be made.
    """
    path, owner = _made(parent, prefix)
    try:
        yield path
    finally:
        owner.close()
        shutil.rmtree(path, ignore_errors=True)


def note_multiprocessing(folder: Path) -> None:
    """Note in an owned folder where `multiprocessing` keeps the sockets of this process, which a kill leaves too."""
    (folder / OWNER).write_text(multiprocessing.util.get_temp_dir())


def remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove the folders of a prefix whose owners have ended. A folder that cannot be locked or removed stays."""
    for path in parent.glob(f"{prefix}*"):
        with suppress(OSError):
            if path.is_symlink() or not path.is_dir() or not _mine(path):
                continue
            with (path / OWNER).open("a+b") as owner:
                if not _locked(owner):
                    continue
                _remove_of_multiprocessing(owner)
            shutil.rmtree(path, ignore_errors=True)


def _made(parent: Path, prefix: str) -> tuple[Path, IO[bytes]]:
    for _ in range(TRIES):  # a process that sweeps may lock the new folder first, and remove it
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        with suppress(FileNotFoundError):
            owner = (path / OWNER).open("a+b")
            if _held(owner) and path.exists():
                return path, owner
            owner.close()
    raise OSError(f"no folder could be made in {parent}: others remove it at once")


def _held(owner: IO[bytes]) -> bool:
    """Lock the file of a new folder. On a file system without locks nobody can, so the folder is safe as well."""
    try:
        return _locked(owner)
    except OSError:
        return True


def _remove_of_multiprocessing(owner: IO[bytes]) -> None:
    owner.seek(0)
    named = Path(os.fsdecode(owner.read(4096)))
    known = named.name.startswith(MULTIPROCESSING) and named.parent == Path(tempfile.gettempdir())
    if known and not named.is_symlink() and _mine(named):
        shutil.rmtree(named, ignore_errors=True)


def _mine(path: Path) -> bool:
    """Return whether a folder is of this user: others may write into the system's temporary folder."""
    return sys.platform == "win32" or path.stat().st_uid == os.getuid()


if sys.platform == "win32":
    import msvcrt

    def _locked(file: IO[bytes]) -> bool:
        """Lock a file until it is closed; return False if another process has locked it."""
        file.seek(0)  # a lock is of bytes, here of the first
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _locked(file: IO[bytes]) -> bool:
        """Lock a file until it is closed; return False if another process has locked it.

        Raises:
            OSError: the file system knows no locks.
        """
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
