"""What the laws of regressors and recognisers are measured on: sequences, and the rows predicted for them."""

from typing import Any

import numpy as np

from seqbench.evidence.laws import TOLERANCE, Measure, ScoreError
from seqbench.interface import Floats
from seqbench.tasks.classes import NORMALISED, class_scores
from seqbench.tasks.items import Kind
from seqbench.tasks.sequences.model import Recogniser, Regressor, Sequences

SPREADS = Measure("predictions", "standard deviations of the target", TOLERANCE)
"""A thousandth of a target's standard deviation is a millionth of its variance, which the mean explains not at all."""


def measured(targets: Floats) -> Kind[Sequences]:
    """Return sequences as items that a regressor predicts; targets: (N, K), of the training part."""
    spread = targets.std(axis=0)
    return Kind(
        answer=lambda model, sequences: numbers(model, sequences, targets.shape[1]),
        measure=SPREADS,
        unit=np.where(spread > 0, spread, 1.0),
        **_SEQUENCES,
    )


def recognised(classes: int) -> Kind[Sequences]:
    """Return sequences as items of one of these classes each."""
    return Kind(
        answer=lambda model, sequences: log_probabilities(model, sequences, classes), laws=NORMALISED, **_SEQUENCES
    )


def copied(sequences: Sequences) -> Sequences:
    """Copy sequences, so that the model may change them."""
    return [sequence.copy() for sequence in sequences]


def numbers(model: Regressor, sequences: Sequences, targets: int) -> Floats:
    """Return what `predict` returns for copies of the sequences, (N, K), after checking it.

    Raises:
        ScoreError: the result has the wrong shape or type, or holds NaN or infinity.
    """
    said = np.asarray(model.predict(copied(sequences)))
    if said.shape != (len(sequences), targets):
        raise ScoreError(f"predict returned shape {said.shape} for {len(sequences)} sequences and {targets} targets")
    if said.dtype.kind != "f":
        raise ScoreError(f"predict returned predictions of type {said.dtype}, not floating-point numbers")
    if odd := int((~np.isfinite(said)).any(axis=1).sum()):
        raise ScoreError(f"predict returned NaN or infinity for {odd:,} sequences")
    return said.astype(np.float64)


def log_probabilities(model: Recogniser, sequences: Sequences, classes: int) -> Floats:
    """Return what `predict` returns for copies of the sequences, (N, C), after checking it.

    Raises:
        ScoreError: the result has the wrong shape, or a score is not a log-probability.
    """
    return class_scores(model.predict(copied(sequences)), len(sequences), classes, "sequence")


def same(a: Sequences, b: Sequences) -> bool:
    """Return whether sequences are equal."""
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


_SEQUENCES: dict[str, Any] = {
    "noun": "sequence",
    "lengths": lambda sequences: np.array([len(sequence) for sequence in sequences]),
    "take": lambda sequences, rows: [sequences[i] for i in rows],
    "copied": copied,
    "equal": same,
}
