"""Echo state networks that predict numbers, or a class, of whole sequences of real values.

Lukoševičius 2012, section 5: the read-out sees the state after the last step, which remembers the end of a sequence,
and the mean of the states over all steps. A class is predicted by regression on one output per class, 1 for the true
class and 0 for the others.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field
from scipy.special import log_softmax

from seqbench.baselines.bags_of_words.linear import temperature
from seqbench.interface import Arrays, Floats
from seqbench.learning.scaling import Scaled
from seqbench.learning.training import TIE
from seqbench.packing import within
from seqbench.recurrent.reservoirs.config import EchoStateConfig
from seqbench.recurrent.reservoirs.readout import Readout, Triangle
from seqbench.recurrent.reservoirs.reservoir import Reservoir
from seqbench.tasks.sequences.model import (
    LabelledSequences,
    Lent,
    Part,
    Recogniser,
    RecognitionContext,
    RegressionContext,
    Regressor,
    SequencePredictor,
    Sequences,
    TargetedSequences,
)

PENALTIES: tuple[float, ...] = tuple(10.0**power for power in range(-12, 3))
"""The ridge penalties that are tried, as a share of an input's sum of squares."""
TOGETHER = 1000
"""Number of sequences that are read at the same time."""


class EchoStateSequenceConfig(EchoStateConfig):
    pooling: Literal["last", "mean", "both"] = Field(
        "both",
        description="what the read-out sees: the state after the last step, the mean of all states, or both",
        json_schema_extra={"search": {"choices": ["last", "mean", "both"]}},
    )


class EchoStatePredictor(SequencePredictor[Part, Lent]):
    """Base class for both tasks. The penalty of the read-out is chosen on the validation part."""

    kind = "neural"
    config_class = EchoStateSequenceConfig
    config: EchoStateSequenceConfig
    scaled: Scaled
    reservoir: Reservoir
    readout: Readout

    @abstractmethod
    def outputs(self, train: Part, ctx: Lent) -> Floats:
        """Return what the read-out is fitted to (N, K)."""

    @abstractmethod
    def choose(self, predicted: Floats, ctx: Lent) -> int:
        """Return the place of the best penalty, given what each predicts of the validation part (P, N, K)."""

    def fit(self, train: Part, ctx: Lent) -> None:
        values = np.concatenate(list(train.sequences))
        self.scaled = Scaled.of(values)
        self.reservoir = self.config.reservoir(values.shape[1], ctx.seed)
        y = self.outputs(train, ctx)
        x = self.features(train.sequences)
        triangle = Triangle(x.shape[1], y.shape[1])
        triangle.add(x, y)
        ridge = triangle.ridge()
        penalties = [ridge.scale * share for share in PENALTIES]
        with ctx.validating():
            place = self.choose(ridge.solve(penalties)(self.features(ctx.valid.sequences)), ctx)
        ctx.log("penalty", PENALTIES[place])
        self.readout = ridge.solve([penalties[place]])

    def features(self, sequences: Sequences) -> Floats:
        """Return what the read-out sees of each sequence (N, F)."""
        order = np.argsort([len(s) for s in sequences], kind="stable")
        found = np.empty((len(sequences), self.reservoir.hidden_size * (1 + (self.config.pooling == "both"))))
        for rows in (order[start : start + TOGETHER] for start in range(0, len(order), TOGETHER)):
            last, mean = pooled(self.reservoir, [self.scaled(sequences[i]) for i in rows])
            parts = {"last": [last], "mean": [mean], "both": [last, mean]}[self.config.pooling]
            found[rows] = np.concatenate(parts, axis=1)
        return found

    def arrays(self) -> Arrays:
        return {
            **{f"reservoir.{name}": array for name, array in self.reservoir.arrays().items()},
            **{f"scaled.{name}": array for name, array in vars(self.scaled).items()},
            **{f"readout.{name}": array for name, array in vars(self.readout).items()},
        }

    def restore(self, arrays: Arrays) -> None:
        self.reservoir = Reservoir.restored(within(arrays, "reservoir"), self.config.leak)
        self.scaled, self.readout = Scaled(**within(arrays, "scaled")), Readout(**within(arrays, "readout"))

    def parameter_count(self) -> int:
        """Return the number of learned values: those of the read-out."""
        return self.readout.weight.size + self.readout.bias.size


class EchoStateRegressor(EchoStatePredictor[TargetedSequences, RegressionContext], Regressor):
    """ŷ = W f + b, with f the features of a sequence."""

    def outputs(self, train: TargetedSequences, ctx: RegressionContext) -> Floats:
        return train.targets

    def choose(self, predicted: Floats, ctx: RegressionContext) -> int:
        return int(((predicted - ctx.valid.targets) ** 2).mean(axis=(1, 2)).argmin())

    def predict(self, sequences: Sequences) -> Floats:
        said: Floats = self.readout(self.features(sequences))[0]
        return said


class EchoStateRecogniser(EchoStatePredictor[LabelledSequences, RecognitionContext], Recogniser):
    """p(c | sequence) = softmax((W f + b) / τ)_c, where the temperature τ maximises the likelihood of validation."""

    temperature: float

    def outputs(self, train: LabelledSequences, ctx: RecognitionContext) -> Floats:
        one_hot: Floats = np.eye(len(ctx.classes))[train.labels]
        return one_hot

    def choose(self, predicted: Floats, ctx: RecognitionContext) -> int:
        """The penalty with the fewest errors is best; the log-loss decides between equal ones."""
        labels, rows, losses = ctx.valid.labels, np.arange(len(ctx.valid)), []
        heat = [temperature(scores, labels) for scores in predicted]
        for scores, tau in zip(predicted, heat, strict=True):
            nats = -log_softmax(scores / tau, axis=1)[rows, labels].mean()
            losses.append((scores.argmax(axis=1) != labels).mean() + TIE * nats)
        place = int(np.argmin(losses))
        self.temperature = heat[place]
        return place

    def predict(self, sequences: Sequences) -> Floats:
        log_p: Floats = log_softmax(self.readout(self.features(sequences))[0] / self.temperature, axis=1)
        return log_p

    def arrays(self) -> Arrays:
        return {**super().arrays(), "temperature": np.array(self.temperature)}

    def restore(self, arrays: Arrays) -> None:
        super().restore(arrays)
        self.temperature = float(arrays["temperature"])


def pooled(reservoir: Reservoir, sequences: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the state (N, H) after the last step of each sequence (T_i, D), and the mean over its steps (N, H)."""
    lengths = np.array([len(s) for s in sequences])
    padded = np.zeros((len(sequences), lengths.max(), sequences[0].shape[1]))
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    state = reservoir.initial(len(sequences))
    total = np.zeros_like(state)
    for t in range(padded.shape[1]):
        goes_on = (t < lengths)[:, None]
        state = np.where(goes_on, reservoir.step(padded[:, t], state), state)
        total += np.where(goes_on, state, 0)
    return state, total / lengths[:, None]
