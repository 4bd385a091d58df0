"""The interfaces of a regressor and of a recogniser: they predict numbers, or a class, of each whole sequence."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self, TypeVar

from seqbench.interface import Context, Floats, Ids, SequenceModel

Sequences = Sequence[Floats]
"""N sequences, each (T_i, D) with T_i ≥ 1: finite values of the same D columns at each step."""

Part = TypeVar("Part", bound="TargetedSequences | LabelledSequences")
Lent = TypeVar("Lent", bound="RegressionContext | RecognitionContext")


@dataclass(frozen=True)
class TargetedSequences:
    sequences: Sequences
    targets: Floats
    """(N, K) the numbers to predict."""

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: Ids) -> Self:
        """Return the sequences of these rows with their targets, in this order."""
        return replace(self, sequences=[self.sequences[i] for i in rows], targets=self.targets[rows])


@dataclass(frozen=True)
class LabelledSequences:
    sequences: Sequences
    labels: Ids
    """(N,) index of the class of each sequence, 0..C-1."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Ids) -> Self:
        """Return the sequences of these rows with their labels, in this order."""
        return replace(self, sequences=[self.sequences[i] for i in rows], labels=self.labels[rows])


@dataclass(frozen=True, kw_only=True)
class RegressionContext(Context[TargetedSequences]):
    targets: tuple[str, ...]
    """Names of the K targets."""


@dataclass(frozen=True, kw_only=True)
class RecognitionContext(Context[LabelledSequences]):
    classes: tuple[str, ...]
    """Names of the C classes, in the order of their indices."""


class SequencePredictor(SequenceModel[Part, Lent]):
    """Predicts one row of numbers for each whole sequence."""

    @abstractmethod
    def predict(self, sequences: Sequences) -> Floats:
        """Return one row per sequence, as the task defines it.

        The prediction for a sequence must not depend on other sequences. Sequences may be longer than those of `fit`.
        """


class Regressor(SequencePredictor[TargetedSequences, RegressionContext]):
    """Predicts K numbers per sequence: `predict` returns them as (N, K)."""

    task: ClassVar[str] = "regress"


class Recogniser(SequencePredictor[LabelledSequences, RecognitionContext]):
    """Predicts the class of a sequence: `predict` returns the natural log-probabilities (N, C) of the classes."""

    task: ClassVar[str] = "recognise"
