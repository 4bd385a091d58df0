"""What a forecaster is: the next values of series, given all that came before."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seqbench.interface import Context, Floats, Ids, SequenceModel


@dataclass(frozen=True)
class Panel:
    """N series, each observed at equal steps."""

    values: Sequence[Floats]
    """Each (T_n,) with T_n of at least 1, finite, the oldest value first."""
    names: Sequence[str]
    season: int
    """Steps per season; 1: no season."""

    def __len__(self) -> int:
        return len(self.values)

    def until(self, ends: Ids) -> "Panel":
        """Return copies of the first `ends` (N,) values of each series: a view would give access to later ones."""
        return Panel([v[:end].copy() for v, end in zip(self.values, ends, strict=True)], self.names, self.season)


@dataclass(frozen=True)
class Forecast:
    mean: Floats
    """(N, H) point forecasts of the H values after each past."""
    quantiles: Floats | None = None
    """(N, H, Q) at the requested levels; None for a point forecaster: the harness then makes intervals from its
    residuals on the validation part."""


@dataclass(frozen=True, kw_only=True)
class ForecastContext(Context[Panel]):
    """`valid` is the training panel again, since all later values are scored. A model that stops early must hold out
    the end of the training panel itself."""

    horizon: int
    """H, the steps ahead that `predict` will be asked for."""


class Forecaster(SequenceModel[Panel, ForecastContext]):
    """Predicts the next values of series, given all earlier values.

    One fit serves all series of a panel and all later origins: the pasts that `predict` gets are longer than those that
    `fit` saw.
    """

    task: ClassVar[str] = "forecast"

    @abstractmethod
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        """Forecast `horizon` steps after each past, with quantiles at `levels` (Q,) if the model has its own.

        The forecast of a series must depend on its own past and on the fit, not on the other series of the call.
        """
