"""Persistent contrastive divergence with one step, by the gradient in closed form: fast, on the CPU and on a GPU."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class Persistent:
    r"""A restricted Boltzmann machine that learns batch by batch.

        W += ε / B (vᵀ u − v'ᵀ u'),   b += ε mean(v − v'),   c += ε mean(u − u'),      u = σ(v W + c), u' = σ(v' W + c)

    v' are particles that go on from update to update: v' is drawn given their hidden units, and these then given v'
    (Tieleman 2008, "Training restricted Boltzmann machines using approximations to the likelihood gradient"; the
    algorithm of scikit-learn's BernoulliRBM). There are as many particles as rows in a batch. All buffers are reused.
    """

    W: Tensor
    """(K, H)"""
    b: Tensor
    """(K,)"""
    c: Tensor
    """(H,)"""
    h: Tensor
    """(B, H) hidden states of the particles."""

    @classmethod
    def started(cls, visible: int, hidden: int, batch: int, std: float = 0.01, device: str = "cpu") -> "Persistent":
        """Return a machine with normal weights of this standard deviation, by torch's generator."""
        W = torch.empty(visible, hidden, device=device).normal_(std=std)
        b, c, h = (torch.zeros(*shape, device=device) for shape in ((visible,), (hidden,), (batch, hidden)))
        return cls(W, b, c, h)

    def __post_init__(self) -> None:
        (visible, hidden), batch = self.W.shape, len(self.h)
        self._up, self._down = (torch.empty(batch, hidden, device=self.W.device) for _ in range(2))
        self._v, self._drawn = (torch.empty(batch, visible, device=self.W.device) for _ in range(2))

    @torch.no_grad()
    def learn(self, v: Tensor, rate: float) -> None:
        """Update by a batch (B, K) of 0 and 1; a smaller batch moves as many particles."""
        rows = len(v)
        up, down, drawn, noise = (x[:rows] for x in (self._up, self._down, self._v, self._drawn))
        h = self.h[:rows]
        torch.addmm(self.c, v, self.W, out=up).sigmoid_()
        torch.addmm(self.b, h, self.W.t(), out=drawn).sigmoid_()
        torch.lt(noise.uniform_(), drawn, out=drawn)
        torch.addmm(self.c, drawn, self.W, out=down).sigmoid_()
        self.W.addmm_(v.t(), up, alpha=rate / rows).addmm_(drawn.t(), down, alpha=-rate / rows)
        self.b.add_(v.sum(0).sub_(drawn.sum(0)), alpha=rate / rows)
        self.c.add_(up.sum(0).sub_(down.sum(0)), alpha=rate / rows)
        torch.lt(up.uniform_(), down, out=h)
