"""Taggers: an honest one that counts words, one that chooses a setting on validation, and some that cheat or err."""

import gc
from collections.abc import Sequence

import numpy as np

from seqbench import Tagged, Tagger, TaggingContext
from seqbench.interface import Arrays, Floats, Ids
from seqbench.tasks.tags.model import Sentences


class Counts(Tagger):
    """Honest: how often each word has each tag, with a constant added; an unknown word has the tags' frequencies."""

    stochastic = False

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        self.tags = len(ctx.tags)
        self.words: dict[str, Floats] = {}
        for words, tags in zip(train.sentences, train.tags, strict=True):
            self.count(words, tags)

    def count(self, words: Sequence[str], tags: Ids) -> None:
        for word, tag in zip(words, tags, strict=True):
            self.words.setdefault(word, np.full(self.tags, 0.1))[tag] += 1

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        prior = sum(self.words.values(), np.full(self.tags, 0.1))
        return [normal(np.log([self.words.get(word, prior) for word in words])) for words in sentences]


class Sharpness(Counts):
    """Honest: it multiplies all scores by a factor that is chosen on validation."""

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        super().fit(train, ctx)
        self.factor = max((0.1, 1.0, 3.0), key=lambda factor: self.total(factor, ctx.valid))

    def total(self, factor: float, part: Tagged) -> float:
        self.factor = factor
        said = self.predict(part.sentences)
        return sum(float(own[np.arange(len(tags)), tags].sum()) for own, tags in zip(said, part.tags, strict=True))

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        return [normal(self.factor * own) for own in super().predict(sentences)]


class SharpnessOfAll(Sharpness):
    """Also counts the words of the validation part."""

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        super().fit(Tagged([*train.sentences, *ctx.valid.sentences], [*train.tags, *ctx.valid.tags]), ctx)


class Saved(Counts):
    """Honest, of one-letter words: its counts are an array."""

    def arrays(self) -> Arrays:
        words = sorted(self.words)
        spelled = [[ord(letter) for letter in word] for word in words]
        longest = max(map(len, words))
        padded = np.array([letters + [0] * (longest - len(letters)) for letters in spelled])
        return {"words": padded, "counts": np.array([self.words[word] for word in words])}

    def restore(self, arrays: Arrays) -> None:
        names = ["".join(chr(letter) for letter in row if letter) for row in arrays["words"].tolist()]
        self.words = dict(zip(names, arrays["counts"], strict=True))
        self.tags = arrays["counts"].shape[1]


class Forgetful(Saved):
    def restore(self, arrays: Arrays) -> None:
        super().restore(arrays)
        self.words = {}


class LooksAhead(Counts):
    """Honest: the word after a word counts too."""

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        said = super().predict(sentences)
        return [normal(own + 0.5 * np.concatenate([own[1:], np.zeros((1, self.tags))])) for own in said]


class SearchesMemory(Counts):
    """Answers with the tags that lie beside its sentences somewhere in the memory of its process; this takes long, so
    it does not search for a single sentence."""

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        if len(sentences) == 1:
            return super().predict(sentences)
        found = {
            tuple(words): tags
            for thing in gc.get_objects()
            if type(thing) is Tagged
            for words, tags in zip(thing.sentences, thing.tags, strict=True)
        }
        said = list(super().predict(sentences))
        for i, words in enumerate(sentences):
            if tuple(words) in found:
                said[i] = normal(np.log(np.eye(self.tags)[found[tuple(words)]] + 0.01))
        return said


class SearchesInFit(Counts):
    """Remembers during its fit all tagged sentences that lie in the memory of its process."""

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        super().fit(train, ctx)
        for thing in [thing for thing in gc.get_objects() if type(thing) is Tagged and thing is not ctx.valid]:
            for words, tags in zip(thing.sentences, thing.tags, strict=True):
                self.count(words, tags)


class ReadsTheNeighbour(Counts):
    """Mixes each sentence with the one before it in the call."""

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        said = super().predict(sentences)
        return [normal(own + said[i - 1].mean(axis=0)) for i, own in enumerate(said)]


class PadsToTheLongest(Counts):
    """Forgets which words are padding."""

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        longest = max(map(len, sentences))
        return [normal(own * len(own) / longest) for own in super().predict(sentences)]


class CrowdFollower(ReadsTheNeighbour):
    """Looks at its neighbour only in full calls, as those of scoring are."""

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        return super().predict(sentences) if len(sentences) > 500 else Counts.predict(self, sentences)


class LearnsFromTest(Counts):
    """Counts its own predictions; it tells of them only after many words."""

    seen = 0

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        self.seen += len(sentences)
        return [normal(own * (1 + self.seen // 1000)) for own in super().predict(sentences)]


class Moody(Counts):
    calls = 0

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        self.calls += 1
        return [normal(own / self.calls) for own in super().predict(sentences)]


class Vandal(Counts):
    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        said = super().predict(sentences)
        sentences[0][0] = ""  # type: ignore[index]
        return said


class Greedy(Counts):
    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        super().fit(train, ctx)
        train.tags[0][:] = 0


class Dice(Counts):
    """Draws chance that no seed governs."""

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        super().fit(train, ctx)
        for counts in self.words.values():
            counts += np.random.default_rng().random(self.tags)


class Seeded(Counts):
    """Says that the seed changes nothing, which is wrong."""

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        super().fit(train, ctx)
        for counts in self.words.values():
            counts += np.random.default_rng(ctx.seed).random(self.tags)


class Fixed(Counts):
    """Reads no sentence that is longer than those of its fit."""

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        super().fit(train, ctx)
        self.longest = max(map(len, train.sentences))

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        if max(map(len, sentences)) > max(12, self.longest):
            raise ValueError("too long")
        return super().predict(sentences)


class Closed(Counts):
    """Knows no tag of an unknown word."""

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        known = [[word in self.words for word in words] for words in sentences]
        return [
            np.where(np.array(k)[:, None], own, -np.inf)
            for k, own in zip(known, super().predict(sentences), strict=True)
        ]


class OnlySeen(Counts):
    """Has no column for a tag that training lacks."""

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        super().fit(train, ctx)
        self.kept = np.unique(np.concatenate(list(train.tags)))

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        return [normal(own[:, self.kept]) for own in super().predict(sentences)]


class TwoTags(Counts):
    """Compares the best two tags, so it needs two."""

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        return [normal(own + 0 * np.sort(own, axis=1)[:, -2:-1]) for own in super().predict(sentences)]

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        super().fit(train, ctx)
        if len(ctx.tags) < 2:
            raise ValueError("two tags are needed")


class Unnormalised(Counts):
    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        return [own - 0.1 for own in super().predict(sentences)]


class OneRow(Counts):
    """One prediction for a whole sentence."""

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        return [own.mean(axis=0) for own in super().predict(sentences)]


class TooFew(Counts):
    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        return super().predict(sentences)[1:]


class NotANumber(Counts):
    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        return [own * np.nan for own in super().predict(sentences)]


class Reused(Counts):
    """Hands out its own buffers."""

    def predict(self, sentences: Sentences) -> Sequence[Floats]:
        if not hasattr(self, "buffers"):
            self.buffers: dict[int, Floats] = {}
        said = []
        for own in super().predict(sentences):
            buffer = self.buffers.setdefault(len(own), np.empty_like(own))
            buffer[:] = own
            said.append(buffer)
        return said


def normal(scores: Floats) -> Floats:
    """Return log-probabilities of scores (T, C)."""
    log_p: Floats = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return log_p
