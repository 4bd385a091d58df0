"""Base class of all neural document classifiers: padded batches, masks, training and prediction.

Subclasses build the network; most networks are word vectors → features of the document → a linear layer.
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Arrays, Floats, Ids
from seqbench.learning import training
from seqbench.learning.order import by_length, random_batches
from seqbench.learning.padding import padded_words
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
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts

SCORED = 1 << 14
"""Maximum number of padded words scored together, to limit memory; one longer document is still scored whole."""


class NeuralClassifierConfig(TrainingConfig):
    learning_rate: LearningRate = Field(
        4e-3,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 3e-4, "high": 1e-2, "log": True}},
    )
    patience: int = Field(10, ge=1, description=str(TrainingConfig.model_fields["patience"].description))
    embedding_size: int = Field(
        100,
        ge=1,
        description="width of a word's vector",
        json_schema_extra={"search": {"low": 32, "high": 300, "log": True}},
    )
    dropout: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="share of the values in the words' vectors and the document's features that is dropped",
        json_schema_extra={"search": {"low": 0.0, "high": 0.7}},
    )
    word_dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of words replaced by <unk> in training, so that the model learns to handle unknown words",
        json_schema_extra={"search": {"low": 0.0, "high": 0.3}},
    )
    batch_size: int = Field(
        32, ge=1, description="documents per update", json_schema_extra={"search": {"choices": [16, 32, 64]}}
    )
    class_weight: Literal["none", "balanced"] = Field(
        "none",
        description="weights of documents in the loss; none: equal; balanced: all classes have the same total weight",
    )


class DocumentNetwork(nn.Module):
    """Word vectors → `encode` → linear layer, with dropout before and after `encode`.

    Word V is padding: its vector is zero and is not trained.
    """

    def __init__(self, vocab_size: int, classes: int, features: int, config: NeuralClassifierConfig) -> None:
        """features: F, the width of the features that `encode` returns."""
        super().__init__()
        self.embedding = nn.Embedding(vocab_size + 1, config.embedding_size, padding_idx=vocab_size, sparse=True)
        nn.init.uniform_(self.embedding.weight[:vocab_size], -0.1, 0.1)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(features, classes)

    @abstractmethod
    def encode(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """Return features (B, F) of documents with word vectors (B, T, E), which are zero after the lengths (B,)."""

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, C) of documents (B, T), which are padded with V after their lengths (B,)."""
        logits: Tensor = self.output(self.dropout(self.encode(self.dropout(self.embedding(ids)), lengths)))
        return logits


class NeuralClassifier(Classifier):
    """A classifier that is trained by gradient descent. Subclasses build the network."""

    kind = "neural"
    config_class = NeuralClassifierConfig
    config: NeuralClassifierConfig
    network: nn.Module
    vocab_size: int
    classes: int

    @abstractmethod
    def build(self, vocab_size: int, classes: int) -> nn.Module:
        """Return an untrained network: ids (B, T), padded with `vocab_size`, and lengths (B,) → logits (B, classes)."""

    def initialise(self, train: Labelled, ctx: ClassificationContext) -> None:
        """Set the initial weights; by default, the random weights from `build` are kept."""

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        """Train with cross-entropy and keep the weights with the fewest errors on `ctx.valid`.

        Errors are used because tables rank models by predicted classes. The log-loss starts to increase some epochs
        earlier, when a few documents are misclassified with growing confidence; it only breaks ties.

        Raises:
            ValueError: there are no documents, a document has no words, or the device is not available.
            DivergenceError: training diverged.
        """
        device = choose_device(ctx.device)
        self.vocab_size, self.classes = ctx.vocab.size, len(ctx.classes)
        with seeded(ctx.seed, device):
            self.network = self.build(self.vocab_size, self.classes).to(device)
            self.initialise(train, ctx)
            training.train(
                self.network,
                DocumentBatches(self.network, train, ctx, self.config, device),
                (lambda: self._validate(ctx)) if len(ctx.valid) else None,
                self.config,
                ctx,
                loss_name="train_nats",
                score_name="valid_error",
            )

    @torch.inference_mode()
    def predict(self, texts: Texts) -> Floats:
        """See `Classifier.predict`; the network computes in float32.

        Raises:
            ValueError: a document has no words, or words that are not in 0..V-1.
        """
        if len(texts) == 0:
            return np.zeros((0, self.classes))
        documents = padded_words(texts.ids, self.vocab_size, next(self.network.parameters()).device)
        scores = np.empty((len(texts), self.classes))
        with exact_float32():
            for rows in by_length(documents.lengths, SCORED):
                logits = self.network(*documents.take(rows))
                scores[rows] = F.log_softmax(logits.double(), dim=-1).cpu().numpy()
        return scores

    def arrays(self) -> Arrays:
        return weights(self.network) | {"sizes": np.array([self.vocab_size, self.classes])}

    def restore(self, arrays: Arrays) -> None:
        self.vocab_size, self.classes = arrays["sizes"].tolist()
        self.network = self.build(self.vocab_size, self.classes)
        load_weights(self.network, {name: value for name, value in arrays.items() if name != "sizes"})

    def parameter_count(self) -> int:
        return weight_count(self.network)

    def _validate(self, ctx: ClassificationContext) -> Validation:
        scores, labels = self.predict(ctx.valid.texts), ctx.valid.labels
        log_loss = float(-scores[np.arange(len(labels)), labels].mean())
        error = float((scores.argmax(1) != labels).mean())
        return Validation(error + TIE * log_loss, {"valid_log_loss": log_loss})


class DocumentBatches:
    """The losses of one epoch: the (weighted) cross-entropy of each document once, in batches of similar length."""

    def __init__(
        self,
        network: nn.Module,
        train: Labelled,
        ctx: ClassificationContext,
        config: NeuralClassifierConfig,
        device: torch.device,
    ) -> None:
        self.network, self.unk, self.config = network, ctx.vocab.unk, config
        self.documents = padded_words(train.texts.ids, ctx.vocab.size, device)
        self.labels = torch.tensor(train.labels, device=device)
        self.weights = (
            torch.tensor(balanced_weights(train.labels, len(ctx.classes)), dtype=torch.float32, device=device)
            if config.class_weight == "balanced"
            else None
        )

    def __len__(self) -> int:
        return -(-len(self.labels) // self.config.batch_size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in random_batches(self.documents.lengths, self.config.batch_size):
            ids, lengths = self.documents.take(rows)
            yield self.loss(self._hide_words(ids), lengths, self.labels[torch.tensor(rows, device=ids.device)])

    def loss(self, ids: Tensor, lengths: Tensor, labels: Tensor) -> Loss:
        """Return the mean over the documents of weight times cross-entropy.

        It is not divided by the sum of weights in the batch, so its expectation is the loss of the whole training set.
        """
        nats = F.cross_entropy(self.network(ids, lengths).float(), labels, self.weights, reduction="none")
        return Loss(nats.mean(), len(labels))

    def _hide_words(self, ids: Tensor) -> Tensor:
        """Return ids with a share `word_dropout` of the words replaced by `<unk>` (if the vocabulary has it)."""
        if self.unk is None or self.config.word_dropout == 0:
            return ids
        hidden = torch.rand(ids.shape, device=ids.device) < self.config.word_dropout
        return ids.masked_fill(hidden & (ids != self.documents.padding), self.unk)


def balanced_weights(labels: Ids, classes: int) -> Floats:
    """Return weights (C,) that give all classes the same total weight.

    They are N / (classes that occur · documents of the class). A document has weight 1 on average (King & Zeng 2001).
    Classes that do not occur get 0.
    """
    counts = np.bincount(labels, minlength=classes)
    return np.where(counts > 0, len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)), 0.0)
