"""Measures the laws of a class of classifiers, on fits to documents generated here.

As for language models, what a model declares about itself is not trusted. docs/laws.md tells what each law can see.
"""

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np

from seqbench.evidence.laws import Fits, law, seed_everything, untouched, validation
from seqbench.evidence.records import Check
from seqbench.interface import Budget, Floats
from seqbench.tasks.documents.laws import answer, documents
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts
from seqbench.tasks.items import check_fitted, probe
from seqbench.tasks.language.vocab import UNK, Vocab


@dataclass(frozen=True)
class _Corpus:
    vocab: Vocab
    classes: tuple[str, ...]
    train: Labelled
    valid: Labelled
    test: Labelled


def check_class(make: Callable[[], Classifier], seed: int = 0) -> list[Check]:
    """Measure the laws of a class: fit it to generated documents, then check the fits and compare them.

    Args:
        make: returns a new, unfitted instance at each call.
    """
    rng = np.random.default_rng(seed)
    corpus = _corpus(3, 60, rng)
    lent = deepcopy(corpus)
    asked = corpus.test.texts
    model = make()
    fits = Fits(
        lambda seed: _fit(make(), corpus, seed), lambda fitted: answer(fitted, asked, len(corpus.classes)), seed
    )

    def fit() -> Check:
        _fit(model, lent, seed)
        return Check(name="fit", passed=True, message="fit finishes without an error")

    def unseen() -> Check:
        unk = corpus.vocab.index[UNK]
        texts = Texts([np.array([unk]), np.array([unk, unk, 1])], [["never"], ["never", "met", "w1"]])
        log_p = answer(model, texts, len(corpus.classes))
        passed = bool(np.isfinite(log_p).any(axis=1).all())
        message = "a document of unknown words has " + ("some class" if passed else "no possible class")
        return Check(name="unseen", passed=passed, message=message if passed else f"{message}: fall back on the prior")

    def binary() -> Check:
        two = _corpus(2, 20, rng)
        answer(_fit(make(), two, seed), two.test.texts, 2)
        return Check(name="binary", passed=True, message="two classes can be learned")

    def missing() -> Check:
        rows = np.flatnonzero(corpus.train.labels != 1)
        little = _Corpus(corpus.vocab, corpus.classes, corpus.train.take(rows), corpus.valid, corpus.test)
        answer(_fit(make(), little, seed), asked, len(corpus.classes))
        return Check(name="missing", passed=True, message="a class without training documents still has its column")

    def taught() -> Check:
        own, same, other, new = _two_sources(rng)

        def loss(valid: Labelled) -> float:
            fitted = _fit(make(), replace(own, valid=valid), seed, epochs=6)
            log_p = answer(fitted, new.texts, len(own.classes))
            return -float(log_p[np.arange(len(new)), new.labels].mean())

        return validation(loss(same), loss(other), ignorant=float(np.log(len(own.classes))))

    checks = [law("fit", fit)]
    if not checks[0].passed:
        return checks
    checks.append(untouched(all(_same(getattr(lent, part), getattr(corpus, part)) for part in ("train", "valid"))))
    once: list[Floats] = []
    with suppress(Exception):  # a fault of the scores is reported below
        once.append(fits.said(model))
    kind = documents(len(corpus.classes))
    unchanged = probe(kind, model, corpus.valid.texts)
    checks += check_fitted(kind, model, asked, seed)
    if once:
        checks += [unchanged.check(), *fits.again(once[0], model.stochastic)]
        checks += [law("unseen", unseen), law("binary", binary), law("missing", missing), law("validation", taught)]
    return checks


def _corpus(classes: int, documents: int, rng: np.random.Generator) -> _Corpus:
    """Generate documents of 1 to 30 words; both the words and their order depend on the class."""
    vocab = Vocab((UNK, *(f"w{i}" for i in range(1, 20))))
    steps = rng.dirichlet(np.full(19, 0.3), size=(classes, 19)).cumsum(axis=2)

    def part(count: int) -> Labelled:
        labels = np.arange(count) % classes
        ids = []
        for label in labels:
            length, word = int(rng.integers(1, 31)), int(rng.integers(19))
            words = [word]
            for u in rng.random(length - 1):
                words.append(min(int(np.searchsorted(steps[label, words[-1]], u)), 18))
            ids.append(np.array(words, np.int64) + 1)
        return Labelled(Texts(ids, [vocab.decode(document) for document in ids]), labels.astype(np.int64))

    return _Corpus(vocab, tuple(f"class{i}" for i in range(classes)), part(documents), part(12), part(24))


def _two_sources(rng: np.random.Generator) -> tuple[_Corpus, Labelled, Labelled, Labelled]:
    """Generate documents of two sources that share no word and no letter; in both, some words are typical of a class.

    Returns:
        A corpus of the first source, further documents of the first, and twice of the second.
    """
    classes, typical = 3, 4
    words = classes * typical
    spelled = [
        "".join(rng.choice(list(letters), 5)) for letters in ("abcdefghijklm", "nopqrstuvwxyz") for _ in range(words)
    ]
    vocab = Vocab((UNK, *dict.fromkeys(spelled)))

    def part(first: int, count: int = 240) -> Labelled:
        labels, ids = np.arange(count) % classes, []
        for label in labels:
            length = int(rng.integers(4, 13))
            own = typical * label + rng.integers(typical, size=length)
            ids.append(1 + first + np.where(rng.random(length) < 0.7, own, rng.integers(words, size=length)))
        return Labelled(Texts(ids, [vocab.decode(document) for document in ids]), labels.astype(np.int64))

    train = part(0)
    corpus = _Corpus(vocab, tuple(f"class{i}" for i in range(classes)), train, train, train)
    return corpus, part(0), part(words), part(words)


def _fit(model: Classifier, corpus: _Corpus, seed: int, epochs: int = 2) -> Classifier:
    seed_everything(seed)
    ctx = ClassificationContext(
        seed=seed, budget=Budget(epochs=epochs), valid=corpus.valid, vocab=corpus.vocab, classes=corpus.classes
    )
    model.fit(corpus.train, ctx)
    return model


def _same(a: Labelled, b: Labelled) -> bool:
    ids = all(np.array_equal(x, y) for x, y in zip(a.texts.ids, b.texts.ids, strict=True))
    return ids and a.texts.words == b.texts.words and np.array_equal(a.labels, b.labels)
