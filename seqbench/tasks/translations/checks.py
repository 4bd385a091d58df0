"""Measures the laws of a class of translators, on fits to pairs of sentences generated here.

What a model declares about itself is not trusted. docs/laws.md tells what each law can see.
"""

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from seqbench.evidence.laws import Fits, law, seed_everything, untouched, validation
from seqbench.evidence.records import Check
from seqbench.interface import Budget
from seqbench.tasks import items
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.laws import CHANGED, Witness, check_fitted, log_p, score, translated, translations
from seqbench.tasks.translations.model import Pairs, TranslationContext, Translator

WORDS = 12
"""Number of words of each side of a dictionary."""
CHANCE = 1 / (2 * WORDS)
"""The probability of a word of a target, for a model that knows only that it is of one of two dictionaries."""


@dataclass(frozen=True)
class Corpus:
    source_vocab: Vocab | None
    target_vocab: Vocab
    train: Pairs
    valid: Pairs
    test: Pairs


def check_class(make: Callable[[], Translator], seed: int = 0) -> list[Check]:
    """Measure the laws of a class: fit it to generated pairs, then check the fits and compare them.

    Args:
        make: returns a new, unfitted instance at each call.
    """
    rng = np.random.default_rng(seed)
    corpus = _corpus(rng)
    lent, kind = deepcopy(corpus), translations()
    asked, model = corpus.test.sources, make()
    fits = Fits(
        lambda seed: fitted(make(), corpus, seed),
        lambda translator: translated(translator, asked),
        seed,
        CHANGED,
        kind.apart,
    )

    def fit() -> Check:
        fitted(model, lent, seed)
        return Check(name="fit", passed=True, message="fit finishes without an error")

    def unusual(name: str, train: Pairs, message: str) -> Check:
        of_these = fitted(make(), replace(corpus, train=train, valid=train), seed)
        translated(of_these, asked)
        log_p(of_these, corpus.test)
        return Check(name=name, passed=True, message=message)

    def understood(name: str, pairs: Pairs, message: str) -> Check:
        translated(model, pairs.sources)
        log_p(model, pairs)
        return Check(name=name, passed=True, message=message)

    checks = [law("fit", fit)]
    if not checks[0].passed:
        return checks
    checks.append(untouched((lent.train, lent.valid) == (corpus.train, corpus.valid)))
    once: list[Any] = []
    with suppress(Exception):  # a fault of the predictions is reported below
        once.append(fits.said(model))
    unchanged, witness = items.probe(kind, model, corpus.valid.sources), Witness()
    checks.append(law("scores", lambda: _scores(model, corpus.test, witness)))
    if not checks[-1].passed or not once:
        return checks
    checks += check_fitted(model, corpus.test, corpus.target_vocab, seed, witness)[1:]
    checks += [unchanged.check(), *fits.again(once[0], model.stochastic)]
    for name, (pairs, message) in _unseen(corpus).items():
        checks.append(law(name, partial(understood, name, pairs, message)))
    for name, (train, message) in _reduced(corpus.train).items():
        checks.append(law(name, partial(unusual, name, train, message)))
    checks.append(law("validation", lambda: _validation(make, seed, rng)))
    checks.append(law("vectors", lambda: _vectors(make, seed, rng)))
    return checks


def fitted(model: Translator, corpus: Corpus, seed: int, epochs: int = 2) -> Translator:
    """Fit a model to a corpus."""
    seed_everything(seed)
    ctx = TranslationContext(
        seed=seed,
        budget=Budget(epochs=epochs),
        valid=corpus.valid,
        source_vocab=corpus.source_vocab,
        target_vocab=corpus.target_vocab,
    )
    model.fit(corpus.train, ctx)
    return model


def _scores(model: Translator, pairs: Pairs, witness: Witness) -> Check:
    score(model, pairs, witness)
    return Check(name="scores", passed=True, message="translations are lists of words, one for each sentence")


def _unseen(corpus: Corpus) -> dict[str, tuple[Pairs, str]]:
    """Return pairs unlike those of training, by the name of the law, each with what it shows."""
    strange = Pairs([["never"], ["never", "met", "s1"]], [["nowhere"], ["t1", "nowhere"]])
    long = Pairs([[*source] * 8 for source in corpus.test.sources], [[*target] * 8 for target in corpus.test.targets])
    return {
        "unseen": (strange, "unknown words get translations"),
        "longer": (long, "sentences longer than those of the fit get translations"),
    }


def _reduced(train: Pairs) -> dict[str, tuple[Pairs, str]]:
    """Return unusual training parts that must be learned, by the name of the law, each with what it shows."""
    short = Pairs([source[:1] for source in train.sources], [target[:1] for target in train.targets])
    empty = Pairs(train.sources, [target if i % 3 else [] for i, target in enumerate(train.targets)])
    return {
        "lone": (train.take(np.arange(3)), "three pairs can be learned"),
        "short": (short, "sentences of one word can be learned"),
        "empty": (empty, "empty targets can be learned"),
    }


def _validation(make: Callable[[], Translator], seed: int, rng: np.random.Generator) -> Check:
    """Measure whether validation pairs of another dictionary, which shares no word, teach that dictionary."""
    vocabs = _vocabs(["s", "z"], ["t", "y"])
    own, same, other, new = (
        _pairs("s", "t", 240, rng),
        _pairs("s", "t", 240, rng),
        *(_pairs("z", "y", 240, rng) for _ in range(2)),
    )

    def losses(valid: Pairs) -> tuple[float, ...]:
        return _losses(fitted(make(), Corpus(*vocabs, own, valid, new), seed, epochs=6), new)

    found = [validation(a, b, -np.log(CHANCE)) for a, b in zip(losses(same), losses(other), strict=True)]
    return next((check for check in found if not check.passed), found[0])


def _vectors(make: Callable[[], Translator], seed: int, rng: np.random.Generator) -> Check:
    """Sources that are vectors, such as pictures, are refused with a message or translated by the same laws."""
    corpus, model = _pictures(rng), make()
    try:
        fitted(model, corpus, seed)
    except ValueError as error:
        return Check(name="vectors", passed=True, message=f"vectors as sources are refused: {error}")
    witness = Witness()
    score(model, corpus.test, witness)
    for check in check_fitted(model, corpus.test, corpus.target_vocab, seed, witness):
        if not check.passed:
            return check.model_copy(update={"name": "vectors", "message": f"with vectors as sources: {check.message}"})
    return Check(name="vectors", passed=True, message="vectors get translations, by the same laws")


def _losses(model: Translator, pairs: Pairs) -> tuple[float, ...]:
    """Return −ln of the share of words that translations have right in their places, which is no less than by chance;
    and the nats per word of the targets, if the model has probabilities."""
    said = translated(model, pairs.sources)
    right = sum(a == b for words, target in zip(said, pairs.targets, strict=True) for a, b in zip(words, target))  # noqa: B905
    loss = -float(np.log(max(right / sum(map(len, pairs.targets)), CHANCE)))
    scores = log_p(model, pairs)
    return (loss,) if scores is None else (loss, -float(np.concatenate([one[:-1] for one in scores]).mean()))


def _corpus(rng: np.random.Generator) -> Corpus:
    train, valid, test = (_pairs("s", "t", count, rng) for count in (80, 16, 24))
    return Corpus(*_vocabs(["s"], ["t"]), train, valid, test)


def _pictures(rng: np.random.Generator) -> Corpus:
    """Generate vectors with a word about each, the place of its largest value, and one more if that is large."""

    def part(count: int) -> Pairs:
        vectors = rng.random((count, WORDS))
        captions = [[f"t{v.argmax()}", "t0"] if v.max() > 0.9 else [f"t{v.argmax()}"] for v in vectors]
        return Pairs(list(vectors), captions)

    train, valid, test = (part(count) for count in (80, 16, 24))
    return Corpus(None, _vocabs(["s"], ["t"])[1], train, valid, test)


def _vocabs(sources: list[str], targets: list[str]) -> tuple[Vocab, Vocab]:
    of_sources, of_targets = ([f"{side}{i}" for side in sides for i in range(WORDS)] for sides in (sources, targets))
    return Vocab((UNK, *of_sources)), Vocab((UNK, EOS, *of_targets))


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
