"""The season of series whose times do not tell one, from their values."""

from collections.abc import Sequence

import numpy as np

from seqbench.interface import Floats

USUAL = (4, 7, 12, 24, 30, 48, 52, 60, 96, 144, 168, 288, 336, 365)
"""Steps per season that occur: quarters, days, months, hours, half hours, weeks, minutes, …"""
LEAST = 0.3
"""The least mean autocorrelation of a season."""
NEAR = 0.9
"""The shortest season with this share of the highest autocorrelation is taken: a day rather than a week of hours."""
SEASONS = 3
"""A series must hold so many seasons to tell of them."""
LONGEST = 5_000
"""The most values of a series, its last ones, that are looked at."""


def season_in(series: Sequence[Floats]) -> int:
    """Return the steps per season that the values show; 1: none.

    That is a usual number of steps at which the autocorrelation of the changes from one value to the next, averaged
    over the series, is high, and higher than one step before and after it.

    Args:
        series: each (T,).
    """
    found = {steps: value for steps in USUAL if (value := _peak(series, steps)) >= LEAST}
    return next((steps for steps, value in found.items() if value >= NEAR * max(found.values())), 1)


def _peak(series: Sequence[Floats], steps: int) -> float:
    """Return the mean autocorrelation at a lag if it is a peak there; 0 if not."""
    around: list[list[float]] = []
    for values in series:
        changes = np.diff(values[-LONGEST:])
        if len(changes) >= SEASONS * steps and changes.std() > 0:
            around.append([_autocorrelation(changes, lag) for lag in (steps - 1, steps, steps + 1)])
    before, here, after = np.mean(around, axis=0) if around else (0.0, 0.0, 0.0)
    return float(here) if here > max(before, after) else 0.0


def _autocorrelation(values: Floats, lag: int) -> float:
    centred = values - values.mean()
    return float((centred[lag:] * centred[:-lag]).sum() / (centred**2).sum())
