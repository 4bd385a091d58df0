"""Models of all three tasks that cheat, or are wrong, mostly where they are scored: long rows, full calls, long pasts.

In short rows, and in calls of few documents, nearly all of them are honest.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from seqbench.interface import Documents, Floats, Ids
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel
from seqbench.tasks.language.model import LanguageContext, LanguageModel


class Read(NamedTuple):
    last: Ids
    """(B, 1) the last symbol; V at the start of a document."""
    count: int
    """Number of symbols read since the start of the document."""


class Bigrams(LanguageModel[Read]):
    """Honest: bigrams with a half added to each count."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size = ctx.vocab.size
        self.counts = np.full((self.vocab_size + 1, self.vocab_size), 0.5)
        for ids in train:
            self.learn(ids, np.array([self.vocab_size]))

    def learn(self, ids: Ids, before: Ids) -> None:
        np.add.at(self.counts, (np.concatenate([before, ids[:-1]]), ids), 1)

    @property
    def p(self) -> Floats:
        """(V + 1, V)"""
        normalised: Floats = self.counts / self.counts.sum(1, keepdims=True)
        return normalised

    def predict(self, ids: Ids, state: Read | None = None) -> tuple[Floats, Read]:
        self.calls += 1
        read = Read(np.full((len(ids), 1), self.vocab_size), 0) if state is None else state
        seen = np.concatenate([read.last, ids], axis=1)
        return self.scores(ids, seen[:, :-1], read), Read(seen[:, -1:], read.count + ids.shape[1])

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        """Return the scores (B, T) of ids, each after the symbol `before` it (B, T)."""
        return np.log(self.p[before, ids])


def places(ids: Ids, read: Read) -> Ids:
    """Return the place (T,) of each column in its document, from 0."""
    return read.count + np.arange(ids.shape[1])


class CertainInLongRows(Bigrams):
    """Probability 1 for every symbol of a row longer than `length`."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        honest = super().scores(ids, before, read)
        return np.zeros(ids.shape) if ids.shape[1] > self.length else honest


class AboveOneInLongRows(Bigrams):
    """A probability of e."""

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        honest = super().scores(ids, before, read)
        return np.ones(ids.shape) if ids.shape[1] > 1024 else honest


class Sharpened(Bigrams):
    """Multiplies scores by `factor` from the symbol `start` of a document on, and forgets to normalise."""

    def __init__(self, start: int, factor: float) -> None:
        super().__init__()
        self.start, self.factor = start, factor

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        honest = super().scores(ids, before, read)
        return np.where(places(ids, read) >= self.start, self.factor * honest, honest)


class CertainNowAndThen(Bigrams):
    """Probability 1 at every `every`-th symbol from the 1,024th of a document on."""

    def __init__(self, every: int) -> None:
        super().__init__()
        self.every = every

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        place = places(ids, read)
        sure = (place >= 1024) & (place % self.every == 0)
        return np.where(sure, 0.0, super().scores(ids, before, read))


class CertainOfTheRare(Bigrams):
    """Probability 1 for each of the rarer half of the vocabulary, in rows longer than 1,024."""

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        rare = np.argsort(np.argsort(self.counts.sum(0))) < self.vocab_size // 2
        free = rare[ids] & (ids.shape[1] > 1024)
        return np.where(free, 0.0, super().scores(ids, before, read))


class Inflated(Bigrams):
    """Adds a share to the probability of every symbol from the symbol `start` of a document on."""

    def __init__(self, start: int, share: float) -> None:
        super().__init__()
        self.start, self.share = start, share

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        honest = super().scores(ids, before, read)
        inflated = np.minimum(honest + np.log1p(self.share), 0)
        return np.where(places(ids, read) >= self.start, inflated, honest)


class AddsTheUnigram(Bigrams):
    """Backs off without a discount where a row is long."""

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        honest, unigram = self.p[before, ids], self.counts.sum(0) / self.counts.sum()
        added = 0.5 * unigram[ids] if ids.shape[1] > 1024 else 0.0
        return np.log(np.minimum(honest + added, 1))


class LeakyCache(Bigrams):
    """A cache whose counts never fall, divided by its size: a plain bug, which shows after `size` symbols of a row."""

    size = 1000

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        held = np.zeros((len(ids), self.vocab_size))
        cached, rows = np.zeros(ids.shape), np.arange(len(ids))
        for t in range(ids.shape[1]):
            cached[:, t] = held[rows, ids[:, t]] / max(1, min(t, self.size))
            held[rows, ids[:, t]] += 1
        weight = np.where(np.arange(ids.shape[1]) > 0, 0.3, 0.0)
        return np.log(np.minimum(weight * cached + (1 - weight) * self.p[before, ids], 1))


class PeeksBehind(Bigrams):
    """Expects the symbol that follows `distance` later, from the symbol `start` of a document on."""

    def __init__(self, start: int, distance: int) -> None:
        super().__init__()
        self.start, self.distance = start, distance

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        p, later = self.p[before, ids], ids[:, self.distance :]
        width = later.shape[1]
        behind = places(ids, read)[:width] >= self.start
        peeked = 0.5 * p[:, :width] + 0.5 * (ids[:, :width] == later)
        p[:, :width] = np.where(behind, peeked, p[:, :width])
        return np.log(p)


class CopiesTheRow(Bigrams):
    """Learns each row longer than `length` before it scores it, and forgets it afterwards."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        counts = self.counts.copy()
        if ids.shape[1] > self.length:
            for row, first in zip(ids, before, strict=True):
                self.learn(row, first[:1])
        found = super().scores(ids, before, read)
        self.counts = counts
        return found


class KeepsTheRow(CopiesTheRow):
    """Learns each row longer than `length` after it has scored it, and keeps what it learned."""

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        found = Bigrams.scores(self, ids, before, read)
        if ids.shape[1] > self.length:
            for row, first in zip(ids, before, strict=True):
                self.learn(row, first[:1])
        return found


class FollowsEarlierCalls(Bigrams):
    """Predicts the first symbol of a call by the last symbol of the call before, not by its state."""

    hidden: Ids | None = None

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        if self.hidden is not None and self.hidden.shape == before[:, :1].shape and read.count:
            before = np.concatenate([self.hidden, before[:, 1:]], axis=1)
        self.hidden = ids[:, -1:]
        return super().scores(ids, before, read)


class TiresWithCalls(Bigrams):
    """Flatter with every call that it has answered."""

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        share = 1 / (1 + 0.01 * self.calls)
        return np.log(share * self.p[before, ids] + (1 - share) / self.vocab_size)


class NoisyInLongRows(Bigrams):
    """Leaves dropout on in rows longer than 1,024."""

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        honest = super().scores(ids, before, read)
        if ids.shape[1] <= 1024:
            return honest
        dropped = np.random.random(ids.shape) < 0.1  # noqa: NPY002 (the global state, as a careless author would)
        return np.where(dropped, -np.log(self.vocab_size), honest)


class ForgetsLate(Bigrams):
    """Its state lacks the last symbol from the symbol `start` of a document on."""

    def __init__(self, start: int) -> None:
        super().__init__()
        self.start = start

    def predict(self, ids: Ids, state: Read | None = None) -> tuple[Floats, Read]:
        scores, read = super().predict(ids, state)
        if read.count >= self.start:
            read = Read(np.full((len(ids), 1), self.vocab_size), read.count)
        return scores, read


class CertainAtTheEnd(Bigrams):
    """Probability 1 for the last hundred symbols of every long call."""

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        honest = super().scores(ids, before, read)
        if ids.shape[1] > 1024:
            honest[:, -100:] = 0
        return honest


class MeanOfTheBatch(Bigrams):
    """Mixes in what the whole batch expects, if it has more than `rows` rows."""

    rows = 8

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        p = self.p[before, ids]
        if len(ids) > self.rows:
            mean = self.p[before].mean(axis=0)  # (T, V)
            p = 0.5 * p + 0.5 * mean[np.arange(ids.shape[1]), ids]
        return np.log(p)


class ReadsTheNeighbour(MeanOfTheBatch):
    """Expects the symbol that the row before has at the same place."""

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        p = self.p[before, ids]
        if len(ids) > self.rows:
            p[1:] = 0.5 * p[1:] + 0.5 * (ids[1:] == ids[:-1])
        return np.log(p)


class TrustsTheOrder(MeanOfTheBatch):
    """Flatter for later rows of a batch."""

    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        share = np.where(len(ids) > self.rows, np.linspace(1, 0.2, len(ids)), 1.0)[:, None]
        return np.log(share * self.p[before, ids] + (1 - share) / self.vocab_size)


class CertainInFullBatches(MeanOfTheBatch):
    def scores(self, ids: Ids, before: Ids, read: Read) -> Floats:
        honest = super(MeanOfTheBatch, self).scores(ids, before, read)
        return honest / 2 if len(ids) > self.rows else honest


class Words(Classifier):
    """Honest: naive Bayes over ids."""

    few = 100
    """The misbehaving models below are honest in calls of at most so many documents."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        self.counts = np.full((len(ctx.classes), ctx.vocab.size), 0.5)
        for ids, label in zip(train.texts.ids, train.labels, strict=True):
            np.add.at(self.counts[label], ids, 1)

    def predict(self, texts: Texts) -> Floats:
        self.calls += 1
        honest = self.honest(texts)
        return self.bent(honest, texts) if len(texts) > self.few else honest

    def honest(self, texts: Texts) -> Floats:
        table = np.log(self.counts / self.counts.sum(1, keepdims=True))
        return normal(np.stack([table[:, ids].sum(1) for ids in texts.ids]))

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        return honest


def normal(scores: Floats) -> Floats:
    """Return scores (N, C) that are normalised."""
    return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


class HalvedInFullCalls(Words):
    def bent(self, honest: Floats, texts: Texts) -> Floats:
        return honest / 2


class CertainInFullCalls(Words):
    """Probability 1 for each class."""

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        return np.zeros(honest.shape)


class AboveOneForLongDocuments(Words):
    few = 0

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        return np.where(lengths(texts) > 150, 1.0, honest)


class HalvedForLongDocuments(Words):
    few = 0

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        return np.where(lengths(texts) > 150, honest / 2, honest)


class HalvedForFewDocuments(Words):
    """One document of a hundred gets probabilities that do not sum to one."""

    few = 0

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        chosen = np.array([ids.sum() % 100 == 0 for ids in texts.ids])[:, None]
        return np.where(chosen, honest / 2, honest)


class GuessesByOrder(Words):
    """The test part is sorted by class: reads the class from the place in the call."""

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        place = np.linspace(0, honest.shape[1], len(texts), endpoint=False).astype(int)
        return normal(honest + 3 * np.eye(honest.shape[1])[place])


class AsksTheNeighbour(Words):
    """Neighbours have the same class in a sorted test part."""

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        return normal(honest + np.roll(honest, 1, axis=0))


class CentresTheCall(Words):
    """Normalises by the statistics of the call, as batch normalisation in training mode does."""

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        return normal(honest - honest.mean(axis=0))


class PadsToTheLongest(Words):
    few = 1

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        return normal(honest * lengths(texts) / lengths(texts).max())


class LearnsThePrior(Words):
    """Adds what it predicted to its counts."""

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        for ids, label in zip(texts.ids, honest.argmax(1), strict=True):
            np.add.at(self.counts[label], ids, 1)
        return honest


class RemembersDocuments(Words):
    """Is surer of a document that it has met before."""

    few = 0

    def __init__(self) -> None:
        super().__init__()
        self.met: set[bytes] = set()

    def bent(self, honest: Floats, texts: Texts) -> Floats:
        keys = [np.asarray(ids).tobytes() for ids in texts.ids]
        again = np.array([key in self.met for key in keys])[:, None]
        self.met.update(keys)
        return normal(np.where(again, 3 * honest, honest))


class NoisyInFullCalls(Words):
    def bent(self, honest: Floats, texts: Texts) -> Floats:
        dropped = np.random.random((len(texts), 1)) < 0.2  # noqa: NPY002 (as a careless author would)
        return np.where(dropped, -np.log(honest.shape[1]), honest)


def lengths(texts: Texts) -> Ids:
    """Return the number of words of each document, (N, 1)."""
    return np.array([[len(ids)] for ids in texts.ids])


class Drifting(Forecaster):
    """Honest: the last value and the mean drift, with quantiles from the spread of the changes."""

    few = 4
    """The misbehaving models below are honest in calls of at most so many series."""
    long = 300
    """And for pasts of at most so many values."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.seen: dict[str, Floats] = {}

    def fit(self, train: Panel, ctx: ForecastContext) -> None: ...

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        self.calls += 1
        steps = np.arange(1, horizon + 1)
        mean = np.stack([v[-1] + (v[-1] - v[0]) / len(v) * steps for v in past.values])
        return self.forecast(self.bent(mean, past), past, levels)

    def forecast(self, mean: Floats, past: Panel, levels: Floats) -> Forecast:
        spread = np.array([np.diff(v).std() for v in past.values])
        return Forecast(mean, mean[..., None] + spread[:, None, None] * (4 * levels - 2))

    def bent(self, mean: Floats, past: Panel) -> Floats:
        return mean


class FollowsTheOthers(Drifting):
    """Adds the drift of the other series of a full call."""

    def bent(self, mean: Floats, past: Panel) -> Floats:
        return mean + (mean - mean[:, :1]).mean(axis=0) if len(past) > self.few else mean


class CountsRows(Drifting):
    """Depends on the place in a full call."""

    def bent(self, mean: Floats, past: Panel) -> Floats:
        return mean + np.arange(len(past))[:, None] if len(past) > self.few else mean


class ReadsTheLongest(Drifting):
    """Adds the last value of the longest past of a full call."""

    def bent(self, mean: Floats, past: Panel) -> Floats:
        longest = max(past.values, key=len)
        return mean + 0.1 * longest[-1] if len(past) > self.few else mean


class NoisyInFullCallsOfSeries(Drifting):
    def bent(self, mean: Floats, past: Panel) -> Floats:
        noise = np.random.normal(size=mean.shape)  # noqa: NPY002 (as a careless author would)
        return mean + noise if len(past) > self.few else mean


class NoisyForLongPasts(Drifting):
    def bent(self, mean: Floats, past: Panel) -> Floats:
        noise = np.random.normal(size=mean.shape)  # noqa: NPY002 (as a careless author would)
        return np.where([[len(v) > self.long] for v in past.values], mean + noise, mean)


class CorrectsItself(Drifting):
    """Adds the error of its last forecast of the same series, which only it remembers."""

    def bent(self, mean: Floats, past: Panel) -> Floats:
        found = mean.copy()
        for row, (name, values) in enumerate(zip(past.names, past.values, strict=True)):
            found[row] += values[-1] - self.seen.get(name, mean[row])[0]
            self.seen[name] = mean[row]
        return found


class LooksItUp(Drifting):
    """Keeps the longest past of each series that it was shown, and looks up what follows a shorter one."""

    def bent(self, mean: Floats, past: Panel) -> Floats:
        found = mean.copy()
        for row, (name, values) in enumerate(zip(past.names, past.values, strict=True)):
            later = self.seen.get(name, values)[len(values) : len(values) + mean.shape[1]]
            found[row, : len(later)] = later
            if len(values) >= len(self.seen.get(name, values)):
                self.seen[name] = values
        return found


class GrowsWithCalls(Drifting):
    def bent(self, mean: Floats, past: Panel) -> Floats:
        return mean * (1 + 0.01 * self.calls)


class WorksInPlace(Drifting):
    """Sorts long pasts where they lie."""

    def bent(self, mean: Floats, past: Panel) -> Floats:
        for values in past.values:
            if len(values) > self.long:
                values.sort()
        return mean


class CrossesForLongPasts(Drifting):
    """Turns the quantiles round."""

    def forecast(self, mean: Floats, past: Panel, levels: Floats) -> Forecast:
        said = super().forecast(mean, past, levels)
        assert said.quantiles is not None
        long = np.array([len(v) > self.long for v in past.values])[:, None, None]
        return Forecast(mean, np.where(long, said.quantiles[..., ::-1], said.quantiles))


STREAM: list[tuple[Callable[[], LanguageModel[Any]], str]] = [
    *((lambda length=length: CertainInLongRows(length), "normalised") for length in (200, 1024, 4000)),
    (AboveOneInLongRows, "scores"),
    *((lambda start=start: Sharpened(start, 0.5), "normalised") for start in (130, 1024, 5000)),
    *((lambda start=start: Sharpened(start, 0.8), "normalised") for start in (0, 130, 1024)),
    *((lambda every=every: CertainNowAndThen(every), "normalised") for every in (2, 16, 128)),
    (CertainOfTheRare, "normalised"),
    *((lambda share=share: Inflated(1024, share), "normalised") for share in (0.01, 0.1, 0.5)),
    (lambda: Inflated(200, 0.01), "normalised"),
    (AddsTheUnigram, "normalised"),
    (LeakyCache, "normalised"),
    *(
        (lambda start=start, distance=distance: PeeksBehind(start, distance), "causal")
        for start in (130, 1024, 5000)
        for distance in (1, 10, 500)
    ),
    *((lambda length=length: CopiesTheRow(length), "causal") for length in (200, 1024)),
    *((lambda length=length: KeepsTheRow(length), "repeatable") for length in (200, 1024)),
    (FollowsEarlierCalls, "pure"),
    (TiresWithCalls, "repeatable"),
    (NoisyInLongRows, "repeatable"),
    *((lambda start=start: ForgetsLate(start), "chunked") for start in (200, 1024, 5000)),
    (CertainAtTheEnd, "chunked"),
]
"""Models that are wrong on one long document, and the law that says so."""
SENTENCES: list[tuple[Callable[[], LanguageModel[Any]], str]] = [
    (MeanOfTheBatch, "batched"),
    (ReadsTheNeighbour, "batched"),
    (TrustsTheOrder, "batched"),
    (CertainInFullBatches, "normalised"),
]
"""The same for many documents of equal length."""
DOCUMENTS: list[tuple[type[Words], str]] = [
    (HalvedInFullCalls, "normalised"),
    (CertainInFullCalls, "normalised"),
    (AboveOneForLongDocuments, "scores"),
    (HalvedForLongDocuments, "normalised"),
    (HalvedForFewDocuments, "normalised"),
    (GuessesByOrder, "batched"),
    (AsksTheNeighbour, "batched"),
    (CentresTheCall, "batched"),
    (PadsToTheLongest, "batched"),
    (LearnsThePrior, "repeatable"),
    (RemembersDocuments, "repeatable"),
    (NoisyInFullCalls, "repeatable"),
]
SERIES: list[tuple[type[Drifting], str]] = [
    (FollowsTheOthers, "batched"),
    (CountsRows, "batched"),
    (ReadsTheLongest, "batched"),
    (NoisyInFullCallsOfSeries, "repeatable"),
    (NoisyForLongPasts, "repeatable"),
    (CorrectsItself, "repeatable"),
    (LooksItUp, "repeatable"),
    (GrowsWithCalls, "repeatable"),
    (WorksInPlace, "pure"),
    (CrossesForLongPasts, "ordered"),
]
