"""The launcher of a cluster: cells are tasks of dask, and their records are written here, by one process.

A cell travels as plain values, its data by path or as bytes (`parcels`), its record comes back as files. A worker is
asked what it has before it gets a cell (`sameness`). One that dies costs nothing: its cells run elsewhere.
"""

import logging
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import dask
from distributed import Client, KilledWorker

from seqbench.cluster import local, worker
from seqbench.cluster.address import Address, Local, Remote
from seqbench.cluster.members import Members
from seqbench.cluster.parcels import Parcels
from seqbench.cluster.sameness import codes
from seqbench.cluster.workbench import Broken, Made, Unable
from seqbench.cluster.worker import Admitted, Lacking, Order, Reply, Unknown, Wanted
from seqbench.evidence.records import Status
from seqbench.runs.cell import Options, Outcome, record_of
from seqbench.runs.grid import Cell
from seqbench.runs.loading import Files, source_of
from seqbench.runs.runner import LocalProcesses, Running, preloaded
from seqbench.runs.store import Store

DEATHS = 3
"""A cell during which so many workers died is not run again."""
CONNECT = 15.0
"""Seconds in which a scheduler must answer."""
WATCH = 1.0
"""Seconds between two looks at who is in the cluster."""
HANDS = 8
"""Threads that take records and send data."""


class ClusterLost(ConnectionError):
    """Raised if the cluster cannot be reached, or is reached no more. The message says how to go on."""


class Cluster:
    """Starts cells on the workers of a cluster; several runs may share one."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.wake = threading.Event()
        self.jobs: dict[str, _Job] = {}
        self.parcels: dict[str, Parcels] = {}
        self.members: Members | None = None

    @property
    def places(self) -> int:
        """How many cells the workers of the cluster run at the same time: one for each of their threads."""
        return 0 if self.members is None else self.members.places

    @contextmanager
    def loaded(self, cells: Sequence[Cell]) -> Iterator[Mapping[str, Files]]:
        """Connect to the cluster, and load the data of cells here; leave the cluster afterwards.

        Raises:
            DataError: data is missing or wrong.
            ClusterLost: there is no such cluster.
            OSError: a worker has other software than this machine; the message names both.
        """
        processes = LocalProcesses(always=["seqbench.runs.loading"])  # they read data; no cell runs in them
        if not cells:
            with processes.loaded(cells) as files:
                yield files
            return
        with ExitStack() as stack:
            client = self._connected(stack)
            first = cells[0].identity
            wanted = Wanted(
                f"seqbench-{uuid.uuid4().hex}",
                tuple(codes(cells)),
                tuple(preloaded(cells)),
                first.device,
                first.threads,
            )
            self.hands = stack.enter_context(ThreadPoolExecutor(HANDS, thread_name_prefix="seqbench"))
            self.members = Members(client, wanted, self.hands, self.wake)
            stack.callback(self._leave)
            self._try(self.members.meet)
            files = stack.enter_context(processes.loaded(cells))
            client.subscribe_topic(wanted.run, self._hear)  # type: ignore[no-untyped-call]
            self.looked = time.monotonic()
            yield files

    def start(self, cell: Cell, data: Files, store: Store, options: Options) -> Running:
        source = source_of(cell)
        if source not in self.parcels:
            self.parcels[source] = Parcels.pack(data)
        job = _Job(self, cell, self.parcels[source], store, options)
        self.jobs[job.number] = job
        job.submit()
        return job

    def wait(self, seconds: float) -> None:
        self.wake.wait(seconds)
        self.wake.clear()
        if time.monotonic() - self.looked >= WATCH:
            self.looked = time.monotonic()
            assert self.members is not None
            self._try(self.members.look)

    def lost(self, error: object = "") -> ClusterLost:
        """Return what to raise if the scheduler is reached no more."""
        return ClusterLost(
            f"the scheduler of {self.address} has gone{f': {error}' if str(error) else ''}. Finished cells are kept: "
            "when it runs again, give the same command again; without --cluster, cells run on this machine"
        )

    def _connected(self, stack: ExitStack) -> Client:
        """Return a client of the cluster, which is started if it is a local one."""
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        if isinstance(self.address, Local):
            address, keys = stack.enter_context(local.started(self.address.workers))
        else:
            _reach(self.address)
            safe = dask.config.get("distributed.comm.require-encryption", None)
            address, keys = f"{'tls' if safe else 'tcp'}://{self.address.host}:{self.address.port}", None
        try:
            client = Client(  # type: ignore[no-untyped-call]
                address, security=keys, timeout=CONNECT, set_as_default=False, name="seqbench"
            )
        except (OSError, ValueError, ImportError) as error:
            raise _no_scheduler(self.address, error) from error
        stack.callback(client.close, timeout=CONNECT)
        return client

    def _leave(self) -> None:
        """End what still runs, and let the workers forget the run."""
        assert self.members is not None
        for job in list(self.jobs.values()):
            job.kill()
        self.members.dismiss()
        self.hands.shutdown(wait=False, cancel_futures=True)
        self.members = None

    def _try(self, ask: Callable[[], None]) -> None:
        assert self.members is not None
        if self.members.client.status != "running":
            raise self.lost()
        try:
            ask()
        except (OSError, RuntimeError) as error:
            if self.members.client.status == "running" and not isinstance(error, TimeoutError | ConnectionError):
                raise
            raise self.lost(_first_line(error)) from error

    def _hear(self, event: tuple[float, Sequence[Any]]) -> None:
        """Note what a worker tells while it runs a cell."""
        kind, number, *said = event[1]
        job = self.jobs.get(number)
        if job is None:
            return
        if kind == "begun":
            job.begun.add((said[1], said[0]))
        else:
            job.arrived.append((said[0], said[1]))
            self.wake.set()


@dataclass(eq=False)
class _Job:
    cluster: Cluster
    cell: Cell
    parcels: Parcels
    store: Store
    options: Options
    number: str = field(default_factory=lambda: uuid.uuid4().hex)
    task: Any = None
    """The future of dask; None while no worker can have the cell."""
    permitted: frozenset[str] = frozenset()
    """The addresses of the workers that may run it."""
    answer: Future[Reply] | None = None
    sending: Future[str] | None = None
    """Data on its way to the worker `sent_to`; the result is why it cannot take it, or empty."""
    sent_to: str = ""
    begun: set[tuple[str, int]] = field(default_factory=set)
    """Address and process of the workers that began to run it, and have not answered."""
    broken: int = 0
    """How often a workbench ended, or dask gave the cell up, so that no worker of `begun` is to blame."""
    arrived: deque[tuple[str, float]] = field(default_factory=deque)

    def values(self) -> Iterator[tuple[str, float]]:
        while self.arrived:
            yield self.arrived.popleft()

    def ended(self) -> tuple[Status, str] | None:
        members = self.cluster.members
        assert members is not None
        if self.sending is not None:
            if self.sending.done():
                self._sent(self.sending)
            return None
        if self.task is None:
            self.submit()
            return None
        if self._deaths() >= DEATHS:
            return self._crashed()
        if self.answer is None:
            if self.task.status == "cancelled" and not members.connected:
                raise self.cluster.lost()
            if self.task.status == "cancelled" or not self.permitted & members.addresses():
                self.submit()
            return None
        if not self.answer.done():
            return None
        return self._after(self.answer)

    def submit(self, address: str = "") -> None:
        """Give the cell to the worker at an address, or to any; if none may have it now, it waits."""
        members = self.cluster.members
        assert members is not None
        self._drop()
        self.permitted = members.addresses() & {address} or members.addresses()
        if not self.permitted:
            return
        wanted = members.wanted
        order = Order(wanted.run, self.number, self.cell, self.parcels, self.options)
        key = f"{wanted.run}-{self.cell.key[:16]}-{uuid.uuid4().hex[:8]}"
        task = members.client.submit(worker.work, order, key=key, workers=list(self.permitted), pure=False)
        self.task = task
        task.add_done_callback(self._take)  # type: ignore[no-untyped-call]

    def output(self) -> bytes:
        return b""

    def peak_memory(self) -> int:
        return 0

    def processor_seconds(self) -> float:
        return 0.0

    def kill(self) -> None:
        self._drop()
        self.cluster.jobs.pop(self.number, None)

    def _take(self, task: Any) -> None:
        """Fetch the answer, in a thread of its own, since it may be large."""
        try:
            if task is self.task and task.status != "cancelled":
                self.answer = self.cluster.hands.submit(task.result)
                self.answer.add_done_callback(lambda _: self.cluster.wake.set())
        except RuntimeError:  # the run has ended
            return
        finally:
            self.cluster.wake.set()

    def _drop(self) -> None:
        """Have nothing to do with the last try any more."""
        task, self.task, self.answer, self.sending = self.task, None, None, None
        if task is not None and not task.done():
            task.cancel()

    def _after(self, answer: Future[Reply]) -> tuple[Status, str] | None:
        """Return how the cell ended; None if it must be run again."""
        members = self.cluster.members
        assert members is not None
        try:
            reply = answer.result()
        except KilledWorker:
            return self._broken()
        except Exception as error:
            if not members.connected:
                raise self.cluster.lost() from error
            raise
        self.begun = {one for one in self.begun if one[0] != reply.worker}
        match reply.answer:
            case Made(files):
                self.store.take(self.cell.key, files)
                self.kill()
                return "ok", ""
            case Lacking(folder, parcels):
                self._drop()
                self.sent_to = reply.worker
                self.sending = self.cluster.hands.submit(members.send, reply.worker, folder, parcels)
                self.sending.add_done_callback(lambda _: self.cluster.wake.set())
            case Unable(why):
                members.leave_out(reply.worker, why)
                self.submit()
            case Broken():
                return self._broken()
            case Unknown():
                members.forget(reply.worker)
                self.submit()
            case None:  # it was cancelled there, since the worker leaves
                self.submit()
        return None

    def _sent(self, sending: Future[str]) -> None:
        members = self.cluster.members
        assert members is not None
        try:
            why = sending.result()
        except Exception:  # the worker has gone
            why = ""
        if why:
            members.leave_out(self.sent_to, why)
        self.submit(self.sent_to)

    def _dead(self) -> list[Admitted]:
        """Return the workers that died while they ran the cell."""
        members = self.cluster.members
        assert members is not None
        return [dead for one in sorted(self.begun) if (dead := members.died(one)) is not None]

    def _deaths(self) -> int:
        return self.broken + (len(self._dead()) if self.begun else 0)

    def _broken(self) -> tuple[Status, str] | None:
        """Run the cell again, unless that happened too often."""
        self.broken += 1
        if self._deaths() >= DEATHS:
            return self._crashed()
        self.submit()
        return None

    def _crashed(self) -> tuple[Status, str]:
        """Write the record of a cell whose workers die."""
        dead = self._dead()
        where = f" ({', '.join(dict.fromkeys(one.host for one in dead))})" if dead else ""
        why = f"{DEATHS} workers died while they ran it{where}, perhaps because a machine ran out of memory"
        options = replace(self.options, provenance=dead[-1].provenance) if dead else self.options
        self.store.write(record_of(self.cell, "crashed", why, options, Outcome()))
        self.kill()
        return "ok", ""


def _reach(address: Remote) -> None:
    """Raise at once if nothing listens at an address, which dask would wait for."""
    try:
        socket.create_connection((address.host.strip("[]"), address.port), CONNECT).close()
    except OSError as error:
        raise _no_scheduler(address, error) from None


def _no_scheduler(address: Address, error: Exception) -> ClusterLost:
    return ClusterLost(
        f"no scheduler of dask answers at {address} ({_first_line(error)}); start one with `dask scheduler`, and name "
        "the address that it prints, with dask:// in place of tcp://"
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
