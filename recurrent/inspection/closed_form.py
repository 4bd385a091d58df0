r"""Backpropagation through time of an Elman network in closed form, in NumPy.

    a_t = W x_t + U h_{t−1} + b,   h_t = g(a_t),   h_0 = 0

With δ_t = ∂L_t/∂h_t, the gradient of L = Σ_t L_t is a sum over all pairs of a step t, whose loss is felt, and a step
j ≤ t, at which the shared weights acted:

    ∂L/∂U = Σ_t Σ_{j≤t} g'(a_j) ⊙ (∂h_t/∂h_j)ᵀ δ_t · h_{j−1}ᵀ,      ∂h_t/∂h_j = Π_{k=j+1..t} diag(g'(a_k)) U

W and b have x_j and 1 in the place of h_{j−1}. Werbos 1990, "Backpropagation through time: what it does and how to do
it"; Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks", equations 3–5.

It takes T² products, where the recursion of backpropagation takes T: it is for understanding and for tests.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqbench.interface import Floats


class Gradients(NamedTuple):
    inputs: Floats
    """(H, D) ∂L/∂W."""
    recurrent: Floats
    """(H, H) ∂L/∂U."""
    bias: Floats
    """(H,) ∂L/∂b."""


@dataclass(frozen=True)
class Elman:
    """An Elman network with g = tanh."""

    inputs: Floats
    """(H, D) W."""
    recurrent: Floats
    """(H, H) U."""
    bias: Floats
    """(H,) b."""

    def run(self, x: Floats) -> Floats:
        """Return the states (T + 1, H) for the inputs x (T, D), the initial one first."""
        states = [np.zeros(len(self.bias))]
        for x_t in x:
            states.append(np.tanh(self.inputs @ x_t + self.recurrent @ states[-1] + self.bias))
        return np.stack(states)

    def jacobian(self, states: Floats, start: int, end: int) -> Floats:
        """Return ∂h_end/∂h_start (H, H), a product of `end` − `start` matrices, for states (T + 1, H)."""
        product = np.eye(len(self.bias))
        for h in states[start + 1 : end + 1]:
            product = (1 - h**2)[:, None] * self.recurrent @ product
        return product

    def gradients(self, x: Floats, deltas: Floats) -> Gradients:
        """Return the gradients for inputs x (T, D) and δ (T, H), summed term by term."""
        states = self.run(x)
        found = Gradients(*(np.zeros_like(w) for w in (self.inputs, self.recurrent, self.bias)))
        for t in range(1, len(x) + 1):
            for j in range(1, t + 1):
                felt = (1 - states[j] ** 2) * (self.jacobian(states, j, t).T @ deltas[t - 1])
                found.inputs[:] += np.outer(felt, x[j - 1])
                found.recurrent[:] += np.outer(felt, states[j - 1])
                found.bias[:] += felt
        return found

    def bound(self, lags: int) -> Floats:
        """Return (‖U‖ · max g')^j (J,) for j = 1..`lags`, which no ‖∂h_t/∂h_{t−j}‖ exceeds; tanh' is at most 1."""
        powers: Floats = np.linalg.norm(self.recurrent, 2) ** np.arange(1, lags + 1)
        return powers
