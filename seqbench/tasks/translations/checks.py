"""What the laws of a class of translators are measured on: pairs of sentences that are generated here, and vectors."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.laws import Fits, law
from seqbench.evidence.records import Check
from seqbench.interface import Context
from seqbench.tasks.items import Answers, Kind
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.laws import Sources, Witness, check_fitted, log_p, score, translated, translations
from seqbench.tasks.translations.model import Pairs, TranslationContext
from seqbench.tasks.trials import Corpus, Trial

WORDS = 12
"""Number of words of each side of a dictionary."""
CHANCE = 1 / (2 * WORDS)
"""The probability of a word of a target, for a model that knows only that it is of one of two dictionaries."""


class Translation(Trial[Pairs, Sources]):
    context: ClassVar[type[Context[Any]]] = TranslationContext

    def corpus(self, rng: np.random.Generator) -> Corpus[Pairs]:
        train, valid, test = (_pairs("s", "t", count, rng) for count in (80, 16, 24))
        return Corpus(train, valid, test, _vocabs(["s"], ["t"]))

    def sources(self, rng: np.random.Generator) -> tuple[Corpus[Pairs], Pairs, Pairs, Pairs]:
        """The second source is another dictionary, which shares no word with the first."""
        own, same = (_pairs("s", "t", 240, rng) for _ in range(2))
        other, new = (_pairs("z", "y", 240, rng) for _ in range(2))
        return Corpus(own, own, own, _vocabs(["s", "z"], ["t", "y"])), same, other, new

    def kind(self, corpus: Corpus[Pairs]) -> Kind[Sources]:
        return translations()

    def items(self, part: Pairs) -> Sources:
        return part.sources

    def same(self, a: Pairs, b: Pairs) -> bool:
        return a == b

    def losses(self, model: Any, corpus: Corpus[Pairs], part: Pairs) -> Sequence[float]:
        """Return −ln of the share of words that translations have right in their places, which is no less than by
        chance; and the nats per word of the targets, if the model has probabilities."""
        said = translated(model, part.sources)
        right = sum(a == b for words, target in zip(said, part.targets, strict=True) for a, b in zip(words, target))  # noqa: B905
        loss = -float(np.log(max(right / sum(map(len, part.targets)), CHANCE)))
        scores = log_p(model, part)
        return (loss,) if scores is None else (loss, -float(np.concatenate([one[:-1] for one in scores]).mean()))

    def ignorant(self, part: Pairs) -> float:
        return -float(np.log(CHANCE))

    def say(self, model: Any, corpus: Corpus[Pairs], part: Pairs) -> Answers:
        """Ask for log-probabilities too."""
        said = translated(model, part.sources)
        log_p(model, part)
        return said

    def unseen(self, corpus: Corpus[Pairs], rng: np.random.Generator) -> dict[str, tuple[Pairs, str]]:
        test = corpus.test
        strange = Pairs([["never"], ["never", "met", "s1"]], [["nowhere"], ["t1", "nowhere"]])
        long = Pairs([[*source] * 8 for source in test.sources], [[*target] * 8 for target in test.targets])
        return {
            "unseen": (strange, "unknown words get translations"),
            "longer": (long, "sentences longer than those of the fit get translations"),
        }

    def unusual(self, corpus: Corpus[Pairs], rng: np.random.Generator) -> dict[str, tuple[Corpus[Pairs], str]]:
        train = corpus.train
        short = Pairs([source[:1] for source in train.sources], [target[:1] for target in train.targets])
        empty = Pairs(train.sources, [target if i % 3 else [] for i, target in enumerate(train.targets)])
        named = {
            "lone": (train.take(np.arange(3)), "three pairs can be learned"),
            "short": (short, "sentences of one word can be learned"),
            "empty": (empty, "empty targets can be learned"),
        }
        return {name: (replace(corpus, train=part, valid=part), message) for name, (part, message) in named.items()}

    def check_fitted(self, model: Any, corpus: Corpus[Pairs], seed: int) -> list[Check]:
        witness = Witness()

        def scores() -> Check:
            score(model, corpus.test, witness)
            return Check(name="scores", passed=True, message="translations are lists of words, one for each sentence")

        found = law("scores", scores)
        if not found.passed:
            return [found]
        vocab: Vocab = corpus.lent["target_vocab"]
        return [found, *check_fitted(model, corpus.test, vocab, seed, witness)[1:]]

    def further(
        self, make: Callable[[], Any], model: Any, corpus: Corpus[Pairs], fits: Fits, first: Any, seed: int
    ) -> Iterator[Check]:
        yield law("vectors", lambda: self._vectors(make, seed))

    def _vectors(self, make: Callable[[], Any], seed: int) -> Check:
        """Sources that are vectors, such as pictures, are refused with a message or translated by the same laws."""
        corpus = _pictures(np.random.default_rng(seed))
        try:
            model = self.fitted(make(), corpus, seed)
        except ValueError as error:
            return Check(name="vectors", passed=True, message=f"vectors as sources are refused: {error}")
        for check in self.check_fitted(model, corpus, seed):
            if not check.passed:
                message = f"with vectors as sources: {check.message}"
                return check.model_copy(update={"name": "vectors", "message": message})
        return Check(name="vectors", passed=True, message="vectors get translations, by the same laws")


def _pictures(rng: np.random.Generator) -> Corpus[Pairs]:
    """Generate vectors with a word about each, the place of its largest value, and one more if that is large."""

    def part(count: int) -> Pairs:
        vectors = rng.random((count, WORDS))
        captions = [[f"t{v.argmax()}", "t0"] if v.max() > 0.9 else [f"t{v.argmax()}"] for v in vectors]
        return Pairs(list(vectors), captions)

    train, valid, test = (part(count) for count in (80, 16, 24))
    return Corpus(train, valid, test, {"source_vocab": None, "target_vocab": _vocabs(["s"], ["t"])["target_vocab"]})


def _vocabs(sources: list[str], targets: list[str]) -> dict[str, Any]:
    of_sources, of_targets = ([f"{side}{i}" for side in sides for i in range(WORDS)] for sides in (sources, targets))
    return {"source_vocab": Vocab((UNK, *of_sources)), "target_vocab": Vocab((UNK, EOS, *of_targets))}


def _pairs(source: str, target: str, count: int, rng: np.random.Generator) -> Pairs:
    """Generate sentences of 1 to 8 words: each word has one translation, and neighbours change places, two by two."""
    sources, targets = [], []
    for _ in range(count):
        words = rng.integers(WORDS, size=int(rng.integers(1, 9)))
        order = np.arange(len(words))
        order[: len(order) // 2 * 2] = order[: len(order) // 2 * 2].reshape(-1, 2)[:, ::-1].ravel()
        sources.append([f"{source}{i}" for i in words])
        targets.append([f"{target}{i}" for i in words[order]])
    return Pairs(sources, targets)
