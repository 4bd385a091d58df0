"""Base classes of all networks that predict numbers, or a class, of each whole sequence of real values."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Arrays, Floats
from seqbench.learning import training
from seqbench.learning.order import by_length, random_batches
from seqbench.learning.padding import Padded
from seqbench.learning.scaling import Scaled
from seqbench.learning.training import (
    TIE,
    LearningRate,
    Loss,
    TrainingConfig,
    Validation,
    choose_device,
    exact_float32,
    load_weights,
    seeded,
    weight_count,
    weights,
)
from seqbench.packing import within
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

SCORED = 1 << 16
"""Maximum number of padded steps predicted together, to limit memory; one longer sequence is still predicted whole."""


class SequenceNetworkConfig(TrainingConfig):
    learning_rate: LearningRate = Field(
        3e-3,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 3e-4, "high": 3e-2, "log": True}},
    )
    patience: int = Field(10, ge=1, description=str(TrainingConfig.model_fields["patience"].description))
    hidden_size: int = Field(
        64, ge=1, description="units per layer", json_schema_extra={"search": {"low": 32, "high": 256, "log": True}}
    )
    batch_size: int = Field(
        50, ge=1, description="sequences per update", json_schema_extra={"search": {"choices": [20, 50, 100]}}
    )
    scaling: Literal["standard", "raw"] = Field(
        "standard",
        description="standard: each column of values gets mean 0 and standard deviation 1 over the training steps; "
        "raw: values are read as they are",
    )


class SequenceNetwork(nn.Module):
    """Sequences → features → a linear layer."""

    def __init__(self, features: int, outputs: int, dropout: float = 0.0) -> None:
        """features: F, the width of what `encode` returns. outputs: K numbers, or C classes."""
        super().__init__()
        self.dropout, self.output = nn.Dropout(dropout), nn.Linear(features, outputs)

    @abstractmethod
    def encode(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return features (B, F) of sequences x (B, T, D), which are zero after their lengths (B,)."""

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return (B, outputs); the arguments are those of `encode`."""
        said: Tensor = self.output(self.dropout(self.encode(x, lengths)))
        return said


def padded_sequences(sequences: Sequences, scaled: Scaled, device: torch.device) -> Padded:
    """Return sequences (T, D), scaled and padded with zeros."""
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    return Padded(scaled(np.concatenate(list(sequences))).astype(np.float32), lengths, 0.0, device)


class SequenceBatches:
    """The losses of one epoch: of each sequence once, in batches of similar length."""

    def __init__(
        self, network: nn.Module, padded: Padded, known: Tensor, loss: Callable[..., Tensor], size: int
    ) -> None:
        """known: (N, …) what is to be predicted. loss: takes the network's outputs and what is known of a batch."""
        self.network, self.padded, self.known, self.loss, self.size = network, padded, known, loss, size

    def __len__(self) -> int:
        return -(-len(self.known) // self.size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in random_batches(self.padded.lengths, self.size):
            said = self.network(*self.padded.take(rows)).float()
            yield Loss(self.loss(said, self.known[torch.tensor(rows, device=said.device)]), len(rows))


class NetworkPredictor(SequencePredictor[Part, Lent]):
    """A network of whole sequences, trained by gradient descent. Subclasses build it."""

    kind = "neural"
    config_class = SequenceNetworkConfig
    config: SequenceNetworkConfig
    network: nn.Module

    @abstractmethod
    def build(self, columns: int, outputs: int) -> nn.Module:
        """Return an untrained network: sequences (B, T, columns) and their lengths (B,) → (B, outputs)."""

    @abstractmethod
    def known(self, train: Part) -> Tensor:
        """Return what is to be predicted, (N, …), as `loss` takes it."""

    @abstractmethod
    def loss(self, said: Tensor, known: Tensor) -> Tensor:
        """Return the mean loss of the network's outputs (B, outputs)."""

    @abstractmethod
    def validate(self, ctx: Lent) -> float | Validation:
        """Return the validation score, which training minimises."""

    def learn(self, train: Part, ctx: Lent, outputs: int, score_name: str) -> None:
        """Train, and keep the weights with the best validation score.

        Raises:
            ValueError: the device is not available.
            DivergenceError: training diverged.
        """
        device, columns = choose_device(ctx.device), train.sequences[0].shape[1]
        self.inputs = Scaled(np.zeros(columns), np.ones(columns))
        if self.config.scaling == "standard":
            self.inputs = Scaled.of(np.concatenate(list(train.sequences)))
        self.sizes = columns, outputs
        with seeded(ctx.seed, device):
            self.network = self.build(*self.sizes).to(device)
            padded = padded_sequences(train.sequences, self.inputs, device)
            known = self.known(train).to(device)
            training.train(
                self.network,
                SequenceBatches(self.network, padded, known, self.loss, self.config.batch_size),
                (lambda: self.validate(ctx)) if len(ctx.valid) else None,
                self.config,
                ctx,
                score_name=score_name,
            )

    @torch.inference_mode()
    def said(self, sequences: Sequences) -> Floats:
        """Return the network's outputs (N, outputs), computed in float32."""
        said = np.empty((len(sequences), self.sizes[1]))
        if not len(sequences):
            return said
        padded = padded_sequences(sequences, self.inputs, next(self.network.parameters()).device)
        with exact_float32():
            for rows in by_length(padded.lengths, SCORED):
                said[rows] = self.network(*padded.take(rows)).double().cpu().numpy()
        return said

    def arrays(self) -> Arrays:
        own = {"sizes": np.array(self.sizes), "inputs": np.stack([self.inputs.mean, self.inputs.scale])}
        return {f"network.{name}": array for name, array in weights(self.network).items()} | own

    def restore(self, arrays: Arrays) -> None:
        columns, outputs = arrays["sizes"].tolist()
        self.sizes, self.inputs = (columns, outputs), Scaled(*arrays["inputs"])
        self.network = self.build(columns, outputs)
        load_weights(self.network, within(arrays, "network"))

    def parameter_count(self) -> int:
        return weight_count(self.network)


class NetworkRegressor(NetworkPredictor[TargetedSequences, RegressionContext], Regressor):
    """Minimises the squared error of the targets, each divided by its standard deviation in training."""

    def fit(self, train: TargetedSequences, ctx: RegressionContext) -> None:
        self.targets = Scaled.of(train.targets)
        self.learn(train, ctx, train.targets.shape[1], "valid_mse")

    def predict(self, sequences: Sequences) -> Floats:
        """See `Regressor`; the network computes in float32."""
        return self.targets.undo(self.said(sequences))

    def known(self, train: TargetedSequences) -> Tensor:
        return torch.tensor(self.targets(train.targets), dtype=torch.float32)

    def loss(self, said: Tensor, known: Tensor) -> Tensor:
        return F.mse_loss(said, known)

    def validate(self, ctx: RegressionContext) -> float:
        return float(((self.predict(ctx.valid.sequences) - ctx.valid.targets) ** 2).mean())

    def arrays(self) -> Arrays:
        return {**super().arrays(), "targets": np.stack([self.targets.mean, self.targets.scale])}

    def restore(self, arrays: Arrays) -> None:
        super().restore(arrays)
        self.targets = Scaled(*arrays["targets"])


class NetworkRecogniser(NetworkPredictor[LabelledSequences, RecognitionContext], Recogniser):
    """Minimises the cross-entropy of the classes; keeps the weights with the fewest errors on validation."""

    def fit(self, train: LabelledSequences, ctx: RecognitionContext) -> None:
        self.learn(train, ctx, len(ctx.classes), "valid_error")

    def predict(self, sequences: Sequences) -> Floats:
        """See `Recogniser`; the network computes in float32."""
        said = self.said(sequences)
        log_p: Floats = said - np.logaddexp.reduce(said, axis=1, keepdims=True)
        return log_p

    def known(self, train: LabelledSequences) -> Tensor:
        return torch.tensor(train.labels)

    def loss(self, said: Tensor, known: Tensor) -> Tensor:
        return F.cross_entropy(said, known)

    def validate(self, ctx: RecognitionContext) -> Validation:
        said, labels = self.predict(ctx.valid.sequences), ctx.valid.labels
        log_loss = float(-said[np.arange(len(labels)), labels].mean())
        error = float((said.argmax(axis=1) != labels).mean())
        return Validation(error + TIE * log_loss, {"valid_log_loss": log_loss})
