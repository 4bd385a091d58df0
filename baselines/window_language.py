"""Language models that see the last n − 1 symbols: a feed-forward network from a window to an output layer.

The Markov assumption of an n-gram with a network in place of the table. Before the first symbol of a document
stands the edge, symbol V of the input.
"""

import math
from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench import training
from seqbench.baselines.output import OutputKind, output_layer
from seqbench.interface import Arrays, Documents, Floats, Ids, LanguageContext, LanguageModel
from seqbench.training import Loss, TrainingConfig, choose_device, load_weights, seeded, weight_count, weights

SCORES = 1 << 24
"""Log probabilities (windows x symbols) that are held at once when scoring; 64 MiB in float32."""
WINDOWS = 1 << 14
"""Windows that go through a network at once when scoring; bounds the memory of its layers."""


class WindowLanguageConfig(TrainingConfig):
    learning_rate: float = Field(
        1e-2,
        gt=0,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 1e-3, "high": 3e-2, "log": True}},
    )
    order: int = Field(
        5,
        ge=2,
        description="n: the predicted symbol and the n - 1 before it that are seen",
        json_schema_extra={"search": {"choices": [2, 3, 4, 5, 6, 8]}},
    )
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of values dropped from what the hidden and the output layer read; one-hot input stays whole",
        json_schema_extra={"search": {"low": 0.0, "high": 0.6}},
    )
    output: OutputKind = Field(
        "auto",
        description="softmax; auto: adaptive above 20,000 symbols, full below; tied: with the input's vectors; "
        "sampled: estimated in training, exact in evaluation",
    )
    batch_size: int = Field(
        512, ge=1, description="predicted symbols of an update", json_schema_extra={"search": {"choices": [128, 512]}}
    )


class WindowNetwork(nn.Module):
    """From windows to features, which the output layer reads; a subclass says how."""

    def __init__(
        self, counts: Ids, features: int, config: WindowLanguageConfig, embedding: nn.Embedding | None = None
    ) -> None:
        """counts: (V,) of each symbol in training. features: D. embedding: what `output=tied` shares."""
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.output = output_layer(config.output, features, counts, embedding)

    @abstractmethod
    def forward(self, windows: Tensor) -> Tensor:
        """Features (N, D) of windows (N, n - 1), the oldest symbol first, V being the edge."""


def input_vectors(symbols: int, size: int, config: WindowLanguageConfig) -> nn.Embedding:
    """Untrained vectors, (symbols, size)."""
    embedding = nn.Embedding(symbols, size, sparse=config.output != "tied")
    nn.init.uniform_(embedding.weight, -0.1, 0.1)
    return embedding


class Places:
    """N places in a line of symbols, each with the `width` symbols before it."""

    def __init__(self, symbols: Ids, places: Ids, width: int, device: torch.device) -> None:
        """symbols: (L,). places: (N,) indices of the symbols to predict, each `width` or more."""
        self._symbols, self._places = torch.tensor(symbols, device=device), torch.tensor(places, device=device)
        self._before = torch.arange(-width, 0, device=device)

    @classmethod
    def of_documents(cls, documents: Documents, edge: int, width: int, device: torch.device) -> "Places":
        """Every symbol of the documents; before each document stands the edge."""
        document = np.repeat(np.arange(len(documents)), [len(d) for d in documents])
        places = np.arange(len(document)) + width * (document + 1)
        symbols = np.full(len(document) + width * len(documents), edge)
        symbols[places] = np.concatenate([*documents, np.zeros(0, np.int64)])
        return cls(symbols, places, width, device)

    def __len__(self) -> int:
        return len(self._places)

    def take(self, rows: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Windows (M, width) and the symbols (M,) after them."""
        places = self._places[rows]
        return self._symbols[places[:, None] + self._before], self._symbols[places]


class ShuffledWindows:
    """The losses of an epoch: every place once, in random order."""

    def __init__(self, network: WindowNetwork, places: Places, batch_size: int) -> None:
        self.network, self.places, self.batch_size = network, places, batch_size

    def __len__(self) -> int:
        return -(-len(self.places) // self.batch_size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in torch.split(torch.randperm(len(self.places)), self.batch_size):
            windows, targets = self.places.take(rows)
            yield Loss(-self.network.output(self.network(windows), targets).mean(), len(targets))


class WindowLanguageModel(LanguageModel[Ids]):
    """What all models of a window share; a subclass builds its network.

    The state is the last n − 1 symbols, (B, n - 1).
    """

    kind = "neural"
    config_class = WindowLanguageConfig
    config: WindowLanguageConfig
    network: WindowNetwork

    @abstractmethod
    def build(self, counts: Ids) -> WindowNetwork:
        """An untrained network for symbols met `counts` (V,) times in training."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Train on documents of ids, stopping early on the perplexity of `ctx.valid`.

        Raises:
            ValueError: there is no symbol to learn from, the output layer does not fit, or the device or number
                format is not at hand.
            DivergenceError: training diverged.
        """
        device = choose_device(ctx.device)
        self.vocab_size = ctx.vocab.size
        counts = np.bincount(np.concatenate([*train, np.zeros(0, np.int64)]), minlength=self.vocab_size)
        with seeded(ctx.seed, device):
            self.network = self.build(counts).to(device)
            places, valid = (
                Places.of_documents(documents, self.vocab_size, self._width, device) for documents in (train, ctx.valid)
            )
            training.train(
                self.network,
                ShuffledWindows(self.network, places, self.config.batch_size),
                (lambda: self._perplexity(valid)) if len(valid) else None,
                self.config,
                ctx,
                loss_name="train_nats",
                score_name="valid_perplexity",
            )

    @torch.inference_mode()
    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        """As `LanguageModel.predict`, in float32.

        Raises:
            ValueError: ids are not symbols 0..V-1.
        """
        if ids.size and not 0 <= ids.min() <= ids.max() < self.vocab_size:
            raise ValueError(f"ids must lie in 0..{self.vocab_size - 1}, the vocabulary")
        (rows, steps), width = ids.shape, self._width
        symbols = np.concatenate([self._start(rows) if state is None else state, ids], axis=1)
        places = np.arange(rows)[:, None] * (width + steps) + width + np.arange(steps)
        scores = self._scores(Places(symbols.ravel(), places.ravel(), width, self._device))
        return scores.reshape(ids.shape).double().cpu().numpy(), symbols[:, steps:]

    @torch.inference_mode()
    def next(self, state: Ids | None = None, batch: int = 1) -> Floats:
        windows = torch.tensor(self._start(batch) if state is None else state, device=self._device)
        return self.network.output.distribution(self.network(windows)).double().exp().cpu().numpy()

    def arrays(self) -> Arrays:
        return weights(self.network) | {"vocab_size": np.array(self.vocab_size)}

    def restore(self, arrays: Arrays) -> None:
        self.vocab_size = int(arrays["vocab_size"])
        self.network = self.build(np.zeros(self.vocab_size, np.int64))
        load_weights(self.network, {name: value for name, value in arrays.items() if name != "vocab_size"})

    def parameter_count(self) -> int:
        return weight_count(self.network)

    @property
    def _width(self) -> int:
        return self.config.order - 1

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def _start(self, rows: int) -> Ids:
        return np.full((rows, self._width), self.vocab_size)

    def _scores(self, places: Places) -> Tensor:
        """Log p (N,) of the symbols at all places, in slices of bounded memory."""
        scores = torch.empty(len(places), device=self._device)
        rows = max(1, min(WINDOWS, SCORES // self.vocab_size))
        for first in range(0, len(places), rows):
            windows, targets = places.take(slice(first, first + rows))
            scores[first : first + rows] = self.network.output(self.network(windows), targets)
        return scores

    def _perplexity(self, places: Places) -> float:
        nats = -self._scores(places).double().mean().item()
        # Beyond e^700 a float ends; the loop then says that training diverged.
        return math.exp(nats) if nats < 700 else math.inf
