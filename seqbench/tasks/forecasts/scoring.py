"""How forecasts are scored: the calls of `predict`, the same for every model, and what the laws keep of them."""

from collections.abc import Iterator

import numpy as np

from seqbench.interface import Ids
from seqbench.tasks.forecasts.data import Origins, SeriesData
from seqbench.tasks.forecasts.laws import Kept, answer
from seqbench.tasks.forecasts.model import Forecast, Forecaster, Panel

VALUES = 2_000_000
"""About the largest number of values in all pasts of one call of `predict`, 16 MB; a single past may be longer."""
PLACES = 16
"""Number of scored forecasts that the laws look at again."""


class Witness:
    """Keeps forecasts of scoring that the laws look at again: the one with the longest past, and random others.

    They are drawn before scoring: the origins are divided into equal stretches, and one is drawn from each.
    """

    def __init__(self, origins: Origins, seed: int) -> None:
        count = min(PLACES, len(origins))
        drawn = (np.arange(count) + np.random.default_rng(seed).random(count)) / max(1, count) * len(origins)
        self._rows = np.unique([*drawn.astype(np.int64), *np.flatnonzero(origins.ends == origins.ends.max())[:1]])
        self.kept: list[Kept] = []

    def hear(self, rows: Ids, call: Panel, said: Forecast) -> None:
        """Take notice of the call that forecast the origins `rows`."""
        self.kept += [Kept(call, int(row), said) for row in np.flatnonzero(np.isin(rows, self._rows))]


def score_origins(
    model: Forecaster, data: SeriesData, origins: Origins, witness: Witness | None = None
) -> Iterator[tuple[Ids, Forecast]]:
    """Yield the rows of each call and the forecasts from their origins.

    Raises:
        ScoreError: `predict` does not return a `Forecast` of numbers of the right shape.
    """
    for rows in calls(origins):
        past = data.past(origins.take(rows))
        said = answer(model, past, data.horizon)
        if witness is not None:
            witness.hear(rows, past, said)
        yield rows, said


def calls(origins: Origins) -> list[Ids]:
    """Return, for each call of `predict`, the rows of its origins: at most one per series, and `VALUES` values.

    A longer past of a series holds the future of a shorter one, so no call holds two of them.
    """
    first = np.flatnonzero(np.diff(origins.series, prepend=-1))
    number = np.arange(len(origins)) - np.repeat(first, np.diff(first, append=len(origins)))
    found = []
    for k in range(int(number.max(initial=-1)) + 1):
        rows = np.flatnonzero(number == k)
        full = (np.cumsum(origins.ends[rows]) - 1) // VALUES
        found += np.split(rows, np.flatnonzero(np.diff(full)) + 1)
    return found
