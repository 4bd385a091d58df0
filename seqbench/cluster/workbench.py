"""The workbench: a process beside a worker, in which cells run as they do on one machine.

A worker of dask may be killed at any moment, and its own process holds what dask needs. So it runs no cell itself. It
asks its workbench, which starts each cell as `LocalProcesses` does, within the same limits, in a temporary store. When
the worker ends, in whatever way, the channel closes: then the workbench ends its cells and removes its folder.
"""

import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from seqbench.disk import folder_of_process
from seqbench.runs.cell import Options
from seqbench.runs.grid import Cell
from seqbench.runs.loading import Files
from seqbench.runs.provenance import provenance
from seqbench.runs.runner import POLL, LocalProcesses, Running, recorded
from seqbench.runs.store import Store, Unwritable

IDLE = 600.0
"""Seconds without a cell after which a workbench leaves: the run that it was for has ended without a word."""
PATIENCE = 10.0
"""Seconds that a workbench has to end its cells and to remove its folder."""


@dataclass(frozen=True)
class Job:
    number: str
    cell: Cell
    data: Files
    options: Options


@dataclass(frozen=True)
class Stop:
    number: str


@dataclass(frozen=True)
class Value:
    """The last value of a curve."""

    name: str
    value: float


@dataclass(frozen=True)
class Made:
    """A finished cell: the files of its record."""

    files: dict[str, bytes]


@dataclass(frozen=True)
class Unable:
    """This machine cannot run cells."""

    why: str


@dataclass(frozen=True)
class Broken:
    """The workbench ended while it ran the cell."""


Answer = Made | Unable | Broken


class Workbench:
    """A workbench, as its worker has it. Several threads may use it."""

    def __init__(self, folder: Path, preload: Sequence[str]) -> None:
        """Start the process.

        Args:
            folder: it holds the data that the worker got; the process removes it at the end.
            preload: as for `LocalProcesses`.
        """
        self.folder = folder
        self.channel, other = Pipe()
        words = [sys.executable, "-P", "-m", __name__, str(other.fileno()), str(folder), *preload]
        self.process = subprocess.Popen(
            words, cwd=folder, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
        )
        other.close()
        self.lock = threading.Lock()
        self.answers: dict[str, queue.SimpleQueue[Value | Answer]] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def works(self) -> bool:
        return self.process.poll() is None

    def run(
        self, job: Job, tell: Callable[[str, float], None], cancelled: Callable[[], bool], patience: float = 0.25
    ) -> Answer | None:
        """Run a cell and return how it ended; None if it was cancelled.

        Args:
            tell: is called with the name and the last value of a curve, now and then.
            cancelled: is asked now and then whether the cell is to be ended.
        """
        answers = self.answers[job.number] = queue.SimpleQueue()
        try:
            if not self._send(job):
                return Broken()
            while not cancelled():
                try:
                    said = answers.get(timeout=patience)
                except queue.Empty:
                    if not self.works:
                        return Broken()
                    continue
                if not isinstance(said, Value):
                    return said
                tell(said.name, said.value)
            self._send(Stop(job.number))
            return None
        finally:
            self.answers.pop(job.number, None)

    def close(self) -> None:
        """End the cells and the process, and remove the folder."""
        self._send(None)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _send(self, message: Job | Stop | None) -> bool:
        try:
            with self.lock:
                self.channel.send(message)
        except OSError:
            return False
        return True

    def _listen(self) -> None:
        try:
            while True:
                number, said = self.channel.recv()
                if number in self.answers:
                    self.answers[number].put(said)
        except (EOFError, OSError):
            for answers in list(self.answers.values()):
                answers.put(Broken())


class _Cells:
    """The cells that run in this process."""

    def __init__(self, channel: Connection, preload: Sequence[str]) -> None:
        self.channel = channel
        self.launcher = LocalProcesses(preload)
        self.folder = self.launcher.folder = folder_of_process()
        self.running: dict[str, tuple[Running, Store, Options]] = {}

    def start(self, job: Job) -> None:
        options = replace(job.options, provenance=provenance(job.cell.identity.device, job.cell.identity.threads))
        store = Store(self.folder / f"store-{job.number}")
        try:
            store.claim()
            self.running[job.number] = self.launcher.start(job.cell, job.data, store, options), store, options
        except OSError as error:
            self._end(job.number, store, Unable(_why(error)))

    def stop(self, number: str) -> None:
        if number in self.running:
            running, store, _ = self.running.pop(number)
            running.kill()
            shutil.rmtree(store.root, ignore_errors=True)

    def look(self) -> None:
        """Send what is new of each cell."""
        for number, (running, store, options) in list(self.running.items()):
            values = dict(running.values())
            for name, value in values.items():
                self.channel.send((number, Value(name, value)))
            try:
                end = running.ended()
                if end is not None:
                    self._end(number, store, Made(store.files(recorded(running, store, options, None, *end))))
            except OSError as error:
                running.kill()
                self._end(number, store, Unable(_why(error)))

    def _end(self, number: str, store: Store, answer: Answer) -> None:
        self.running.pop(number, None)
        shutil.rmtree(store.root, ignore_errors=True)
        self.channel.send((number, answer))


def _why(error: OSError) -> str:
    """Return why a machine cannot run cells; how to go on, which `Unwritable` says, is another thing there."""
    return str(error).partition(". Finished cells")[0] if isinstance(error, Unwritable) else str(error)


def main(channel: Connection, folder: Path, preload: Sequence[str]) -> None:
    """Run cells until the worker at the other end of the channel has ended."""
    cells = _Cells(channel, preload)
    try:
        while channel.poll(POLL if cells.running else IDLE) or cells.running:
            while channel.poll():
                message = channel.recv()
                if message is None:
                    return
                if isinstance(message, Job):
                    cells.start(message)
                else:
                    cells.stop(message.number)
            cells.look()
    except (EOFError, OSError):
        pass  # the worker has ended
    finally:
        for number in list(cells.running):
            cells.stop(number)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    from seqbench.cluster.workbench import main as named  # so that what is sent has one name at both ends

    os.set_inheritable(int(sys.argv[1]), False)
    named(Connection(int(sys.argv[1])), Path(sys.argv[2]), sys.argv[3:])
