"""What a worker of dask does for a run: it says what it has, takes data, runs cells, and forgets the run.

The functions are called in the worker's process, by their names: so seqbench must be installed there. Each run has one
workbench per worker.
"""

import asyncio
import os
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import get_worker

from seqbench.cluster.parcels import Parcel, Parcels
from seqbench.cluster.sameness import Code, Software, host, software, unfit_for
from seqbench.cluster.workbench import Answer, Job, Unable, Workbench
from seqbench.disk import WORKER, owned_folder, remove_abandoned
from seqbench.evidence.records import Provenance
from seqbench.runs.cell import Options
from seqbench.runs.grid import Cell
from seqbench.runs.provenance import provenance

THERE = "it is there"
"""What a worker says of a file that it has got already."""
PACE = 1.0
"""Seconds between two values of a curve that a worker tells."""


@dataclass(frozen=True)
class Wanted:
    """What a worker must know of a run."""

    run: str
    """The name of the run, which no other run has; also the topic of what its workers tell."""
    codes: tuple[Code, ...]
    preload: tuple[str, ...]
    device: str
    threads: int


@dataclass(frozen=True)
class Admitted:
    """What a worker has."""

    host: str
    process: int
    threads: int
    """Cells that it may run at the same time."""
    software: Software
    provenance: Provenance
    unfit: str
    """Why it cannot compute on the device that is asked for; empty if it can."""


@dataclass(frozen=True)
class Order:
    """A cell for a worker."""

    run: str
    number: str
    cell: Cell
    parcels: Parcels
    options: Options


@dataclass(frozen=True)
class Unknown:
    """The worker was not asked what it has: it came later, at the address of another one."""


@dataclass(frozen=True)
class Lacking:
    """The worker needs these files before it can run the cell."""

    folder: str
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True)
class Reply:
    """What became of an order, and which worker says so."""

    worker: str
    """Its address."""
    answer: Answer | Unknown | Lacking | None


class _Guest:
    """A run, as a worker knows it."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.lock = threading.Lock()
        self.bench: Workbench | None = None
        self.held = ExitStack()
        """Holds the folder of the workbench."""

    def workbench(self) -> Workbench:
        """Return the workbench of the run. It is started when it is needed, and again if it has ended."""
        with self.lock:
            if self.bench is None or not self.bench.works:
                self.close()
                temporary = Path(tempfile.gettempdir())
                remove_abandoned(temporary, WORKER)
                self.bench = Workbench(self.held.enter_context(owned_folder(temporary, WORKER)), self.wanted.preload)
            return self.bench

    def leave(self, bench: Workbench) -> None:
        """End a workbench, unless it runs cells."""
        with self.lock:
            if self.bench is bench and not bench.answers:
                self.close()

    def close(self) -> None:
        if self.bench is not None:
            self.bench.close()
            self.bench = None
        self.held.close()


_guests: dict[str, _Guest] = {}


async def admit(wanted: Wanted, dask_worker: Any = None) -> Admitted:
    """Say what this worker has, and get ready for the cells of a run.

    Args:
        dask_worker: the worker; dask fills it in.
    """
    _guests.setdefault(wanted.run, _Guest(wanted))
    return Admitted(
        host=host(),
        process=os.getpid(),
        threads=dask_worker.state.nthreads,
        software=await asyncio.to_thread(software, wanted.codes),
        provenance=await asyncio.to_thread(provenance, wanted.device, wanted.threads),
        unfit=await asyncio.to_thread(unfit_for, wanted.device),
    )


async def receive(run: str, folder: str, parcel: Parcel, start: int, piece: bytes) -> str:
    """Write a piece of a file, from the byte `start` on; return why this is not possible, else nothing or `THERE`."""
    return await asyncio.to_thread(_write, run, folder, parcel, start, piece)


def _write(run: str, folder: str, parcel: Parcel, start: int, piece: bytes) -> str:
    try:
        whole = _guests[run].workbench().folder / folder / parcel.path.name
        if whole.exists():
            return THERE
        whole.parent.mkdir(exist_ok=True)
        partial = whole.with_name(f"{whole.name}.partial")
        with partial.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.write(piece)
        if start + len(piece) == parcel.size:
            partial.rename(whole)
    except (OSError, KeyError) as error:
        return str(error) or type(error).__name__
    return ""


async def dismiss(run: str) -> None:
    """Forget a run: end what still runs of it, and remove what it left."""
    guest = _guests.pop(run, None)
    if guest is not None:
        await asyncio.to_thread(guest.close)


def work(order: Order) -> Reply:
    """Run a cell. This is a task of dask, in one of the worker's threads."""
    worker = get_worker()
    guest = _guests.get(order.run)
    if guest is None:
        return Reply(worker.address, Unknown())
    try:
        bench = guest.workbench()
    except OSError as error:  # no folder, no process
        return Reply(worker.address, Unable(str(error)))
    if order.parcels.lie_here():
        data = order.parcels.files
    elif lacking := order.parcels.lacking(bench.folder):
        return Reply(worker.address, Lacking(order.parcels.name, tuple(lacking)))
    else:
        data = order.parcels.unpacked(bench.folder)
    task, told = worker.get_current_task(), 0.0

    def tell(name: str, value: float) -> None:
        nonlocal told
        if time.monotonic() - told >= PACE:
            told = time.monotonic()
            worker.log_event(order.run, ("value", order.number, name, value))

    def cancelled() -> bool:
        known = worker.state.tasks.get(task)
        return known is None or known.state != "executing" or worker.status.name not in ("running", "paused")

    worker.log_event(order.run, ("begun", order.number, os.getpid(), worker.address))
    job = Job(order.number, order.cell, data, order.options)
    answer = bench.run(job, tell, cancelled)
    if answer is None:  # perhaps the process that gave the command has ended without a word
        guest.leave(bench)
    return Reply(worker.address, answer)
