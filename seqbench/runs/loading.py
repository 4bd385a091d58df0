"""Loading: each data set of a run is read, checked and split once, before any cell starts.

A process of its own reads a data set, so that a loader that crashes or hangs does not end the run unexplained. It
leaves two files in a temporary folder: one without the test part, for fits, and one with it, for scoring. Large arrays
lie in files of their own, which both share (`contents`).
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from seqbench import registry
from seqbench.data import DataError, Dataset
from seqbench.evidence.records import Comparability
from seqbench.runs import contents
from seqbench.runs.failure import one_line
from seqbench.runs.grid import Cell
from seqbench.runs.store import remove_abandoned
from seqbench.tasks import task

PREFIX = "seqbench-data-"
Start = Callable[[Callable[..., None], tuple[Any, ...]], BaseProcess]
"""Starts a process that calls a function with these arguments."""


@dataclass(frozen=True)
class Files:
    """The files of a data set."""

    fitting: Path
    """The data without its test part, and its `Comparability`."""
    scoring: Path
    """The whole data."""

    def read_fitting(self, cell: Cell) -> tuple[Any, Comparability]:
        """Return what a cell needs until its test part is scored."""
        data, basis = contents.read(self.fitting)
        return _lent(cell, data), basis

    def read_scoring(self, cell: Cell) -> Any:
        """Return all of the data that a cell needs."""
        return _lent(cell, contents.read(self.scoring))


@contextmanager
def loaded(cells: Sequence[Cell], start: Start) -> Iterator[dict[str, Files]]:
    """Load the data of cells, and yield the files of each data set by its `source_of`; remove the files afterwards.

    Args:
        start: starts the process that reads a data set.

    Raises:
        DataError: data is missing or wrong; the message has a line for each such data set.
    """
    remove_abandoned(Path(tempfile.gettempdir()), PREFIX)  # of runs that were killed
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        files: dict[str, Files] = {}
        wrong: list[str] = []
        for cell in sorted(cells, key=lambda cell: cell.identity.share):  # what is too small is told before all runs
            source = source_of(cell)
            if source in files:
                continue
            files[source] = Files(folder / f"{len(files)}-fitting.pickle", folder / f"{len(files)}-scoring.pickle")
            wrong += [why for why in [cell.missing or _why_not(cell, files[source], start)] if why]
        if wrong:
            raise DataError("\n".join(dict.fromkeys(wrong)))
        yield files
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def dataset(cell: Cell) -> Dataset[Any]:
    """Return the data set of a cell without loading it."""
    task_name = cell.identity.task
    found = registry.find_dataset(cell.dataset, task_name)
    source: Dataset[Any] = registry.configured(found.attribute, cell.dataset, task_name)
    return source


def load(cell: Cell) -> Any:
    """Load the data of a cell, with the part of the training part that the cell learns from.

    Raises:
        DataError: the data is missing or wrong.
        ValueError: the part is too small.
    """
    return _lent(cell, dataset(cell).load())


def _lent(cell: Cell, data: Any) -> Any:
    identity = cell.identity
    return data if identity.share == 1 else task(identity.task).smaller(data, identity.share, identity.seed)


def source_of(cell: Cell) -> str:
    """Return what tells the data of a cell from other data."""
    return f"{cell.identity.task} {cell.dataset}"


def write(cell: Cell, files: Files) -> None:
    """Load the data of a cell and write its files.

    Raises:
        DataError: the data is missing or wrong.
        ValueError: the part of the training part that the cell learns from is too small.
    """
    kind, whole = task(cell.identity.task), dataset(cell).load()
    basis = kind.comparability(whole, cell.identity.dataset, cell.identity.data_sha256)
    known = kind.without_test(whole)
    _lent(cell, known)
    kind.prepare(known, "valid")
    kind.prepare(whole, "test")
    writer = contents.Writer()
    writer.write(files.fitting, (known, basis))
    writer.write(files.scoring, whole)


def _why_not(cell: Cell, files: Files, start: Start) -> str:
    """Load the data of a cell into files; return why this is not possible, empty if it is."""
    receiver, sender = Pipe(duplex=False)
    process = start(_load, (cell, files, sender))
    sender.close()
    try:
        said = receiver.recv()
    except EOFError:
        process.join()
        said = f"{cell.identity.dataset} cannot be loaded: its loader ended with exit code {process.exitcode}"
    finally:
        if process.is_alive():
            process.join(1)
            process.kill()
        process.join()
        receiver.close()
    return str(said)


def _load(cell: Cell, files: Files, channel: Connection) -> None:
    """Load the data of a cell, in a process of its own; send why it is not possible, empty if it is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent ends this process
    why = ""
    try:
        write(cell, files)
    except Exception as error:
        why = one_line(error)
    channel.send(why)
