"""What reads a source for a recurrent decoder: recurrent layers, or self-attention."""

from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seqbench.learning.padding import mean_over
from seqbench.recurrent.layers.layer import Layer, LayerState
from seqbench.recurrent.translation.blocks import EncoderLayer, Positions


class Encoded(NamedTuple):
    states: Tensor  # (B, S, D) one per place of the source
    summary: Tensor  # (B, D) the whole source
    start: LayerState  # the decoder's first state, tensors (1, B, H)


class Encoder(nn.Module):
    size: int
    """D, the width of its states."""

    @abstractmethod
    def forward(self, x: Tensor, lengths: Tensor) -> Encoded:
        """Read sources x (B, S, E) of these lengths (B,)."""


class RecurrentEncoder(Encoder):
    """Layers that read a source once; the decoder starts from their states after the last word.

    Layers in one direction pass their states on as they are, each to the decoder's layer of the same depth (Sutskever,
    Vinyals & Le 2014). Of layers in both directions, the states at both ends make the decoder's,
    s_0 = tanh(W_s [→h; ←h]) (Bahdanau, Cho & Bengio 2015, appendix A.2.2, who take ←h alone); so each LSTM's memory.
    """

    def __init__(self, body: Layer, tensors: int, both: bool, hidden_size: int) -> None:
        """tensors: the number of tensors in the state of one layer in one direction."""
        super().__init__()
        self.body, self.size, self.tensors = body, body.output_size, tensors
        count = body.tensors // 2 if both else 0
        self.join = nn.ModuleList(nn.Linear(2 * hidden_size, hidden_size) for _ in range(count))

    def forward(self, x: Tensor, lengths: Tensor) -> Encoded:
        states, ends = self.body(x.transpose(0, 1), None, lengths)
        last = self.tensors * (2 if self.join else 1)
        summary = torch.cat([h[0] for h in ends[-last :: self.tensors]], dim=1)
        if self.join:
            layers = [ends[first : first + last] for first in range(0, len(ends), last)]
            pairs = [
                pair for layer in layers for pair in zip(layer[: self.tensors], layer[self.tensors :], strict=True)
            ]
            ends = tuple(torch.tanh(w(torch.cat(pair, dim=2))) for w, pair in zip(self.join, pairs, strict=True))
        return Encoded(states.transpose(0, 1), summary, ends)


class SelfAttentionEncoder(Encoder):
    """The encoder of a Transformer; the decoder starts from the mean m of its states, s_0 = tanh(W_s m)."""

    def __init__(self, layers: list[EncoderLayer], size: int, tensors: int, hidden_size: int) -> None:
        """tensors: the number of tensors in the state of the decoder, each with `hidden_size` values."""
        super().__init__()
        self.positions, self.layers, self.size = Positions(), nn.ModuleList(layers), size
        self.norm = nn.LayerNorm(size) if layers[0].norm_first else nn.Identity()
        self.starts = nn.ModuleList(nn.Linear(size, hidden_size) for _ in range(tensors))

    def forward(self, x: Tensor, lengths: Tensor) -> Encoded:
        mask = torch.arange(x.shape[1], device=lengths.device) < lengths[:, None]
        x = self.positions(x)
        for layer in self.layers:
            x = layer(x, mask)
        x = self.norm(x)
        mean = mean_over(x, lengths)
        return Encoded(x, mean, tuple(torch.tanh(start(mean))[None] for start in self.starts))
