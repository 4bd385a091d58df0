"""Loading: each data set of a run is read, checked and split once, before any cell starts.

A process of its own reads a data set, so that a loader that crashes or hangs does not end the run unexplained. It
leaves two files in a temporary folder: one without the test part, for fits, and one with it, for scoring. Large arrays
lie in files of their own, which both share (`contents`).
"""

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from seqbench import registry
from seqbench.data import DataError, Dataset
from seqbench.disk import write_whole
from seqbench.evidence.records import Comparability
from seqbench.runs import contents, family
from seqbench.runs.failure import one_line
from seqbench.runs.grid import Cell
from seqbench.tasks import task

TOLD = "why-not.txt"
MOST = 2**16
"""Bytes of a message that are read."""
Start = Callable[[Callable[..., None], tuple[Any, ...]], BaseProcess]
"""Starts a process that calls a function with these arguments."""


@dataclass(frozen=True)
class Files:
    """The files of a data set."""

    fitting: Path
    """The data without its test part, and its `Comparability`."""
    scoring: Path
    """The whole data."""

    def written(self) -> list[Path]:
        """Return what is there of these files, and of those beside them that hold their arrays."""
        return [found for file in (self.fitting, self.scoring) for found in file.parent.glob(f"{file.stem}*")]

    def read_fitting(self, cell: Cell) -> tuple[Any, Comparability]:
        """Return what a cell needs until its test part is scored."""
        data, basis = contents.read(self.fitting)
        return _lent(cell, data), basis

    def read_scoring(self, cell: Cell) -> Any:
        """Return all of the data that a cell needs."""
        return _lent(cell, contents.read(self.scoring))


def loaded(cells: Sequence[Cell], folder: Path, start: Start) -> dict[str, Files]:
    """Load the data of cells into a folder; return the files of each data set by its `source_of`.

    Args:
        start: starts the process that reads a data set.

    Raises:
        DataError: data is missing or wrong; the message has a line for each such data set.
    """
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
    return files


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
    told = files.fitting.with_name(TOLD)
    told.unlink(missing_ok=True)
    process = start(_load, (cell, files, told))
    processes = family.Family(process)
    try:
        while process.is_alive() and not told.exists():
            process.join(0.1)
        process.join(1)
    finally:
        processes.kill()
    try:
        with told.open("rb") as file:
            return file.read(MOST).decode(errors="replace")
    except OSError:
        return f"{cell.identity.dataset} cannot be loaded: its loader ended with exit code {process.exitcode}"


def _load(cell: Cell, files: Files, told: Path) -> None:
    """Load the data of a cell, in a process of its own; write why it is not possible, nothing if it is."""
    family.enter()
    with suppress(OSError):
        os.dup2(2, 1)  # what a loader prints is no part of a table
    why = ""
    try:
        write(cell, files)
    except Exception as error:
        why = one_line(error)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            why = f"{files.fitting.parent} has no room for the data: {error.strerror}; set TMPDIR to a folder that has"
        for file in files.written():  # so that there is room to tell it
            file.unlink(missing_ok=True)
    write_whole(told, why.encode(errors="replace"))
