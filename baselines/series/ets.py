"""Exponential smoothing, fitted to each series separately; the parameters are estimated with statsforecast.

The variances follow Hyndman, Koehler, Ord & Snyder 2008, "Forecasting with exponential smoothing", chapter 6.
"""

from typing import Any, ClassVar

import numpy as np
import statsforecast.ets as library_ets
from pydantic import Field
from statsforecast import models as library

from seqbench.baselines.series.normal import Normal
from seqbench.baselines.series.searched import Found, Searched, SearchedConfig
from seqbench.interface import Floats

CONVERGED = 12
"""The longest season whose states statsforecast's simplex finds in 1,000 steps.

With a longer season it stops before the optimum, so an information criterion would choose a model without a season.
"""


class ETSConfig(SearchedConfig):
    history: int = Field(
        672,
        ge=10,
        description="newest values of a series that the search uses",
        json_schema_extra={"search": {"choices": [150, 336, 672]}},
    )
    multiplicative: bool = Field(
        True,
        description="whether errors and season may multiply the level",
        json_schema_extra={"search": {"choices": [False, True]}},
    )


class ETS(Searched):
    """Chooses the errors, the trend (none, additive or damped) and the season with the smallest AICc.

    A season of more than 12 steps is always modelled: it is additive if errors are additive, and multiplicative if
    errors are multiplicative. The states start from the initial states of the search and are updated to the end of each
    past. The forecast of a damped trend is b (φ + … + φ^h); statsforecast 2.1.1 starts its damping one step late.
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
        follow: Any = library_ets.ets_f  # ets_f has no type annotations
        followed = follow(x, m, model=kept)
        last = followed["states"][-1]
        damping = p[3] if kind[3] == "D" else 1.0
        level = last[0] + (last[1] * np.cumsum(damping ** np.arange(1.0, horizon + 1)) if kind[1] != "N" else 0.0)
        season = np.resize(last[-m:][::-1], horizon) if kind[2] != "N" else np.full(horizon, float(kind[2] == "M"))
        return smoothed(kind, p[:3], damping, m, followed["sigma2"], level + np.zeros(horizon), season)


def smoothed(
    kind: str, smoothing: Floats, damping: float, m: int, variance: float, level: Floats, season: Floats
) -> Normal:
    """Return the mean and standard deviation of exponential smoothing forecasts, for the linear classes of chapter 6.

        c_j = α + β (φ + … + φ^j) + γ [j ≡ 0 mod m]
        v_h = σ² (1 + Σ_{j<h} c_j²)                                           additive errors
        θ_h = μ_h² + σ² Σ_{j<h} c_j² θ_{h−j},   v_h = (1 + σ²) θ_h − μ_h²      multiplicative errors

    With a multiplicative season, μ and θ are those of the level, and v_h is multiplied by the squared season. This is
    exact for the first m steps; for later steps it neglects products of two errors. (With an additive season,
    statsforecast 2.1.1 widens early steps by the seasons up to the last step; with a multiplicative season, it does not
    update the states.)

    Args:
        kind: letters of error, trend and season, as in "AAA"; a fourth letter is ignored.
        smoothing: α, β and γ; β is 0 without a trend, γ is 0 without a season.
        variance: σ² of the errors; multiplicative errors are relative errors.
        level: (H,) sum of level and trend.
        season: (H,) seasonal terms, which are added, or multiplied if the season's letter is "M".
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
