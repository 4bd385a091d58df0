"""The mean of forecasts: what combining does for forecasters, as a mixture for language models.

The mean of several forecasts is hard to beat by any one of them, or by weights that are learned (Bates & Granger 1969,
"The combination of forecasts"; Makridakis, Spiliotis & Assimakopoulos 2020 for M4).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seqbench.interface import Arrays, Floats, Forecast, ForecastContext, Forecaster, Panel
from seqbench.mixture import MixtureConfig


class MeanOfModels(Forecaster):
    """Equal shares of each part's mean, and of its quantiles at each level where every part has its own.

    The mean of quantiles keeps the width of the parts' distributions, where a mixture would be wider than each
    (Lichtendahl, Grushka-Cockayne & Winkler 2013, "Is it better to average probabilities or quantiles?").

    A class of this kind is made by `mean_of`.
    """

    config_class = MixtureConfig
    kinds: ClassVar[tuple[type[Forecaster], ...]]
    config: MixtureConfig
    parts: list[Forecaster]

    def __init__(self, config: MixtureConfig | None = None) -> None:
        super().__init__(config or MixtureConfig(parts=tuple(kind.config_class() for kind in self.kinds)))
        self.parts = [kind(part) for kind, part in zip(self.kinds, self.config.parts, strict=True)]

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        """Fit the parts in turn, each with a seed of its own; the log gets the curves of part k as `k.name`.

        Raises:
            whatever the fit of a part raises.
        """
        budgets = self.config.budgets or (ctx.budget,) * len(self.parts)
        seeds = np.random.SeedSequence(ctx.seed).generate_state(len(self.parts)) >> 1
        for k, (part, budget, seed) in enumerate(zip(self.parts, budgets, seeds, strict=True), start=1):

            def log(name: str, value: float, k: int = k) -> None:
                ctx.log(f"{k}.{name}", value)

            part.fit(train, replace(ctx, seed=int(seed), budget=budget, log=log))

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        said = [part.predict(past, horizon, levels) for part in self.parts]
        quantiles = [forecast.quantiles for forecast in said if forecast.quantiles is not None]
        return Forecast(
            np.mean([forecast.mean for forecast in said], axis=0),
            np.mean(quantiles, axis=0) if len(quantiles) == len(said) else None,
        )

    def arrays(self) -> Arrays | None:
        """Those of the parts, under `k.name`; None where a part writes none."""
        arrays: dict[str, Any] = {}
        for k, part in enumerate(self.parts, start=1):
            written = part.arrays()
            if written is None:
                return None
            arrays |= {f"{k}.{name}": array for name, array in written.items()}
        return arrays

    def restore(self, arrays: Arrays) -> None:
        for k, part in enumerate(self.parts, start=1):
            part.restore({name.removeprefix(f"{k}."): a for name, a in arrays.items() if name.startswith(f"{k}.")})

    def parameter_count(self) -> int | None:
        counts = [part.parameter_count() for part in self.parts]
        return None if None in counts else sum(count for count in counts if count is not None)


def mean_of(kinds: Sequence[type[Forecaster]]) -> type[MeanOfModels]:
    """The class of means of two or more classes of forecasters.

    It is neural if a part is, and stochastic if a part is.

    Raises:
        ValueError: there are fewer than two parts.
    """
    if len(kinds) < 2:
        raise ValueError("a mean of models has two parts or more, such as autoregression+naive2")

    class Mean(MeanOfModels):
        kind = "neural" if any(kind.kind == "neural" for kind in kinds) else "classic"
        stochastic = any(kind.stochastic for kind in kinds)

    Mean.kinds = tuple(kinds)
    Mean.__name__ = "+".join(kind.__name__ for kind in kinds)
    return Mean
