"""LSTM language models, forward and bidirectional.

The LSTM is that of Hochreiter & Schmidhuber 1997, with forget gates as in Gers, Schmidhuber & Cummins 2000. It is used
as a language model in Sundermeyer, Schlüter & Ney 2012 and Zaremba, Sutskever & Vinyals 2014.
"""

import torch
from torch import Tensor, nn

from seqbench.interface import Ids
from seqbench.learning.column_language import BodyState, ColumnLanguageModel
from seqbench.learning.output import OutputLayer
from seqbench.recurrent.language.network import RecurrentLanguageConfig, RecurrentLanguageModel, RecurrentNetwork
from seqbench.recurrent.layers.families import LSTMSettings
from seqbench.recurrent.layers.stack import Stack


class LSTMLanguageConfig(LSTMSettings, RecurrentLanguageConfig):
    pass


class LSTMLanguageModel(RecurrentLanguageModel):
    config_class = LSTMLanguageConfig


class BidirectionalLSTMNetwork(RecurrentNetwork):
    """Two separate LSTMs, forward and backward, that are joined only at the output.

    A layer that read both directions would receive the symbol to be predicted as input.
    """

    def __init__(self, embedding: nn.Module, body: Stack, backward_body: Stack, output: OutputLayer, edge: int) -> None:
        super().__init__(embedding, body, output, edge)
        self.backward_body = backward_body

    def forward(
        self, inputs: Tensor, targets: Tensor, mask: Tensor | None, state: BodyState
    ) -> tuple[Tensor, BodyState]:
        past, state = self.read(self.body, inputs, mask, state)
        backwards = _reverse(targets, mask)
        edge = backwards.new_full((1, backwards.shape[1]), self.edge)
        future, _ = self.read(self.backward_body, torch.cat([edge, backwards[:-1]]), mask, None)
        return torch.cat([past, _reverse(future, mask)], dim=-1), state


class BidirectionalLSTMLanguageModel(ColumnLanguageModel):
    """p(x_t | x_1 .. x_{t-1}, x_{t+1} .. x_T): predicts each symbol from the symbols before and after it.

    Schuster & Paliwal 1997. The product of these probabilities is not a probability of the text, so the perplexity is a
    pseudo-perplexity. The symbols after x_t end with the window in training, and with the ids of one call in `predict`;
    the edge of a document follows them.
    """

    config_class = LSTMLanguageConfig
    config: LSTMLanguageConfig

    def build(self, counts: Ids) -> BidirectionalLSTMNetwork:
        c = self.config
        embedding = self.input_layer(c.embedding_size, counts)
        output = self.output_layer(2 * c.hidden_size, counts, embedding)
        return BidirectionalLSTMNetwork(embedding, c.stack(), c.stack(), output, len(counts))


def _reverse(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return x (T, B, …) with the steps within the mask reversed in each column; other steps stay in place."""
    if mask is None:
        return x.flip(0)
    length, step = mask.sum(0), torch.arange(len(x), device=x.device)[:, None]
    source = torch.where(mask, length - 1 - step, step)
    return x[source, torch.arange(x.shape[1], device=x.device)]
