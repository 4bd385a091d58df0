"""What the laws of a class of taggers are measured on: sentences that are generated here."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.laws import Fits, law, moved
from seqbench.evidence.records import Check
from seqbench.interface import Context
from seqbench.tasks.items import Answers, Kind
from seqbench.tasks.tags.laws import ahead, answer, any_possible, copied, sentences_of
from seqbench.tasks.tags.model import Sentences, Tagged, TaggingContext
from seqbench.tasks.trials import Corpus, Trial

TAGS = ("tag0", "tag1", "tag2")
WORDS = 6
"""Number of words that are typical of a tag."""
STRANGE = ["né", "7", "x" * 200, "Ж", "—"]
"""Words of which no letter occurs in the generated sentences."""


class Tagging(Trial[Tagged, Sentences]):
    context: ClassVar[type[Context[Any]]] = TaggingContext

    def corpus(self, rng: np.random.Generator) -> Corpus[Tagged]:
        spelled = words("abcdefghijklm", rng)
        train, valid, test = (tagged(spelled, count, 12, rng) for count in (60, 16, 24))
        return Corpus(train, valid, test, {"tags": TAGS})

    def sources(self, rng: np.random.Generator) -> tuple[Corpus[Tagged], Tagged, Tagged, Tagged]:
        own, other = words("abcdefghijklm", rng), words("nopqrstuvwxyz", rng)
        train, same, strange, new = (tagged(spelled, 240, 12, rng) for spelled in (own, own, other, other))
        return Corpus(train, train, train, {"tags": TAGS}), same, strange, new

    def kind(self, corpus: Corpus[Tagged]) -> Kind[Sentences]:
        return sentences_of(len(corpus.lent["tags"]))

    def items(self, part: Tagged) -> Sentences:
        return part.sentences

    def same(self, a: Tagged, b: Tagged) -> bool:
        tags = len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a.tags, b.tags, strict=True))
        return tags and copied(a.sentences) == copied(b.sentences)

    def losses(self, model: Any, corpus: Corpus[Tagged], part: Tagged) -> Sequence[float]:
        log_p = np.concatenate(list(answer(model, part.sentences, len(corpus.lent["tags"]))))
        tags = np.concatenate(list(part.tags))
        return (-float(log_p[np.arange(len(tags)), tags].mean()),)

    def ignorant(self, part: Tagged) -> float:
        return float(np.log(len(TAGS)))

    def unseen(self, corpus: Corpus[Tagged], rng: np.random.Generator) -> dict[str, tuple[Tagged, str]]:
        known = list(corpus.test.sentences[0])
        strange = [STRANGE[:1], STRANGE, [*known, STRANGE[2], *known]]
        return {
            "longer": (
                tagged(words("abc", rng), 8, 60, rng),
                "sentences longer than those of the fit get predictions",
            ),
            "unseen": (
                Tagged(strange, [np.zeros(len(own), np.int64) for own in strange]),
                "a sentence with unknown words has some tag",
            ),
        }

    def possible(self, said: Answers) -> bool:
        return any_possible(np.concatenate(list(said)))

    def unusual(self, corpus: Corpus[Tagged], rng: np.random.Generator) -> dict[str, tuple[Corpus[Tagged], str]]:
        train = corpus.train
        kept = [own != 1 for own in train.tags]
        rest = Tagged(
            [
                [word for word, keep in zip(words, keeps, strict=True) if keep]
                for words, keeps in zip(train.sentences, kept, strict=True)
            ],
            [own[keeps] for own, keeps in zip(train.tags, kept, strict=True)],
        )
        rest = rest.take(np.flatnonzero([len(own) > 0 for own in rest.tags]))
        shortest = train.take(np.array([np.argmin([len(own) for own in train.tags])]))
        alike = Tagged(train.sentences, [np.zeros_like(own) for own in train.tags])
        return {
            "lone": (replace(corpus, train=shortest, valid=shortest), "a single sentence can be learned"),
            "missing": (replace(corpus, train=rest, valid=rest), "a tag without training words still has its column"),
            "single": (
                replace(corpus, train=alike, valid=alike, lent={"tags": TAGS[:1]}),
                "words that all have one tag can be learned",
            ),
        }

    def check_fitted(self, model: Any, corpus: Corpus[Tagged], seed: int) -> list[Check]:
        rng, asked = np.random.default_rng(seed), copied(corpus.test.sentences)
        checks = super().check_fitted(model, corpus, seed)
        return [*checks, law("ahead", lambda: ahead(model, asked, len(TAGS), rng))] if checks[0].passed else checks

    def further(
        self, make: Callable[[], Any], model: Any, corpus: Corpus[Tagged], fits: Fits, first: Any, seed: int
    ) -> Iterator[Check]:
        yield law("blind", lambda: blind(fits, corpus.test, first))


def words(letters: str, rng: np.random.Generator) -> list[list[str]]:
    """Spell `WORDS` words of each tag; the last letter tells the tag of most of them."""
    last = rng.permutation(list(letters))
    return [["".join(rng.choice(list(letters), 4)) + last[tag] for _ in range(WORDS)] for tag in range(len(TAGS))]


def tagged(spelled: Sequence[Sequence[str]], count: int, longest: int, rng: np.random.Generator) -> Tagged:
    """Generate sentences of 1 to `longest` words, of which 95 % are typical of their tag; all tags are equally
    probable, whatever tags stand before them."""
    sentences, tags = [], []
    for _ in range(count):
        own = rng.integers(len(TAGS), size=int(rng.integers(1, longest + 1)))
        typical = np.where(rng.random(len(own)) < 0.95, own, rng.integers(len(TAGS), size=len(own)))
        sentences.append([spelled[tag][int(rng.integers(WORDS))] for tag in typical])
        tags.append(own.astype(np.int64))
    return Tagged(sentences, tags)


def blind(fits: Fits, gold: Tagged, seen: Answers) -> Check:
    """The predictions for sentences do not depend on their gold tags, wherever in memory these lie.

    Each gold tag is replaced in place by the next one, and a fit is made and asked again.

    Args:
        gold: the sentences that `fits` asks about, and their true tags, of which memory holds no copy.
        seen: what the same fit predicted while the gold tags were true.
    """
    _shift(gold, 1)
    try:
        said = fits.said(fits.fit(fits.seed))
    finally:
        _shift(gold, -1)
    remedy = "predict must not look for the gold tags of what it is asked about"
    return moved("blind", fits.apart(said, seen), "wrong gold tags in memory", remedy, fits.measure)


def _shift(part: Tagged, by: int) -> None:
    """Replace each tag in place by the one that many further on."""
    for own in part.tags:
        own[:] = (own + by) % len(TAGS)
