"""Answerers: honest ones, and some that cheat or err, each with the law that it breaks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from seqbench import Answered, Answerer, AnsweringContext, Asked
from seqbench.interface import Arrays, Floats


class LastPlace(Answerer):
    """Honest: the last answer that the story names, with a probability by how often that was right in training."""

    stochastic = False

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        self.answers = ctx.answers
        told = [self.last(story) for story in train.asked.stories]
        right = sum(a == b for a, b in zip(told, train.answers, strict=True))
        self.share = (right + 1) / (len(train) + 2)

    def last(self, story: Sequence[Sequence[str]]) -> int:
        found = [self.answers.index(word) for words in story for word in words if word in self.answers]
        return found[-1] if found else 0

    def predict(self, asked: Asked) -> Floats:
        return np.stack([self.said(self.last(story)) for story in asked.stories])

    def said(self, answer: int) -> Floats:
        p = np.full(len(self.answers), (1 - self.share) / max(1, len(self.answers) - 1))
        p[answer] = self.share if len(p) > 1 else 1.0
        return np.log(p)


class Saved(LastPlace):
    """Honest: its share is an array; the answers are those of the generated tales."""

    def arrays(self) -> Arrays:
        return {"share": np.array(self.share)}

    def restore(self, arrays: Arrays) -> None:
        self.share, self.answers = float(arrays["share"]), ("attic", "barn", "cellar")


class NeedsFacts(LastPlace):
    """Honest: refuses training questions whose facts are not known."""

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        if any(facts is None for facts in train.facts):
            raise ValueError("facts are needed")
        super().fit(train, ctx)


class Crashes(NeedsFacts):
    """Fails with another error if they are not known."""

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        sum(len(facts) for facts in train.facts)  # type: ignore[arg-type]
        super().fit(train, ctx)


class Neighbour(LastPlace):
    """Reads the story of the next question of the call."""

    def predict(self, asked: Asked) -> Floats:
        return np.stack([self.said(self.last(story)) for story in np.roll(np.array(asked.stories, object), 1)])


class Moody(LastPlace):
    calls = 0

    def predict(self, asked: Asked) -> Floats:
        self.calls += 1
        self.share = 0.5 + 0.01 * (self.calls % 7)
        return super().predict(asked)


class Forgetful(Saved):
    def restore(self, arrays: Arrays) -> None:
        super().restore({"share": np.array(0.4)})


class Vandal(LastPlace):
    """Takes the last sentence off the story that it is asked about."""

    def predict(self, asked: Asked) -> Floats:
        said = super().predict(asked)
        for story in asked.stories:
            story.pop()  # type: ignore[attr-defined]
        return said


class Greedy(LastPlace):
    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        super().fit(train, ctx)
        train.asked.stories[0][0].append("again")  # type: ignore[attr-defined]


class Unnormalised(LastPlace):
    def said(self, answer: int) -> Floats:
        return super().said(answer) - 0.1


class OneColumn(LastPlace):
    def predict(self, asked: Asked) -> Floats:
        return super().predict(asked)[:, :1]


class Dice(LastPlace):
    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        super().fit(train, ctx)
        self.share = float(np.random.default_rng().uniform(0.4, 0.9))


class Seeded(LastPlace):
    """Says that the seed changes nothing, which is wrong."""

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        super().fit(train, ctx)
        self.share = float(np.random.default_rng(ctx.seed).uniform(0.4, 0.9))


class Short(LastPlace):
    """Reads no story that is longer than those of its fit."""

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        super().fit(train, ctx)
        self.longest = max(map(len, train.asked.stories))

    def predict(self, asked: Asked) -> Floats:
        if max(map(len, asked.stories)) > self.longest:
            raise ValueError("too long")
        return super().predict(asked)


class Closed(LastPlace):
    """Finds nothing possible if it knows no word of the question."""

    def predict(self, asked: Asked) -> Floats:
        said = super().predict(asked)
        for row, words in zip(said, asked.questions, strict=True):
            if "where" not in words:
                row[:] = -np.inf
        return said


class Majority(Answerer):
    """Honest: how often each answer is right."""

    stochastic = False

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        counts = np.bincount(train.answers, minlength=len(ctx.answers)) + 1
        self.log_p = np.log(counts / counts.sum())

    def predict(self, asked: Asked) -> Floats:
        return np.tile(self.log_p, (len(asked), 1))


class OnlySeen(Majority):
    """Has a column only for answers that occur in training."""

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        counts = np.bincount(train.answers)
        counts = counts[counts > 0]
        self.log_p = np.log(counts / counts.sum())


class Threes(Majority):
    """Expects three answers."""

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        super().fit(train, ctx)
        self.log_p = self.log_p + 0 * self.log_p[2]


class Seen(Answerer):
    """Honest: the last answer named with the last word of the question, if training has it as an answer."""

    stochastic = False

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        self.answers, self.seen = ctx.answers, {ctx.answers[i] for i in train.answers}

    def predict(self, asked: Asked) -> Floats:
        p = np.full((len(asked), len(self.answers)), 0.05 / len(self.answers))
        for row, story, question in zip(p, asked.stories, asked.questions, strict=True):
            named = [word for words in story if question[-1] in words for word in words if word in self.seen]
            row += 0.95 * (np.arange(len(row)) == self.answers.index(named[-1]) if named else 1 / len(row))
        return np.log(p)


class FitsOnValidation(Seen):
    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        super().fit(replace(train, answers=np.concatenate([train.answers, ctx.valid.answers])), ctx)


CHEATS: Mapping[str, Sequence[type[Answerer]]] = {
    "batched": (Neighbour,),
    "repeatable": (Moody,),
    "saved": (Forgetful,),
    "pure": (Vandal,),
    "untouched": (Greedy,),
    "normalised": (Unnormalised,),
    "scores": (OneColumn,),
    "deterministic": (Dice,),
    "seedless": (Seeded,),
    "longer": (Short,),
    "unseen": (Closed,),
    "unsupported": (Crashes,),
    "missing": (OnlySeen,),
    "single": (Threes,),
    "validation": (FitsOnValidation,),
}
"""By the law that they break."""
