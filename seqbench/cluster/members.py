"""Who is in the cluster: which workers may run cells, which may not and why, which have died."""

import logging
import math
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

from distributed import Client

from seqbench.cluster import worker
from seqbench.cluster.parcels import PIECE, Parcel
from seqbench.cluster.sameness import differences, software
from seqbench.cluster.worker import THERE, Admitted, Wanted

LOG = logging.getLogger("seqbench.cluster")
ASK = 0.1
"""Seconds between two questions whether workers have answered."""
LONELY = 10.0
"""Seconds without a worker after which it is said that the run waits for one."""
FORGET = 10.0
"""Seconds in which workers are to forget a run."""

NONE_LEFT = "No worker is left. Finished cells are kept: mend this and give the same command again"
NOTHING_RUN = "Nothing was run: give all workers the software of this machine"


class Unlike(OSError):
    """Raised if a worker has other software than this machine, or none that can run cells is left."""


class Members:
    """The workers of a cluster, as a run knows them."""

    def __init__(self, client: Client, wanted: Wanted, hands: Executor, wake: threading.Event) -> None:
        """Begin with no worker.

        Args:
            hands: asks workers, which may take long.
            wake: is set when a worker has answered.
        """
        self.client = client
        self.wanted = wanted
        self.hands = hands
        self.wake = wake
        self.here = software(wanted.codes)
        self.able: dict[str, Admitted] = {}
        """Workers that may run cells, by their address."""
        self.refused: dict[str, str] = {}
        """Why others may not."""
        self.asked: set[str] = set()
        self.known: dict[tuple[str, int], Admitted] = {}
        """All that ever answered, by address and process."""
        self.sending: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self.lock = threading.Lock()
        self.lonely_since, self.said = math.inf, False

    @property
    def connected(self) -> bool:
        return bool(self.client.status == "running")

    @property
    def places(self) -> int:
        with self.lock:
            return sum(admitted.threads for admitted in self.able.values())

    def addresses(self) -> frozenset[str]:
        """Return the addresses of the workers that may run cells."""
        with self.lock:
            return frozenset(self.able)

    def look(self) -> None:
        """See who has come and gone; ask those who came what they have.

        Raises:
            Unlike: there are workers, but none may run cells.
        """
        present = set(self.client.scheduler_info(n_workers=-1)["workers"])
        with self.lock:
            for gone in {*self.able, *self.refused} - present:
                self.able.pop(gone, None)
                self.refused.pop(gone, None)
            new = present - {*self.able, *self.refused, *self.asked}
            self.asked |= new
            none_left = self.refused if present and not (self.able or self.asked) else {}
            self._note_loneliness()
        if none_left:
            raise Unlike("\n".join([*none_left.values(), NONE_LEFT]))
        if new:
            self.hands.submit(self._ask, sorted(new))

    def meet(self) -> None:
        """Wait until all workers that are there have answered, but at least one.

        Raises:
            Unlike: one has other software than this machine.
        """
        self.look()
        while self.asked or not (self.able or self.refused):
            if not self.asked:
                self.look()
            time.sleep(ASK)
        if self.refused:
            raise Unlike("\n".join([*self.refused.values(), NOTHING_RUN]))

    def died(self, one: tuple[str, int]) -> Admitted | None:
        """Return the worker of an address and process if it is in the cluster no more; None if it is."""
        with self.lock:
            now = self.able.get(one[0])
            there = one[0] in self.asked or one[0] in self.refused or (now is not None and now.process == one[1])
        return None if there else self.known.get(one)

    def leave_out(self, address: str, why: str) -> None:
        """Give this worker no more cells."""
        with self.lock:
            admitted = self.able.pop(address, None)
            if admitted is None:
                return
            self.refused[address] = f"{_named(address, admitted)} cannot run cells: {why}"
        LOG.warning("%s; its cells run elsewhere", self.refused[address])

    def forget(self, address: str) -> None:
        """Ask a worker again what it has."""
        with self.lock:
            self.able.pop(address, None)

    def send(self, address: str, folder: str, parcels: Sequence[Parcel]) -> str:
        """Send files to a worker that lacks them; return why it cannot take them, empty if it can."""
        with self.sending[address]:
            for parcel in parcels:
                with parcel.path.open("rb") as file:
                    for start in range(0, max(parcel.size, 1), PIECE):
                        piece = file.read(PIECE)
                        what = (self.wanted.run, folder, parcel, start, piece)
                        said = self._run(worker.receive, *what, workers=[address])
                        if said[address] == THERE:
                            break
                        if said[address]:
                            return str(said[address])
        return ""

    def dismiss(self) -> None:
        """Let all workers forget the run."""
        if not self.connected:
            return
        try:
            self.client.sync(  # type: ignore[no-untyped-call]
                self.client._run, worker.dismiss, self.wanted.run, on_error="ignore", callback_timeout=FORGET
            )
        except (OSError, RuntimeError) as error:
            LOG.info("the workers could not be told that the run has ended: %s", error)

    def _note_loneliness(self) -> None:
        """Say once when the cluster has been without workers for a while."""
        if self.able or self.asked:
            self.lonely_since, self.said = math.inf, False
            return
        self.lonely_since = min(self.lonely_since, time.monotonic())
        if not self.said and time.monotonic() - self.lonely_since > LONELY:
            self.said = True
            LOG.warning("the cluster has no worker; cells run when one comes")

    def _run(self, function: Any, *arguments: Any, workers: Sequence[str]) -> dict[str, Any]:
        said: dict[str, Any] = self.client.run(function, *arguments, workers=list(workers), on_error="return")
        return said

    def _ask(self, addresses: Sequence[str]) -> None:
        try:
            said = self._run(worker.admit, self.wanted, workers=addresses)
        except (OSError, RuntimeError):  # one has gone meanwhile; whoever is there is asked again
            said = {}
        with self.lock:
            for address, answer in said.items():
                if isinstance(answer, OSError):  # it has gone meanwhile
                    continue
                why = self._why_not(address, answer)
                if why:
                    self.refused[address] = why
                    if self.able:
                        LOG.warning("%s; it gets no cells", why)
                else:
                    self.able[address] = self.known[address, answer.process] = answer
            self.asked -= set(addresses)
        self.wake.set()

    def _why_not(self, address: str, answer: Admitted | Exception) -> str:
        """Return why a worker may not run cells, from what it said; empty if it may."""
        if isinstance(answer, ModuleNotFoundError):
            return f"the worker {address} lacks {answer.name}: install seqbench there as it is here"
        if isinstance(answer, Exception):
            return f"the worker {address} cannot say what it has: {type(answer).__name__}: {answer}"
        other = differences(self.here, answer.software)
        if other:
            return f"{_named(address, answer)} has {'; '.join(other)}"
        return f"{_named(address, answer)}: {answer.unfit}" if answer.unfit else ""


def _named(address: str, admitted: Admitted) -> str:
    return f"the worker {address} on {admitted.host}"
