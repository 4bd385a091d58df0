r"""The restricted Boltzmann machine with binary units: energies, Gibbs sampling, and its partition function.

    E(v, h) = −b·v − c·h − v W h,        F(v) = −ln Σ_h e^{−E(v, h)} = −b·v − Σ_j ln(1 + e^{c_j + (v W)_j})
    p(v) = e^{−F(v)} / Z

(Smolensky 1986; Hinton 2002, "Training products of experts by minimizing contrastive divergence".) The biases may
differ from row to row, as those of a machine that the past sets.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from seqbench.baselines.memories.boltzmann.machine import ENUMERABLE

ROWS = 1 << 22
"""Maximum number of states times units that are held at once when states are enumerated."""
FACTORS, DOUBLINGS = 20, 6
"""So few products need no further multiplication; so often can factors of 2 be squared within any type of number."""
MEAN_FIELD = 10
"""Number of updates of the mean field at which annealing begins."""


class Machine(NamedTuple):
    W: Tensor
    """(K, H)"""
    b: Tensor
    """(N, K) or (K,) biases of the visible units."""
    c: Tensor
    """(N, H) or (H,) biases of the hidden units."""

    def free_energy(self, v: Tensor) -> Tensor:
        """Return F (…,) of visible states (…, K)."""
        return -(v * self.b).sum(-1) - F.softplus(v @ self.W + self.c).sum(-1)

    def hidden(self, v: Tensor) -> Tensor:
        """Return the probabilities (…, H) that hidden units are on, given visible states (…, K)."""
        return torch.sigmoid(v @ self.W + self.c)

    def visible(self, h: Tensor) -> Tensor:
        """Return the probabilities (…, K) that visible units are on, given hidden states (…, H)."""
        return torch.sigmoid(h @ self.W.t() + self.b)

    def pseudo_likelihood(self, v: Tensor) -> Tensor:
        """Return Σ_k ln p(v_k | all other visible units), (N,), of visible states (N, K) (Besag 1975)."""
        fields, turn = v @ self.W + self.c, 1 - 2 * v
        here, total = F.softplus(fields).sum(1), torch.zeros_like(v[:, 0])
        b = self.b.expand_as(v)
        for k, weights in enumerate(self.W):
            there = F.softplus(fields + turn[:, k, None] * weights).sum(1)
            total += F.logsigmoid(here - there - turn[:, k] * b[:, k])
        return total

    def gibbs(self, v: Tensor, steps: int) -> Tensor:
        """Return visible states (…, K) after so many steps of block Gibbs sampling from v, by torch's generator."""
        for _ in range(steps):
            h = torch.bernoulli(self.hidden(v))
            v = torch.bernoulli(self.visible(h))
        return v

    def flipped(self) -> "Machine":
        """Return the same machine with hidden and visible units exchanged."""
        return Machine(self.W.t(), self.c, self.b)


def all_states(units: int, like: Tensor) -> Tensor:
    """Return all states (2^units, units) of binary units."""
    numbers = torch.arange(1 << units, device=like.device)
    return ((numbers[:, None] >> torch.arange(units, device=like.device)) & 1).to(like.dtype)


def log_z(machine: Machine) -> Tensor:
    """Return ln Z, (N,) or (), by enumeration of the states of the fewer units, visible or hidden.

    Raises:
        ValueError: there are more than `ENUMERABLE` of either.
    """
    keys, hidden = machine.W.shape
    if min(keys, hidden) > ENUMERABLE:
        raise ValueError(f"{min(keys, hidden)} units have too many states to enumerate; {ENUMERABLE} is the most")
    if hidden < keys:
        machine = machine.flipped()
    states = all_states(min(keys, hidden), machine.W)
    rows = machine.b.dim() == 2 or machine.c.dim() == 2
    if not rows:
        parts = torch.split(states, max(1, ROWS // max(keys, hidden)))
        return torch.logsumexp(torch.cat([-machine.free_energy(part) for part in parts]), 0)
    fields = states @ machine.W  # (S, H)
    b, c = (x if x.dim() == 2 else x[None] for x in (machine.b, machine.c))
    count = max(1, ROWS // fields.numel())
    found = []
    for own_b, own_c in zip(*(torch.split(x.expand(max(len(b), len(c)), -1), count) for x in (b, c)), strict=True):
        energies = own_b @ states.t() + F.softplus(fields[None] + own_c[:, None]).sum(-1)
        found.append(torch.logsumexp(energies, 1))
    return torch.cat(found)


Noise = Callable[[int, int], Tensor]
"""noise(draw, units): uniform numbers (N, R, units); each draw has its own."""


def annealed_log_z(machine: Machine, chains: int, steps: int, noise: Noise) -> tuple[Tensor, Tensor]:
    r"""Estimate ln Z by annealed importance sampling (Neal 2001; Salakhutdinov & Murray 2008).

    From independent units to the machine, by β from 0 to 1, in steps that shorten towards the machine, where chains
    move least: β_t = 1 − (1 − t / T)². On chorales, 500 such steps estimate as high as 1,000 equal ones or higher.

        p_β(v) ∝ e^{((1 − β) a + β b)·v} Π_j (1 + e^{β (c_j + (v W)_j)}),        Z_0 = 2^H Π_k (1 + e^{a_k})

    a are the log-odds of the machine's mean field. The mean of the weights Π p_{β_{i+1}}(v_i) / p_{β_i}(v_i) over the
    chains is an estimate of Z / Z_0 without bias; its logarithm is too low on average, so that likelihoods seem better.

    Args:
        machine: with biases in rows, (N, K) and (N, H).
        chains: R per row. steps: T, the number of values of β after 0.

    Returns:
        Estimates (N,), and their standard errors (N,) by the spread of the weights.
    """
    W, b, c = machine
    a = _mean_field(machine)
    base, b, c = a[:, None], b[:, None], c[:, None]
    rows, keys, hidden = len(a), W.shape[0], W.shape[1]
    v = (noise(0, keys) < torch.sigmoid(base)).to(W.dtype)
    logs = torch.zeros(rows, chains, dtype=W.dtype, device=W.device)
    beta = 0.0
    for step in range(1, steps + 1):
        following = 1 - (1 - step / steps) ** 2
        fields = v @ W + c
        own = torch.relu(fields).sum(-1) + (v * (b - base)).sum(-1)
        logs += (following - beta) * own + _bends(fields, following) - _bends(fields, beta)
        beta = following
        if step < steps:
            h = (noise(2 * step - 1, hidden) < torch.sigmoid(beta * fields)).to(W.dtype)
            means = torch.sigmoid((1 - beta) * base + beta * (b + h @ W.t()))
            v = (noise(2 * step, keys) < means).to(W.dtype)
    log_base = hidden * torch.log(torch.tensor(2.0, dtype=W.dtype)) + F.softplus(a).sum(-1)
    top = logs.amax(1, keepdim=True)
    weights = torch.exp(logs - top)
    mean = weights.mean(1)
    error = weights.std(1, unbiased=True) / mean / chains**0.5 if chains > 1 else torch.full_like(mean, torch.inf)
    return log_base + top[:, 0] + mean.log(), error


def _bends(fields: Tensor, beta: float) -> Tensor:
    """Return Σ_j ln(1 + e^{−|β x_j|}) of fields (…, H), which is Σ_j ln(1 + e^{β x_j}) without Σ_j max(0, β x_j).

    Factors are multiplied before the logarithm, which is slow; each is at most 2.
    """
    factors = fields.abs().mul_(-beta).exp_().add_(1)
    for _ in range(DOUBLINGS):
        width, half = factors.shape[-1], factors.shape[-1] // 2
        if width <= FACTORS:
            break
        factors[..., :half].mul_(factors[..., width - half :])
        factors = factors[..., : width - half]
    return factors.log().sum(-1)


def _mean_field(machine: Machine) -> Tensor:
    """Return log-odds (N, K) of independent visible units that are near the machine."""
    a = machine.b
    for _ in range(MEAN_FIELD):
        a = 0.5 * a + 0.5 * (machine.b + machine.hidden(torch.sigmoid(a)) @ machine.W.t())
    return a
