"""Pooling layers: they reduce the states of a recurrent network after each word to one vector per document."""

from abc import abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from seqbench.learning.classifier import max_over, mean_over, within

PoolingName = Literal["last", "mean", "max", "attention"]


class Pooling(nn.Module):
    @abstractmethod
    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool states (B, T, D) to one vector per document (B, D); steps after the lengths (B,) in 1..T are ignored."""


class Last(Pooling):
    """Returns the state after the last word.

    With two directions, it concatenates the last state of each; the backward direction ends at the first word.
    """

    def __init__(self, bidirectional: bool) -> None:
        super().__init__()
        self.bidirectional = bidirectional

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        last = states[torch.arange(len(states), device=states.device), lengths - 1]
        if not self.bidirectional:
            return last
        size = states.shape[2] // 2
        return torch.cat([last[:, :size], states[:, 0, size:]], dim=1)


class Mean(Pooling):
    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        return mean_over(states, lengths)


class Max(Pooling):
    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        return max_over(states, lengths)


class Attention(Pooling):
    r"""Returns a weighted mean of the states; the weights of the words are learned.

        u_t = tanh(W h_t + b),   α = softmax_t(u_tᵀ u),   s = Σ_t α_t h_t

    Yang et al. 2016, "Hierarchical attention networks for document classification", eqs. 5-7. It is also the
    self-attention of Lin et al. 2017, eqs. 5-6, with one hop and a bias. `context` (u) starts at zero, which gives a
    plain mean.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.project = nn.Linear(size, size)
        self.context = nn.Parameter(torch.zeros(size))

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        return torch.einsum("bt,btd->bd", self.weights(states, lengths), states)

    def weights(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return α (B, T); each row sums to one and is zero after its length."""
        scores = torch.tanh(self.project(states)) @ self.context
        return scores.masked_fill(~within(lengths, states.shape[1]), -torch.inf).softmax(1)


def pooling_layer(kind: PoolingName, size: int, bidirectional: bool) -> Pooling:
    """Return a pooling layer of this kind for states of width `size`."""
    match kind:
        case "last":
            return Last(bidirectional)
        case "mean":
            return Mean()
        case "max":
            return Max()
        case "attention":
            return Attention(size)
