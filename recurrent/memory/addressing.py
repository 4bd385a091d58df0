"""How a memory of N rows is addressed: the steps of neural Turing machines and differentiable neural computers.

Graves, Wayne & Danihelka 2014, "Neural Turing machines", section 3, and Graves et al. 2016, "Hybrid computing using a
neural network with dynamic external memory", methods. Memories are (B, N, M), weights (B, N) or, of several heads,
(B, H, N); equations of the second paper have no number there.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

SMALL = 1e-6
"""Added to norms and usages, so that divisions and logarithms stay finite."""


def by_content(memory: Tensor, keys: Tensor, strengths: Tensor) -> Tensor:
    r"""Return weights (B, H, N) of rows that are like the keys.

        w_c(i) ∝ exp(β K[k, M(i)]),    K[u, v] = u·v / (‖u‖ ‖v‖)        (2014, eqs. 5 and 6)

    Args:
        keys: (B, H, M). strengths: β, (B, H).
    """
    likeness = torch.einsum("bhm,bnm->bhn", keys, memory)
    norms = keys.norm(dim=2)[:, :, None] * memory.norm(dim=2)[:, None]
    weights: Tensor = (strengths[:, :, None] * likeness / (norms + SMALL)).softmax(2)
    return weights


def interpolated(content: Tensor, before: Tensor, gate: Tensor) -> Tensor:
    """Return g w_c + (1 − g) w_{t−1} (2014, eq. 7); gate: (B, H), one dimension less than the weights."""
    return torch.lerp(before, content, gate[..., None])


def shifted(weights: Tensor, shifts: Tensor) -> Tensor:
    r"""Return Σ_j w(j) s(i − j), indices modulo N (2014, eq. 8).

    Args:
        shifts: (B, H, S) weights of the shifts −(S − 1) / 2 … (S − 1) / 2; a positive one moves to the next rows.
    """
    reach = shifts.shape[2] // 2
    moved = [weights.roll(by, dims=2) for by in range(-reach, reach + 1)]
    return torch.einsum("bhns,bhs->bhn", torch.stack(moved, dim=3), shifts)


def sharpened(weights: Tensor, power: Tensor) -> Tensor:
    """Return w(i)^γ / Σ_j w(j)^γ (2014, eq. 9); power: γ ≥ 1, (B, H)."""
    raised = (weights + SMALL) ** power[..., None]
    return raised / raised.sum(2, keepdim=True)


def written(memory: Tensor, weights: Tensor, erase: Tensor, add: Tensor) -> Tensor:
    r"""Return the memory after all heads have written.

        M'(i) = M(i) Π_h (1 − w_h(i) e_h) + Σ_h w_h(i) a_h                (2014, eqs. 3 and 4)

    Args:
        weights: (B, H, N). erase: e in 0..1, (B, H, M). add: a, (B, H, M).
    """
    kept = (1 - torch.einsum("bhn,bhm->bhnm", weights, erase)).prod(1)
    return memory * kept + torch.einsum("bhn,bhm->bnm", weights, add)


def read(memory: Tensor, weights: Tensor) -> Tensor:
    """Return Σ_i w(i) M(i), (B, H, M) (2014, eq. 2)."""
    return torch.einsum("bhn,bnm->bhm", weights, memory)


def used(usage: Tensor, written_before: Tensor, read_before: Tensor, free: Tensor) -> Tensor:
    r"""Return the usage u (B, N) of rows, by which free ones are found.

        u' = (u + w − u ∘ w) ∘ Π_h (1 − f_h w_h)

    Args:
        written_before: w, the weights (B, N) of the last write. read_before: w_h, (B, R, N), of the last reads.
        free: f, (B, R), whether what was read is needed no more.
    """
    kept = (1 - free[:, :, None] * read_before).prod(1)
    return (usage + written_before - usage * written_before) * kept


def allocated(usage: Tensor) -> Tensor:
    r"""Return weights (B, N) of free rows: those that are used least.

        a(φ_j) = (1 − u(φ_j)) Π_{i<j} u(φ_i),    φ: the rows by usage, the least used first

    If all rows are used entirely, there is none to write to, and all weights are zero.
    """
    ranked, order = usage.sort(dim=1, stable=True)
    before = torch.cat([torch.ones_like(ranked[:, :1]), ranked.cumprod(1)[:, :-1]], dim=1)
    return torch.zeros_like(usage).scatter(1, order, (1 - ranked) * before)


def linked(links: Tensor, precedence: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return the links L (B, N, N) and the precedence p (B, N) after a write.

        L'(i, j) = (1 − w(i) − w(j)) L(i, j) + w(i) p(j),   L'(i, i) = 0
        p' = (1 − Σ_i w(i)) p + w

    L(i, j) tells to what degree row i was written directly after row j.
    """
    new = (1 - weights[:, :, None] - weights[:, None]) * links + weights[:, :, None] * precedence[:, None]
    new = new * (1 - torch.eye(links.shape[1], dtype=links.dtype, device=links.device))
    return new, (1 - weights.sum(1, keepdim=True)) * precedence + weights


def followed(links: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Return f = L w and b = Lᵀ w (B, R, N): the rows written after, and before, those last read."""
    return torch.einsum("bij,brj->bri", links, before), torch.einsum("bji,brj->bri", links, before)


def moded(backward: Tensor, content: Tensor, forward: Tensor, modes: Tensor) -> Tensor:
    """Return π_1 b + π_2 c + π_3 f (B, R, N); modes: π, (B, R, 3)."""
    return torch.einsum("brkn,brk->brn", torch.stack([backward, content, forward], dim=2), modes)


def one_plus(x: Tensor) -> Tensor:
    """Return 1 + ln(1 + eˣ), which is at least 1."""
    return 1 + F.softplus(x)
