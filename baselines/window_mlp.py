"""A multilayer perceptron over a window of one-hot symbols.

What a neural language model is before words get vectors of their own: each position of the window has weights
for each symbol, and nothing that is learned of a symbol at one position serves another (Bengio et al. 2003
share one matrix instead). Nakamura & Shikano 1989 predict word categories so.
"""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.baselines.window_language import WindowLanguageConfig, WindowLanguageModel, WindowNetwork, input_vectors
from seqbench.interface import Ids


class WindowMLPConfig(WindowLanguageConfig):
    hidden_size: int = Field(
        100, ge=1, description="units of the hidden layer", json_schema_extra={"search": {"low": 32, "high": 512}}
    )
    output: Literal["auto", "full", "adaptive", "sampled"] = Field(
        "auto",
        description="softmax; auto: adaptive above 20,000 symbols, full below; sampled: estimated in training, exact "
        "in evaluation",
    )


class WindowMLPNetwork(WindowNetwork):
    r"""h = tanh(d + Σ_k W_k e(x_{t−k})), e(x) the one-hot vector of V + 1 values.

    The product of a matrix and a one-hot vector is a column of the matrix: the sum of the n − 1 columns is the
    product with the whole one-hot window, without its (n − 1)(V + 1) multiplications a unit.
    """

    first: Tensor

    def __init__(self, counts: Ids, config: WindowMLPConfig) -> None:
        super().__init__(counts, config.hidden_size, config)
        symbols, width = len(counts) + 1, config.order - 1
        self.columns = input_vectors(width * symbols, config.hidden_size, config)
        self.bias = nn.Parameter(torch.zeros(config.hidden_size))
        self.register_buffer("first", torch.arange(width) * symbols, persistent=False)

    def forward(self, windows: Tensor) -> Tensor:
        columns = F.embedding_bag(windows + self.first, self.columns.weight, mode="sum", sparse=self.columns.sparse)
        hidden: Tensor = self.dropout(torch.tanh(columns + self.bias))
        return hidden


class WindowMLPLanguageModel(WindowLanguageModel):
    """p(x_t | x_{t−n+1} .. x_{t−1}) from one-hot symbols."""

    config_class = WindowMLPConfig
    config: WindowMLPConfig

    def build(self, counts: Ids) -> WindowMLPNetwork:
        return WindowMLPNetwork(counts, self.config)
