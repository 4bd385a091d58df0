"""Normalisation inside the recurrence: batch, layer and weight normalisation."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.recurrent.cells.recurrence import Weights

GAIN = 0.1
"""Initial γ of batch normalisation: with 1, tanh saturates and gradients vanish (Cooijmans et al. 2017, section 4)."""
MOMENTUM = 0.1
"""Weight of a batch in the running statistics, as in torch."""
EPSILON = 1e-5


class Steps(NamedTuple):
    """Where the columns of a scan are in their sequences, in groups of columns that have read equally many steps."""

    number: Tensor  # (T, G) the step of each group, counted from the start of the sequences
    member: Tensor  # (B, G) 1 for the group of a column
    going: Tensor  # (T, G, B) 1 for the columns of a group whose sequence has not ended
    counted: Tensor  # (T, G) the number of these columns

    def at(self, t: int) -> "Steps":
        """Return one step of the scan."""
        return Steps(self.number[t : t + 1], self.member, self.going[t : t + 1], self.counted[t : t + 1])


def steps(read: Tensor, length: int, lengths: Tensor | None) -> Steps:
    """Return the steps of a scan of this length; read: (B,) steps before it; lengths: (B,) steps of it, None: all."""
    groups, group = torch.unique(read, return_inverse=True)
    time = torch.arange(length, device=read.device)
    member = F.one_hot(group, len(groups))
    valid = torch.ones(length, len(read), dtype=torch.bool, device=read.device)
    if lengths is not None:
        valid = time[:, None] < lengths
    going = valid[:, None] * member.t()
    return Steps(groups + time[:, None], member, going, going.sum(2))


class StepBatchNorm(nn.Module):
    """Batch normalisation with its own statistics, γ and β for each step of a sequence.

        y_t = γ_t ⊙ (x_t − μ_t) / √(σ²_t + ε) + β_t

    μ_t and σ²_t are those of the batch in training, over the sequences that have not ended at step t, and running means
    in evaluation (and where only one sequence is left). Steps beyond `steps`, or beyond all that were seen in training,
    use what belongs to the last. Cooijmans, Ballas, Laurent, Gülçehre & Courville 2017, "Recurrent batch
    normalization", section 3; there γ and β are the same for all steps.
    """

    mean: Tensor
    variance: Tensor
    seen: Tensor

    def __init__(self, features: int, steps: int) -> None:
        """steps: T_max."""
        super().__init__()
        self.gain = nn.Parameter(torch.full((steps, features), GAIN))
        self.bias = nn.Parameter(torch.zeros(steps, features))
        self.register_buffer("mean", torch.zeros(steps, features))
        self.register_buffer("variance", torch.ones(steps, features))
        self.register_buffer("seen", torch.tensor(0))

    def forward(self, x: Tensor, when: Steps) -> Tensor:
        """x: (T, B, F); returns the same shape."""
        last = len(self.gain) if self.training else int(self.seen)
        slots = when.number.clamp(max=max(last - 1, 0))
        mean, variance = self.mean[slots], self.variance[slots]
        if self.training:
            going, counted = when.going.to(x.dtype), when.counted.clamp(min=1)[..., None]
            of_batch = going @ x / counted
            around = going @ (x - _each(when, of_batch)).square() / counted
            self._follow(slots, when.counted, of_batch.detach(), around.detach())
            several = when.counted[..., None] > 1
            mean, variance = torch.where(several, of_batch, mean), torch.where(several, around, variance)
        scale = self.gain[slots] * torch.rsqrt(variance + EPSILON)
        return (x - _each(when, mean)) * _each(when, scale) + _each(when, self.bias[slots])

    @torch.no_grad()
    def _follow(self, slots: Tensor, counted: Tensor, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics towards those of a batch, with the unbiased variance."""
        of_slots, of_counts = slots.flatten().tolist(), counted.flatten().tolist()
        for row, (slot, count) in enumerate(zip(of_slots, of_counts, strict=True)):
            if count > 1:
                unbiased = variance.flatten(0, 1)[row] * (count / (count - 1))
                self.mean[slot].lerp_(mean.flatten(0, 1)[row].to(self.mean.dtype), MOMENTUM)
                self.variance[slot].lerp_(unbiased.to(self.mean.dtype), MOMENTUM)
                self.seen.clamp_(min=slot + 1)


def _each(when: Steps, groups: Tensor) -> Tensor:
    """Return for each column (T, B, F), or one for all (T, 1, F), what belongs to its group (T, G, F)."""
    return groups if groups.shape[1] == 1 else torch.matmul(when.member.to(groups.dtype), groups)


class LayerNorm(nn.Module):
    """γ ⊙ (x − mean) / √(variance + ε) + β, over the features of one column at one step (Ba, Kiros & Hinton 2016)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.gain, self.bias = nn.Parameter(torch.ones(features)), nn.Parameter(torch.zeros(features))

    def forward(self, x: Tensor, when: Steps | None = None) -> Tensor:
        """x: (…, F); returns the same shape."""
        return F.layer_norm(x, self.gain.shape, self.gain, self.bias, EPSILON)


class WeightNorm(nn.Module):
    """w = g v / ‖v‖ for each row of the matrices W and U: length and direction are learned apart.

    Salimans & Kingma 2016, "Weight normalization", eq. 2. v are the matrices of the cell; g starts at ‖v‖, so that the
    untrained layer is the same with and without.
    """

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.gain_ih = nn.Parameter(torch.linalg.vector_norm(weights.ih.detach(), dim=1))
        self.gain_hh = nn.Parameter(torch.linalg.vector_norm(weights.hh.detach(), dim=1))

    def forward(self, weights: Weights) -> Weights:
        return weights._replace(ih=_of_length(weights.ih, self.gain_ih), hh=_of_length(weights.hh, self.gain_hh))


def _of_length(v: Tensor, g: Tensor) -> Tensor:
    w: Tensor = v * (g / torch.linalg.vector_norm(v, dim=1))[:, None]
    return w
