"""Language models that see the last n − 1 symbols: a feed-forward network from a window to an output layer.

This is an n-gram model with a network instead of a table. The edge, input symbol V, stands before the first symbol of
a document.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Documents, Floats, Ids
from seqbench.learning.language import NeuralLanguageConfig, NeuralLanguageModel, NeuralLanguageNetwork
from seqbench.learning.order import random_rows
from seqbench.learning.output import OutputLayer
from seqbench.learning.text import Text
from seqbench.learning.training import Loss

WINDOWS = 1 << 14
"""Maximum number of windows that a network reads at once when scoring; limits memory for its layers."""


class WindowLanguageConfig(NeuralLanguageConfig):
    order: int = Field(
        5,
        ge=2,
        description="n of the n-gram: the predicted symbol and the n - 1 symbols before it",
        json_schema_extra={"search": {"choices": [2, 3, 4, 5, 6, 8]}},
    )
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the inputs of the hidden and output layers that is dropped; one-hot input is not dropped",
        json_schema_extra={"search": {"low": 0.0, "high": 0.6}},
    )
    batch_size: int = Field(
        512, ge=1, description="predicted symbols per update", json_schema_extra={"search": {"choices": [128, 512]}}
    )


class WindowNetwork(NeuralLanguageNetwork):
    """Maps windows to features for the output layer. Subclasses define the map."""

    def __init__(self, output: OutputLayer, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.output = output

    @abstractmethod
    def forward(self, windows: Tensor) -> Tensor:
        """Return features (N, D) of windows (N, n - 1), with the oldest symbol first; V is the edge."""


class Places:
    """The places of all N symbols of documents; each has a window of the `width` symbols before it."""

    def __init__(self, documents: Documents, edge: int, width: int, device: torch.device) -> None:
        self._text, self._edge, self._width, self._device = Text(documents), edge, width, device

    def __len__(self) -> int:
        return len(self._text)

    def take(self, rows: Ids) -> tuple[Tensor, Tensor]:
        """Return windows (M, width) and the symbols (M,) that follow them."""
        windows, targets = self._text.windows(rows, self._width, self._edge)
        return torch.from_numpy(windows).to(self._device), torch.from_numpy(targets).to(self._device)


class ShuffledWindows:
    """The losses of one epoch: every place once, in random order."""

    def __init__(self, network: WindowNetwork, places: Places, batch_size: int) -> None:
        self.network, self.places, self.batch_size = network, places, batch_size

    def __len__(self) -> int:
        return -(-len(self.places) // self.batch_size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in random_rows(len(self.places), self.batch_size):
            windows, targets = self.places.take(rows)
            yield Loss(-self.network.output(self.network(windows), targets).mean(), len(targets))


class WindowLanguageModel(NeuralLanguageModel[Ids]):
    """Base class of language models that read a window. Subclasses build the network.

    The state (B, n - 1) is the last n − 1 symbols.
    """

    config_class = WindowLanguageConfig
    config: WindowLanguageConfig
    network: WindowNetwork

    def batches(self, train: Documents) -> ShuffledWindows:
        return ShuffledWindows(self.network, self._places(train), self.config.batch_size)

    def validation(self, valid: Documents) -> Callable[[], float]:
        places = self._places(valid)
        return lambda: -self._scores(places, np.arange(len(places))).double().mean().item()

    @torch.inference_mode()
    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        """See `LanguageModel.predict`; it computes in float32.

        Raises:
            ValueError: ids are not symbols 0..V-1.
        """
        self.check_ids(ids)
        (rows, steps), width = ids.shape, self._width
        symbols = np.concatenate([self._start(rows) if state is None else state, ids], axis=1)
        scored = np.arange(rows)[:, None] * (width + steps) + width + np.arange(steps)
        scores = self._scores(self._places([symbols.ravel()]), scored.ravel())
        return scores.reshape(ids.shape).double().cpu().numpy(), symbols[:, steps:]

    @torch.inference_mode()
    def next(self, state: Ids | None = None, batch: int = 1) -> Floats:
        windows = torch.tensor(self._start(batch) if state is None else state, device=self.device)
        return self.distribution(self.network(windows))

    @property
    def _width(self) -> int:
        return self.config.order - 1

    def _start(self, rows: int) -> Ids:
        return np.full((rows, self._width), self.vocab_size)

    def _places(self, documents: Documents) -> Places:
        return Places(documents, self.vocab_size, self._width, self.device)

    def _scores(self, places: Places, rows: Ids) -> Tensor:
        """Return log p (M,) of the symbols at rows (M,) of the places, computed in slices to limit memory."""
        scores = torch.empty(len(rows), device=self.device)
        for first in range(0, len(rows), WINDOWS):
            windows, targets = places.take(rows[first : first + WINDOWS])
            scores[first : first + WINDOWS] = self.scores(self.network(windows), targets)
        return scores
