"""Models of single series that are found by one limited search and applied to all later pasts.

The limits are the number of models that a search tries, the steps of each model and the values that it uses, not its
time. If the search fails, or if forecasts are not finite or too far from the values of the series, a model without a
season is searched. If that fails too, the last value is repeated, with the variance of a random walk.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field
from statsmodels.tsa.seasonal import seasonal_decompose  # type: ignore[import-untyped]

from seqbench.baselines.series.normal import Normal, exponent, forecast, quietly, random_walk
from seqbench.interface import Arrays, Config, Floats
from seqbench.packing import packed, unpacked
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel


@dataclass(frozen=True)
class Found:
    """The result of a search for one series."""

    seen: int
    """T, the number of values of the series."""
    power: int
    """The series was divided by 2 to this power."""
    season: int
    """Steps per season of the model; 1: no season; 0: there is no model, and the last value is repeated."""
    structure: tuple[int, ...]
    parameters: Floats


class SearchedConfig(Config):
    history: int = Field(1000, ge=10, description="newest values of a series that the search uses")
    longest_season: int = Field(
        24, ge=1, description="steps; a longer season is first removed by a decomposition of the whole past"
    )


class Searched(Forecaster):
    """Searches a model for each series in `fit` and applies it to later pasts without change.

    If `fit` has not seen a series, or has seen a longer past of it, `predict` searches a model for the given past.
    """

    stochastic: ClassVar[bool] = False
    config_class = SearchedConfig
    config: SearchedConfig
    columns: ClassVar[int]
    """Number of integers that describe the structure of a model."""

    @abstractmethod
    def search(self, x: Floats, season: int) -> tuple[tuple[int, ...], Floats]:
        """Return the structure and parameters of a model for the values x (T,); any exception counts as a failure."""

    @abstractmethod
    def window(self, past: Floats, found: Found) -> Floats:
        """Return the values of a past to which the model is applied."""

    @abstractmethod
    def apply(self, x: Floats, found: Found, horizon: int) -> Normal:
        """Forecast from a window; any exception counts as a failure."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        self._found: dict[str, Found] = {}
        for n, (name, values) in enumerate(zip(train.names, train.values, strict=True)):
            if name in self._found:
                raise ValueError("each series needs a name of its own, since models are looked up by name")
            rest, season, _ = self._adjusted(values, train.season, ctx.horizon)
            self._found[name] = self._searched(rest, season, ctx.horizon)
            ctx.log("series", n + 1.0)

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return forecast(
            [self._ahead(*one, past.season, horizon) for one in zip(past.names, past.values, strict=True)], levels
        )

    def arrays(self) -> Arrays:
        found = list(self._found.values())
        heads = [(f.seen, f.power, f.season, *(f.structure or (0,) * self.columns)) for f in found]
        return {
            "names": packed(self._found),
            "structure": np.array(heads, np.int64),
            "parameters": np.concatenate([f.parameters for f in found]),
            "counts": np.array([len(f.parameters) for f in found], np.int64),
        }

    def restore(self, arrays: Arrays) -> None:
        names = unpacked(arrays["names"])
        parameters = np.split(arrays["parameters"], np.cumsum(arrays["counts"])[:-1])
        self._found = {
            name: Found(seen, power, season, tuple(structure), own)
            for name, (seen, power, season, *structure), own in zip(
                names, arrays["structure"].tolist(), parameters, strict=True
            )
        }

    def _ahead(self, name: str, past: Floats, season: int, horizon: int) -> tuple[Normal, int]:
        rest, season, ahead = self._adjusted(past, season, horizon)
        found = self._found.get(name)
        if found is None or len(past) < found.seen:
            found = self._searched(rest, season, horizon)
        told, power = self._applied(rest, found, horizon), found.power
        if told is None:
            power = exponent(rest)
            told = random_walk(np.ldexp(rest, -power), horizon)
        return Normal(told.mean + np.ldexp(ahead, -power), told.sd), power

    def _adjusted(self, past: Floats, season: int, horizon: int) -> tuple[Floats, int, Floats]:
        """Remove a season that is too long for the model.

        Returns:
            The adjusted past, the season that remains in it, and the values (H,) to add to the forecasts.
        """
        if season <= self.config.longest_season:
            return past, season, np.zeros(horizon)
        if len(past) < 2 * season:
            return past, 1, np.zeros(horizon)
        indices = seasonal_decompose(past, period=season).seasonal
        return past - indices, 1, np.resize(indices[-season:], horizon)

    def _searched(self, past: Floats, season: int, horizon: int) -> Found:
        seen = past[-self.config.history :]
        power = exponent(seen)
        if np.ptp(seen) > 0:
            for m in sorted({season if len(seen) >= 2 * season else 1, 1}, reverse=True):
                try:
                    with quietly():
                        found = Found(len(past), power, m, *self.search(np.ldexp(seen, -power), m))
                except Exception:  # statsforecast raises whatever its parts do
                    continue
                if self._applied(past, found, horizon):
                    return found
        return Found(len(past), power, 0, (), np.empty(0))

    def _applied(self, past: Floats, found: Found, horizon: int) -> Normal | None:
        """Return the model's forecast, or None if there is no model or it fails on this past."""
        x = np.ldexp(self.window(past, found), -found.power)
        if not found.season or np.ptp(x) == 0:
            return None
        try:
            with quietly():
                told = self.apply(x, found, horizon)
        except Exception:  # statsforecast raises whatever its parts do
            return None
        return told if told.sane(x) else None
