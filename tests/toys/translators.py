"""Translators of one word after the other: an honest one, and those that cheat or err, each with the law it breaks."""

import gc
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seqbench import Pairs, TranslationContext, Translator
from seqbench.interface import Arrays, Floats
from seqbench.tasks.language.vocab import EOS
from seqbench.tasks.translations.model import Source, Words


class Dictionary(Translator):
    """Honest: translates each word by the word that most often stands in its place, or in the place of its neighbour.

    The probability of a word depends on how often it occurs, and on the word before it alone.
    """

    stochastic = False

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        if ctx.source_vocab is None:
            raise ValueError("a dictionary needs words")
        self.ids = {word: i for i, word in enumerate(ctx.target_vocab.symbols)}
        self.eos = self.ids[EOS]
        seen: dict[str, Counter[str]] = {}
        counts = np.ones((len(self.ids), len(self.ids)))
        for source, target in zip(train.sources, train.targets, strict=True):
            for i, word in enumerate(source):
                seen.setdefault(str(word), Counter()).update(target[max(0, i - 1) : i + 2])
            ids = [self.ids.get(word, 0) for word in target]
            np.add.at(counts, ([self.eos, *ids], [*ids, self.eos]), 1)
        self.words = {word: min(found, key=lambda w: (-found[w], w)) for word, found in seen.items() if found}
        self.table = np.log(counts / counts.sum(axis=1, keepdims=True))

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        return [[self.words.get(str(word), "t0") for word in source] for source in sources]

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats] | None:
        found = []
        for target in targets:
            ids = [self.ids.get(word, 0) for word in target]
            found.append(self.table[[self.eos, *ids], [*ids, self.eos]])
        return found


class Speechless(Dictionary):
    """Honest, without probabilities."""

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> None:
        return None


class Kept(Dictionary):
    """Honest, and can be stored."""

    def arrays(self) -> Arrays:
        order = sorted(self.words)
        return {
            "sources": np.array([int(word[1:]) for word in order]),
            "targets": np.array([int(self.words[word][1:]) for word in order]),
            "table": self.table,
        }

    def restore(self, arrays: Arrays) -> None:
        pairs = zip(arrays["sources"].tolist(), arrays["targets"].tolist(), strict=True)
        self.words = {f"s{a}": f"t{b}" for a, b in pairs}
        self.table = arrays["table"]
        self.ids = {"<unk>": 0, EOS: 1, **{f"t{i}": 2 + i for i in range(len(self.table) - 2)}}
        self.eos = 1


class Attentive(Dictionary):
    """Honest: it searches with a beam, and says where it looks; both are made up."""

    def translate(self, sources: Sequence[Source], beam: int) -> list[list[str]]:
        return [[f"beam{beam}", *words] for words in self.predict(sources)]

    def attention(self, source: Words, target: Words) -> Floats:
        weights: Floats = np.eye(len(target) + 1, len(source))
        return weights


class Places(Speechless):
    """Honest: reads vectors too, and says where their largest value is."""

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        self.pictures = ctx.source_vocab is None
        if not self.pictures:
            super().fit(train, ctx)

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        return [[f"t{np.argmax(source)}"] for source in sources] if self.pictures else super().predict(sources)


class Dazzled(Places):
    """Sees a picture in the light of the others of its call."""

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        if not self.pictures:
            return super().predict(sources)
        light = np.mean([np.asarray(source, dtype=np.float64) for source in sources], axis=0)
        return super().predict([np.asarray(source, dtype=np.float64) - light for source in sources])


class Clairvoyant(Dictionary):
    """Its probability of a word knows how many words follow."""

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats] | None:
        found = super().log_p(sources, targets)
        assert found is not None
        for scores, target in zip(found, targets, strict=True):
            for t in range(len(target) - 1):
                scores[t] = min(0.0, scores[t] + 0.02 * (len(target) - t))
        return found


class Certain(Dictionary):
    """Every word of the reference has the probability 1."""

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats]:
        return [np.zeros(len(target) + 1) for target in targets]


class Ending(Dictionary):
    """Forgets that a target may end."""

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats] | None:
        found = super().log_p(sources, targets)
        assert found is not None
        for scores in found:
            scores[-1] = 0.0
        return found


class Memory(Dictionary):
    """Says the reference once it was asked about it."""

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        super().fit(train, ctx)
        self.seen: dict[tuple[str, ...], Words] = {}

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats] | None:
        self.seen |= {tuple(map(str, s)): list(t) for s, t in zip(sources, targets, strict=True)}
        return super().log_p(sources, targets)

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        own = super().predict(sources)
        return [self.seen.get(tuple(map(str, s)), words) for s, words in zip(sources, own, strict=True)]


class Searcher(Dictionary):
    """Looks for references in the memory of its process."""

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        known: dict[tuple[str, ...], Words] = {}
        for found in gc.get_objects():
            if type(found) is Pairs:
                known |= {tuple(map(str, s)): list(t) for s, t in zip(found.sources, found.targets, strict=True)}
        own = super().predict(sources)
        return [known.get(tuple(map(str, s)), words) for s, words in zip(sources, own, strict=True)]


class Company(Dictionary):
    """Pads with the longest sentence of a call, and translates the padding."""

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        longest = max(map(len, sources))
        return [[*words, *["t0"] * (longest - len(words))] for words in super().predict(sources)]


class Neighbours(Dictionary):
    """Its probabilities depend on the number of pairs in a call."""

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats] | None:
        found = super().log_p(sources, targets)
        assert found is not None
        return [scores - 0.1 / len(targets) for scores in found]


class Moody(Dictionary):
    calls = 0

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        self.calls += 1
        return [[f"t{self.calls % 5}"] for _ in sources]


class Wavering(Dictionary):
    """Its probabilities change from call to call."""

    calls = 0

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats] | None:
        self.calls += 1
        found = super().log_p(sources, targets)
        assert found is not None
        return [scores - 0.01 * self.calls for scores in found]


class Learner(Dictionary):
    """Learns from what it is asked about, but tells of it only later."""

    asked = 0

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        self.asked += len(sources)
        said = super().predict(sources)
        return [words[: len(words) // 2] for words in said] if self.asked > 1000 else said


class Vandal(Dictionary):
    def predict(self, sources: Sequence[Source]) -> list[Words]:
        said = super().predict(sources)
        for source in sources:
            source.clear()  # type: ignore[union-attr]
        return said


class TargetVandal(Dictionary):
    """Appends `<eos>` to the target that it is asked about."""

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats] | None:
        found = super().log_p(sources, targets)
        for target in targets:
            target.append(EOS)  # type: ignore[attr-defined]
        return found


class Greedy(Dictionary):
    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        super().fit(train, ctx)
        train.targets[0].append("t0")  # type: ignore[attr-defined]


class Forgetful(Kept):
    """Stores its words, but not its probabilities."""

    def restore(self, arrays: Arrays) -> None:
        super().restore(arrays)
        self.table = np.full_like(self.table, -np.log(len(self.table)))


class Fixed(Dictionary):
    """Translates no sentence that is longer than those of its fit."""

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        super().fit(train, ctx)
        self.longest = max(map(len, train.sources))

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        if max(map(len, sources)) > self.longest:
            raise ValueError("too long")
        return super().predict(sources)


class Closed(Dictionary):
    """Knows no word that training lacks."""

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        return [[self.words[str(word)] for word in source] for source in sources]


class Dice(Dictionary):
    """Draws words that no seed governs, in fit."""

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        super().fit(train, ctx)
        order = np.random.default_rng().permutation(list(self.words.values()))
        self.words = dict(zip(self.words, map(str, order), strict=True))


class Seeded(Dictionary):
    """Says that the seed changes nothing, which is wrong."""

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        super().fit(train, ctx)
        order = np.random.default_rng(ctx.seed).permutation(list(self.words.values()))
        self.words = dict(zip(self.words, map(str, order), strict=True))


class FitsOnValidation(Dictionary):
    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        valid = ctx.valid
        super().fit(Pairs([*train.sources, *valid.sources], [*train.targets, *valid.targets]), ctx)


class FitsOnValidationInSilence(FitsOnValidation, Speechless):
    """The same, without probabilities."""


CHEATS: Mapping[str, Sequence[type[Translator]]] = {
    "causal": (Clairvoyant,),
    "normalised": (Certain, Ending),
    "blind": (Memory, Searcher),
    "batched": (Company, Neighbours),
    "repeatable": (Moody, Wavering),
    "pure": (Vandal, TargetVandal),
    "untouched": (Greedy,),
    "saved": (Forgetful,),
    "longer": (Fixed,),
    "unseen": (Closed,),
    "deterministic": (Dice,),
    "seedless": (Seeded,),
    "validation": (FitsOnValidation, FitsOnValidationInSilence),
    "vectors": (Dazzled,),
}
"""By the law that they break."""


def said(answer: Any) -> Callable[[], Translator]:
    """Return a class of translators whose `predict` returns `answer(sources)`."""

    class Says(Dictionary):
        def predict(self, sources: Sequence[Source]) -> Any:
            return answer(sources)

    return Says


def scored(answer: Any) -> Callable[[], Translator]:
    """Return a class of translators whose `log_p` returns `answer(targets)`."""

    class Scores(Dictionary):
        def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> Any:
            return answer(targets)

    return Scores
