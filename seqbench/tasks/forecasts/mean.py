"""The mean of forecasts: the sum `a+b` of two forecasters; for language models the sum is a mixture.

It is hard to beat the mean of several forecasts, with one of them or with learned weights (Bates & Granger 1969,
"The combination of forecasts"; Makridakis, Spiliotis & Assimakopoulos 2020 for M4).
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from seqbench.combination import Combination, Weighed, combination
from seqbench.interface import Floats
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel

Made = TypeVar("Made", bound="MeanOfModels")


class MeanOfModels(Combination[Panel, ForecastContext], Forecaster):
    """The mean of the parts' point forecasts, and of their quantiles at each level if every part has its own.

    The mean of quantiles keeps the width of the parts' distributions; a mixture would be wider than each of them
    (Lichtendahl, Grushka-Cockayne & Winkler 2013, "Is it better to average probabilities or quantiles?").

    `mean_of` creates classes of this kind.
    """

    parts: list[Forecaster]

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        said = [part.predict(past, horizon, levels) for part in self.parts]
        quantiles = [forecast.quantiles for forecast in said if forecast.quantiles is not None]
        return Forecast(
            self._mean([forecast.mean for forecast in said]),
            self._mean(quantiles) if len(quantiles) == len(said) else None,
        )

    def _mean(self, said: Sequence[Floats]) -> Floats:
        mean: Floats = np.mean(said, axis=0)
        return mean


class WeighedMean(Weighed[Panel, ForecastContext], MeanOfModels):
    """The same mean with given weights.

    `weighed` creates classes of this kind.
    """

    def _mean(self, said: Sequence[Floats]) -> Floats:
        mean: Floats = np.average(said, axis=0, weights=self.config.weights)
        return mean


def mean_of(kinds: Sequence[type[Forecaster]]) -> type[MeanOfModels]:
    """Create the class of means of two or more classes of forecasters.

    It is neural if a part is neural, and stochastic if a part is.

    Raises:
        ValueError: there are fewer than two parts.
    """
    return _of(MeanOfModels, kinds)


def weighed(kinds: Sequence[type[Forecaster]]) -> type[WeighedMean]:
    """Create the class of means with given weights, as `mean_of` does."""
    return _of(WeighedMean, kinds)


def _of(base: type[Made], kinds: Sequence[type[Forecaster]]) -> type[Made]:
    if len(kinds) < 2:
        raise ValueError("a mean of models has two parts or more, such as autoregression+naive2")

    return combination(base, kinds)
