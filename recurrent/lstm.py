"""LSTM language models, forward and bidirectional.

Hochreiter & Schmidhuber 1997; with forget gates as in Gers, Schmidhuber & Cummins 2000; as a language model
Sundermeyer, Schlüter & Ney 2012 and Zaremba, Sutskever & Vinyals 2014.
"""

import torch
from torch import Tensor, nn

from seqbench.interface import Ids
from seqbench.recurrent.language import BodyState, RecurrentLanguageConfig, RecurrentLanguageModel, RecurrentNetwork


def _lstm(config: RecurrentLanguageConfig) -> nn.LSTM:
    between = config.dropout if config.layers > 1 else 0.0
    return nn.LSTM(config.embedding_size, config.hidden_size, config.layers, dropout=between)


class LSTMNetwork(RecurrentNetwork):
    def __init__(self, counts: Ids, config: RecurrentLanguageConfig) -> None:
        super().__init__(counts, config.hidden_size, config)
        self.body = _lstm(config)

    def forward(
        self, inputs: Tensor, targets: Tensor, mask: Tensor | None, state: BodyState
    ) -> tuple[Tensor, BodyState]:
        return self.scan(self.body, inputs, state)


class LSTMLanguageModel(RecurrentLanguageModel):
    """p(x_t | x_1 .. x_{t-1}) from the state of an LSTM that has read x_1 .. x_{t-1}."""

    def build(self, counts: Ids) -> LSTMNetwork:
        return LSTMNetwork(counts, self.config)


class BidirectionalLSTMNetwork(RecurrentNetwork):
    """Two LSTMs of their own, joined only at the output: layers that read both directions in turn would tell
    each other the symbol that is to be predicted."""

    def __init__(self, counts: Ids, config: RecurrentLanguageConfig) -> None:
        super().__init__(counts, 2 * config.hidden_size, config)
        self.body = _lstm(config)
        self.backward_body = _lstm(config)

    def forward(
        self, inputs: Tensor, targets: Tensor, mask: Tensor | None, state: BodyState
    ) -> tuple[Tensor, BodyState]:
        past, state = self.scan(self.body, inputs, state)
        backwards = _reverse(targets, mask)
        edge = backwards.new_full((1, backwards.shape[1]), self.edge)
        future, _ = self.scan(self.backward_body, torch.cat([edge, backwards[:-1]]), None)
        return torch.cat([past, _reverse(future, mask)], dim=-1), state


class BidirectionalLSTMLanguageModel(RecurrentLanguageModel):
    """p(x_t | x_1 .. x_{t-1}, x_{t+1} .. x_T): each symbol between its past and its future, itself unseen.

    Schuster & Paliwal 1997. The product of these is no probability of the text, and its perplexity a
    pseudo-perplexity. The future reaches as far as the window in training and as the piece in `predict`; past
    its end there is the edge of a document.
    """

    def build(self, counts: Ids) -> BidirectionalLSTMNetwork:
        return BidirectionalLSTMNetwork(counts, self.config)


def _reverse(x: Tensor, mask: Tensor | None) -> Tensor:
    """x (T, B, …) with each column's steps, those within the mask, in reverse order; the others stay."""
    if mask is None:
        return x.flip(0)
    length, step = mask.sum(0), torch.arange(len(x), device=x.device)[:, None]
    source = torch.where(mask, length - 1 - step, step)
    return x[source, torch.arange(x.shape[1], device=x.device)]
