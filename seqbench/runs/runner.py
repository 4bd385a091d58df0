"""The runner: it runs the cells of the grid and makes sure that each one ends with a record.

Each cell runs in its own process, forked from a server that has done the slow imports. The parent limits the time and
the resident memory of a cell (not its address space, of which torch reserves far more than it uses). If a cell could
not write its record, the parent writes it. A `Launcher` starts the cells.
"""

import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from seqbench.disk import folder_of_process
from seqbench.evidence.records import Record, Status
from seqbench.runs import cell as cell_process
from seqbench.runs import family, loading, scoring
from seqbench.runs.cell import Options, Outcome, record_of
from seqbench.runs.family import Family
from seqbench.runs.grid import Cell
from seqbench.runs.index import Known
from seqbench.runs.loading import Files, source_of
from seqbench.runs.printed import Printed
from seqbench.runs.store import Damaged, Store, Unwritable
from seqbench.runs.values import Garbled, Receiver

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

PRELOADED = ("seqbench.runs.server", "seqbench.runs.cell", "torch", "torch._dynamo")
"""Modules that the server of processes imports once for all cells, in addition to the modules of their tasks and
models. They count in the memory of every cell. torch imports the last one when its first optimiser is created."""
WRITABLE = 10**9
"""Free bytes of a disk below which a record that a cell could not write tells of the disk, not of the model."""
POLL = 0.1
"""Seconds between two checks of the running cells."""
OUT_OF_BUDGET = "ended at its limit of processor time"
"""How the reason of a cell begins that was ended at `Cell.cpu_seconds`."""


@dataclass(frozen=True)
class Loaded:
    """All data is at hand and right."""


@dataclass(frozen=True)
class Started:
    cell: Cell


@dataclass(frozen=True)
class Progress:
    cell: Cell
    name: str
    value: float


@dataclass(frozen=True)
class Finished:
    cell: Cell
    record: Record
    reused: bool
    """Whether the record was already in the store."""


@dataclass(frozen=True)
class Recomputed:
    """A record in the store is damaged; its cell is run again."""

    cell: Cell
    damaged: Damaged


@dataclass(frozen=True)
class Left:
    """The deadline came before the cell had ended, or before it was started. It has no record."""

    cell: Cell


Event = Started | Progress | Finished | Recomputed | Left


class Running(Protocol):
    """A cell that was started."""

    cell: Cell

    def values(self) -> Iterator[tuple[str, float]]:
        """Return the values of curves that have arrived since the last call."""

    def ended(self) -> tuple[Status, str] | None:
        """Return None while the cell runs, then how it ended: status and reason.

        If the status is ok, the record that the cell wrote is used.
        """

    def output(self) -> bytes:
        """Return what the model printed."""

    def peak_memory(self) -> int:
        """Return the highest memory in bytes, measured from outside the cell."""

    def processor_seconds(self) -> float:
        """Return the processor time, measured from outside the cell."""

    def kill(self) -> None:
        """End the cell now."""


class Launcher(Protocol):
    """Starts cells, for example as local processes or as jobs of a cluster."""

    @property
    def places(self) -> int:
        """How many cells may run at the same time; it may change during a run."""

    def wait(self, seconds: float) -> None:
        """Wait until a cell may have ended, but no longer than this."""

    def loaded(self, cells: Sequence[Cell]) -> AbstractContextManager[Mapping[str, Files]]:
        """Load the data of cells; the context yields the files of each data set, as `start` takes them.

        Raises:
            DataError: data is missing or wrong.
        """

    def start(self, cell: Cell, data: Files, store: Store, options: Options) -> Running: ...


def execute(
    cells: Sequence[Cell],
    store: Store,
    options: Options,
    *,
    jobs: int = 1,
    retry: bool = False,
    deadline: float | None = None,
    launcher: Launcher | None = None,
    after: Callable[[Cell, Record], Sequence[Cell]] | None = None,
) -> Iterator[Loaded | Event]:
    """Run the cells that the store lacks, and yield events, first `Loaded`.

    A cell whose record is in the store is run again only if the record is damaged, if it is not ok and `retry` is set,
    or if fits are to be stored and the record has none.

    Args:
        jobs: number of cells that run at the same time, if they run as processes of this machine.
        launcher: starts the cells; None: processes of this machine.
        deadline: a time of `time.monotonic`. Cells that still run then are ended, and no further ones start.
        after: returns the cells that follow one that has ended, on the same data; None: none do.

    Raises:
        DataError: data is missing or wrong; nothing was run.
        Unwritable: a record cannot be written; the cells that still run are ended.
    """
    launcher = launcher or LocalProcesses(preloaded(cells), jobs)
    store.sweep()
    waiting, running = deque(cells), list[Running]()
    stored = {cell.key: store.find(cell.identity, fit=options.keep) for cell in cells}
    kept = {key: found for key, found in stored.items() if done(found, options, retry)}
    with launcher.loaded([cell for cell in cells if after is not None or cell.key not in kept]) as data:
        yield Loaded()
        try:
            while waiting or running:
                late = deadline is not None and time.monotonic() >= deadline
                while waiting and (waiting[0].key in kept or len(running) < launcher.places):
                    cell = waiting.popleft()
                    found = kept.get(cell.key) or store.find(cell.identity, fit=options.keep)
                    stored.setdefault(cell.key, found)
                    if isinstance(found, Damaged):
                        yield Recomputed(cell, found)
                    elif found is not None and done(found, options, retry):
                        yield Finished(cell, found, reused=True)
                        waiting.extendleft(reversed(after(cell, found)) if after is not None else ())
                        continue
                    if late:
                        yield Left(cell)
                        continue
                    yield Started(cell)
                    running.append(launcher.start(cell, data[source_of(cell)], store, options))
                for job in list(running):
                    for name, value in job.values():
                        yield Progress(job.cell, name, value)
                    end = job.ended()
                    if end is not None:
                        running.remove(job)
                        record = recorded(job, store, options, stored[job.cell.key], *end)
                        yield Finished(job.cell, record, reused=False)
                        waiting.extendleft(reversed(after(job.cell, record)) if after is not None else ())
                    elif late:
                        running.remove(job)
                        job.kill()
                        yield Left(job.cell)
                if waiting or running:
                    launcher.wait(POLL)
        finally:
            for job in running:
                job.kill()


def done(found: Record | Known | Damaged | None, options: Options, retry: bool) -> bool:
    """Return whether the record of a cell is in the store and need not be made again."""
    if found is None or isinstance(found, Damaged):
        return False
    kept_enough = not options.keep or found.kept != "no" or found.status != "ok"
    return kept_enough and not (retry and found.status != "ok")


def preloaded(cells: Sequence[Cell]) -> list[str]:
    """Return the modules that `LocalProcesses` may import once for all cells."""
    return sorted(set().union(*(cell.modules for cell in cells)))


def recorded(
    job: Running, store: Store, options: Options, earlier: Record | Damaged | None, status: Status, reason: str
) -> Record:
    """Return the record that the cell wrote, or a new record of how it ended.

    Args:
        earlier: what the store had of the cell before it was started.
    """
    written = store.find(job.cell.identity)
    if isinstance(written, Record) and status == "ok" and written != earlier:
        return written
    if status == "ok":
        status, reason = "crashed", "the process ended without a record"
    outcome = Outcome(costs={"peak_memory_bytes": job.peak_memory(), "cpu_seconds": job.processor_seconds()})
    return store.write(record_of(job.cell, status, reason, options, outcome), log=job.output())


class LocalProcesses:
    """Starts cells as processes on this machine."""

    def __init__(self, preload: Sequence[str] = (), places: int = 1, always: Sequence[str] = PRELOADED) -> None:
        """Set up the server of processes.

        Args:
            places: number of cells that may run at the same time.
            always: modules that cells need, whatever their models are.
            preload: modules to import once for all cells. Only modules of seqbench are: the import of others may fail,
                so the cells that need them import them.
        """
        self.places = places
        self.folder = Path()
        self.context: ForkServerContext | SpawnContext = multiprocessing.get_context("spawn")
        if "forkserver" in multiprocessing.get_all_start_methods():
            self.context = multiprocessing.get_context("forkserver")
            self.context.set_forkserver_preload([*always, *(name for name in preload if name.startswith("seqbench."))])

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    @contextmanager
    def loaded(self, cells: Sequence[Cell]) -> Iterator[Mapping[str, Files]]:
        with tempfile.TemporaryDirectory(dir=folder_of_process(), ignore_cleanup_errors=True) as folder:
            self.folder = Path(folder)
            yield loading.loaded(cells, self.folder, self._process)

    def start(self, cell: Cell, data: Files, store: Store, options: Options) -> Running:
        folder = Path(tempfile.mkdtemp(prefix=f"{cell.key[:16]}-", dir=self.folder))
        log, values, work = folder / "log.txt", folder / "values.jsonl", folder / "work"
        work.mkdir()
        printed, receiver = Printed(log, make=True), Receiver(values)
        asks, answers = self.context.Pipe()
        scorer = self._process(scoring.main, (cell, data, asks))
        arguments = (cell, data, answers, store.root.absolute(), options, values, log, work)
        process = self._process(cell_process.main, arguments)
        for end in (asks, answers):
            end.close()
        return _LocalProcess(cell, process, scorer, receiver, printed, folder, options, store)

    def _process(self, target: Callable[..., None], arguments: tuple[Any, ...]) -> BaseProcess:
        """Start a process that calls `target`."""
        process = self.context.Process(target=target, args=arguments)
        with _without_main(), family.starting:
            process.start()
        return process


@dataclass
class _LocalProcess:
    cell: Cell
    process: BaseProcess
    scorer: BaseProcess
    receiver: Receiver
    log: Printed
    folder: Path
    options: Options
    store: Store
    started: float = field(default_factory=time.monotonic)
    peak: int = 0
    used: float = 0.0
    printed: bytes = b""
    garbled: bool = False
    cleared: bool = False

    def __post_init__(self) -> None:
        self.family, self.scoring = Family(self.process), Family(self.scorer)

    def values(self) -> Iterator[tuple[str, float]]:
        try:
            yield from self.receiver.values()
        except Garbled:
            self.garbled = True

    def ended(self) -> tuple[Status, str] | None:
        code = self.process.exitcode
        if code is not None:
            self._finish_values()
        if self.garbled:
            self.kill()
            return "crashed", "the model wrote to the harness's channel"
        if code is not None:
            self.family.end()
            self._clear()
            if code == cell_process.UNWRITTEN:
                return self._unwritten()
            return ("ok", "") if code == 0 else ("crashed", self._how(code))
        self.log.bound()
        limits = self.options.limits
        memory = limits.memory_gb * 1e9
        resident, scoring = self.family.resident(memory), self.scoring.resident(memory)
        self.peak, self.used = max(self.peak, resident), max(self.used, self.family.processor_seconds())
        if self.cell.cpu_seconds is not None and self.used >= self.cell.cpu_seconds:
            self.kill()
            return "timeout", f"{OUT_OF_BUDGET}, {self.cell.cpu_seconds:,.1f} s"
        if time.monotonic() - self.started > limits.seconds:
            self.kill()
            return (
                "timeout",
                f"not finished after {limits.seconds:,.0f} s; the suite's limits.seconds sets this",
            )
        if max(resident, scoring) > memory:
            self.kill()
            where = "" if resident >= scoring else " of the process that scores"
            return (
                "out of memory",
                f"{max(resident, scoring) / 1e9:.1f} GB resident memory{where}; the suite's limits.memory_gb is "
                f"{limits.memory_gb:g}",
            )
        return None

    def _finish_values(self) -> None:
        try:
            self.receiver.finish()
        except Garbled:
            self.garbled = True

    def output(self) -> bytes:
        return self.printed if self.options.text else b""

    def peak_memory(self) -> int:
        return self.peak

    def processor_seconds(self) -> float:
        return self.used

    def kill(self) -> None:
        self.family.kill()
        self._clear()

    def _clear(self) -> None:
        if self.cleared:
            return
        self.cleared = True
        self.scoring.kill()
        self.receiver.close()
        self.printed = self.log.read()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _unwritten(self) -> tuple[Status, str]:
        """Return how a cell ended that says that the store cannot be written: perhaps it is its own fault.

        Raises:
            Unwritable: it is right.
        """
        self.store.claim()
        if shutil.disk_usage(self.store.root).free < WRITABLE:
            raise Unwritable(self._last_line() or "the store cannot be written")
        words = f": {self._last_line()[:200]}" if self.options.text else ""
        return "crashed", f"the process could not write its record, though the store can be written{words}"

    def _how(self, code: int) -> str:
        """Return why a process ended, from its exit code and the last line that it printed."""
        if code == -9:
            return "killed by signal 9, perhaps because the machine ran out of memory"
        how = f"killed by signal {-code}" if code < 0 else f"the process left with exit code {code}"
        words = self._last_line()[:200] if self.options.text else ""
        return f"{how}; its last output: {words}" if words else how

    def _last_line(self) -> str:
        return self.printed.decode(errors="replace").strip().rpartition("\n")[2].strip()


@contextmanager
def _without_main() -> Iterator[None]:
    """Prevent processes that are started meanwhile from importing the caller's script.

    Cells do not need it, and a script without `if __name__ == "__main__"` would run again in each of them.
    """
    main = sys.modules["__main__"]
    kept: dict[str, Any] = {name: vars(main)[name] for name in ("__spec__", "__file__") if name in vars(main)}
    vars(main).update(dict.fromkeys(kept))
    try:
        yield
    finally:
        vars(main).update(kept)
