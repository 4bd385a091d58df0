"""End-to-end memory networks (Sukhbaatar, Szlam, Weston & Fergus 2015), sections 2 and 4."""

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Floats
from seqbench.learning.order import random_batches
from seqbench.learning.training import (
    LearningRate,
    Loss,
    TrainingConfig,
)
from seqbench.recurrent.memory.answerer import NeuralAnswerer, ReadingConfig
from seqbench.recurrent.memory.stories import Batch, PaddedStories, present
from seqbench.tasks.answers.model import Answered, AnsweringContext, Asked
from seqbench.tasks.language.vocab import Vocab

SPREAD = 0.1
"""Standard deviation of the initial weights."""


class MemN2NConfig(ReadingConfig):
    optimiser: Literal["adamw", "sgd"] = Field(
        "sgd", description=str(TrainingConfig.model_fields["optimiser"].description)
    )
    learning_rate: LearningRate = Field(
        0.32,
        description=str(TrainingConfig.model_fields["learning_rate"].description)
        + "; 0.32 is the paper's 0.01 for the sum over a batch of 32",
        json_schema_extra={"search": {"low": 0.1, "high": 1.0, "log": True}},
    )
    schedule: Literal["constant", "step", "staircase", "plateau", "one-cycle"] = Field(
        "staircase", description=str(TrainingConfig.model_fields["schedule"].description)
    )
    decay_after: int = Field(25, ge=1, description=str(TrainingConfig.model_fields["decay_after"].description))
    clip: float = Field(1.25, gt=0, description=str(TrainingConfig.model_fields["clip"].description))
    patience: int = Field(100, ge=1, description=str(TrainingConfig.model_fields["patience"].description))
    batch_size: int = Field(32, ge=1, description="questions per update")
    embedding_size: int = Field(
        20, ge=1, description="width of a word's vector, d", json_schema_extra={"search": {"choices": [20, 50]}}
    )
    hops: int = Field(
        3, ge=1, le=10, description="how often the memory is read", json_schema_extra={"search": {"choices": [1, 2, 3]}}
    )
    encoding: Literal["position", "bag"] = Field(
        "position", description="a sentence is the sum of its words' vectors, weighted by their positions or not"
    )
    tying: Literal["adjacent", "layer-wise"] = Field(
        "adjacent",
        description="adjacent: what one hop reads out is what the next one compares with; layer-wise: all hops share "
        "their vectors, with a linear map between them",
    )
    noise: float = Field(
        0.1, ge=0, le=1, description="in training, gaps are left between sentences, this share of their number"
    )
    linear_start: bool = Field(
        True, description="train without softmax over the memory until validation improves no more, then with it"
    )


class MemN2NNetwork(nn.Module):
    r"""Reads a memory of sentences K times.

        m_i = Σ_j l_j ∘ A x_ij + T_A(i),   c_i = Σ_j l_j ∘ C x_ij + T_C(i),   u = Σ_j l_j ∘ B q_j
        p_i = softmax_i(uᵀ m_i),   o = Σ_i p_i c_i,   u' = u + o            at each hop
        â = softmax(W u)                                                    after the last
        l_kj = (1 − j / J) − (k / d) (1 − 2 j / J)                          position encoding of J words

    i counts from the latest sentence. Adjacent: A of a hop is C of the one before, B is A of the first, and W is C of
    the last, of the words of the answers. Layer-wise: the hops share A and C, and u' = H u + o.
    """

    linear: Tensor
    lowest: Tensor
    forms: Tensor

    def __init__(self, vocab_size: int, forms: list[int], config: MemN2NConfig, linear: bool = False) -> None:
        """vocab_size: V; word V is padding. forms: the numbers of the answers, above V if they are no words. linear:
        whether to start without the softmax over the memory."""
        super().__init__()
        self.config, self.padding = config, vocab_size
        c = config
        tables = c.hops + 1 if c.tying == "adjacent" else 3
        rows = max(vocab_size, *forms) + 1
        self.words = nn.ModuleList(nn.Embedding(rows, c.embedding_size, vocab_size) for _ in range(tables))
        self.times = nn.ParameterList(
            nn.Parameter(SPREAD * torch.randn(c.memory, c.embedding_size))
            for _ in range(c.hops + 1 if c.tying == "adjacent" else 2)
        )
        for table in self.words:
            assert isinstance(table, nn.Embedding)
            nn.init.normal_(table.weight, 0, SPREAD)
            table.weight.data[vocab_size] = 0
        if c.tying == "layer-wise":
            self.between = nn.Linear(c.embedding_size, c.embedding_size, bias=False)
            self.output = nn.Linear(c.embedding_size, len(forms), bias=False)
            nn.init.normal_(self.between.weight, 0, SPREAD)
            nn.init.normal_(self.output.weight, 0, SPREAD)
        self.register_buffer("forms", torch.tensor(forms))
        # Buffers, so that training with another learning rate starts again.
        self.register_buffer("linear", torch.tensor(linear))
        self.register_buffer("lowest", torch.tensor(math.inf, dtype=torch.float64))

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return logits (B, C) of the answers, and the weights (B, K, M) of the sentences at each hop."""
        adjacent = self.config.tying == "adjacent"
        u = self._sum(self.words[0 if adjacent else 2], batch.questions)
        where, there = self._slots(batch), present(batch)
        seen = []
        for hop in range(self.config.hops):
            compared, read = (hop, hop + 1) if adjacent else (0, 1)
            m, c = self._memory(compared, batch, where), self._memory(read, batch, where)
            scores = torch.einsum("bd,bmd->bm", u, m)
            # Both are 0 where no sentence is.
            p = scores.masked_fill(~there, 0.0) if self.linear else scores.masked_fill(~there, -torch.inf).softmax(1)
            o = torch.einsum("bm,bmd->bd", p, c)
            u = u + o if adjacent else self.between(u) + o
            seen.append(p)
        if not adjacent:
            return self.output(u), torch.stack(seen, dim=1)
        last = self.words[-1]
        assert isinstance(last, nn.Embedding)
        return F.linear(u, last.weight[self.forms]), torch.stack(seen, dim=1)

    def validated(self, loss: float) -> None:
        """Put the softmax in if the loss on validation is no better than before; call it after each epoch."""
        if self.linear and loss >= self.lowest:
            self.linear.fill_(False)
        self.lowest.fill_(min(float(self.lowest), loss))

    def _memory(self, table: int, batch: Batch, where: Tensor) -> Tensor:
        """Return the vectors (B, M, d) of the sentences of stories."""
        vectors: Tensor = self._sum(self.words[table], batch.sentences)[batch.places] + self.times[table][where]
        return vectors

    def _sum(self, table: nn.Module, words: Tensor) -> Tensor:
        """Return the vectors (N, d) of texts (N, W)."""
        vectors: Tensor = table(words)
        if self.config.encoding == "bag":
            return vectors.sum(1)
        lengths = (words != self.padding).sum(1)
        return (vectors * position_weights(lengths, words.shape[1], vectors.shape[2]).to(vectors.dtype)).sum(1)

    def _slots(self, batch: Batch) -> Tensor:
        """Return the number of the time (B, M) of each sentence; in training, some numbers are left out at random."""
        places = torch.arange(batch.places.shape[1], device=batch.places.device).expand(batch.places.shape)
        if not self.training or self.config.noise == 0:
            return places
        return gapped(batch.lengths, places.shape[1], self.config.noise).clamp(max=self.config.memory - 1)


def position_weights(lengths: Tensor, words: int, size: int) -> Tensor:
    """Return l (N, W, d) for texts of J words (N,), W at most; after the end of a text they have no meaning.

    Sukhbaatar et al. 2015, section 4.1.
    """
    total = lengths.clamp(min=1)[:, None, None].double()
    j = torch.arange(1, words + 1, device=lengths.device)[:, None] / total
    k = torch.arange(1, size + 1, device=lengths.device, dtype=torch.float64) / size
    return (1 - j) - k * (1 - 2 * j)


def gapped(lengths: Tensor, most: int, share: float) -> Tensor:
    """Return increasing numbers (B, most) of times for so many sentences (B,), of which some are left out at random.

    Of n + ⌈share · n⌉ numbers, n are drawn (the paper's "random noise", section 4.1, without the empty memories
    themselves). Columns after the length of a story have no meaning.
    """
    room = lengths + torch.ceil(share * lengths).long()
    draws = torch.rand(len(lengths), int(room.max()), device=lengths.device)
    draws = draws.masked_fill(torch.arange(draws.shape[1], device=draws.device) >= room[:, None], torch.inf)
    rank = draws.argsort(1).argsort(1)
    kept = rank < lengths[:, None]
    order = (~kept).to(torch.int8).sort(dim=1, stable=True).indices
    return order[:, :most]


class MemN2N(NeuralAnswerer):
    """An end-to-end memory network: only answers are learned from, not the facts that they follow from."""

    config_class = MemN2NConfig
    config: MemN2NConfig
    network: MemN2NNetwork
    loss_name = "train_nats"

    linear = False
    """Whether training starts without the softmax; not without validation, which puts it in."""

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        self.linear = self.config.linear_start and len(ctx.valid) > 0
        super().fit(train, ctx)

    def build(self) -> MemN2NNetwork:
        """Return an untrained network for `vocab` and `answers`."""
        index, forms, extra = self.vocab.index, list[int](), self.vocab.size + 1
        for answer in self.answers:
            forms.append(index.get(answer, extra))
            extra += answer not in index
        return MemN2NNetwork(self.vocab.size, forms, self.config, self.linear)

    def batches(self, train: Answered, device: torch.device) -> "AnsweredBatches":
        return AnsweredBatches(self.network, train, self.vocab, device)

    def scores(self, batch: Batch) -> Tensor:
        logits: Tensor = self.network(batch)[0]
        return logits

    def validated(self, log_loss: float) -> None:
        self.network.validated(log_loss)

    @torch.inference_mode()
    def attention(self, asked: Asked) -> list[Floats]:
        """Return the weights (K, M) of the sentences of each story at each hop, the first sentence first.

        Sentences before the memory have the weight 0. With a linear start that never ended, weights may be negative.
        """
        padded, found = self.padded(asked), list[Floats]()
        for i, story in enumerate(asked.stories):
            weights = self.network(padded.take(np.array([i])))[1][0].flip(1).double().cpu().numpy()
            found.append(np.pad(weights, ((0, 0), (len(story) - weights.shape[1], 0))))
        return found


class AnsweredBatches:
    """The losses of one epoch: the cross-entropy of each question once, in batches of stories of similar length."""

    def __init__(self, network: MemN2NNetwork, train: Answered, vocab: Vocab, device: torch.device) -> None:
        self.network = network
        self.padded = PaddedStories(train.asked, vocab, network.config.memory, device)
        self.answers = torch.tensor(train.answers, device=device)

    def __len__(self) -> int:
        return -(-len(self.answers) // self.network.config.batch_size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in random_batches(self.padded.lengths, self.network.config.batch_size):
            logits = self.network(self.padded.take(rows))[0].float()
            yield Loss(F.cross_entropy(logits, self.answers[torch.tensor(rows, device=logits.device)]), len(rows))
