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
    """Each (T_n,), T_n of 1 or more, finite, the oldest value first."""
    names: Sequence[str]
    season: int
    """Steps of a season; 1: none."""

    def __len__(self) -> int:
        return len(self.values)

    def until(self, ends: Ids) -> "Panel":
        """The first `ends` (N,) values of each series, copied: a view would hold on to what comes after them."""
        return Panel([v[:end].copy() for v, end in zip(self.values, ends, strict=True)], self.names, self.season)


@dataclass(frozen=True)
class Forecast:
    mean: Floats
    """(N, H) point forecasts of the H values after each past."""
    quantiles: Floats | None = None
    """(N, H, Q) at the levels asked for; None: a point forecaster, whose intervals the harness makes from its
    residuals on validation."""


@dataclass(frozen=True, kw_only=True)
class ForecastContext(Context[Panel]):
    """`valid` is the panel of `train` again: whatever comes later is scored. A model that stops early holds out the
    end of its training part itself."""

    horizon: int
    """Steps ahead that will be asked for, H."""


class Forecaster(SequenceModel[Panel, ForecastContext]):
    """The next values of series, given all that came before.

    One fit serves all series of a panel, and every later origin: `predict` is given pasts that reach further than
    what `fit` saw.
    """

    task: ClassVar[str] = "forecast"

    @abstractmethod
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        """Forecast `horizon` steps after each past, with quantiles at `levels` (Q,) where the model has its own.

        What is said of a series depends on its own past and on the fit, not on the others of the call.
        """
