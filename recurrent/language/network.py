"""Base class of the recurrent language models: Elman network, GRU and LSTM."""

from typing import ClassVar

from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Ids
from seqbench.learning.column_language import BodyState, ColumnLanguageConfig, ColumnLanguageModel, ColumnNetwork
from seqbench.learning.output import OutputLayer
from seqbench.recurrent.layers.stack import Cell, LockedDropout, Stack


class RecurrentLanguageConfig(ColumnLanguageConfig):
    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra={"search": {"choices": [1, 2]}})
    locked: bool = Field(
        False, description="whether a dropped unit stays dropped for a whole window (Gal & Ghahramani 2016)"
    )

    def stack(self, cell: Cell) -> Stack:
        """Return a stack of untrained layers with these settings."""
        dropout = LockedDropout(self.dropout) if self.locked else nn.Dropout(self.dropout)
        return Stack(cell, self.embedding_size, self.hidden_size, self.layers, dropout)


class RecurrentNetwork(ColumnNetwork):
    """Predicts each symbol from the outputs of layers that have read the symbols before it."""

    def __init__(self, embedding: nn.Module, body: Stack, output: OutputLayer, edge: int) -> None:
        super().__init__(embedding, output, edge)
        self.body = body

    def forward(
        self, inputs: Tensor, targets: Tensor, mask: Tensor | None, state: BodyState
    ) -> tuple[Tensor, BodyState]:
        return self.scan(lambda x, s: self.body(self.embedding(x), s), inputs, state)


class RecurrentLanguageModel(ColumnLanguageModel):
    """p(x_t | x_1 .. x_{t-1}) from the outputs of layers that have read x_1 .. x_{t-1}; subclasses set the cell."""

    config_class = RecurrentLanguageConfig
    config: RecurrentLanguageConfig
    network: RecurrentNetwork
    cell: ClassVar[Cell]

    def build(self, counts: Ids) -> RecurrentNetwork:
        c = self.config
        embedding = self.input_layer(c.embedding_size, counts)
        output = self.output_layer(c.hidden_size, counts, embedding)
        return RecurrentNetwork(embedding, c.stack(self.cell), output, len(counts))
