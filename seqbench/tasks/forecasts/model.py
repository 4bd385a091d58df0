"""The interface of a forecaster, which predicts the next values of series from all earlier values."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seqbench.interface import Context, Floats, Ids, SequenceModel
from seqbench.tasks.forecasts.stretches import Stretches


@dataclass(frozen=True)
class Panel:
    """N series, each observed at equal steps."""

    values: Sequence[Floats]
    """Each (T_n,) with T_n of at least 1, finite, the oldest value first."""
    names: Sequence[str]
    season: int
    """Steps per season; 1: no season."""
    later: Sequence[Sequence[str]] | None = None
    """The times of the H steps after each series, as its file writes times; None: unknown. Models do not get them."""

    def __len__(self) -> int:
        return len(self.values)

    def until(self, ends: Ids) -> "Panel":
        """Return copies of the first `ends` (N,) values of each series; views would give access to later values."""
        return self.between(np.zeros_like(ends), ends)

    def between(self, starts: Ids, ends: Ids) -> "Panel":
        """Return copies of the values from `starts` to before `ends`, both (N,); views would give access to others."""
        return Panel(Stretches.of(self.values).cut(starts, ends).copied(), self.names, self.season)


@dataclass(frozen=True)
class Forecast:
    mean: Floats
    """(N, H) point forecasts of the H values after each past."""
    quantiles: Floats | None = None
    """(N, H, Q) at the requested levels. None for a point forecaster: the harness then computes intervals from its
    errors on the validation part."""

    def take(self, rows: Ids) -> "Forecast":
        """Return the forecasts of these rows, in this order."""
        return Forecast(self.mean[rows], None if self.quantiles is None else self.quantiles[rows])


@dataclass(frozen=True, kw_only=True)
class ForecastContext(Context[Panel]):
    """`valid` is the training panel again, since all later values are scored.

    A model that uses early stopping must itself hold out the end of the training panel.
    """

    horizon: int
    """H, the number of steps ahead that `predict` must forecast."""


class Forecaster(SequenceModel[Panel, ForecastContext]):
    """Predicts the next values of series, given all earlier values.

    One fit is used for all series of a panel and for all later origins: the pasts that are passed to `predict` may be
    longer than the series that `fit` saw.
    """

    task: ClassVar[str] = "forecast"

    @abstractmethod
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        """Forecast `horizon` steps after each past, with quantiles at `levels` (Q,) if the model has its own.

        The forecast of a series must depend only on its own past and on the fit, not on the other series of the call.
        """
