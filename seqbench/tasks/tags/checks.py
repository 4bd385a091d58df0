"""Measures the laws of a class of taggers, on fits to sentences generated here.

What a model declares about itself is not trusted. docs/laws.md tells what each law can see.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import partial

import numpy as np

from seqbench.evidence.laws import Fits, law, moved, seed_everything, untouched, validation
from seqbench.evidence.records import Check
from seqbench.interface import Budget, Floats
from seqbench.tasks.items import check_fitted, probe
from seqbench.tasks.tags.laws import ahead, answer, any_possible, copied, sentences_of
from seqbench.tasks.tags.model import Tagged, Tagger, TaggingContext

TAGS = ("tag0", "tag1", "tag2")
WORDS = 6
"""Number of words that are typical of a tag."""
STRANGE = ["né", "7", "x" * 200, "Ж", "—"]
"""Words of which no letter occurs in the generated sentences."""


@dataclass(frozen=True)
class Corpus:
    train: Tagged
    valid: Tagged
    test: Tagged
    tags: tuple[str, ...] = TAGS


def corpus(rng: np.random.Generator) -> Corpus:
    spelled = words("abcdefghijklm", rng)
    train, valid, test = (tagged(spelled, count, 12, rng) for count in (60, 16, 24))
    return Corpus(train, valid, test)


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


def fitted(model: Tagger, held: Corpus, seed: int, epochs: int = 2) -> Tagger:
    seed_everything(seed)
    ctx = TaggingContext(seed=seed, budget=Budget(epochs=epochs), valid=held.valid, tags=held.tags)
    model.fit(held.train, ctx)
    return model


def rows(model: Tagger, sentences: Sequence[Sequence[str]], tags: int = len(TAGS)) -> Floats:
    """Return the predictions for all words, (M, C)."""
    return np.concatenate(list(answer(model, sentences, tags)))


def loss(model: Tagger, part: Tagged) -> float:
    """Return the mean loss per word, in nats."""
    log_p, tags = rows(model, part.sentences), np.concatenate(list(part.tags))
    return -float(log_p[np.arange(len(tags)), tags].mean())


def check_class(make: Callable[[], Tagger], seed: int = 0) -> list[Check]:
    """Measure the laws of a class: fit it to generated sentences, then check the fits and compare them.

    Args:
        make: returns a new, unfitted instance at each call.
    """
    rng = np.random.default_rng(seed)
    held, kind, model = corpus(rng), sentences_of(len(TAGS)), make()
    lent = Corpus(deepcopy(held.train), deepcopy(held.valid), Tagged([], []))
    asked = copied(held.test.sentences)
    fits = Fits(lambda seed: fitted(make(), held, seed), lambda model: rows(model, asked), seed)

    def fit() -> Check:
        fitted(model, lent, seed)
        return Check(name="fit", passed=True, message="fit finishes without an error")

    def longer() -> Check:
        rows(model, tagged(words("abc", rng), 8, 60, rng).sentences)
        return Check(name="longer", passed=True, message="sentences longer than those of the fit get predictions")

    def unseen() -> Check:
        passed = any_possible(rows(model, [STRANGE[:1], STRANGE, [*asked[0], STRANGE[2], *asked[0]]]))
        message = "a sentence with unknown words has " + ("some tag" if passed else "words without a possible tag")
        return Check(name="unseen", passed=passed, message=message if passed else f"{message}: fall back on the prior")

    def unusual(name: str, train: Tagged, tags: tuple[str, ...], message: str) -> Check:
        rows(fitted(make(), Corpus(train, train, train, tags), seed), asked, len(tags))
        return Check(name=name, passed=True, message=message)

    def taught() -> Check:
        own, other = words("abcdefghijklm", rng), words("nopqrstuvwxyz", rng)
        train, same, strange, new = (tagged(spelled, 240, 12, rng) for spelled in (own, own, other, other))

        def with_valid(valid: Tagged) -> float:
            return loss(fitted(make(), Corpus(train, valid, valid), seed, epochs=6), new)

        return validation(with_valid(same), with_valid(strange), ignorant=float(np.log(len(TAGS))))

    checks = [law("fit", fit)]
    if not checks[0].passed:
        return checks
    checks.append(untouched(all(_same(getattr(lent, part), getattr(held, part)) for part in ("train", "valid"))))
    once: list[Floats] = []
    with suppress(Exception):  # a fault of the predictions is reported below
        once.append(fits.said(model))
    unchanged = probe(kind, model, held.valid.sentences)
    checks += check_fitted(kind, model, asked, seed)
    if not once:
        return checks
    again = fits.again(once[0], model.stochastic)
    checks += [unchanged.check(), *again]
    if again[0].passed:  # otherwise the gold tags are not the only difference
        checks.append(law("blind", lambda: blind(fits, held.test, once[0])))
    checks += [
        law("longer", longer),
        law("unseen", unseen),
        law("ahead", lambda: ahead(model, asked, len(TAGS), rng)),
    ]
    for name, train, tags, message in reduced(held.train):
        checks.append(law(name, partial(unusual, name, train, tags, message)))
    checks.append(law("validation", taught))
    return checks


def blind(fits: Fits, gold: Tagged, seen: Floats) -> Check:
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


def reduced(train: Tagged) -> list[tuple[str, Tagged, tuple[str, ...], str]]:
    """Return unusual training parts that must be learned: the name of the law, the part, its tags, what it shows."""
    kept = [own != 1 for own in train.tags]
    rest = Tagged(
        [
            [word for word, keep in zip(words, keeps, strict=True) if keep]
            for words, keeps in zip(train.sentences, kept, strict=True)
        ],
        [own[keeps] for own, keeps in zip(train.tags, kept, strict=True)],
    )
    rest = rest.take(np.flatnonzero([len(own) > 0 for own in rest.tags]))
    shortest = np.array([np.argmin([len(own) for own in train.tags])])
    alike = Tagged(train.sentences, [np.zeros_like(own) for own in train.tags])
    return [
        ("lone", train.take(shortest), TAGS, "a single sentence can be learned"),
        ("missing", rest, TAGS, "a tag without training words still has its column"),
        ("single", alike, TAGS[:1], "words that all have one tag can be learned"),
    ]


def _shift(part: Tagged, by: int) -> None:
    """Replace each tag in place by the one that many further on."""
    for own in part.tags:
        own[:] = (own + by) % len(TAGS)


def _same(a: Tagged, b: Tagged) -> bool:
    tags = len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a.tags, b.tags, strict=True))
    return tags and copied(a.sentences) == copied(b.sentences)
