"""The adding problem: the sum of two marked values among many."""

import hashlib
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.data import Dataset
from seqbench.datasets.synthetic.processes import streams
from seqbench.interface import Floats
from seqbench.tasks.sequences.data import SequenceData
from seqbench.tasks.sequences.model import TargetedSequences

CHANCE = 1 / 6
"""The squared error of the best constant prediction, 1: the variance of the sum of two uniform values, 2 / 12."""


class Adding(Dataset[SequenceData[TargetedSequences]]):
    """Each step holds a value, uniform in [0, 1), and a marker; the target is the sum of the two marked values.

    One marker is 1 in each half of a sequence, all others are 0 (Le, Jaitly & Hinton 2015, section 4.1, after
    Hochreiter & Schmidhuber 1997, experiment 4). The markers' places say nothing of the values: a model that does not
    use both scores `CHANCE`, and a model that remembers one of the two values, 1/12.
    """

    task: ClassVar[str] = "regress"
    licence: ClassVar[str] = "none needed: generated"
    citation: ClassVar[str] = "Hochreiter & Schmidhuber 1997, Long short-term memory, experiment 4"

    length: int = Field(50, ge=2, description="steps per sequence, T")
    train_sequences: int = Field(10_000, ge=1, description="sequences of the training part")
    valid_sequences: int = Field(1000, ge=1, description="sequences of the validation part")
    test_sequences: int = Field(1000, ge=1, description="sequences of the test part")
    seed: int = Field(0, ge=0, description="seed of the sequences")

    def fingerprint(self) -> str:
        return hashlib.sha256(f"adding {self.model_dump_json()}".encode()).hexdigest()

    def load(self) -> SequenceData[TargetedSequences]:
        _, *parts = streams(self.seed)
        counts = self.train_sequences, self.valid_sequences, self.test_sequences
        train, valid, test = (self._part(count, rng) for count, rng in zip(counts, parts, strict=True))
        return SequenceData(
            name="adding",
            columns=("value", "marker"),
            names=("sum",),
            train=train,
            valid=valid,
            test=test,
            convention=f"{self.length} steps of a value and a marker",
            notes={"chance_mse": CHANCE},
        )

    def _part(self, count: int, rng: np.random.Generator) -> TargetedSequences:
        steps: Floats = np.zeros((count, self.length, 2))
        steps[..., 0] = rng.random((count, self.length))
        half, rows = self.length // 2, np.arange(count)
        for first, last in ((0, half), (half, self.length)):
            steps[rows, first + (rng.random(count) * (last - first)).astype(np.int64), 1] = 1
        targets = (steps[..., 0] * steps[..., 1]).sum(axis=1)
        return TargetedSequences(list(steps), targets[:, None])
