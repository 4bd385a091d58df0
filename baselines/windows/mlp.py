"""A multilayer perceptron over a window of one-hot symbols.

A neural language model without word vectors: each position of the window has its own weights for each symbol, so
training on a symbol at one position does not help at another (Bengio et al. 2003 share one matrix instead).
Nakamura & Shikano 1989 predict word categories in this way.
"""

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Ids
from seqbench.learning.output import OutputLayer
from seqbench.learning.window_language import WindowLanguageConfig, WindowLanguageModel, WindowNetwork


class WindowMLPConfig(WindowLanguageConfig):
    hidden_size: int = Field(
        100, ge=1, description="units of the hidden layer", json_schema_extra={"search": {"low": 32, "high": 512}}
    )


class WindowMLPNetwork(WindowNetwork):
    r"""h = tanh(d + Σ_k W_k e(x_{t−k})); e(x) is the one-hot vector of V + 1 values, or the mean of those of x's codes.

    The product of a matrix and a one-hot vector is a column of the matrix. So the sum of n − 1 columns is the product
    with the whole one-hot window, without its (n − 1)(V + 1) multiplications per unit.
    """

    def __init__(self, columns: list[nn.Module], units: int, output: OutputLayer, dropout: float) -> None:
        """columns: one module per W_k that returns its columns, the oldest symbol first."""
        super().__init__(output, dropout)
        self.columns = nn.ModuleList(columns)
        self.bias = nn.Parameter(torch.zeros(units))

    def forward(self, windows: Tensor) -> Tensor:
        products = [column(windows[:, k]) for k, column in enumerate(self.columns)]
        hidden: Tensor = self.dropout(torch.tanh(sum(products, self.bias)))
        return hidden


class WindowMLPLanguageModel(WindowLanguageModel):
    """p(x_t | x_{t−n+1} .. x_{t−1}), computed from one-hot symbols."""

    config_class = WindowMLPConfig
    config: WindowMLPConfig

    def build(self, counts: Ids) -> WindowMLPNetwork:
        units = self.config.hidden_size
        columns = [self.input_layer(units, counts) for _ in range(self.config.order - 1)]
        return WindowMLPNetwork(columns, units, self.output_layer(units, counts), self.config.dropout)
