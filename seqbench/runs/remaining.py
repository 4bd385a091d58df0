"""How much time the rest of a run takes, as far as earlier times tell."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

TRUSTED = 1.0
"""Earlier times are scaled by this run's speed once cells that took this many seconds are done."""


class Remaining:
    def __init__(self, waiting: Mapping[str, float | None], rows: Mapping[str, str], jobs: int) -> None:
        """Begin with the cells that are to run.

        Args:
            waiting: the seconds that each cell took when it last ran, by key; None: it never ran.
            rows: by key, what a cell shares with those that differ from it in the seed alone.
            jobs: number of cells that run at the same time, at least.
        """
        self.earlier = dict(waiting)
        self.rows = rows
        self.jobs = jobs
        self.began: dict[str, float] = {}
        self.left = dict.fromkeys(waiting)
        self.took: dict[str, float] = {}

    def start(self, key: str, now: float) -> None:
        """Note that a cell starts at this time, in seconds of any clock."""
        self.began[key] = now

    def finish(self, key: str, now: float) -> None:
        """Note that a cell has ended."""
        self.left.pop(key, None)
        if key in self.began:
            self.took[key] = now - self.began.pop(key)

    def seconds(self, now: float) -> tuple[float, bool] | None:
        """Return how many seconds are left, and whether that is known of all cells; None if nothing is known.

        A cell whose time is not known, or that runs longer than it should, is left out.
        """
        of_cells = {key: self._expected(key, now) for key in self.left}
        known = [seconds for seconds in of_cells.values() if seconds is not None]
        if not known:
            return None
        at_once = max(self.jobs, len(self.began))  # how many cells a cluster runs is seen when they run
        return max(sum(known) / at_once, *known), len(known) == len(of_cells)

    def told(self, now: float) -> str:
        """Return `about 3 min left`, or `more than 3 min left` if some cells may take any time; empty if unknown."""
        found = self.seconds(now)
        if found is None:
            return ""
        seconds, certain = found
        if seconds < 60:
            return "less than 1 min left" if certain else ""
        minutes = math.ceil(seconds / 60) if certain else int(seconds / 60)
        time = f"{minutes} min" if minutes < 60 else f"{seconds / 3600:.1f} h"
        return f"{'about' if certain else 'more than'} {time} left"

    def _expected(self, key: str, now: float) -> float | None:
        """Return how many seconds a cell still takes; None if that is not known."""
        earlier = self.earlier[key]
        whole = self._of_other_seeds(key) if earlier is None else earlier * self._speed()
        if whole is None or key not in self.began:
            return whole
        left = whole - (now - self.began[key])
        return left if left > 0 else None

    def _of_other_seeds(self, key: str) -> float | None:
        """Return the mean time of the cells that differ in the seed alone."""
        alike = [seconds for other, seconds in self.took.items() if self.rows[other] == self.rows[key]]
        return fmean(alike) if alike else None

    def _speed(self) -> float:
        """Return how many times as long cells take in this run as they took earlier."""
        both: Sequence[tuple[float, float]] = [
            (seconds, earlier)
            for key, seconds in self.took.items()
            if (earlier := self.earlier[key]) is not None and earlier > 0
        ]
        before = sum(earlier for _, earlier in both)
        return sum(seconds for seconds, _ in both) / before if before >= TRUSTED else 1.0
