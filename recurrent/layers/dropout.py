"""What is dropped in training: units between layers, weights of the recurrence, and steps of single units."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.recurrent.cells.cell import State, as_state
from seqbench.recurrent.cells.recurrence import Weights


class LockedDropout(nn.Module):
    """Dropout with the same mask at all steps (Gal & Ghahramani 2016); each column has its own mask."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """x: (T, B, D); returns the same shape."""
        if not self.training or self.share == 0:
            return x
        kept = torch.rand(x.shape[1:], device=x.device) >= self.share
        return x * kept.to(x.dtype) / (1 - self.share)


class DroppedWeights(nn.Module):
    """Drops single recurrent weights, the same at all steps of a call and for all columns.

    DropConnect on the hidden-to-hidden matrices, as in Merity, Keskar & Socher 2018, "Regularizing and optimizing LSTM
    language models", section 2. What is kept is divided by 1 − share.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, weights: Weights) -> Weights:
        return weights._replace(hh=F.dropout(weights.hh, self.share, self.training))


class Zoneout(nn.Module):
    """Lets single units keep their old value at a step: the output, and the memory if there is one.

        s_t = d_t ⊙ s_{t−1} + (1 − d_t) ⊙ s̃_t,    d_t ∼ Bernoulli(share)

    In evaluation d_t is replaced by its mean. Krueger et al. 2017, "Zoneout: regularizing RNNs by randomly preserving
    hidden activations", with one share for output and memory.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, before: State, after: State) -> State:
        return as_state(after, (self._mixed(old, new) for old, new in zip(before, after, strict=True)))

    def _mixed(self, old: Tensor, new: Tensor) -> Tensor:
        if self.training:
            return torch.where(torch.rand_like(new) < self.share, old, new)
        return torch.lerp(new, old, self.share)
