"""Measures the laws of a class of regressors or recognisers, on fits to sequences generated here.

What a model declares about itself is not trusted. docs/laws.md tells what each law can see.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic

import numpy as np

from seqbench.evidence.laws import Fits, law, seed_everything, untouched, validation
from seqbench.evidence.records import Check
from seqbench.interface import Budget, Floats
from seqbench.tasks.items import Kind, check_fitted, probe
from seqbench.tasks.sequences.laws import measured, recognised, same
from seqbench.tasks.sequences.model import (
    LabelledSequences,
    Part,
    RecognitionContext,
    RegressionContext,
    SequencePredictor,
    Sequences,
    TargetedSequences,
)

COLUMNS = 2
"""Values per step of the generated sequences."""


@dataclass(frozen=True)
class Corpus(Generic[Part]):
    train: Part
    valid: Part
    test: Part


class Trial(ABC, Generic[Part]):
    """How a class of models is tried; the tasks of this room differ in what their sequences are labelled with."""

    @abstractmethod
    def labelled(self, sequences: Sequences, column: int, rng: np.random.Generator) -> Part:
        """Return sequences with what is to be predicted, which one column tells; the sequences may be changed."""

    def part(self, count: int, rng: np.random.Generator, longest: int = 20) -> Part:
        """Generate sequences of 1 to `longest` steps."""
        return self.labelled(_sequences(count, longest, rng), 0, rng)

    def source(self, column: int, rng: np.random.Generator) -> Part:
        """Generate 240 sequences in which one column tells what is to be predicted, and the others are constant."""
        sequences = _sequences(240, 20, rng)
        for sequence in sequences:
            sequence[:, np.arange(COLUMNS) != column] = 0
        return self.labelled(sequences, column, rng)

    @abstractmethod
    def kind(self, train: Part) -> Kind[Sequences]:
        """Return how models that were fitted to a training part are asked."""

    @abstractmethod
    def fit(self, model: Any, train: Part, valid: Part, seed: int, epochs: int) -> None:
        """Fit a model."""

    @abstractmethod
    def loss(self, said: Floats, part: Part) -> float:
        """Return the mean loss of predictions for a part, in nats, save for a constant."""

    @abstractmethod
    def ignorant(self, part: Part) -> float:
        """Return `loss` of the best prediction that is the same for all sequences."""

    @abstractmethod
    def reduced(self, part: Part) -> dict[str, tuple[Part, str]]:
        """Return unusual training parts that must be learned, by the name of the law, each with what it shows."""

    def corpus(self, rng: np.random.Generator) -> Corpus[Part]:
        return Corpus(self.part(60, rng), self.part(16, rng), self.part(24, rng))

    def fitted(self, model: Any, corpus: Corpus[Part], seed: int, epochs: int = 2) -> Any:
        seed_everything(seed)
        self.fit(model, corpus.train, corpus.valid, seed, epochs)
        return model


class Measuring(Trial[TargetedSequences]):
    """Two targets of unlike levels: the mean of a column, and its last value."""

    def labelled(self, sequences: Sequences, column: int, rng: np.random.Generator) -> TargetedSequences:
        told = [x[:, column] for x in sequences]
        return TargetedSequences(sequences, np.array([[5 + values.mean(), 10 * values[-1]] for values in told]))

    def kind(self, train: TargetedSequences) -> Kind[Sequences]:
        return measured(train.targets)

    def fit(self, model: Any, train: TargetedSequences, valid: TargetedSequences, seed: int, epochs: int) -> None:
        targets = tuple(f"target {k}" for k in range(train.targets.shape[1]))
        ctx = RegressionContext(seed=seed, budget=Budget(epochs=epochs), valid=valid, targets=targets)
        model.fit(train, ctx)

    def loss(self, said: Floats, part: TargetedSequences) -> float:
        """Return ½ ln of the mean squared error, as a mean over targets: the loss if errors are normal."""
        return float(0.5 * np.log(((said - part.targets) ** 2).mean(axis=0)).mean())

    def ignorant(self, part: TargetedSequences) -> float:
        return self.loss(np.tile(part.targets.mean(axis=0), (len(part), 1)), part)

    def reduced(self, part: TargetedSequences) -> dict[str, tuple[TargetedSequences, str]]:
        still = TargetedSequences([np.ones_like(x) for x in part.sequences], np.ones((len(part), 1)))
        return {
            "lone": (part.take(np.arange(3)), "three sequences can be learned"),
            "single": (TargetedSequences(part.sequences, part.targets[:, :1]), "a single target can be learned"),
            "constant": (still, "constant values and targets can be learned"),
        }


class Recognising(Trial[LabelledSequences]):
    """The level of a column depends on the class, and so does the rhythm of its signs."""

    classes = ("class0", "class1", "class2")

    def labelled(self, sequences: Sequences, column: int, rng: np.random.Generator) -> LabelledSequences:
        labels = rng.permutation(np.arange(len(sequences)) % len(self.classes))
        for sequence, label in zip(sequences, labels, strict=True):
            sequence[:, column] += 2.0 * label + np.where(np.arange(len(sequence)) % (label + 2), 0.5, -0.5)
        return LabelledSequences(sequences, labels)

    def kind(self, train: LabelledSequences) -> Kind[Sequences]:
        return recognised(len(self.classes))

    def fit(self, model: Any, train: LabelledSequences, valid: LabelledSequences, seed: int, epochs: int) -> None:
        ctx = RecognitionContext(seed=seed, budget=Budget(epochs=epochs), valid=valid, classes=self.classes)
        model.fit(train, ctx)

    def loss(self, said: Floats, part: LabelledSequences) -> float:
        return -float(said[np.arange(len(part)), part.labels].mean())

    def ignorant(self, part: LabelledSequences) -> float:
        return float(np.log(len(self.classes)))

    def reduced(self, part: LabelledSequences) -> dict[str, tuple[LabelledSequences, str]]:
        still = LabelledSequences([np.ones_like(x) for x in part.sequences], part.labels)
        rest = part.take(np.flatnonzero(part.labels != 1))
        return {
            "lone": (part.take(np.arange(3)), "three sequences can be learned"),
            "missing": (rest, "a class without training sequences still has its column"),
            "constant": (still, "constant values can be learned"),
        }


def check_class(make: Callable[[], SequencePredictor[Any, Any]], trial: Trial[Part], seed: int = 0) -> list[Check]:
    """Measure the laws of a class: fit it to generated sequences, then check the fits and compare them.

    Args:
        make: returns a new, unfitted instance at each call.
    """
    rng = np.random.default_rng(seed)
    corpus = trial.corpus(rng)
    lent, kind = deepcopy(corpus), trial.kind(corpus.train)
    asked, model = corpus.test.sequences, make()
    fits = Fits(
        lambda seed: trial.fitted(make(), corpus, seed),
        lambda fitted: kind.answer(fitted, asked) / kind.unit,
        seed,
        kind.measure,
    )

    def fit() -> Check:
        trial.fitted(model, lent, seed)
        return Check(name="fit", passed=True, message="fit finishes without an error")

    def longer() -> Check:
        kind.answer(model, trial.part(8, rng, 60).sequences)
        return Check(name="longer", passed=True, message="sequences longer than those of the fit get predictions")

    def unusual(name: str, train: Part, message: str) -> Check:
        trial.kind(train).answer(trial.fitted(make(), Corpus(train, train, train), seed), asked)
        return Check(name=name, passed=True, message=message)

    def taught() -> Check:
        own, same_source = trial.source(0, rng), trial.source(0, rng)
        other, new = trial.source(1, rng), trial.source(1, rng)

        def loss(valid: Part) -> float:
            fitted = trial.fitted(make(), Corpus(own, valid, valid), seed, epochs=6)
            return trial.loss(trial.kind(own).answer(fitted, new.sequences), new)

        return validation(loss(same_source), loss(other), trial.ignorant(new))

    checks = [law("fit", fit)]
    if not checks[0].passed:
        return checks
    checks.append(untouched(all(_unchanged(getattr(lent, p), getattr(corpus, p)) for p in ("train", "valid"))))
    once: list[Floats] = []
    with suppress(Exception):  # a fault of the predictions is reported below
        once.append(fits.said(model))
    unchanged = probe(kind, model, corpus.valid.sequences)
    checks += check_fitted(kind, model, asked, seed)
    if once:
        checks += [unchanged.check(), *fits.again(once[0], model.stochastic), law("longer", longer)]
        for name, (train, message) in trial.reduced(corpus.train).items():
            checks.append(law(name, partial(unusual, name, train, message)))
        checks.append(law("validation", taught))
    return checks


def _sequences(count: int, longest: int, rng: np.random.Generator) -> list[Floats]:
    """Generate sequences of 1 to `longest` steps of `COLUMNS` normal values; levels differ between sequences."""
    return [
        rng.normal(size=(int(rng.integers(1, longest + 1)), COLUMNS)) + rng.normal(size=COLUMNS) for _ in range(count)
    ]


def _unchanged(a: Any, b: Any) -> bool:
    known = "targets" if hasattr(a, "targets") else "labels"
    return same(a.sequences, b.sequences) and np.array_equal(getattr(a, known), getattr(b, known))
