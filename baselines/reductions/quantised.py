"""A reduction: a language model forecasts symbols that represent values.

Season and scale are removed from each series, and the values are divided into bins with equal shares of the training
values. Each bin is a symbol, so each series is a text. The model reads the past and continues it many times, and these
continuations are turned back into values (Ansari et al. 2024, "Chronos: learning the language of time series",
section 3, which uses bins of equal width).
"""

from typing import Any

import numpy as np
from pydantic import Field, create_model

from seqbench.baselines.series.seasonal_standard import SeasonalBase, SeasonalStandard
from seqbench.interface import Arrays, Config, Floats, Ids
from seqbench.packing import nested, within
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.vocab import Vocab

WITHIN = 16
"""Number of quantiles stored per bin, which describe the distribution of values within it."""
ROWS = 65_536
"""Maximum number of paths that are drawn together."""


class Quantisation(Config):
    bins: int = Field(
        64,
        ge=2,
        le=4096,
        description="number of symbols; each represents the same share of the training values",
        json_schema_extra={"search": {"choices": [16, 32, 64, 128]}},
    )
    base: SeasonalBase = Field(
        "last",
        description="what is subtracted from a series: profile: the mean profile of a season; last: the last season",
        json_schema_extra={"search": {"choices": ["profile", "last"]}},
    )
    paths: int = Field(100, ge=1, description="number of continuations drawn per past")
    memory: int = Field(64, ge=1, description="newest symbols of a past that the model reads")


class _Quantised(Forecaster):
    """Forecasts the mean and quantiles of continuations that are drawn from a language model.

    All pasts use the same random numbers, so that the forecast of a series does not depend on other series.
    """

    language_model: type[LanguageModel[Any]]
    config: Quantisation
    """These settings, together with the settings of the language model."""
    model: LanguageModel[Any]
    grid: Floats
    """(bins · WITHIN + 1,) quantiles of all standardised training values, at equally spaced levels."""
    seed: int

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        """Choose the bins, then fit the language model with the series as documents.

        The series of `ctx.valid` are its validation texts.
        """
        standardised = [z for z in SeasonalStandard.of(train, self.config.base).apply(train) if len(z)]
        bins = self.config.bins
        self.seed, self.grid = ctx.seed, np.quantile(np.concatenate(standardised), np.linspace(0, 1, bins * WITHIN + 1))
        self.model = self.language_model(self.config)
        self.model.fit(
            self._texts(standardised),
            LanguageContext(
                seed=ctx.seed,
                budget=ctx.budget,
                valid=self._texts(SeasonalStandard.of(ctx.valid, self.config.base).apply(ctx.valid))
                if len(ctx.valid)
                else [],
                device=ctx.device,
                log=ctx.log,
                spent=ctx.spent,
                vocab=Vocab(tuple(map(str, range(bins)))),
            ),
        )

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        standard, paths = SeasonalStandard.of(past, self.config.base), self.config.paths
        texts = [text[-self.config.memory :] for text in self._texts(standard.apply(past))]
        lengths = np.array([len(text) for text in texts])
        mean, quantiles = np.empty((len(past), horizon)), np.empty((len(past), horizon, len(levels)))
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            for some in np.array_split(rows, -(-len(rows) * paths // ROWS)):
                drawn = self._drawn(np.stack([texts[n] for n in some]), horizon)
                drawn += standard.take(some).earlier(drawn.transpose(0, 2, 1)).transpose(0, 2, 1)
                mean[some] = drawn.mean(axis=1)
                quantiles[some] = np.moveaxis(np.quantile(drawn, levels, axis=1), 0, -1)
        return Forecast(standard.undo(mean), standard.undo(quantiles))

    def arrays(self) -> Arrays | None:
        written = nested({"model": self.model.arrays()})
        return None if written is None else {"grid": self.grid, "seed": np.array(self.seed), **written}

    def restore(self, arrays: Arrays) -> None:
        self.grid, self.seed = arrays["grid"], int(arrays["seed"])
        self.model = self.language_model(self.config)
        self.model.restore(within(arrays, "model"))

    def parameter_count(self) -> int | None:
        count = self.model.parameter_count()
        return None if count is None else count + len(self.grid)

    def _texts(self, standardised: list[Floats]) -> list[Ids]:
        edges = self.grid[WITHIN:-1:WITHIN]
        return [np.searchsorted(edges, z, side="right").astype(np.int64) for z in standardised]

    def _drawn(self, ids: Ids, horizon: int) -> Floats:
        """Return standardised continuations (N, paths, H) of texts (N, T).

        The uniform numbers of each step are stratified: 0..1 is divided into as many equal parts as there are paths,
        and one number is drawn from each part, in random order. The distribution of the first step is then exact up to
        one part.
        """
        paths, rng = self.config.paths, np.random.Generator(np.random.PCG64(self.seed))
        _, state = self.model.predict(np.repeat(ids, paths, axis=0))
        drawn = np.empty((len(ids) * paths, horizon))
        for step in range(horizon):
            u = np.tile((rng.permutation(paths) + rng.random(paths)) / paths, len(ids))
            within = np.tile(rng.random(paths), len(ids))
            cumulative = self.model.next(state, len(drawn)).cumsum(axis=1)
            symbols = (cumulative < u[:, None] * cumulative[:, -1:]).sum(axis=1)
            drawn[:, step] = np.interp((symbols + within) * WITHIN, np.arange(len(self.grid)), self.grid)
            _, state = self.model.predict(symbols[:, None], state)
        return drawn.reshape(len(ids), paths, horizon)


def quantised(kind: type[LanguageModel[Any]]) -> type[Forecaster]:
    """Return a forecaster that uses a language model; it has the model's settings and those of `Quantisation`.

    Raises:
        ValueError: a setting of the model has the same name as one of `Quantisation`.
    """
    taken = sorted(set(kind.config_class.model_fields) & set(Quantisation.model_fields))
    if taken:
        raise ValueError(
            f"{kind.__name__} must not have a setting named {taken[0]!r}, since `quantised` adds a setting of that name"
        )
    members = {
        "__doc__": f"Forecasts quantised series with {kind.__name__}.",
        "__module__": kind.__module__,
        "language_model": kind,
        "kind": kind.kind,
        "config_class": create_model(f"Quantised{kind.__name__}Config", __base__=(Quantisation, kind.config_class)),
    }
    return type(f"Quantised{kind.__name__}", (_Quantised,), members)
