"""The budget of tuning, the same for each model."""

import math
from dataclasses import dataclass

TRIALS = 30
"""Trials per model if no budget is named."""
LONGEST = 10_000
"""The most trials of a model."""


@dataclass(frozen=True)
class Allowance:
    """What the search for one model may use. With both limits, the first that is reached ends it."""

    trials: int | None = TRIALS
    """Trials, the default settings and failed ones included; None: the processor time alone is limited."""
    cpu_seconds: float | None = None
    """Processor time of all trials, with reading the data and predicting the validation part; None: there is no limit.
    A trial that still runs when it is used up is ended, and its time counts."""

    @classmethod
    def of(cls, trials: int | None, cpu_minutes: float | None, device: str = "cpu") -> "Allowance":
        """Return the budget that a user names.

        Raises:
            ValueError: a number is out of range, or processor time is to limit work on a GPU.
        """
        if trials is not None and not 1 <= trials <= LONGEST:
            raise ValueError(f"trials must lie in 1..{LONGEST:,}, not {trials:,}")
        if cpu_minutes is not None and not 0 < cpu_minutes < math.inf:
            raise ValueError(f"cpu-minutes must be above 0, not {cpu_minutes:g}")
        if cpu_minutes is not None and device != "cpu":
            raise ValueError(f"processor time says little of work on {device}: give the budget as --trials")
        if trials is None and cpu_minutes is None:
            return cls()
        return cls(trials, None if cpu_minutes is None else 60 * cpu_minutes)

    @property
    def told(self) -> str:
        """The budget for people, such as `30 trials`."""
        parts = [] if self.trials is None else [f"{self.trials:,} trial{'s' if self.trials > 1 else ''}"]
        parts += [] if self.cpu_seconds is None else [f"{_time(self.cpu_seconds)} of processor time"]
        return " or ".join(parts)

    def left(self, trials: int, cpu_seconds: float) -> float | None:
        """Return the seconds that are left after some trials, 0 if the budget is used up; None: no limit of time."""
        if self.trials is not None and trials >= self.trials:
            return 0.0
        return None if self.cpu_seconds is None else max(0.0, self.cpu_seconds - cpu_seconds)


def _time(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
