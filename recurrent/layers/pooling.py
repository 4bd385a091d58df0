"""Pooling layers: they reduce the states of a recurrent network after each word to one vector per document."""

from abc import abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from seqbench.learning.padding import inside, max_over, mean_over
from seqbench.recurrent.layers.time import Direction

PoolingName = Literal["last", "mean", "max", "attention"]


class Pooling(nn.Module):
    @abstractmethod
    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool states (B, T, D) to one vector per document (B, D); steps after the lengths (B,) in 1..T are ignored."""


class Last(Pooling):
    """Returns the state after the last word.

    The backward direction ends at the first word. With two directions, the last states of both are concatenated.
    """

    def __init__(self, direction: Direction) -> None:
        super().__init__()
        self.direction = direction

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        last = states[torch.arange(len(states), device=states.device), lengths - 1]
        if self.direction == "forward":
            return last
        if self.direction == "backward":
            return states[:, 0]
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
        return scores.masked_fill(~inside(lengths, states.shape[1]), -torch.inf).softmax(1)


def pooling_layer(kind: PoolingName, size: int, direction: Direction) -> Pooling:
    """Return a pooling layer of this kind for states of width `size`, of layers that read in this direction."""
    match kind:
        case "last":
            return Last(direction)
        case "mean":
            return Mean()
        case "max":
            return Max()
        case "attention":
            return Attention(size)
