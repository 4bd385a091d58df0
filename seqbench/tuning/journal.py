"""The journal of studies: a line per finished trial, as optuna's journal storage writes it.

A killed process may leave half a line, which is cut off, or a lock, which is ignored after `PATIENCE` seconds. Trials
are numbered, and a trial that two processes wrote counts once. The journal can be lost: what is tried next follows from
the trials so far, and their records are in the store, so that no fit is made again.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.runs.store import Unwritable
from seqbench.tuning.sampling import optuna

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

FILE = "journal.log"
PATIENCE = 5
"""Seconds after which a lock counts as left by a process that was killed."""


class Journal:
    def __init__(self, folder: Path) -> None:
        """Open the journal in a folder, or begin one.

        Raises:
            Unwritable: the folder cannot be written.
        """
        self.path = folder / FILE
        self.moved: Path | None = None
        """Where a damaged journal was moved to; None: it was whole."""
        backends = optuna().storages.journal
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = backends.JournalFileSymlinkLock(str(self.path), grace_period=PATIENCE)
            if os.name == "nt":
                lock = backends.JournalFileOpenLock(str(self.path), grace_period=PATIENCE)
            self._mend(lock)
            self._storage = self._opened(lock)
        except OSError as error:
            raise Unwritable(f"{self.path} cannot be written: {error.strerror or error}") from error

    def trials(self, study: str) -> dict[int, "FrozenTrial"]:
        """Return the trials of a study by their numbers."""
        found: dict[int, FrozenTrial] = {}
        for trial in self._study(study).get_trials(deepcopy=False):
            number = trial.user_attrs.get("number")
            if isinstance(number, int):
                found.setdefault(number, trial)
        return found

    def add(self, study: str, trial: "FrozenTrial") -> None:
        """Add a finished trial to a study.

        Raises:
            Unwritable: the journal cannot be written, or the disk is full.
        """
        try:
            self._study(study).add_trial(trial)
        except OSError as error:
            raise Unwritable(
                f"{self.path} cannot be written: {error.strerror or error}. Finished trials are kept: mend this and "
                "give the same command again"
            ) from error

    def describe(self, study: str, notes: Mapping[str, Any]) -> None:
        """Note what a study is about, for people who look into the journal."""
        held = self._study(study)
        for name, value in notes.items():
            if held.user_attrs.get(name) != value:
                held.set_user_attr(name, value)

    def _study(self, name: str) -> Any:
        return optuna().create_study(storage=self._storage, study_name=name, load_if_exists=True)

    def _opened(self, lock: Any) -> Any:
        """Return the storage. A journal that cannot be read is moved aside: its trials are found again."""
        library = optuna()
        backend = library.storages.journal.JournalFileBackend
        try:
            return library.storages.JournalStorage(backend(str(self.path), lock_obj=lock))
        except OSError:
            raise
        except Exception:  # of any kind, since the file may hold anything
            self.moved = self.path.with_name(f"{FILE}.damaged-{os.urandom(3).hex()}")
            self.path.rename(self.moved)
            return library.storages.JournalStorage(backend(str(self.path), lock_obj=lock))

    def _mend(self, lock: Any) -> None:
        """Cut off what follows the last whole line."""
        if not self.path.exists() or _whole(self.path):
            return
        lock.acquire()
        try:
            with self.path.open("r+b") as file:
                file.truncate(file.read().rfind(b"\n") + 1)
        finally:
            lock.release()


def _whole(path: Path) -> bool:
    """Return whether a file ends with a whole line."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
