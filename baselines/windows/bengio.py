"""The neural probabilistic language model of Bengio, Ducharme, Vincent & Jauvin 2003, JMLR 3, section 2."""

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Ids
from seqbench.learning.output import OutputLayer
from seqbench.learning.window_language import WindowLanguageConfig, WindowLanguageModel, WindowNetwork


class BengioConfig(WindowLanguageConfig):
    embedding_size: int = Field(
        100,
        ge=1,
        description="width of the symbols' feature vectors, m",
        json_schema_extra={"search": {"low": 16, "high": 300, "log": True}},
    )
    hidden_size: int = Field(
        200, ge=1, description="units of the hidden layer, h", json_schema_extra={"search": {"low": 32, "high": 512}}
    )
    direct: bool = Field(
        False,
        description="whether the output layer also reads the feature vectors directly, besides the hidden layer",
        json_schema_extra={"search": {"choices": [False, True]}},
    )


class BengioNetwork(WindowNetwork):
    r"""Concatenates the feature vectors of the window and applies a tanh layer and a softmax.

        x = (C(x_{t−n+1}), …, C(x_{t−1}))
        y = b + W x + U tanh(d + H x),        p = softmax(y),        eq. 1; W = 0 without direct connections

    The output layer contains b and (U, W), and reads (tanh(d + H x), x).
    """

    def __init__(self, embedding: nn.Module, inputs: int, output: OutputLayer, config: BengioConfig) -> None:
        """inputs: width of the concatenated feature vectors."""
        super().__init__(output, config.dropout)
        self.embedding = embedding
        self.hidden = nn.Linear(inputs, config.hidden_size)
        self.direct = config.direct

    def forward(self, windows: Tensor) -> Tensor:
        x = self.dropout(self.embedding(windows).flatten(1))
        hidden = self.dropout(torch.tanh(self.hidden(x)))
        return torch.cat([hidden, x], dim=1) if self.direct else hidden


class BengioLanguageModel(WindowLanguageModel):
    """p(x_t | x_{t−n+1} .. x_{t−1}), computed from learned feature vectors."""

    config_class = BengioConfig
    config: BengioConfig

    def build(self, counts: Ids) -> BengioNetwork:
        c = self.config
        embedding, inputs = self.input_layer(c.embedding_size, counts), (c.order - 1) * c.embedding_size
        output = self.output_layer(c.hidden_size + (inputs if c.direct else 0), counts, embedding)
        return BengioNetwork(embedding, inputs, output, c)
