"""Memory networks with strong supervision: the facts that answers follow from are known in training.

Weston, Chopra & Bordes 2015, "Memory networks", sections 2, 3.1 and 3.4.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from pydantic import Field
from scipy.optimize import minimize_scalar
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Arrays, Floats, Ids
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

TEMPERATURES = (1e-2, 1e2)
"""Range of the temperature by which the scores of answers become probabilities."""
NOTHING = 0
"""The place, in a memory, of the fact that no more facts are needed."""


class MemoryNetworkConfig(ReadingConfig):
    learning_rate: LearningRate = Field(
        1e-2,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 1e-3, "high": 3e-2, "log": True}},
    )
    patience: int = Field(20, ge=1, description=str(TrainingConfig.model_fields["patience"].description))
    batch_size: int = Field(32, ge=1, description="questions per update")
    embedding_size: int = Field(
        50, ge=1, description="width of an embedding", json_schema_extra={"search": {"choices": [20, 50, 100]}}
    )
    margin: float = Field(0.1, gt=0, description="γ: by how much right facts and answers must score above wrong ones")


class Found(NamedTuple):
    places: Tensor
    """(B, K) the places of the facts, 1 for the latest sentence, `NOTHING` for none."""
    scores: Tensor
    """(B, C) of the answers."""


class SupervisedMemory(nn.Module):
    r"""Looks facts up one after another, and answers from them.

        s(x, y, y') = Φ_x(x)ᵀ Uᵀ U (Φ_y(y) − Φ_y(y') + Φ_t(x, y, y'))      sentence y is a better fact than y'
        o_k = the best fact for x = [q, o_1 … o_{k−1}],    r = argmax_r Φ_x([q, o_1 … o_K])ᵀ U_Rᵀ U_R Φ_y(r)

    U maps bags of words to vectors, other ones for the words of the question, of facts and of candidates. Φ_t has four
    features: whether x is older than y, x is older than y', y older than y', and y newer than y'; x is as old as its
    last fact, or as the question. (The paper has the first three; without the fourth, a newer sentence could not win
    over an older one by its time.) A candidate of its own, `NOTHING`, says that no more facts are needed; it has no
    age.
    """

    def __init__(self, vocab_size: int, answers: int, hops: int, size: int) -> None:
        """vocab_size: V; word V is padding. hops: K, the most facts of a question."""
        super().__init__()
        self.hops = hops
        self.asked, self.chosen, self.candidate, self.asked_last, self.chosen_last = (
            nn.Embedding(vocab_size + 1, size, padding_idx=vocab_size) for _ in range(5)
        )
        self.nothing = nn.Parameter(torch.randn(size))
        self.times = nn.Parameter(torch.randn(4, size))
        self.answer = nn.Parameter(torch.randn(answers, size))
        for parameter in self.parameters():
            parameter.data *= size**-0.5

    def better(self, scores: Tensor, times: Tensor, x: Tensor, y: Tensor, other: Tensor) -> Tensor:
        """Return s(x, y, y') (B, …) of places y and y' (B, …), given the age x (B,) of the input.

        scores: (B, 1 + M) of the candidates; times: (B, 4) of the features of time.
        """
        flat = (len(y), -1)
        at = scores.gather(1, y.reshape(flat)).view(y.shape)
        against = scores.gather(1, other.reshape(flat)).view(other.shape)
        age = x.view(-1, *[1] * (y.dim() - 1))
        aged = (y != NOTHING) & (other != NOTHING)
        # A sentence is older than another if its place, counted from the latest, is larger.
        features = torch.stack([age > y, age > other, y > other, y < other], dim=-1) & aged[..., None]
        of_time = (features * times.view(len(times), *[1] * (y.dim() - 1), 4)).sum(-1)
        return at - against + of_time

    def forward(self, batch: Batch, facts: Tensor | None = None, margin: float = 0.0) -> tuple[Found, Tensor]:
        """Return what is found, and the hinge loss per question (B,) of facts, 0 if they are not given.

        facts: (B, K) places of the right facts, which are followed instead of those found.
        """
        of_facts = self.candidate(batch.sentences).sum(1)[batch.places]
        candidates = torch.cat([self.nothing.expand(len(of_facts), 1, -1), of_facts], dim=1)
        there = F.pad(present(batch), (1, 0), value=True)
        input, last = self.asked(batch.questions).sum(1), self.asked_last(batch.questions).sum(1)
        chosen, chosen_last = (
            F.pad(table(batch.sentences).sum(1)[batch.places], (0, 0, 1, 0))
            for table in (self.chosen, self.chosen_last)
        )
        age = torch.zeros(len(there), dtype=torch.int64, device=there.device)
        places, loss = [], torch.zeros(len(there), dtype=input.dtype, device=there.device)
        all_places = torch.arange(there.shape[1], device=there.device).expand(there.shape)
        for hop in range(self.hops):
            scores, times = torch.einsum("bd,bmd->bm", input, candidates), input @ self.times.T
            allowed = there & (all_places != NOTHING) if hop == 0 else there
            if facts is None:
                place = self._best(scores, times, age, allowed)
            else:
                place = facts[:, hop]
                right = place[:, None].expand(all_places.shape)
                wrong = allowed & (all_places != right)
                one = self.better(scores, times, age, right, all_places)
                two = self.better(scores, times, age, all_places, right)
                hinge = (margin - one).clamp(min=0) + (margin + two).clamp(min=0)
                loss = loss + hinge.masked_fill(~wrong, 0.0).sum(1)
            rows = torch.arange(len(place), device=place.device)
            input, last = input + chosen[rows, place], last + chosen_last[rows, place]
            age = torch.where(place == NOTHING, age, place)
            places.append(place)
        return Found(torch.stack(places, dim=1), last @ self.answer.T), loss

    def _best(self, scores: Tensor, times: Tensor, age: Tensor, allowed: Tensor) -> Tensor:
        """Return the place (B,) that beats the others, compared one after another from the oldest (algorithm 1)."""
        most = allowed.shape[1] - 1
        oldest = torch.where(allowed, torch.arange(most + 1, device=allowed.device), -1).amax(1)
        best = oldest
        for place in reversed(range(most)):
            rival = torch.full_like(best, place)
            wins = (self.better(scores, times, age, rival, best) > 0) & allowed[:, place] & (rival < oldest)
            best = torch.where(wins, rival, best)
        return best


class MemoryNetwork(NeuralAnswerer):
    """A memory network that is told in training which facts an answer follows from.

    Its hinge losses make scores, not probabilities. These are the softmax of the scores at the temperature that is best
    on validation (Guo et al. 2017, "On calibration of modern neural networks"), of which a share 1 / (n + 2) is spread
    over all answers: n validation questions without an error do not show that there is none.
    """

    config_class = MemoryNetworkConfig
    config: MemoryNetworkConfig
    network: SupervisedMemory
    loss_name = "train_hinge"

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        """Train with hinge losses and keep the weights with the fewest errors on `ctx.valid`.

        Raises:
            ValueError: the facts of a question are not known, or the device is not available.
            DivergenceError: training diverged.
        """
        if any(facts is None or not len(facts) for facts in train.facts):
            raise ValueError("memory-network needs the facts that each training answer follows from; use memn2n")
        self.hops, self.temperature = max(len(facts) for facts in train.facts if facts is not None), 1.0
        self.spread = 1 / (len(ctx.valid) + 2)
        super().fit(train, ctx)
        if len(ctx.valid):
            scores = self.all_scores(self.padded(ctx.valid.asked))
            self.temperature = _temperature(scores, ctx.valid.answers, self.spread)

    def build(self) -> SupervisedMemory:
        """Return an untrained network for `vocab`, `answers` and `hops`."""
        return SupervisedMemory(self.vocab.size, len(self.answers), self.hops, self.config.embedding_size)

    def batches(self, train: Answered, device: torch.device) -> "SupportedBatches":
        return SupportedBatches(self.network, train, self.vocab, self.config, device)

    def scores(self, batch: Batch) -> Tensor:
        found: Found = self.network(batch)[0]
        return found.scores

    def log_p(self, scores: Floats) -> Floats:
        return _log_p(scores / self.temperature, self.spread)

    @torch.inference_mode()
    def attention(self, asked: Asked) -> list[Floats]:
        """Return which sentence of each story (K, M) is chosen at each hop: 1, the others 0."""
        padded, found = self.padded(asked), list[Floats]()
        for i, story in enumerate(asked.stories):
            places = self.network(padded.take(np.array([i])))[0].places[0].tolist()
            found.append(np.array([[float(len(story) - j == place) for j in range(len(story))] for place in places]))
        return found

    def arrays(self) -> Arrays:
        own = {"hops": np.array(self.hops), "calibration": np.array([self.temperature, self.spread])}
        return {**super().arrays(), **own}

    def restore(self, arrays: Arrays) -> None:
        self.hops, (self.temperature, self.spread) = int(arrays["hops"]), arrays["calibration"].tolist()
        super().restore(arrays)


class SupportedBatches:
    """The losses of one epoch: the hinge losses of each question's facts and answer, in batches of similar length."""

    def __init__(
        self,
        network: SupervisedMemory,
        train: Answered,
        vocab: Vocab,
        config: MemoryNetworkConfig,
        device: torch.device,
    ) -> None:
        self.network, self.config = network, config
        self.padded = PaddedStories(train.asked, vocab, config.memory, device)
        self.answers = torch.tensor(train.answers, device=device)
        self.facts = torch.tensor(places_of(train, network.hops, config.memory), device=device)

    def __len__(self) -> int:
        return -(-len(self.answers) // self.config.batch_size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in random_batches(self.padded.lengths, self.config.batch_size):
            index = torch.tensor(rows, device=self.answers.device)
            margin, right = self.config.margin, self.answers[index, None]
            found, of_facts = self.network(self.padded.take(rows), self.facts[index], margin)
            scores = found.scores.float()
            hinge = (margin - scores.gather(1, right) + scores).clamp(min=0).scatter(1, right, 0.0)
            yield Loss((of_facts.float() + hinge.sum(1)).mean(), len(rows))


def places_of(part: Answered, hops: int, memory: int) -> Ids:
    """Return the places (N, K) of facts, 1 for the latest sentence; facts before the memory are `NOTHING`."""
    places = np.full((len(part), hops), NOTHING)
    for row, (story, facts) in enumerate(zip(part.asked.stories, part.facts, strict=True)):
        assert facts is not None
        back = len(story) - facts
        places[row, : len(back)] = np.where(back <= memory, back, NOTHING)
    return places


def _log_p(scores: Floats, spread: float) -> Floats:
    """Return the log of the softmax of scores (N, C), of which a share is spread over all answers."""
    softmax = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    log_p: Floats = np.logaddexp(np.log1p(-spread) + softmax, np.log(spread / scores.shape[1]))
    return log_p


def _temperature(scores: Floats, answers: Ids, spread: float) -> float:
    """Return the temperature with the best log-loss of answers (N,), given scores (N, C)."""
    rows = np.arange(len(answers))

    def loss(log_temperature: float) -> float:
        return -float(_log_p(scores / np.exp(log_temperature), spread)[rows, answers].mean())

    low, high = np.log(TEMPERATURES)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))
