"""The season of series whose times do not tell one, from their values."""

from collections.abc import Sequence

import numpy as np

from seqbench.interface import Floats
from seqbench.tasks.forecasts.stretches import Stretches

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
    whole = Stretches.of(series)
    latest = whole.cut(np.maximum(whole.lengths - LONGEST, 0), whole.lengths)
    found = {steps: value for steps in USUAL if (value := _peak(latest, steps)) >= LEAST}
    return next((steps for steps, value in found.items() if value >= NEAR * max(found.values())), 1)


def _peak(series: Stretches, steps: int) -> float:
    """Return the mean autocorrelation at a lag if it is a peak there; 0 if not."""
    long = series.take(np.flatnonzero(series.lengths > SEASONS * steps))
    around = np.full((len(long), 3), np.nan)
    for rows, values in long.blocks():
        changes = np.diff(values, axis=1)
        moved = changes.std(axis=1) > 0
        lags = [_autocorrelation(changes[moved], lag) for lag in (steps - 1, steps, steps + 1)]
        around[rows[moved]] = np.stack(lags, axis=1)
    known = around[~np.isnan(around).any(axis=1)]
    before, here, after = known.mean(axis=0) if len(known) else (0.0, 0.0, 0.0)
    return float(here) if here > max(before, after) else 0.0


def _autocorrelation(values: Floats, lag: int) -> Floats:
    """Return the autocorrelation (B,) of each row (B, T)."""
    centred = values - values.mean(axis=1, keepdims=True)
    found: Floats = (centred[:, lag:] * centred[:, :-lag]).sum(axis=1) / (centred**2).sum(axis=1)
    return found
