"""What the laws of a class of regressors or recognisers are measured on: sequences that are generated here."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seqbench.interface import Context, Floats
from seqbench.tasks.items import Kind
from seqbench.tasks.sequences.laws import log_probabilities, measured, numbers, recognised, same
from seqbench.tasks.sequences.model import (
    LabelledSequences,
    Part,
    RecognitionContext,
    RegressionContext,
    Sequences,
    TargetedSequences,
)
from seqbench.tasks.trials import Corpus, Trial

COLUMNS = 2
"""Values per step of the generated sequences."""


class SequenceTrial(Trial[Part, Sequences]):
    """The tasks of this room differ in what their sequences are labelled with."""

    lent: ClassVar[dict[str, Any]]
    """What the context holds for the task alone."""

    @abstractmethod
    def labelled(self, sequences: Sequences, column: int, rng: np.random.Generator) -> Part:
        """Return sequences with what is to be predicted, which one column tells; the sequences may be changed."""

    def part(self, count: int, rng: np.random.Generator, longest: int = 20) -> Part:
        """Generate sequences of 1 to `longest` steps."""
        return self.labelled(_sequences(count, longest, rng), 0, rng)

    def corpus(self, rng: np.random.Generator) -> Corpus[Part]:
        return Corpus(self.part(60, rng), self.part(16, rng), self.part(24, rng), self.lent)

    def sources(self, rng: np.random.Generator) -> tuple[Corpus[Part], Part, Part, Part]:
        """In each source, one column tells what is to be predicted, and the others are constant."""

        def source(column: int) -> Part:
            sequences = _sequences(240, 20, rng)
            for sequence in sequences:
                sequence[:, np.arange(COLUMNS) != column] = 0
            return self.labelled(sequences, column, rng)

        own, alike = source(0), source(0)
        return Corpus(own, own, own, self.lent), alike, source(1), source(1)

    def items(self, part: Part) -> Sequences:
        return part.sequences

    def unseen(self, corpus: Corpus[Part], rng: np.random.Generator) -> dict[str, tuple[Part, str]]:
        return {"longer": (self.part(8, rng, 60), "sequences longer than those of the fit get predictions")}

    def unusual(self, corpus: Corpus[Part], rng: np.random.Generator) -> dict[str, tuple[Corpus[Part], str]]:
        reduced = self.reduced(corpus.train)
        return {
            name: (replace(corpus, train=part, valid=part, lent={**corpus.lent, **lent}), message)
            for name, (part, lent, message) in reduced.items()
        }

    @abstractmethod
    def reduced(self, part: Part) -> dict[str, tuple[Part, dict[str, Any], str]]:
        """Return unusual training parts, by the name of the law, each with what their context has instead, and with
        what the law shows."""


class Measuring(SequenceTrial[TargetedSequences]):
    """Two targets of unlike levels: the mean of a column, and its last value."""

    context: ClassVar[type[Context[Any]]] = RegressionContext
    lent: ClassVar[dict[str, Any]] = {"targets": ("target 0", "target 1")}

    def labelled(self, sequences: Sequences, column: int, rng: np.random.Generator) -> TargetedSequences:
        told = [x[:, column] for x in sequences]
        return TargetedSequences(sequences, np.array([[5 + values.mean(), 10 * values[-1]] for values in told]))

    def kind(self, corpus: Corpus[TargetedSequences]) -> Kind[Sequences]:
        return measured(corpus.train.targets)

    def same(self, a: TargetedSequences, b: TargetedSequences) -> bool:
        return same(a.sequences, b.sequences) and np.array_equal(a.targets, b.targets)

    def losses(self, model: Any, corpus: Corpus[TargetedSequences], part: TargetedSequences) -> Sequence[float]:
        return (_half_log(numbers(model, part.sequences, part.targets.shape[1]), part),)

    def ignorant(self, part: TargetedSequences) -> float:
        return _half_log(np.tile(part.targets.mean(axis=0), (len(part), 1)), part)

    def reduced(self, part: TargetedSequences) -> dict[str, tuple[TargetedSequences, dict[str, Any], str]]:
        one = {"targets": ("target 0",)}
        still = TargetedSequences([np.ones_like(x) for x in part.sequences], np.ones((len(part), 1)))
        return {
            "lone": (part.take(np.arange(3)), {}, "three sequences can be learned"),
            "single": (TargetedSequences(part.sequences, part.targets[:, :1]), one, "a single target can be learned"),
            "constant": (still, one, "constant values and targets can be learned"),
        }


class Recognising(SequenceTrial[LabelledSequences]):
    """The level of a column depends on the class, and so does the rhythm of its signs."""

    classes = ("class0", "class1", "class2")
    context: ClassVar[type[Context[Any]]] = RecognitionContext
    lent: ClassVar[dict[str, Any]] = {"classes": classes}

    def labelled(self, sequences: Sequences, column: int, rng: np.random.Generator) -> LabelledSequences:
        labels = rng.permutation(np.arange(len(sequences)) % len(self.classes))
        for sequence, label in zip(sequences, labels, strict=True):
            sequence[:, column] += 2.0 * label + np.where(np.arange(len(sequence)) % (label + 2), 0.5, -0.5)
        return LabelledSequences(sequences, labels)

    def kind(self, corpus: Corpus[LabelledSequences]) -> Kind[Sequences]:
        return recognised(len(self.classes))

    def same(self, a: LabelledSequences, b: LabelledSequences) -> bool:
        return same(a.sequences, b.sequences) and np.array_equal(a.labels, b.labels)

    def losses(self, model: Any, corpus: Corpus[LabelledSequences], part: LabelledSequences) -> Sequence[float]:
        log_p = log_probabilities(model, part.sequences, len(self.classes))
        return (-float(log_p[np.arange(len(part)), part.labels].mean()),)

    def ignorant(self, part: LabelledSequences) -> float:
        return float(np.log(len(self.classes)))

    def reduced(self, part: LabelledSequences) -> dict[str, tuple[LabelledSequences, dict[str, Any], str]]:
        still = LabelledSequences([np.ones_like(x) for x in part.sequences], part.labels)
        rest = part.take(np.flatnonzero(part.labels != 1))
        return {
            "lone": (part.take(np.arange(3)), {}, "three sequences can be learned"),
            "missing": (rest, {}, "a class without training sequences still has its column"),
            "constant": (still, {}, "constant values can be learned"),
        }


def _half_log(said: Floats, part: TargetedSequences) -> float:
    """Return ½ ln of the mean squared error, as a mean over targets: the loss if errors are normal."""
    return float(0.5 * np.log(((said - part.targets) ** 2).mean(axis=0)).mean())


def _sequences(count: int, longest: int, rng: np.random.Generator) -> list[Floats]:
    """Generate sequences of 1 to `longest` steps of `COLUMNS` normal values; levels differ between sequences."""
    return [
        rng.normal(size=(int(rng.integers(1, longest + 1)), COLUMNS)) + rng.normal(size=COLUMNS) for _ in range(count)
    ]
