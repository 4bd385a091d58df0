"""Base class of networks that answer questions: padded batches, training, prediction. Subclasses build the network."""

from abc import abstractmethod

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Arrays, Floats
from seqbench.learning import training
from seqbench.learning.order import by_length
from seqbench.learning.training import (
    TIE,
    Batches,
    TrainingConfig,
    Validation,
    choose_device,
    exact_float32,
    load_weights,
    seeded,
    weight_count,
    weights,
)
from seqbench.packing import packed, unpacked, within
from seqbench.recurrent.memory.stories import Batch, PaddedStories
from seqbench.tasks.answers.model import Answered, Answerer, AnsweringContext, Asked
from seqbench.tasks.language.vocab import Vocab

SCORED = 1 << 13
"""Maximum number of sentences in the padded stories that are read together, to limit memory."""


class ReadingConfig(TrainingConfig):
    memory: int = Field(50, ge=1, description="sentences, the latest ones, that are read of a story")


class NeuralAnswerer(Answerer):
    """An answerer that is trained by gradient descent."""

    kind = "neural"
    config: ReadingConfig
    network: nn.Module
    loss_name: str

    @abstractmethod
    def build(self) -> nn.Module:
        """Return an untrained network for `vocab` and `answers`."""

    @abstractmethod
    def batches(self, train: Answered, device: torch.device) -> Batches:
        """Return the losses of one epoch."""

    @abstractmethod
    def scores(self, batch: Batch) -> Tensor:
        """Return the network's scores (B, C) of the answers."""

    def log_p(self, scores: Floats) -> Floats:
        """Return the log-probabilities (N, C) of scores (N, C); by default, the log of their softmax."""
        log_p: Floats = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
        return log_p

    def validated(self, log_loss: float) -> None:
        """Called after each validation."""

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        """Train, and keep the weights with the fewest errors on `ctx.valid`.

        The share of questions whose stories are longer than the memory is logged as `longer_than_memory`.

        Raises:
            ValueError: there are no questions, or the device is not available.
            DivergenceError: training diverged.
        """
        device = choose_device(ctx.device)
        self.vocab, self.answers = ctx.vocab, ctx.answers
        ctx.log("longer_than_memory", float(np.mean([len(s) > self.config.memory for s in train.asked.stories])))
        with seeded(ctx.seed, device):
            self.network = self.build().to(device)
            valid = self.padded(ctx.valid.asked)
            training.train(
                self.network,
                self.batches(train, device),
                (lambda: self._validate(valid, ctx.valid)) if len(ctx.valid) else None,
                self.config,
                ctx,
                loss_name=self.loss_name,
                score_name="valid_error",
            )

    def predict(self, asked: Asked) -> Floats:
        """See `Answerer.predict`; the network computes in float32."""
        if not len(asked):
            return np.zeros((0, len(self.answers)))
        return self.log_p(self.all_scores(self.padded(asked)))

    def arrays(self) -> Arrays:
        own = {"words": packed(self.vocab.symbols), "answers": packed(self.answers)}
        return own | {f"network.{name}": array for name, array in weights(self.network).items()}

    def restore(self, arrays: Arrays) -> None:
        self.vocab, self.answers = Vocab(unpacked(arrays["words"])), unpacked(arrays["answers"])
        self.network = self.build()
        load_weights(self.network, within(arrays, "network"))

    def parameter_count(self) -> int:
        return weight_count(self.network)

    def padded(self, asked: Asked) -> PaddedStories:
        return PaddedStories(asked, self.vocab, self.config.memory, next(self.network.parameters()).device)

    @torch.inference_mode()
    def all_scores(self, padded: PaddedStories) -> Floats:
        """Return the scores (N, C) of all answers."""
        found = np.empty((len(padded.lengths), len(self.answers)))
        with exact_float32():
            for rows in by_length(padded.lengths, SCORED):
                found[rows] = self.scores(padded.take(rows)).double().cpu().numpy()
        return found

    def _validate(self, padded: PaddedStories, valid: Answered) -> Validation:
        log_p = self.log_p(self.all_scores(padded))
        log_loss = float(-log_p[np.arange(len(valid)), valid.answers].mean())
        error = float((log_p.argmax(axis=1) != valid.answers).mean())
        self.validated(log_loss)
        return Validation(error + TIE * log_loss, {"valid_log_loss": log_loss})
