"""Small language models, each with one fault, and honest ones beside them."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqbench.interface import Arrays, Documents, Floats, Ids
from seqbench.tasks.language.model import LanguageContext, LanguageModel


class Honest(LanguageModel[Ids]):
    """Bigrams with a half added to each count. State: the last symbols, (B, 1)."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size = ctx.vocab.size
        counts = np.full((self.vocab_size + 1, self.vocab_size), 0.5)  # the last row begins documents
        for ids in train:
            np.add.at(counts, (np.concatenate([[self.vocab_size], ids[:-1]]), ids), 1)
        self.log_p = np.log(counts / counts.sum(1, keepdims=True))

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        seen = np.concatenate([np.full((len(ids), 1), self.vocab_size) if state is None else state, ids], axis=1)
        return self.log_p[seen[:, :-1], ids], seen[:, -1:]


class HonestWithNext(Honest):
    """The same with all that the interface offers."""

    stochastic = False

    def next(self, state: Ids | None = None, batch: int = 1) -> Floats:
        last = np.full((batch, 1), self.vocab_size) if state is None else state
        return np.exp(self.log_p[last[:, 0]])

    def arrays(self) -> Arrays:
        return {"log_p": self.log_p}

    def restore(self, arrays: Arrays) -> None:
        self.log_p = arrays["log_p"]
        self.vocab_size = self.log_p.shape[1]


# Models that cheat, knowingly or not.


class Peeks(Honest):
    """Expects each symbol to be the one that follows it."""

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        scores, state = super().predict(ids, state)
        if ids.shape[1] > 1:
            same, share = ids[:, :-1] == ids[:, 1:], 1 / self.vocab_size
            scores[:, :-1] = np.log(np.where(same, 0.5 + 0.5 * share, 0.5 * share))
        return scores, state


class PeeksFar(Honest):
    """Sharper where the document ends in symbol 0, which is far away from most of what it scores."""

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        seen = np.concatenate([np.full((len(ids), 1), self.vocab_size) if state is None else state, ids], axis=1)
        evenly = np.full_like(self.log_p, -np.log(self.vocab_size))
        table = np.where(seen[:, -1:] % 2 == 0, self.log_p[seen[:, :-1], ids], evenly[seen[:, :-1], ids])
        return table, seen[:, -1:]


class Unnormalised(Honest):
    """Forgets to divide by the number of contexts."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        self.log_p = self.log_p - np.linspace(0, 1, self.vocab_size)


class Logits(Honest):
    """Returns log counts where log-probabilities are asked for."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        self.log_p = self.log_p + 3


class InflatesScores(Honest):
    """Two per cent more probability for every symbol that is scored, and no `next` to compare with."""

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        scores, state = super().predict(ids, state)
        return np.minimum(scores + np.log(1.02), 0), state


class InflatesBehindAnHonestNext(HonestWithNext):
    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        scores, state = super().predict(ids, state)
        return np.minimum(scores + np.log(1.02), 0), state


class InflatesInside(Honest):
    """As above, save for the last symbol of each call."""

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        scores, state = super().predict(ids, state)
        scores[:, :-1] = np.minimum(scores[:, :-1] + np.log(1.02), 0)
        return scores, state


class NextDisagrees(HonestWithNext):
    def next(self, state: Ids | None = None, batch: int = 1) -> Floats:
        return np.roll(super().next(state, batch), 1, axis=1)


class LearnsFromTest(Honest):
    """Goes on counting what it is scored on."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        self.train, self.ctx = list(train), ctx

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        answer = super().predict(ids, state)
        self.train.extend(ids)
        super().fit(self.train, self.ctx)
        return answer


class LearnsFromLongTexts(LearnsFromTest):
    """The same, too shy to do it where little is scored."""

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        return (super() if ids.shape[1] > 1000 else super(LearnsFromTest, self)).predict(ids, state)


# Models that break a promise of the interface.


class ReturnsNaN(Honest):
    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        scores, state = super().predict(ids, state)
        return np.where(np.arange(ids.shape[1]) % 7 == 5, np.nan, scores), state


class WrongShape(Honest):
    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        scores, state = super().predict(ids, state)
        return scores.sum(axis=1), state


class ScoresOnly(Honest):
    def predict(self, ids: Ids, state: Ids | None = None) -> Any:
        return super().predict(ids, state)[0]


class MiscountsSymbols(Honest):
    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        self.log_p = np.pad(self.log_p, ((0, 1), (0, 1)), constant_values=-50.0)
        self.vocab_size += 1


class MutatesIds(Honest):
    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        answer = super().predict(ids, state)
        ids[:] = 0
        return answer


class MutatesState(Honest):
    """Writes what it saw last into the state that it was handed."""

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        scores, after = super().predict(ids, state)
        if state is None:
            return scores, after.copy()
        state[:] = after
        return scores, state


class ReusesItsAnswer(Honest):
    """Answers in one array, again and again."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        self.answer = np.empty(0)

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        scores, state = super().predict(ids, state)
        if self.answer.shape != scores.shape:
            self.answer = np.empty(scores.shape)
        self.answer[:] = scores
        return self.answer, state


class MixesTheBatch(Honest):
    """Predicts by the mean of all that the rows of the batch saw last."""

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        seen = np.concatenate([np.full((len(ids), 1), self.vocab_size) if state is None else state, ids], axis=1)
        mixed = np.log(np.exp(self.log_p)[seen[:, :-1]].mean(axis=0))  # (T, V)
        return mixed[np.arange(ids.shape[1]), ids], seen[:, -1:]


class ForgetsState(Honest):
    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        return super().predict(ids, None)


class KeepsHiddenState(Honest):
    """Starts a document where the last one ended."""

    hidden: Ids | None = None

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        if state is None and self.hidden is not None and len(self.hidden) == len(ids):
            state = self.hidden
        scores, self.hidden = super().predict(ids, state)
        return scores, self.hidden


class Noisy(Honest):
    """Leaves dropout on."""

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        scores, state = super().predict(ids, state)
        kept = np.random.random(len(ids)) < 0.5  # noqa: NPY002 (the global state, as a careless author would)
        return np.where(kept[:, None], scores, -np.log(self.vocab_size)), state


class FailsOnEmpty(Honest):
    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        if ids.shape[1] == 0:
            raise IndexError("list index out of range")
        return super().predict(ids, state)


class LosesTheStateOnEmpty(Honest):
    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        if ids.shape[1] == 0:
            state = None
        return super().predict(ids, state)


class SavesTooLittle(HonestWithNext):
    def restore(self, arrays: Arrays) -> None:
        super().restore({"log_p": np.zeros_like(arrays["log_p"])})


class SavesObjects(HonestWithNext):
    def arrays(self) -> Arrays:
        return {"log_p": self.log_p, "vocab": np.array([None, "a"], dtype=object)}


# Faults that show only when a class is fitted again, or on other data.


class MutatesTraining(Honest):
    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        for ids in train:
            ids.sort()


class DrawsFromTheClock(Honest):
    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        self.log_p = _perturbed(self.log_p, np.random.default_rng())


class DeniesItsSeed(Honest):
    stochastic = False

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        self.log_p = _perturbed(self.log_p, np.random.default_rng(ctx.seed))


class OwnsUpToItsSeed(DeniesItsSeed):
    """Honest: chance in its fit, all of it from the seed."""

    stochastic = True


class LeavesNothingForTheUnseen(Honest):
    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        seen = np.isin(np.arange(self.vocab_size), np.concatenate(list(train)))
        p = np.exp(self.log_p) * seen
        with np.errstate(divide="ignore"):
            self.log_p = np.log(p / p.sum(1, keepdims=True))


class NeedsThreeSymbols(Honest):
    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        np.argpartition(self.log_p, 2, axis=1)


class NeedsLongDocuments(Honest):
    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        windows: Sequence[Ids] = [d[:20] for d in train if len(d) >= 20]
        np.stack(windows)


class KeepsNotes(Honest):
    """Leaves a note in its working folder, and logs how many it found there."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        ctx.log("found", sum(1 for _ in Path().iterdir()))
        Path(f"note-{ctx.seed}.txt").write_text("what I learned")


# Models that bring down their process, or try to.


class Raises(Honest):
    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        raise ValueError("the training data is not to my taste")


class Exits(Honest):
    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        os._exit(3)


class Hangs(Honest):
    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        while True:
            time.sleep(0.1)


class EatsMemory(Honest):
    """64 MiB more every 20 ms, up to 6 GiB."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        eaten = []
        for _ in range(96):
            eaten.append(np.ones(2**23))
            time.sleep(0.02)
        super().fit(train, ctx)


def _perturbed(log_p: Floats, rng: np.random.Generator) -> Floats:
    p = np.exp(log_p) + rng.random(log_p.shape) / log_p.shape[1]
    return np.log(p / p.sum(1, keepdims=True))
