"""The cost of work: wall time, processor time, and whether the work had to wait for the processor."""

import os
import time
from pathlib import Path

import psutil

WAITED = 0.1
"""The share of the wall time above which waiting for the processor counts: the wall time is then an upper bound."""
BRIEF = 0.005
"""Seconds of waiting that are never counted, since every system interrupts every process now and then."""
_SCHEDULED = Path("/proc/self/schedstat")
"""Linux: nanoseconds that the main thread ran, and that it waited in the queue of a core; then a count."""


class Clock:
    """Sums up the cost of the work inside `with clock:`, which may be entered several times.

    Work on a GPU lets the processor wait, so there only the queue of the core tells whether the machine was busy.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.wall = 0.0
        """Seconds."""
        self.cpu = 0.0
        """Seconds of all threads of this process, and of processes that it started and that have ended."""
        self.queued = 0.0
        """Seconds during which the work could have run, but another process or another virtual machine had the core."""

    @property
    def busy(self) -> bool:
        """Whether the machine was busy with other work, so that the wall time is an upper bound of the cost."""
        idle = self.wall - self.cpu if self.device == "cpu" else 0.0
        return max(self.queued, idle) > max(WAITED * self.wall, BRIEF)

    def __enter__(self) -> None:
        queued, cpu = _queued(), processor()
        self._start = time.perf_counter(), cpu, queued  # the wall clock last, so that reading the others costs nothing

    def __exit__(self, *_: object) -> None:
        end = time.perf_counter(), processor(), _queued()
        wall, cpu, queued = (after - before for after, before in zip(end, self._start, strict=True))
        self.wall += wall
        self.cpu += cpu
        self.queued += queued


def processor() -> float:
    """Return the seconds so far of this process, and of processes that it started and that have ended."""
    used = os.times()
    return time.process_time() + used.children_user + used.children_system


def _queued() -> float:
    """Return the seconds so far that the main thread waited for its core, or its virtual machine for a real core."""
    waited = 0.0
    if _SCHEDULED.is_file():
        waited += int(_SCHEDULED.read_text().split()[1]) / 1e9
    stolen: float = getattr(psutil.cpu_times(), "steal", 0.0) / (psutil.cpu_count() or 1)
    return waited + stolen
