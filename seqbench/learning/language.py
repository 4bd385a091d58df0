"""Base class of all neural language models: input and output layers, fitting, saving and restoring."""

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Arrays, Documents, Floats, Ids
from seqbench.learning import training
from seqbench.learning.input import CodeVectors, InputKind, WordAndCodeVectors, word_vectors
from seqbench.learning.output import OutputKind, OutputLayer, output_layer
from seqbench.learning.spelling import Spelling
from seqbench.learning.training import (
    Batches,
    LearningRate,
    TrainingConfig,
    choose_device,
    load_weights,
    seeded,
    weight_count,
    weights,
)
from seqbench.long_arrays import occurrences
from seqbench.tasks.language.model import LanguageContext, LanguageModel

SCORES = 1 << 24
"""Maximum number of log probabilities (predictions x symbols) in memory when scoring; 64 MiB in float32."""

State = TypeVar("State")


class NeuralLanguageConfig(TrainingConfig):
    learning_rate: LearningRate = Field(
        1e-2,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 1e-3, "high": 3e-2, "log": True}},
    )
    input: InputKind = Field(
        "words",
        description="input vectors; words: one per word; codes: of a word's hashed letter trigrams; both: their sum",
        json_schema_extra={"search": {"choices": ["words", "codes", "both"]}},
    )
    code_buckets: int = Field(1 << 15, ge=1, description="number of codes that the trigrams are hashed into")
    output: OutputKind = Field(
        "auto",
        description="kind of softmax; auto: adaptive above 20,000 symbols, otherwise full; tied: uses the input's "
        "vectors; sampled: estimated in training, exact in evaluation; tied-sampled: both",
    )
    initial_range: float | None = Field(
        None,
        gt=0,
        description="initial weights are uniform between minus and plus this; null: each layer uses its own default",
    )


class NeuralLanguageNetwork(nn.Module):
    """Symbols → features → output layer. Input symbol V is the edge, which marks the start or end of a document."""

    output: OutputLayer


class NeuralLanguageModel(LanguageModel[State]):
    """A language model trained by gradient descent. Subclasses build the network and define how it reads a text."""

    kind = "neural"
    config_class = NeuralLanguageConfig
    config: NeuralLanguageConfig
    network: NeuralLanguageNetwork
    spelling: Spelling | None = None

    @abstractmethod
    def build(self, counts: Ids) -> NeuralLanguageNetwork:
        """Return an untrained network for symbols that occur `counts` (V,) times in training."""

    @abstractmethod
    def batches(self, train: Documents) -> Batches:
        """Return an object that yields the losses of one epoch over documents."""

    @abstractmethod
    def validation(self, valid: Documents) -> Callable[[], float]:
        """Return a function that computes the nats per symbol of documents, which contain at least one symbol."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Train on documents of ids, with early stopping by the perplexity of `ctx.valid`.

        The name of the output layer is logged as `output_…` with the value 1. If the input uses letter codes, three
        counts are logged: trigrams, trigrams that share a code, and words with the same codes as another word.

        Raises:
            ValueError: the documents contain no symbols, the input or output layer does not suit the data or the
                settings, or the device is not available.
            DivergenceError: training diverged.
        """
        device = choose_device(ctx.device)
        self.vocab_size = ctx.vocab.size
        counts = occurrences(train, self.vocab_size)
        if self.config.input != "words":
            self.spelling = Spelling.of(ctx.vocab.symbols, self.config.code_buckets)
            for name in ("ngrams", "colliding", "alike"):
                ctx.log(f"spelling_{name}", getattr(self.spelling, name))
        with seeded(ctx.seed, device):
            self.network = self.build(counts).to(device)
            if self.config.initial_range is not None:
                for parameter in self.network.parameters():
                    nn.init.uniform_(parameter, -self.config.initial_range, self.config.initial_range)
            ctx.log(f"output_{self.network.output.name}", 1)
            validate = self.validation(ctx.valid) if sum(map(len, ctx.valid)) else None
            training.train(
                self.network,
                self.batches(train),
                (lambda: _perplexity(validate())) if validate is not None else None,
                self.config,
                ctx,
                loss_name="train_nats",
                score_name="valid_perplexity",
            )

    def arrays(self) -> Arrays:
        spelling = {} if self.spelling is None else self.spelling.arrays()
        return weights(self.network) | spelling | {"vocab_size": np.array(self.vocab_size)}

    def restore(self, arrays: Arrays) -> None:
        self.vocab_size = int(arrays["vocab_size"])
        if self.config.input != "words":
            self.spelling = Spelling.restored(arrays)
        self.network = self.build(np.zeros(self.vocab_size, np.int64))
        names = self.network.state_dict().keys()
        load_weights(self.network, {name: arrays[name] for name in names})

    def parameter_count(self) -> int:
        return weight_count(self.network)

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    def input_layer(self, size: int, counts: Ids) -> nn.Module:
        """Return an untrained input layer with vectors of width `size` for the V symbols of `counts` and the edge."""
        symbols, sparse = len(counts) + 1, self.config.output != "tied"
        if self.spelling is None:
            return word_vectors(symbols, size, sparse)
        codes = CodeVectors(self.spelling, self.config.code_buckets, size)
        if self.config.input == "codes":
            return codes
        return WordAndCodeVectors(word_vectors(symbols, size), codes)

    def output_layer(self, features: int, counts: Ids, inputs: nn.Module | None = None) -> OutputLayer:
        """Return the output layer that the settings name; tied layers share the vectors of `inputs`.

        Raises:
            ValueError: see `output.output_layer`; also if a tied layer is set and `inputs` are not word vectors alone.
        """
        return output_layer(self.config.output, features, counts, inputs if isinstance(inputs, nn.Embedding) else None)

    def check_ids(self, ids: Ids) -> None:
        """Check that ids are symbols of the vocabulary.

        Raises:
            ValueError: ids are not symbols 0..V-1.
        """
        if ids.size and not 0 <= ids.min() <= ids.max() < self.vocab_size:
            raise ValueError(f"ids must lie in 0..{self.vocab_size - 1}, the range of the vocabulary")

    def scores(self, features: Tensor, targets: Tensor) -> Tensor:
        """Return log p (N,) of targets (N,) given features (N, D), computed in slices to limit memory."""
        rows = max(1, SCORES // self.vocab_size)
        parts = zip(torch.split(features, rows), torch.split(targets, rows), strict=True)
        return torch.cat([self.network.output(f, t) for f, t in parts])

    def distribution(self, features: Tensor) -> Floats:
        """Return the probabilities (N, V) of all symbols given features (N, D)."""
        return self.network.output.distribution(features).double().exp().cpu().numpy()


def _perplexity(nats: float) -> float:
    # e^700 is close to the largest float; if this is infinite, the training loop raises DivergenceError.
    return math.exp(nats) if nats < 700 else math.inf
