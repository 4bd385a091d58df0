"""What can be known without looking at a sequence: the mean of the targets, and the frequencies of the classes."""

from typing import ClassVar

import numpy as np

from seqbench.interface import Arrays, Floats
from seqbench.tasks.sequences.model import (
    LabelledSequences,
    Recogniser,
    RecognitionContext,
    RegressionContext,
    Regressor,
    Sequences,
    TargetedSequences,
)


class Mean(Regressor):
    """Predicts the mean of the training targets."""

    stochastic: ClassVar[bool] = False

    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        self.mean = train.targets.mean(axis=0)

    def predict(self, sequences: Sequences) -> Floats:
        return np.tile(self.mean, (len(sequences), 1))

    def arrays(self) -> Arrays:
        return {"mean": self.mean}

    def restore(self, arrays: Arrays) -> None:
        self.mean = arrays["mean"]


class MajorityRecogniser(Recogniser):
    """Predicts the relative frequencies of the classes, after adding one sequence to each."""

    stochastic: ClassVar[bool] = False

    def fit(self, train: LabelledSequences, ctx: RecognitionContext) -> None:
        counts = np.bincount(train.labels, minlength=len(ctx.classes)) + 1.0
        self.log_p = np.log(counts / counts.sum())

    def predict(self, sequences: Sequences) -> Floats:
        return np.tile(self.log_p, (len(sequences), 1))

    def arrays(self) -> Arrays:
        return {"log_p": self.log_p}

    def restore(self, arrays: Arrays) -> None:
        self.log_p = arrays["log_p"]
