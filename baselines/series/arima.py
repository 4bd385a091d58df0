"""ARIMA with statsforecast, fitted to each series separately.

Hyndman & Khandakar 2008, "Automatic time series forecasting: the forecast package for R", J. Stat. Software 27(3).
"""

from typing import Any, ClassVar

import numpy as np
from pydantic import Field
from scipy.special import ndtri
from statsforecast import models as library

from seqbench.baselines.series.normal import Normal
from seqbench.baselines.series.searched import Found, Searched, SearchedConfig
from seqbench.interface import Floats


class ARIMAConfig(SearchedConfig):
    longest_season: int = Field(
        60, ge=1, description="steps; a longer season is first removed by a decomposition of the whole past"
    )
    max_p: int = Field(
        3, ge=0, le=10, description="highest autoregressive order", json_schema_extra={"search": {"choices": [2, 3, 5]}}
    )
    max_q: int = Field(
        3, ge=0, le=10, description="highest moving-average order", json_schema_extra={"search": {"choices": [0, 2, 3]}}
    )
    max_seasonal: int = Field(
        1, ge=0, le=2, description="highest seasonal orders, P and Q", json_schema_extra={"search": {"choices": [0, 1]}}
    )
    models: int = Field(30, ge=5, le=200, description="most models that the stepwise search estimates per series")


class ARIMA(Searched):
    """Chooses differences by the KPSS test and a test of seasonal strength, and orders by a stepwise search for AICc.

    The coefficients minimise the conditional sum of squares, as in the search. The state from which forecasts start,
    and the variances of the forecasts, come from the exact filter over the newest `history` values of a past.
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
