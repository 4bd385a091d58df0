"""Recurrent language models: input layer → body → output layer, trained by truncated backpropagation through time."""

import math
from abc import abstractmethod
from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench import training
from seqbench.baselines.output import output_layer
from seqbench.interface import Arrays, Documents, Floats, Ids, LanguageContext, LanguageModel
from seqbench.recurrent.windows import Windows
from seqbench.training import (
    Loss,
    TrainingConfig,
    choose_device,
    exact_float32,
    load_weights,
    seeded,
    weight_count,
    weights,
)

SCAN = 1 << 14
"""Symbols (steps x columns) that go through a body at once; bounds the memory of its gates."""
SCORES = 1 << 24
"""Log probabilities (rows x symbols) that are held at once when scoring; 64 MiB in float32."""
VALIDATION_STEPS = 512
"""Steps of a window in validation, where no gradient limits them."""

BodyState = tuple[Tensor, ...] | None
"""The state tensors of a body after some step, each (layers, B, H); None: at a column's start."""


class RecurrentLanguageConfig(TrainingConfig):
    learning_rate: float = Field(
        1e-2,
        gt=0,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 1e-3, "high": 3e-2, "log": True}},
    )
    embedding_size: int = Field(
        200,
        ge=1,
        description="width of a symbol's vector",
        json_schema_extra={"search": {"low": 32, "high": 512, "log": True}},
    )
    hidden_size: int = Field(
        200, ge=1, description="units of a layer", json_schema_extra={"search": {"low": 32, "high": 1024, "log": True}}
    )
    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra={"search": {"choices": [1, 2]}})
    dropout: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="share of values dropped from what enters and leaves each layer (Zaremba et al. 2014)",
        json_schema_extra={"search": {"low": 0.0, "high": 0.6}},
    )
    output: Literal["auto", "full", "adaptive"] = Field(
        "auto", description="softmax; auto: adaptive above 20,000 symbols, full below"
    )
    batch_size: int = Field(
        32, ge=1, description="columns of an update", json_schema_extra={"search": {"choices": [20, 32, 64]}}
    )
    bptt: int = Field(35, ge=1, description="steps that the gradient flows back; the state goes on further")


class RecurrentNetwork(nn.Module):
    """Input and output layer around a body that subclasses build.

    Symbol V of the input layer is the edge of a document: there is nothing before its first symbol.
    """

    def __init__(self, counts: Ids, features: int, config: RecurrentLanguageConfig) -> None:
        """counts: (V,) of each symbol in training. features: D, the width of what `forward` returns."""
        super().__init__()
        self.edge = len(counts)
        self.embedding = nn.Embedding(len(counts) + 1, config.embedding_size, sparse=True)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        self.dropout = nn.Dropout(config.dropout)
        self.output = output_layer(config.output, features, counts)

    @abstractmethod
    def forward(
        self, inputs: Tensor, targets: Tensor, mask: Tensor | None, state: BodyState
    ) -> tuple[Tensor, BodyState]:
        """What each of T symbols is predicted from.

        Args:
            inputs: (T, B) the symbol before each target, or the edge.
            targets: (T, B)
            mask: (T, B) False behind the end of a column; None: true throughout.
            state: of the causal body before the first step.

        Returns:
            (T, B, D) and the state after step T.
        """

    def scan(self, body: nn.Module, symbols: Tensor, state: BodyState) -> tuple[Tensor, BodyState]:
        """Run `body` over symbols (T, B) from `state`: outputs (T, B, H) and the state after T."""
        outputs = []
        for part in torch.split(symbols, max(1, SCAN // symbols.shape[1])):
            output, state = body(self.dropout(self.embedding(part)), state)
            outputs.append(output)
        return self.dropout(torch.cat(outputs) if len(outputs) > 1 else outputs[0]), state


class Truncated:
    """The losses of truncated backpropagation through time: the state goes on from window to window, the
    gradient does not."""

    def __init__(self, network: RecurrentNetwork, windows: Windows) -> None:
        self.network, self.windows = network, windows

    def __len__(self) -> int:
        return len(self.windows)

    def __iter__(self) -> Iterator[Loss]:
        state: BodyState = None
        for inputs, targets, mask, fresh in self.windows:
            state = None if fresh or state is None else tuple(s.detach() for s in state)
            hidden, state = self.network(inputs, targets, mask, state)
            hidden, targets = (
                (hidden.flatten(0, 1), targets.flatten()) if mask is None else (hidden[mask], targets[mask])
            )
            yield Loss(-self.network.output(hidden, targets).mean(), len(targets))


class RecurrentState(NamedTuple):
    symbol: Tensor
    """(B,) the last symbol, or the edge."""
    body: BodyState


class RecurrentLanguageModel(LanguageModel[RecurrentState]):
    """What all recurrent language models share; a subclass builds its network."""

    kind = "neural"
    config_class = RecurrentLanguageConfig
    config: RecurrentLanguageConfig
    network: RecurrentNetwork

    @abstractmethod
    def build(self, counts: Ids) -> RecurrentNetwork:
        """An untrained network for symbols met `counts` (V,) times in training."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Train on documents of ids, stopping early on the perplexity of `ctx.valid`.

        That perplexity is of columns, as in training, so the start of each column of a long stream is
        predicted without what came before it.

        Raises:
            ValueError: there is no symbol to learn from, or the device or number format is not at hand.
            DivergenceError: training diverged.
        """
        device = choose_device(ctx.device)
        self.vocab_size = ctx.vocab.size
        counts = np.bincount(np.concatenate([*train, np.zeros(0, np.int64)]), minlength=self.vocab_size)
        batch, steps = self.config.batch_size, self.config.bptt
        with seeded(ctx.seed, device):
            self.network = self.build(counts).to(device)
            edge = self.network.edge
            windows = Windows(train, edge, batch, steps, device, shuffle=True)
            valid = Windows(ctx.valid, edge, batch, max(steps, VALIDATION_STEPS), device)
            training.train(
                self.network,
                Truncated(self.network, windows),
                (lambda: self._perplexity(valid)) if valid.symbols else None,
                self.config,
                ctx,
                loss_name="train_nats",
                score_name="valid_perplexity",
            )

    @torch.inference_mode()
    def predict(self, ids: Ids, state: RecurrentState | None = None) -> tuple[Floats, RecurrentState]:
        """As `LanguageModel.predict`, in float32; memory grows by a few vectors of the hidden size a symbol.

        Raises:
            ValueError: ids are not symbols 0..V-1.
        """
        if ids.size and not 0 <= ids.min() <= ids.max() < self.vocab_size:
            raise ValueError(f"ids must lie in 0..{self.vocab_size - 1}, the vocabulary")
        state = self._start(len(ids)) if state is None else state
        if ids.size == 0:
            return np.zeros(ids.shape), state
        targets = torch.tensor(ids.T, device=state.symbol.device)
        inputs = torch.cat([state.symbol[None], targets[:-1]])
        with exact_float32():
            hidden, body = self.network(inputs, targets, None, state.body)
            scores = self._scores(hidden.flatten(0, 1), targets.flatten()).reshape(targets.shape)
        return scores.T.double().cpu().numpy(), RecurrentState(targets[-1], body)

    @torch.inference_mode()
    def next(self, state: RecurrentState | None = None, batch: int = 1) -> Floats:
        state = self._start(batch) if state is None else state
        with exact_float32():
            # The target of a single step is no input to any body.
            hidden, _ = self.network(state.symbol[None], state.symbol[None], None, state.body)
            return self.network.output.distribution(hidden[0]).double().exp().cpu().numpy()

    def arrays(self) -> Arrays:
        return weights(self.network)

    def restore(self, arrays: Arrays) -> None:
        self.vocab_size = len(arrays["embedding.weight"]) - 1
        self.network = self.build(np.zeros(self.vocab_size, np.int64))
        load_weights(self.network, arrays)

    def parameter_count(self) -> int:
        return weight_count(self.network)

    def _start(self, batch: int) -> RecurrentState:
        device = self.network.embedding.weight.device
        return RecurrentState(torch.full((batch,), self.network.edge, device=device), None)

    def _scores(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """Log p (N,) of targets (N,) after hidden (N, D)."""
        rows = max(1, SCORES // self.vocab_size)
        parts = zip(torch.split(hidden, rows), torch.split(targets, rows), strict=True)
        return torch.cat([self.network.output(h, t) for h, t in parts])

    def _perplexity(self, windows: Windows) -> float:
        total, body = 0.0, None
        with exact_float32():
            for inputs, targets, mask, fresh in windows:
                hidden, body = self.network(inputs, targets, mask, None if fresh else body)
                mask = torch.ones_like(targets, dtype=torch.bool) if mask is None else mask
                total -= self._scores(hidden[mask], targets[mask]).double().sum().item()
        # Beyond e^700 nats a float ends; the loop then says that training diverged.
        return math.exp(total / windows.symbols) if total < 700 * windows.symbols else math.inf
