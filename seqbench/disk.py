"""Files and temporary folders, so that a process that is killed leaves nothing half-written and nothing behind.

A temporary folder has an owner, which holds a lock on a file in it. The system frees the lock when the process ends,
however it ends; so the number of a process, which another process gets later, decides nothing.
"""

import hashlib
import multiprocessing.util
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

OWNER = "owner"
"""The locked file. It names the folder that `multiprocessing` made for the same process."""
RUN, WORKER, CLUSTER = "seqbench-run-", "seqbench-worker-", "seqbench-cluster-"
"""Begin the names of the temporary folders of a run, of a worker of a cluster, and of a local cluster."""
SEMAPHORES = Path("/dev/shm")
"""Where Linux shows named semaphores. Those of a process with a folder are called as the folder is."""
MULTIPROCESSING = "pymp-"
"""Begins the name of the folder that `multiprocessing` makes for the sockets of a process."""
SOCKET = 103 - len("/pymp-12345678/listener-12345678")
"""Bytes that the path above that folder may have. The path of a socket has at most 107 on Linux, and 103 on macOS."""
SHORT = Path("/tmp")
"""Where that folder lies if the path of the folder for temporary files is longer."""
UNFINISHED = ".unfinished"
"""Ends the name of a file that is being written. The next writing replaces what a killed one has left."""
TRIES = 100
LAST = -1000
"""Of the things that `multiprocessing` does when a process ends."""
WAIT = 0.2
"""Seconds between two attempts to lock a file."""


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in one step: it holds all of the data, or what it held before. Links and pipes are written through.

    Raises:
        OSError: it cannot be written; what it held before is kept.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):  # such as /dev/stdout, or a pipe
        path.write_bytes(data)
        return
    unfinished = path.with_name(f"{path.name}{UNFINISHED}")
    try:
        unfinished.write_bytes(data)
        if path.exists():
            shutil.copymode(path, unfinished)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock on a file, which is made if there is none; wait while another process holds it.

    On Windows, where a file that is open cannot be replaced, no lock is held.
    """
    while True:
        with path.open("ab") as file:
            if os.name == "nt":
                break
            if _held(file) and _same(file, path):
                yield
                return
        time.sleep(WAIT)
    yield


@contextmanager
def owned_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Make a folder, and remove it with all that is still in it; if this process is killed, `remove_abandoned` does it.

    Args:
        parent: it must exist.

    Raises:
        OSError: the folder cannot be made.
    """
    path, owner = _made(parent, prefix)
    process = os.getpid()
    try:
        yield path
    finally:
        owner.close()
        if os.getpid() == process:  # a copy of this process, made by `os.fork`, ends its copy of this generator too
            shutil.rmtree(path, ignore_errors=True)


def folder_of_process() -> Path:
    """Return the temporary folder of this process, which is removed when the process ends.

    It outlives the folder that `multiprocessing` makes for the same process, for its sockets, and names it: so that one
    is found too if the process is killed. Folders that runs, workers and clusters have abandoned are removed now.
    """
    return _folder_of(os.getpid())


@cache
def _folder_of(process: int) -> Path:
    temporary = Path(tempfile.gettempdir())
    for prefix in (RUN, WORKER, CLUSTER):
        remove_abandoned(temporary, prefix)
    held = ExitStack()
    folder = held.enter_context(owned_folder(temporary, RUN))
    if sys.platform != "win32":  # where multiprocessing needs no files
        (folder / OWNER).write_text(_folder_of_sockets(temporary))
    multiprocessing.util.Finalize(None, held.close, exitpriority=LAST)
    return folder


def _folder_of_sockets(temporary: Path) -> str:
    """Return the folder that `multiprocessing` makes for this process, or one that is made for it where it could not.

    Raises:
        OSError: the path of the folder for temporary files is too long, and no other folder can be made.
    """
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    if len(os.fsencode(temporary)) > SOCKET and config.get("tempdir") is None:
        try:
            config["tempdir"] = tempfile.mkdtemp(prefix=MULTIPROCESSING, dir=SHORT)
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror}: {SHORT}, where sockets lie if the path of temporary files is long; set TMPDIR to a "
                f"folder whose path has at most {SOCKET} bytes",
            ) from None
        multiprocessing.util.Finalize(None, shutil.rmtree, (config["tempdir"], True), exitpriority=LAST)
    return multiprocessing.util.get_temp_dir()


def remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove the folders of a prefix whose owners have ended, and their semaphores.

    A folder that cannot be locked or removed stays.
    """
    for path in parent.glob(f"{prefix}*"):
        with suppress(OSError):
            if path.is_symlink() or not path.is_dir() or not _mine(path):
                continue
            with (path / OWNER).open("a+b") as owner:
                if not (_locked(owner) and _same(owner, path / OWNER)):  # else it was made anew
                    continue
                _remove_of_multiprocessing(owner)
                for semaphore in SEMAPHORES.glob(f"sem.{path.name}-*"):
                    semaphore.unlink(missing_ok=True)
                if sys.platform != "win32":  # while it is locked: its maker may take a new folder as soon as it is free
                    shutil.rmtree(path, ignore_errors=True)
            if sys.platform == "win32":  # where an open file cannot be removed
                shutil.rmtree(path, ignore_errors=True)


def _made(parent: Path, prefix: str) -> tuple[Path, IO[bytes]]:
    for _ in range(TRIES):  # a process that sweeps may lock the new folder first, and remove it
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        with suppress(FileNotFoundError):
            owner = (path / OWNER).open("a+b")
            if _held(owner) and _same(owner, path / OWNER):
                return path, owner
            owner.close()
    raise OSError(f"no folder could be made in {parent}: others remove it at once")


def _held(owner: IO[bytes]) -> bool:
    """Lock the file of a new folder. On a file system without locks nobody can, so the folder is safe as well."""
    try:
        return _locked(owner)
    except OSError:
        return True


def _same(file: IO[bytes], path: Path) -> bool:
    """Return whether an open file is still the one at a path: another process may have moved it away."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False


def _remove_of_multiprocessing(owner: IO[bytes]) -> None:
    owner.seek(0)
    named = Path(os.fsdecode(owner.read(4096)))
    known = named.name.startswith(MULTIPROCESSING) and named.parent in (Path(tempfile.gettempdir()), SHORT)
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
