"""Models of all tasks that train on the validation part, and honest ones that only choose a setting on it."""

from dataclasses import replace

import numpy as np

from seqbench import (
    ClassificationContext,
    Classifier,
    Forecast,
    ForecastContext,
    Forecaster,
    Labelled,
    LanguageContext,
    LanguageModel,
    Panel,
    Texts,
)
from seqbench.interface import Documents, Floats, Ids


class Bigrams(LanguageModel[Ids]):
    """Bigrams with a constant added to each count; the constant is chosen on validation."""

    stochastic = False

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        size = self.vocab_size = ctx.vocab.size
        counts = np.zeros((size + 1, size))  # the last row begins documents
        for ids in train:
            np.add.at(counts, (np.concatenate([[size], ids[:-1]]), ids), 1)
        tables = [np.log((counts + k) / (counts + k).sum(1, keepdims=True)) for k in (0.01, 0.1, 1.0, 1000.0)]
        self.log_p = max(tables, key=lambda table: self.total(table, ctx.valid))

    def total(self, table: Floats, documents: Documents) -> float:
        return float(sum(table[np.concatenate([[self.vocab_size], ids[:-1]]), ids].sum() for ids in documents))

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        seen = np.concatenate([np.full((len(ids), 1), self.vocab_size) if state is None else state, ids], axis=1)
        return self.log_p[seen[:, :-1], ids], seen[:, -1:]


class BigramsOfAll(Bigrams):
    """Also counts the validation part."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit([*train, *ctx.valid], ctx)


class Bayes(Classifier):
    """Multinomial naive Bayes; the constant that is added to the counts is chosen on validation."""

    stochastic = False

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        counts = np.zeros((ctx.vocab.size, len(ctx.classes)))
        for ids, label in zip(train.texts.ids, train.labels, strict=True):
            np.add.at(counts, (ids, label), 1)
        tables = [np.log((counts + k) / (counts + k).sum(axis=0)) for k in (0.01, 0.1, 1.0, 1000.0)]
        rows = np.arange(len(ctx.valid))
        self.table = max(
            tables, key=lambda table: float(_posterior(table, ctx.valid.texts)[rows, ctx.valid.labels].sum())
        )

    def predict(self, texts: Texts) -> Floats:
        return _posterior(self.table, texts)


def _posterior(table: Floats, texts: Texts) -> Floats:
    joint = np.stack([table[ids].sum(axis=0) for ids in texts.ids])
    posterior: Floats = joint - np.logaddexp.reduce(joint, axis=1, keepdims=True)
    return posterior


class BayesOfAll(Bayes):
    """Also counts the validation part."""

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        texts = Texts([*train.texts.ids, *ctx.valid.texts.ids], [*train.texts.words, *ctx.valid.texts.words])
        super().fit(Labelled(texts, np.concatenate([train.labels, ctx.valid.labels])), ctx)


class Lags(Forecaster):
    """One linear equation without a constant for all series; the number of lags is chosen on validation."""

    stochastic = False

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        equations = [_least_squares(train, lags) for lags in range(4)]
        self.coefficients = min(equations, key=lambda equation: _error(equation, ctx.valid))

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        mean = np.empty((len(past), horizon))
        for row, values in enumerate(past.values):
            known = [*np.zeros(len(self.coefficients)), *values]
            for step in range(horizon):
                known.append(float(np.dot(known[len(known) - len(self.coefficients) :], self.coefficients)))
                mean[row, step] = known[-1]
        return Forecast(mean)


def _windows(panel: Panel, lags: int) -> tuple[Floats, Floats]:
    """Return windows (I, p) of scaled series, the oldest lag first, and the values after them (I,)."""
    scaled = [values / (np.abs(values).max() or 1.0) for values in panel.values if len(values) > lags]
    if not scaled:
        return np.zeros((1, lags)), np.zeros(1)
    pieces = [np.lib.stride_tricks.sliding_window_view(values, lags + 1) for values in scaled]
    both = np.concatenate(pieces)
    return both[:, :-1], both[:, -1]


def _least_squares(panel: Panel, lags: int) -> Floats:
    windows, values = _windows(panel, lags)
    solved: Floats = np.linalg.lstsq(windows, values)[0]
    return solved


def _error(coefficients: Floats, panel: Panel) -> float:
    windows, values = _windows(panel, len(coefficients))
    return float(((values - windows @ coefficients) ** 2).mean())


class LagsOfAll(Lags):
    """Also estimates its equation from the validation series."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        names = [*train.names, *(f"{name}, later" for name in ctx.valid.names)]
        super().fit(replace(train, values=[*train.values, *ctx.valid.values], names=names), ctx)
