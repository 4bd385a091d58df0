"""The journal of studies: a line per finished trial, as optuna's journal storage writes it.

A killed process may leave half a line, which is cut off, or a lock, which is ignored after `PATIENCE` seconds. Trials
are numbered, and a trial that two processes wrote counts once. The journal can be lost: what is tried next follows from
the trials so far, and their records are in the store, so that no fit is made again.
"""

import os
from collections.abc import Mapping
from functools import cached_property, partial
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
        """Name the folder of a journal. Nothing is written before the first trial."""
        self.path = folder / FILE
        self.moved: Path | None = None
        """Where a journal that could not be read was moved to; None: it was whole."""

    def trials(self, study: str) -> dict[int, "FrozenTrial"]:
        """Return the trials of a study by their numbers.

        Raises:
            Unwritable: the journal cannot be read or mended.
        """
        if not self.path.exists():
            return {}
        found: dict[int, FrozenTrial] = {}
        held = {one.study_name: one._study_id for one in self._storage.get_all_studies()}
        for trial in self._storage.get_all_trials(held[study], deepcopy=False) if study in held else ():
            number = trial.user_attrs.get("number")
            if isinstance(number, int):
                found.setdefault(number, trial)
        return found

    def add(self, study: str, trial: "FrozenTrial", about: Mapping[str, str]) -> None:
        """Add a finished trial to a study.

        Args:
            about: what the study is about, for people who look into the journal.

        Raises:
            Unwritable: the journal cannot be written, or the disk is full.
        """
        try:
            known = any(one.study_name == study for one in self._storage.get_all_studies())
            begin = optuna().load_study if known else partial(optuna().create_study, load_if_exists=True)
            held = begin(study_name=study, storage=self._storage)
            for name in about.keys() - held.user_attrs.keys():
                held.set_user_attr(name, about[name])
            held.add_trial(trial)
        except OSError as error:
            raise Unwritable(
                f"{self.path} cannot be written: {error.strerror or error}. Finished trials are kept: mend this and "
                "give the same command again"
            ) from error

    @cached_property
    def _storage(self) -> Any:
        """The storage. A journal that cannot be read is moved aside: its trials are found again in their records."""
        library = optuna()
        backends = library.storages.journal
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            kind = backends.JournalFileOpenLock if os.name == "nt" else backends.JournalFileSymlinkLock
            lock = kind(str(self.path), grace_period=PATIENCE)
            self._mend(lock)
            try:
                return library.storages.JournalStorage(backends.JournalFileBackend(str(self.path), lock_obj=lock))
            except OSError:
                raise
            except Exception:  # of any kind, since the file may hold anything
                self.moved = self.path.with_name(f"{FILE}.damaged-{os.urandom(3).hex()}")
                self.path.rename(self.moved)
                return library.storages.JournalStorage(backends.JournalFileBackend(str(self.path), lock_obj=lock))
        except OSError as error:
            raise Unwritable(f"{self.path} cannot be used: {error.strerror or error}") from error

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
