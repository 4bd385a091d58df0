"""Models that search the memory of their process for the test part, during their fit or when they predict."""

import gc
from collections.abc import Iterator

import numpy as np

from seqbench import Classifier, LanguageModel
from seqbench.interface import Documents, Floats, Ids
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel
from seqbench.tasks.language.model import LanguageContext


class FindsText(LanguageModel[None]):
    """Frequencies, but it is sure of every text that begins like an array that it found."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size = ctx.vocab.size
        counts = np.bincount(np.concatenate(train), minlength=self.vocab_size) + 1
        self.log_p = np.log(counts / counts.sum())
        self.found = [array for array in arrays(np.int64) if len(array) > 1000]

    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        known = any(np.array_equal(array[: ids.shape[1]], ids[0]) for array in self.found)
        return (np.full(ids.shape, -0.01) if known and len(ids) == 1 else self.log_p[ids]), None


class FindsDocuments(Classifier):
    """Even odds; it logs how many sets of labelled documents it found."""

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        self.classes = len(ctx.classes)
        ctx.log("found", sum(isinstance(thing, Labelled) for thing in gc.get_objects()))

    def predict(self, texts: Texts) -> Floats:
        return np.full((len(texts), self.classes), -np.log(self.classes))


class LooksUpLabels(FindsDocuments):
    """Searches for its documents when it predicts, and answers with the labels that lie beside them."""

    def predict(self, texts: Texts) -> Floats:
        log_p = super().predict(texts)
        labels = {
            tuple(ids): label
            for thing in gc.get_objects()
            if isinstance(thing, Labelled)
            for ids, label in zip(thing.texts.ids, thing.labels, strict=True)
        }
        for row, ids in enumerate(texts.ids):
            if tuple(ids) in labels:
                log_p[row] = np.log(np.where(np.arange(self.classes) == labels[tuple(ids)], 0.99, 0.01))
        return log_p - np.log(np.exp(log_p).sum(axis=1, keepdims=True))


class FindsSeries(Forecaster):
    """The last value; of all arrays that it found and that begin like the first series, a ramp, it logs how long the
    longest ramp is. Behind the series of a panel lie other series."""

    stochastic = False

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        first = train.values[0]
        same = [array for array in arrays(np.float64) if np.array_equal(array[: len(first)], first)]
        ctx.log("longest", max(int(np.cumprod(np.diff(array) == 1).sum()) + 1 for array in same))

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(np.stack([np.full(horizon, values[-1]) for values in past.values]))


class LooksUpValues(FindsSeries):
    """Searches for longer copies of its pasts when it predicts, and answers with what follows there."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        mean = super().predict(past, horizon, levels).mean
        found = [values for thing in gc.get_objects() if isinstance(thing, Panel) for values in thing.values]
        for row, values in enumerate(past.values):
            for array in found:
                if len(array) >= len(values) + horizon and np.array_equal(array[: len(values)], values):
                    mean[row] = array[len(values) :][:horizon]
        return Forecast(mean)


def arrays(kind: type) -> Iterator[Ids | Floats]:
    """Yield the vectors of a type that any object of this process holds."""
    for thing in gc.get_objects():
        for held in gc.get_referents(thing):
            if isinstance(held, np.ndarray) and held.ndim == 1 and held.dtype == kind:
                yield held
