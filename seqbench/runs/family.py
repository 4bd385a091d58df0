"""The processes of a cell: its own, and all that it starts, so that none of them outlives it.

A process that starts another and ends leaves an orphan, which the system gives to the first process. On Linux, a
process can ask for the orphans among its descendants (`PR_SET_CHILD_SUBREAPER`, prctl(2)). A cell asks, so its orphans
stay below it, as long as it lives. The server of processes asks too: so the orphans of a cell that has ended are its
children, which no process of ours is.
"""

import ctypes
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import active_children, forkserver, parent_process, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

import psutil

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PATIENCE = 1.0
"""Seconds that processes have to end by themselves, after their cell has ended: some still tidy up."""
STUBBORN = 5.0
"""Seconds after which the attempt to end all processes of a family is given up."""

FRESH = 0.5
"""Seconds for which a list of the machine's processes serves the looks at all families: it takes milliseconds."""

starting = threading.Lock()
"""Held while a process starts: in between, it is a child of the server and not known to be one of ours."""


def keep_orphans() -> None:
    """Ask for the orphans among the descendants of this process."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def enter() -> None:
    """Make this process, which has just been started, ready to run the code of others.

    It ends with its parent, hears no Ctrl-C (on which the parent ends it), and holds nothing that the server of
    processes, or the tracker of resources, listens to.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_orphans()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    for held, name in ((forkserver._forkserver, "_forkserver_alive_fd"), (resource_tracker._resource_tracker, "_fd")):
        end = getattr(held, name, None)
        if end is not None:
            setattr(held, name, None)  # multiprocessing makes another one when it needs it
            os.close(end)


def _end_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


class Listed:
    """The processes of the machine by their parents, listed anew if the list is not fresh."""

    def __init__(self) -> None:
        self._lock, self._made = threading.Lock(), -math.inf
        self._children: dict[int, list[psutil.Process]] = {}

    def below(self, process: psutil.Process) -> list[psutil.Process]:
        """Return the children of a process, and their children."""
        with self._lock:
            if time.monotonic() - self._made > FRESH:
                self._children = _by_parent()
                self._made = time.monotonic()
            children = self._children
        members = [process]
        for member in members:  # which grows
            members += children.get(member.pid, [])
        return members[1:]


def _by_parent() -> dict[int, list[psutil.Process]]:
    children: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter():
        try:
            children.setdefault(process.ppid(), []).append(process)
        except psutil.Error:
            continue
    return children


_listed = Listed()


class Family:
    def __init__(self, process: BaseProcess) -> None:
        """Take the process of a cell, which has just started."""
        self.process = process
        self.head = self.server = found(process.pid)
        if self.head is not None:
            self.server = self.head.parent()

    def resident(self, limit: float = math.inf) -> int:
        """Return the resident bytes of all processes. Above the limit, bytes that they share are counted once."""
        members = self._watched()
        simple = sum(map(_resident, members))
        return simple if simple <= limit or len(members) == 1 else sum(map(_own, members))

    def processor_seconds(self) -> float:
        """Return the processor time of all processes, with what those used that they started and that have ended."""
        return sum(map(_used, self._watched()))

    def kill(self) -> None:
        """End all processes now."""
        members = self._members()
        self.process.kill()
        end_now(members)
        self.process.join()
        self.end(patience=0)

    def end(self, patience: float = PATIENCE) -> None:
        """End what the process of the cell has left, once it has ended."""
        end = time.monotonic() + STUBBORN
        while (orphans := self._orphans()) and time.monotonic() < end:
            _, alive = psutil.wait_procs(orphans, timeout=patience)
            end_now(alive)
            patience = 0

    def _members(self) -> list[psutil.Process]:
        return self._with_those(below)

    def _watched(self) -> list[psutil.Process]:
        """Return the members as they were a moment ago."""
        return self._with_those(_listed.below)

    def _with_those(self, below: Callable[[psutil.Process], list[psutil.Process]]) -> list[psutil.Process]:
        if self.head is None or not self.head.is_running():
            return []
        return [self.head, *below(self.head)]

    def _orphans(self) -> list[psutil.Process]:
        if self.server is None or self.server.pid == os.getpid():
            return []
        with starting:
            known = {process.pid for process in active_children()}
            left = [child for child in below(self.server, recursive=False) if child.pid not in known]
        return [process for child in left for process in (child, *below(child)) if _lives(process)]


def _resident(process: psutil.Process) -> int:
    """Return the resident bytes of a process; 0 if it has ended."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _used(process: psutil.Process) -> float:
    """Return the processor seconds of a process, and of its children that have ended; 0 if it has ended."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


def _own(process: psutil.Process) -> int:
    """Return the resident bytes of a process, of those that several share its part, where the system tells it."""
    try:
        return int(getattr(process.memory_full_info(), "pss", 0)) or _resident(process)
    except psutil.Error:
        return _resident(process)


def found(pid: int | None) -> psutil.Process | None:
    """Return the process of a number; None if there is none."""
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def below(process: psutil.Process, recursive: bool = True) -> list[psutil.Process]:
    """Return the living children of a process, and their children."""
    try:
        return process.children(recursive=recursive)
    except psutil.NoSuchProcess:
        return []


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_now(processes: list[psutil.Process]) -> None:
    """End processes by SIGKILL, where they still live."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=0.1)
