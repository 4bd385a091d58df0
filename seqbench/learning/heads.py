"""Exact heads: how the keys of a frame depend on the past, and on each other."""

from abc import abstractmethod

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Ids
from seqbench.learning.frames import Head


def log_odds(share: Tensor) -> Tensor:
    """Return ln share / (1 − share)."""
    return torch.log(share) - torch.log1p(-share)


class ExactHead(Head):
    """A head whose loss is −ln p."""

    @abstractmethod
    def nats(self, features: Tensor, frames: Tensor) -> Tensor:
        """Return −ln p of frames (N, K) given features (N, F), (N,)."""

    def loss(self, features: Tensor, frames: Tensor, places: Tensor) -> Tensor:
        return self.nats(features, frames)

    def log_p(self, features: Tensor, frames: Tensor, keys: Ids) -> Tensor:
        scores = -self.nats(features, frames)
        return torch.stack([scores, torch.zeros_like(scores)], dim=1)


class IndependentKeys(ExactHead):
    """p(v) = Π_k σ(l_k)^{v_k} (1 − σ(l_k))^{1 − v_k} with l linear in the features: given the past, keys are
    independent."""

    def __init__(self, size: int, share: Tensor) -> None:
        """size: F. share: (K,) of the frames in which each key sounds, where training starts."""
        super().__init__()
        self.linear = nn.Linear(size, len(share))
        with torch.no_grad():
            self.linear.weight.mul_(0.1)
            self.linear.bias.copy_(log_odds(share))

    def nats(self, features: Tensor, frames: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(self.linear(features), frames, reduction="none").sum(1)

    def draw(self, features: Tensor, rng: np.random.Generator) -> Tensor:
        p = torch.sigmoid(self.linear(features))
        return (torch.tensor(rng.random(len(p)), device=p.device) < p).float()


class NADE(ExactHead):
    r"""The neural autoregressive distribution estimator: keys from the lowest to the highest, each given those below.

        p(v_k = 1 | v_<k) = σ(b_k + V_k · σ(c + Σ_{j<k} W_j v_j))

    b and c are linear in the features (Larochelle & Murray 2011, equations 3 and 4; Boulanger-Lewandowski, Bengio &
    Vincent 2012, section 4.3).
    """

    def __init__(self, size: int, hidden_size: int, share: Tensor) -> None:
        super().__init__()
        keys = len(share)
        self.W = nn.Parameter(torch.empty(keys, hidden_size).normal_(std=0.05))
        self.V = nn.Parameter(torch.empty(keys, hidden_size).normal_(std=0.05))
        self.b, self.c = nn.Linear(size, keys), nn.Linear(size, hidden_size)
        with torch.no_grad():
            self.b.weight.mul_(0.1)
            self.b.bias.copy_(log_odds(share))

    def nats(self, features: Tensor, frames: Tensor) -> Tensor:
        found: Tensor = _NADE.apply(frames, self.b(features), self.c(features), self.W, self.V)  # type: ignore[no-untyped-call]
        return found

    def draw(self, features: Tensor, rng: np.random.Generator) -> Tensor:
        b, a = self.b(features), self.c(features)
        frame = torch.zeros_like(b)
        for k, u in enumerate(rng.random(len(frame))):
            if u < float(torch.sigmoid(b[k] + self.V[k] @ torch.sigmoid(a))):
                frame[k] = 1
                a = a + self.W[k]
        return frame


class _NADE(torch.autograd.Function):
    """−ln p (N,) of frames (N, K), with b (N, K), c (N, H), W and V (K, H).

    Between two keys that sound, the hidden units stay as they are, so they are computed once per key that sounds, and
    once at the start: of a frame with n keys there are n + 1 states (H,), not K.
    """

    @staticmethod
    def forward(ctx, frames, b, c, W, V):  # type: ignore[no-untyped-def]
        counts = frames.sum(1).long()
        most = int(counts.max()) if len(frames) else 0
        # The n-th key that sounds in each frame; K where there are fewer.
        keys = frames.shape[1]
        order = torch.where(frames > 0, torch.arange(keys, device=frames.device), keys).sort(dim=1).values[:, :most]
        padded = torch.cat([W, torch.zeros_like(W[:1])])
        states = torch.cat([c[:, None], padded[order]], dim=1).cumsum(1).sigmoid_()  # (N, n + 1, H)
        segment = (frames.cumsum(1) - frames).long()  # which state each key sees
        logits = b + torch.matmul(states, V.t()).gather(1, segment[:, None]).squeeze(1)
        ctx.save_for_backward(frames, states, segment, order, logits, W, V)
        return F.binary_cross_entropy_with_logits(logits, frames, reduction="none").sum(1)

    @staticmethod
    def backward(ctx, grad):  # type: ignore[no-untyped-def]
        frames, states, segment, order, logits, W, V = ctx.saved_tensors
        db = (torch.sigmoid(logits) - frames) * grad[:, None]
        spread = torch.zeros(len(frames), states.shape[1], frames.shape[1], dtype=db.dtype, device=db.device)
        spread.scatter_(1, segment[:, None], db[:, None])  # (N, n + 1, K)
        dV = torch.einsum("nsk,nsh->kh", spread, states)
        da = torch.matmul(spread, V) * states * (1 - states)
        after = da.flip(1).cumsum(1).flip(1)  # what the states from here on depend on
        dW = torch.zeros(len(W) + 1, W.shape[1], dtype=W.dtype, device=W.device)
        dW.index_add_(0, order.reshape(-1), after[:, 1:].reshape(-1, W.shape[1]))
        return None, db, after[:, 0], dW[:-1], dV
