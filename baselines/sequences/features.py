"""Sequences of unequal length as vectors of equal length, for models that need such.

`steps`: the last L steps, L being the length of the longest training sequence; a shorter sequence is padded before its
first step with the mean of each column. `bag`: mean, standard deviation, minimum and maximum of each column, and the
length; the order of the steps changes none of them.
"""

from typing import Literal

import numpy as np

from seqbench.interface import Arrays, Floats
from seqbench.tasks.sequences.model import Sequences

FeatureKind = Literal["steps", "bag"]


class SequenceFeatures:
    """Vectors (N, P) whose columns have mean 0 and standard deviation 1 over the training sequences."""

    def __init__(self, kind: FeatureKind) -> None:
        self.kind = kind

    def fit(self, sequences: Sequences) -> Floats:
        """Learn length, means and scales from the training sequences; return their vectors."""
        self.length = max(map(len, sequences))
        self.padding = np.concatenate(list(sequences)).mean(axis=0)
        raw = self._raw(sequences)
        self.mean, spread = raw.mean(axis=0), raw.std(axis=0)
        self.scale = np.where(spread > 1e-9 * np.maximum(1, np.abs(self.mean)), spread, 1.0)
        return self._scaled(raw)

    def __call__(self, sequences: Sequences) -> Floats:
        """Return the vectors (N, P) of new sequences."""
        return self._scaled(self._raw(sequences))

    def arrays(self) -> Arrays:
        return {"length": np.array(self.length), "padding": self.padding, "mean": self.mean, "scale": self.scale}

    def restore(self, arrays: Arrays) -> None:
        self.length = int(arrays["length"])
        self.padding, self.mean, self.scale = arrays["padding"], arrays["mean"], arrays["scale"]

    def _scaled(self, raw: Floats) -> Floats:
        scaled: Floats = (raw - self.mean) / self.scale
        return scaled

    def _raw(self, sequences: Sequences) -> Floats:
        if self.kind == "bag":
            return np.array([_summary(sequence) for sequence in sequences])
        vectors: Floats = np.tile(self.padding, (len(sequences), self.length, 1))
        for vector, sequence in zip(vectors, sequences, strict=True):
            last = sequence[-self.length :]
            vector[self.length - len(last) :] = last
        return vectors.reshape(len(sequences), -1)


def _summary(sequence: Floats) -> Floats:
    """Return (4D + 1,)."""
    parts = (sequence.mean(axis=0), sequence.std(axis=0), sequence.min(axis=0), sequence.max(axis=0))
    return np.concatenate([*parts, [len(sequence)]])
