"""What a classifier is held against: its fit on the data of a run, and its class on documents made here.

As for language models, nothing that a model says of itself is believed, and the clock decides nothing: a fit is
asked about 48 documents, each once alone.
"""

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from seqbench import classifier_laws as laws
from seqbench.checks import seed_everything
from seqbench.classifier_laws import Said, answer, some
from seqbench.interface import Budget, ClassificationContext, Classifier, Floats, Labelled, Texts
from seqbench.laws import difference, law, moved
from seqbench.records import Check
from seqbench.vocab import UNK, Vocab

DOCUMENTS = 48
"""That the laws are measured on."""
FEW = 16
"""That `Probe` compares."""


def check_fitted(model: Classifier, texts: Texts, classes: int, seed: int) -> list[Check]:
    """Hold a fitted classifier against the laws, on documents of the test part.

    A law that supposes another is measured only where that one holds, so that one fault is told once.
    """
    rng = np.random.default_rng(seed)
    asked = some(texts, DOCUMENTS, rng)
    said: list[Said] = []

    def scores() -> Check:
        said.append(Said(asked, answer(model, asked, classes)))
        return Check(name="scores", passed=True, message="scores are numbers, one for each document and class")

    checks = [law("scores", scores)]
    if not said:
        return checks
    checks.append(law("repeatable", lambda: laws.repeatable(model, said[0])))
    if checks[-1].passed:
        checks.append(law("batched", lambda: laws.batched(model, said[0], rng)))
        checks.append(law("saved", lambda: laws.saved(model, said[0])))
    checks.append(law("normalised", lambda: laws.normalised(said[0])))
    checks.append(law("pure", lambda: laws.pure(model, said[0])))
    return checks


class Probe:
    """Whether scoring documents changes a model: make it before, `check` after."""

    def __init__(self, model: Classifier, texts: Texts, classes: int) -> None:
        self._model, self._classes = model, classes
        self._texts = some(texts, FEW, np.random.default_rng(0))
        self._before: Floats | Exception
        try:
            self._before = self._scores()
        except Exception as error:  # told by `check`, since a law that cannot be measured is no crash
            self._before = error

    def check(self) -> Check:
        return law("frozen", self._compare)

    def _compare(self) -> Check:
        if isinstance(self._before, Exception):
            raise self._before
        nats = difference(self._scores(), self._before)
        return moved("frozen", nats, "scoring the test part", "the model learns from what it is scored on")

    def _scores(self) -> Floats:
        """The second answer, so that what a model merely carries over is left to `repeatable`; chance is stilled."""
        answer(self._model, self._texts, self._classes)
        seed_everything(0)
        return answer(self._model, self._texts, self._classes)


@dataclass(frozen=True)
class _Corpus:
    vocab: Vocab
    classes: tuple[str, ...]
    train: Labelled
    valid: Labelled
    test: Labelled


def check_class(make: Callable[[], Classifier], seed: int = 0) -> list[Check]:
    """Hold a class against the laws: fit it on documents made here, and see how its fits behave and differ.

    Args:
        make: a new, unfitted instance at each call.
    """
    rng = np.random.default_rng(seed)
    corpus = _corpus(3, 60, rng)
    lent = deepcopy(corpus)
    asked = corpus.test.texts
    model = make()

    def fit() -> Check:
        _fit(model, lent, seed)
        return Check(name="fit", passed=True, message="fit comes to an end")

    def untouched() -> Check:
        same = all(_same(getattr(lent, part), getattr(corpus, part)) for part in ("train", "valid"))
        message = "fit leaves the training data as it is" if same else "fit changes the data it is lent: work on a copy"
        return Check(name="untouched", passed=same, message=message)

    def say_once(model: Classifier) -> Floats:
        seed_everything(seed)
        return answer(model, asked, len(corpus.classes))

    def deterministic() -> Check:
        nats = difference(say_once(_fit(make(), corpus, seed)), once[0])
        return moved("deterministic", nats, "fitting again with the same seed", "draw all chance from ctx.seed")

    def seedless() -> Check:
        nats = difference(say_once(_fit(make(), corpus, seed + 1)), once[0])
        return moved("seedless", nats, "fitting with another seed", "the class says stochastic = False, which is wrong")

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
        return Check(name="missing", passed=True, message="a class that training lacks has its column all the same")

    checks = [law("fit", fit)]
    if not checks[0].passed:
        return checks
    checks.append(untouched())
    once: list[Floats] = []
    with suppress(Exception):  # what is wrong with the scores is told below
        once.append(say_once(model))
    probe = Probe(model, corpus.valid.texts, len(corpus.classes))
    checks += check_fitted(model, asked, len(corpus.classes), seed)
    if once:
        checks += [probe.check(), law("deterministic", deterministic)]
        if not model.stochastic:
            checks.append(law("seedless", seedless))
        checks += [law("unseen", unseen), law("binary", binary), law("missing", missing)]
    return checks


def _corpus(classes: int, documents: int, rng: np.random.Generator) -> _Corpus:
    """Documents of 1 to 30 words, whose words and their order both depend on the class."""
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


def _fit(model: Classifier, corpus: _Corpus, seed: int) -> Classifier:
    seed_everything(seed)
    ctx = ClassificationContext(
        seed=seed, budget=Budget(epochs=2), valid=corpus.valid, vocab=corpus.vocab, classes=corpus.classes
    )
    model.fit(corpus.train, ctx)
    return model


def _same(a: Labelled, b: Labelled) -> bool:
    ids = all(np.array_equal(x, y) for x, y in zip(a.texts.ids, b.texts.ids, strict=True))
    return ids and a.texts.words == b.texts.words and np.array_equal(a.labels, b.labels)
