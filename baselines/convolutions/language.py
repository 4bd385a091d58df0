"""The temporal convolutional network as a language model.

Bai, Kolter & Koltun 2018, section 4 and their models of words and characters. As in the paper, a training window is
read together with the earlier symbols on which its first prediction depends.
"""

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.baselines.convolutions.temporal import BlocksConfig, TemporalConvolution
from seqbench.interface import Ids
from seqbench.learning.column_language import BodyState, ColumnLanguageConfig, ColumnLanguageModel, ColumnNetwork
from seqbench.learning.output import OutputLayer


class TemporalConvolutionLanguageConfig(BlocksConfig, ColumnLanguageConfig):
    bptt: int = Field(
        70, ge=1, description="predictions per window, not counting the symbols that are read before them"
    )


class TemporalConvolutionNetwork(ColumnNetwork):
    """Predicts each symbol from the convolutions over the symbols before it.

    The state holds the symbols on which the next prediction depends. At the start of a document, all of them are the
    edge symbol.
    """

    def __init__(
        self, embedding: nn.Module, body: TemporalConvolution, output: OutputLayer, edge: int, dropout: float
    ) -> None:
        super().__init__(embedding, output, edge)
        self.body = body
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, inputs: Tensor, targets: Tensor, mask: Tensor | None, state: BodyState
    ) -> tuple[Tensor, BodyState]:
        return self.scan(self._convolve, inputs, state)

    def _convolve(self, symbols: Tensor, state: BodyState) -> tuple[Tensor, BodyState]:
        known = self.body.receptive_field - 1
        (before,) = (symbols.new_full((known, symbols.shape[1]), self.edge),) if state is None else state
        line = torch.cat([before, symbols])
        vectors = self.dropout(self.embedding(line)).transpose(0, 1)
        # The layers' padding only affects steps that are cut off here.
        features = self.body(vectors)[:, known:].transpose(0, 1)
        return self.dropout(features), (line[len(line) - known :],)


class TemporalConvolutionLanguageModel(ColumnLanguageModel):
    """p(x_t | the symbols before x_t in the receptive field)."""

    config_class = TemporalConvolutionLanguageConfig
    config: TemporalConvolutionLanguageConfig

    def build(self, counts: Ids) -> TemporalConvolutionNetwork:
        c = self.config
        embedding = self.input_layer(c.embedding_size, counts)
        body = c.blocks(c.embedding_size, c.hidden_size)
        output = self.output_layer(c.hidden_size, counts, embedding)
        return TemporalConvolutionNetwork(embedding, body, output, len(counts), c.dropout)
