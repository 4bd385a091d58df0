"""ARIMA, exponential smoothing and Theta by statsforecast, each series by itself, searched within bounds.

Hyndman & Khandakar 2008, "Automatic time series forecasting: the forecast package for R", J. Stat. Software 27(3);
Hyndman, Koehler, Ord & Snyder 2008, "Forecasting with exponential smoothing", chapter 6 for the variances;
Assimakopoulos & Nikolopoulos 2000, "The theta model", Int. J. Forecasting 16(4), as a smoothing with drift (Hyndman &
Billah 2003, "Unmasking the Theta method", Int. J. Forecasting 19(2)).

A search is bounded by the models that it tries, by their steps and by the values that it sees, never by the clock.
Where it fails, or what it finds forecasts no numbers or leaves the range of its series, the series is searched again
without a season; where that fails too the last value goes on, with the variance of a random walk.
"""

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from pydantic import Field
from scipy.special import ndtri
from statsmodels.tsa.seasonal import seasonal_decompose  # type: ignore[import-untyped]

from seqbench.interface import Arrays, Config, Floats, Forecast, ForecastContext, Forecaster, MissingExtra, Panel

try:
    import statsforecast.ets as library_ets
    import statsforecast.models as library
except ImportError as error:
    raise MissingExtra(f"ARIMA, ETS and Theta need statsforecast ({error}): pip install statsforecast") from None

DIVERGED = 10.0
"""Ranges of a past that its forecasts may lead away from its last value, over as many steps as the past has."""
CONVERGED = 12
"""Steps of a season whose states the 1,000 steps of statsforecast's simplex find. Of longer ones it stops short of the
likelihood, so that a criterion would choose to have no season at all."""

ORDINARY = range(-5, 31)
"""Powers of two by which Theta's range may differ from 1 before it is rescaled: what its simplex finds moves with the
unit by a thousandth, and the published figures are those of the unit as it is."""


@dataclass(frozen=True)
class Normal:
    """What is expected of one series, in H steps."""

    mean: Floats
    sd: Floats

    def sane(self, past: Floats) -> bool:
        """Whether these are numbers that a past (T,) can lead to."""
        if not (np.isfinite(self.mean).all() and np.isfinite(self.sd).all()):
            return False
        reach = DIVERGED * np.ptp(past) * max(1.0, len(self.mean) / len(past))
        return bool(np.abs(self.mean - past[-1]).max() <= reach)


def random_walk(past: Floats, horizon: int) -> Normal:
    """The last value, and the root mean square of the steps of `past` times √h."""
    step = np.sqrt(np.mean(np.diff(past) ** 2)) if len(past) > 1 else 0.0
    return Normal(np.full(horizon, past[-1]), step * np.sqrt(np.arange(1, horizon + 1)))


def exponent(values: Floats) -> int:
    """Of the power of two that brings half the range of `values` (T,) to 1/2..1: a product with it is exact."""
    return int(np.frexp(values.max() / 2 - values.min() / 2)[1])


def forecast(told: list[tuple[Normal, int]], levels: Floats) -> Forecast:
    """Normal quantiles about the mean of each series, once they are back in its unit, two to the power given."""
    mean = np.stack([np.ldexp(one.mean, power) for one, power in told])
    sd = np.stack([np.ldexp(one.sd, power) for one, power in told])
    return Forecast(mean, mean[..., None] + sd[..., None] * ndtri(levels))


@contextmanager
def quietly() -> Iterator[None]:
    """Optimisers try what has no value, and say so; what comes out of them is looked at instead."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True)
class Found:
    """What a search keeps of one series."""

    seen: int
    """T, values that there were."""
    power: int
    """The series was divided by two to this."""
    season: int
    """Steps of the season in the model; 1: none; 0: there is no model, and the last value goes on."""
    structure: tuple[int, ...]
    parameters: Floats


class SearchedConfig(Config):
    history: int = Field(1000, ge=10, description="newest values of a series that a search sees")
    longest_season: int = Field(
        24, ge=1, description="steps; a longer season is taken off first, by a decomposition of the whole past"
    )


class Searched(Forecaster):
    """A model of each series, searched in `fit` and applied to later pasts as it was found.

    A series that `fit` has not seen, or a past that ends before `fit` did, is searched when it is asked about.
    """

    stochastic: ClassVar[bool] = False
    config_class = SearchedConfig
    config: SearchedConfig
    columns: ClassVar[int]
    """Integers that tell the structure of a model."""

    @abstractmethod
    def search(self, x: Floats, season: int) -> tuple[tuple[int, ...], Floats]:
        """Structure and parameters for the values x (T,); any exception is a failure."""

    @abstractmethod
    def window(self, past: Floats, found: Found) -> Floats:
        """The values of a past that the model is applied to."""

    @abstractmethod
    def apply(self, x: Floats, found: Found, horizon: int) -> Normal:
        """Forecast from a window; any exception is a failure."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        self._found: dict[str, Found] = {}
        for n, (name, values) in enumerate(zip(train.names, train.values, strict=True)):
            if name in self._found:
                raise ValueError("each series needs a name of its own: its model is found by it")
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
            "names": np.frombuffer("\0".join(self._found).encode(), dtype=np.uint8),
            "structure": np.array(heads, np.int64),
            "parameters": np.concatenate([f.parameters for f in found]),
            "counts": np.array([len(f.parameters) for f in found], np.int64),
        }

    def restore(self, arrays: Arrays) -> None:
        names = arrays["names"].tobytes().decode().split("\0")
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
        """A past without the season that is too long for the model, the season that is left, and what (H,) to add."""
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
        """None: there is no model, or it fails on this past."""
        x = np.ldexp(self.window(past, found), -found.power)
        if not found.season or np.ptp(x) == 0:
            return None
        try:
            with quietly():
                told = self.apply(x, found, horizon)
        except Exception:  # statsforecast raises whatever its parts do
            return None
        return told if told.sane(x) else None


class ARIMAConfig(SearchedConfig):
    longest_season: int = Field(
        60, ge=1, description="steps; a longer season is taken off first, by a decomposition of the whole past"
    )
    max_p: int = Field(
        3, ge=0, le=10, description="autoregressive order", json_schema_extra={"search": {"choices": [2, 3, 5]}}
    )
    max_q: int = Field(
        3, ge=0, le=10, description="moving-average order", json_schema_extra={"search": {"choices": [0, 2, 3]}}
    )
    max_seasonal: int = Field(1, ge=0, le=2, description="seasonal orders, P and Q")
    models: int = Field(30, ge=5, le=200, description="models that the stepwise search may estimate for a series")


class ARIMA(Searched):
    """Differences by the tests of KPSS and of the strength of the season, orders by AICc, stepwise.

    Coefficients minimise the conditional sum of squares, here as in the search; the state from which forecasts start,
    and their variances, are those of the exact filter over the newest `history` values of a past.
    """

    config_class = ARIMAConfig
    config: ARIMAConfig
    columns: ClassVar[int] = 8

    def search(self, x: Floats, season: int) -> tuple[tuple[int, ...], Floats]:
        c = self.config
        searched = library.AutoARIMA(
            season_length=season,
            method="CSS",
            max_p=c.max_p,
            max_q=c.max_q,
            max_P=c.max_seasonal,
            max_Q=c.max_seasonal,
            nmodels=c.models,
        )
        model: dict[str, Any] = searched.fit(x).model_
        p, q, sp, sq, _, d, sd = model["arma"]
        coefficients: dict[str, float] = model["coef"]
        constants = "intercept" in coefficients, "drift" in coefficients
        return (p, d, q, sp, sd, sq, *map(int, constants)), np.array(list(coefficients.values()))

    def window(self, past: Floats, found: Found) -> Floats:
        return past[-self.config.history :]

    def apply(self, x: Floats, found: Found, horizon: int) -> Normal:
        p, d, q, sp, sd, sq, mean, drift = found.structure
        kinds = (("ar", p), ("ma", q), ("sar", sp), ("sma", sq))
        names = [f"{kind}{i + 1}" for kind, order in kinds for i in range(order)]
        names += ["intercept"] * mean + ["drift"] * drift
        model = library.ARIMA(
            (p, d, q),
            found.season,
            (sp, sd, sq),
            include_mean=bool(mean),
            include_drift=bool(drift),
            fixed=dict(zip(names, found.parameters.tolist(), strict=True)),
        )
        told = model.forecast(x, horizon, level=[95])
        return Normal(told["mean"], (told["hi-95"] - told["lo-95"]) / (2 * ndtri(0.975)))


class ETSConfig(SearchedConfig):
    history: int = Field(672, ge=10, description="newest values of a series that a search sees")
    multiplicative: bool = Field(True, description="whether errors and season may multiply the level")


class ETS(Searched):
    """Error, trend (none, additive or damped) and season, the model of least AICc.

    A season of more than 12 steps is always modelled, beside additive errors as a sum and beside multiplicative ones as
    a product. States start where the search did and follow each past to its end. A damped trend forecasts
    b (φ + … + φ^h), which statsforecast 2.1.1 damps one step late.
    """

    config_class = ETSConfig
    config: ETSConfig
    columns: ClassVar[int] = 5

    def search(self, x: Floats, season: int) -> tuple[tuple[int, ...], Floats]:
        names = ["ZZZ"] if season <= CONVERGED else ["AZA", "MZM"]
        if not self.config.multiplicative:
            names = ["AZZ"] if season <= CONVERGED else ["AZA"]
        if x.min() <= 0:
            names = [name for name in names if name[0] != "M"]
        models = [library.AutoETS(season, model=name).fit(x).model_ for name in names]
        best = min(models, key=lambda model: np.nan_to_num(model["aicc"], nan=np.inf))
        return (best["n_params"], *best["components"].encode()), np.nan_to_num(best["par"])

    def window(self, past: Floats, found: Found) -> Floats:
        return past[max(0, found.seen - self.config.history) :]

    def apply(self, x: Floats, found: Found, horizon: int) -> Normal:
        count, *letters = found.structure
        kind, p, m = bytes(letters).decode(), found.parameters, found.season
        kept = {"m": m, "components": kind, "par": p, "fit": None, "n_params": count}
        follow: Any = library_ets.ets_f  # it has no types
        followed = follow(x, m, model=kept)
        last = followed["states"][-1]
        damping = p[3] if kind[3] == "D" else 1.0
        level = last[0] + (last[1] * np.cumsum(damping ** np.arange(1.0, horizon + 1)) if kind[1] != "N" else 0.0)
        season = np.resize(last[-m:][::-1], horizon) if kind[2] != "N" else np.full(horizon, float(kind[2] == "M"))
        return smoothed(kind, p[:3], damping, m, followed["sigma2"], level + np.zeros(horizon), season)


def smoothed(
    kind: str, smoothing: Floats, damping: float, m: int, variance: float, level: Floats, season: Floats
) -> Normal:
    """Mean and standard deviation of exponential smoothing, for the linear classes of chapter 6.

        c_j = α + β (φ + … + φ^j) + γ [j ≡ 0 mod m]
        v_h = σ² (1 + Σ_{j<h} c_j²)                                           additive errors
        θ_h = μ_h² + σ² Σ_{j<h} c_j² θ_{h−j},   v_h = (1 + σ²) θ_h − μ_h²      multiplicative errors

    Beside a multiplicative season μ and θ are those of the level, and v_h is times the squared season: exact for m
    steps, and later but for products of two errors. (statsforecast 2.1.1 widens the early steps of an additive season
    as it does the last, and leaves the states of a multiplicative one where they were.)

    Args:
        kind: letters of error, trend and season, as in "AAA"; a fourth is not read.
        smoothing: α, β and γ; β is 0 without a trend, γ without a season.
        variance: σ² of the errors, relative ones where they are multiplicative.
        level: (H,) of level and trend.
        season: (H,) to be added, or to be multiplied by where kind says "M".
    """
    (alpha, beta, gamma), steps = smoothing, np.arange(1, len(level))
    response = alpha + beta * np.cumsum(damping**steps) + gamma * (steps % m == 0)
    factor = season if kind[2] == "M" else np.ones_like(level)
    mean = level if kind[2] == "M" else level + season
    if kind[0] == "A":
        variances = variance * np.cumsum(np.append(1.0, response**2))
    else:
        theta = mean**2
        for h in range(1, len(level)):
            theta[h] += variance * (response[:h] ** 2 @ theta[:h][::-1])
        variances = np.maximum((1 + variance) * theta - mean**2, 0)
    return Normal(mean * factor, np.abs(factor) * np.sqrt(variances))


class ThetaConfig(Config):
    history: int | None = Field(None, ge=10, description="newest values of each past that are seen; None: all")


class Theta(Forecaster):
    """The standard Theta method, estimated on each past: it takes milliseconds.

    A season of 4 steps or more is taken off by decomposition where a test at 90 % finds one, as a factor, or as a sum
    where values or factors are not positive. Variances are those of simple exponential smoothing with drift,
    σ² (1 + (h − 1) α²), times the squared factor. There is no search: where it fails, the last value goes on.
    """

    stochastic: ClassVar[bool] = False
    config_class = ThetaConfig
    config: ThetaConfig

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        """Nothing to learn."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return forecast([self._ahead(values, past.season, horizon) for values in past.values], levels)

    def arrays(self) -> Arrays:
        return {}

    def restore(self, arrays: Arrays) -> None:
        """Nothing to take up."""

    def _ahead(self, past: Floats, season: int, horizon: int) -> tuple[Normal, int]:
        seen = past[-(self.config.history or len(past)) :]
        power = 0 if exponent(seen) in ORDINARY else exponent(seen)
        x = np.ldexp(seen, -power)
        if np.ptp(x) > 0:
            try:
                with quietly():
                    told = _theta(x, season, horizon)
                if told.sane(x):
                    return told, power
            except Exception:  # statsforecast raises whatever its parts do
                pass
        return random_walk(x, horizon), power


def _theta(x: Floats, season: int, horizon: int) -> Normal:
    fitted = library.Theta(season).fit(x)
    model: dict[str, Any] = fitted.model_
    errors, factor = model["residuals"], np.ones(horizon)
    if model.get("decompose"):
        cycle = model["seas_forecast"]["mean"]
        before = cycle[np.arange(-len(x), 0) % season]
        multiplied = model["decomposition_type"] == "multiplicative"
        errors = errors / before if multiplied else errors - before
        factor = np.resize(cycle, horizon) if multiplied else factor
    errors = errors[3:] if len(errors) > 4 else errors  # the start of the level is a parameter
    growth = 1 + np.arange(horizon) * model["par"]["alpha"] ** 2
    return Normal(fitted.predict(horizon)["mean"], factor * np.std(errors, ddof=1) * np.sqrt(growth))
