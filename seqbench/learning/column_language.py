"""Language models that read texts in columns, step by step, and carry a state from window to window.

Input layer → body → output layer, trained by truncated backpropagation through time (Werbos 1990).
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Documents, Floats, Ids
from seqbench.learning.columns import Windows
from seqbench.learning.language import NeuralLanguageConfig, NeuralLanguageModel, NeuralLanguageNetwork
from seqbench.learning.output import OutputLayer
from seqbench.learning.training import Loss, exact_float32

SCAN = 1 << 14
"""Maximum number of symbols (steps x columns) that a body reads at once when scoring; limits memory for its gates."""
VALIDATION_STEPS = 512
"""Steps per window in validation, where no gradient is needed."""

BodyState = tuple[Tensor, ...] | None
"""The tensors that a body carries from step to step; columns B are their second dimension. None: at the start."""


class ColumnLanguageConfig(NeuralLanguageConfig):
    embedding_size: int = Field(
        200,
        ge=1,
        description="width of a symbol's vector",
        json_schema_extra={"search": {"low": 32, "high": 512, "log": True}},
    )
    hidden_size: int = Field(
        200, ge=1, description="units per layer", json_schema_extra={"search": {"low": 32, "high": 1024, "log": True}}
    )
    dropout: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="share of the inputs and outputs of each layer that is dropped (Zaremba et al. 2014)",
        json_schema_extra={"search": {"low": 0.0, "high": 0.6}},
    )
    batch_size: int = Field(
        32, ge=1, description="columns per update", json_schema_extra={"search": {"choices": [20, 32, 64]}}
    )
    bptt: int = Field(35, ge=1, description="steps of backpropagation through time; the state is carried further")


class ColumnNetwork(NeuralLanguageNetwork):
    """An input and an output layer; subclasses add the body between them."""

    def __init__(self, embedding: nn.Module, output: OutputLayer, edge: int) -> None:
        """edge: the input symbol that stands before the first symbol of a document."""
        super().__init__()
        self.embedding, self.output, self.edge = embedding, output, edge

    @abstractmethod
    def forward(
        self, inputs: Tensor, targets: Tensor, mask: Tensor | None, state: BodyState
    ) -> tuple[Tensor, BodyState]:
        """Return the features from which each of the T symbols is predicted.

        Args:
            inputs: (T, B) the symbol before each target, or the edge.
            targets: (T, B) the symbols to predict.
            mask: (T, B) False after the end of a column; None: True everywhere.
            state: state of the causal body before the first step.

        Returns:
            Features (T, B, D) and the state after step T.
        """

    def scan(
        self, body: Callable[[Tensor, BodyState], tuple[Tensor, BodyState]], symbols: Tensor, state: BodyState
    ) -> tuple[Tensor, BodyState]:
        """Run `body` over symbols (T, B) from `state`; return outputs (T, B, H) and the state after T.

        In evaluation mode it runs in parts, to limit memory. In training mode it runs in one part, because the gradient
        needs the whole window and a locked dropout mask must be the same for all steps.
        """
        steps = len(symbols) if self.training else max(1, SCAN // symbols.shape[1])
        outputs = []
        for part in torch.split(symbols, steps):
            output, state = body(part, state)
            outputs.append(output)
        return torch.cat(outputs) if len(outputs) > 1 else outputs[0], state


class Truncated:
    """The losses of truncated backpropagation through time.

    The state is carried from window to window, but the gradient is not.
    """

    def __init__(self, network: ColumnNetwork, windows: Windows) -> None:
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


class ColumnState(NamedTuple):
    symbol: Tensor
    """(B,) the last symbol read, or the edge."""
    body: BodyState


class ColumnLanguageModel(NeuralLanguageModel[ColumnState]):
    """Base class of language models that read a text in columns, step by step. Subclasses build the network.

    Validation uses columns, as training does. So the start of each column of a long stream is predicted without the
    symbols that precede it.
    """

    config_class = ColumnLanguageConfig
    config: ColumnLanguageConfig
    network: ColumnNetwork

    def batches(self, train: Documents) -> Truncated:
        c = self.config
        windows = Windows(train, self.network.edge, c.batch_size, c.bptt, self.device, shuffle=True)
        return Truncated(self.network, windows)

    def validation(self, valid: Documents) -> Callable[[], float]:
        c = self.config
        windows = Windows(valid, self.network.edge, c.batch_size, max(c.bptt, VALIDATION_STEPS), self.device)
        return lambda: self._nats(windows)

    @torch.inference_mode()
    def predict(self, ids: Ids, state: ColumnState | None = None) -> tuple[Floats, ColumnState]:
        """See `LanguageModel.predict`; it computes in float32, and memory grows by a few hidden vectors per symbol.

        Raises:
            ValueError: ids are not symbols 0..V-1.
        """
        self.check_ids(ids)
        state = self._start(len(ids)) if state is None else state
        if ids.size == 0:
            return np.zeros(ids.shape), state
        targets = torch.tensor(ids.T, device=state.symbol.device)
        inputs = torch.cat([state.symbol[None], targets[:-1]])
        with exact_float32():
            hidden, body = self.network(inputs, targets, None, state.body)
            scores = self.scores(hidden.flatten(0, 1), targets.flatten()).reshape(targets.shape)
        return scores.T.double().cpu().numpy(), ColumnState(targets[-1], body)

    @torch.inference_mode()
    def next(self, state: ColumnState | None = None, batch: int = 1) -> Floats:
        state = self._start(batch) if state is None else state
        with exact_float32():
            # With a single step, no body reads the target, so any symbol may stand for it.
            hidden, _ = self.network(state.symbol[None], state.symbol[None], None, state.body)
            return self.distribution(hidden[0])

    def _start(self, batch: int) -> ColumnState:
        return ColumnState(torch.full((batch,), self.network.edge, device=self.device), None)

    def _nats(self, windows: Windows) -> float:
        """Return the nats per symbol."""
        total, body = 0.0, None
        with exact_float32():
            for inputs, targets, mask, fresh in windows:
                hidden, body = self.network(inputs, targets, mask, None if fresh else body)
                mask = torch.ones_like(targets, dtype=torch.bool) if mask is None else mask
                total -= self.scores(hidden[mask], targets[mask]).double().sum().item()
        return total / windows.symbols
