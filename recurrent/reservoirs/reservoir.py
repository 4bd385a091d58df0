"""The reservoir of an echo state network: a recurrent layer with fixed random weights.

Jaeger 2001, "The 'echo state' approach to analysing and training recurrent neural networks", GMD report 148; with leaky
units as in Lukoševičius 2012, "A practical guide to applying echo state networks", equations 2 and 3.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from seqbench.interface import Arrays, Floats

Activation = Literal["tanh", "linear"]


@dataclass(frozen=True)
class Reservoir:
    r"""N units that read D inputs.

        x̃_t = f(W_in u_t + b + W x_{t−1})
        x_t = (1 − a) x_{t−1} + a x̃_t

    If the spectral radius of W is below 1, the units usually forget their initial state, so x_t depends on the inputs
    alone: the echo state property. For linear f it is then certain.
    """

    recurrent: csr_array
    """(N, N) W."""
    inputs: Floats
    """(N, D) W_in."""
    bias: Floats
    """(N,) b."""
    leak: float
    """a, in (0, 1]; 1: units without leak."""
    activation: Activation = "tanh"
    """f."""

    @classmethod
    def draw(
        cls,
        hidden_size: int,
        input_size: int,
        rng: np.random.Generator,
        *,
        spectral_radius: float,
        connections: int = 10,
        input_scaling: float = 1.0,
        bias_scaling: float = 0.0,
        leak: float = 1.0,
        activation: Activation = "tanh",
    ) -> "Reservoir":
        """Draw a reservoir; all weights are uniform between minus and plus their scale.

        Args:
            spectral_radius: largest absolute eigenvalue of W, to which the drawn W is scaled.
            connections: number of units whose outputs a unit reads; all units if there are no more.
        """
        fan_in = min(connections, hidden_size)
        columns = np.argsort(rng.random((hidden_size, hidden_size)), axis=1)[:, :fan_in]
        dense = np.zeros((hidden_size, hidden_size))
        np.put_along_axis(dense, columns, rng.uniform(-1, 1, (hidden_size, fan_in)), axis=1)
        radius = float(np.abs(np.linalg.eigvals(dense)).max())  # above 0: every unit reads one, so there is a cycle
        return cls(
            csr_array(dense * (spectral_radius / radius)),
            rng.uniform(-input_scaling, input_scaling, (hidden_size, input_size)),
            rng.uniform(-bias_scaling, bias_scaling, hidden_size),
            leak,
            activation,
        )

    @property
    def hidden_size(self) -> int:
        return len(self.bias)

    def initial(self, batch: int) -> Floats:
        """Return the state (B, N) before the first step: zeros."""
        return np.zeros((batch, self.hidden_size))

    def step(self, u: Floats, state: Floats) -> Floats:
        """Return the state (B, N) after reading u (B, D)."""
        return self._next(u @ self.inputs.T + self.bias, state)

    def run(self, u: Floats, state: Floats | None = None) -> Floats:
        """Return the states (B, T, N) after each step of u (B, T, D), from `state` (B, N) on."""
        state = self.initial(len(u)) if state is None else state
        states = u @ self.inputs.T + self.bias  # the input products of all steps at once
        for t in range(u.shape[1]):
            states[:, t] = state = self._next(states[:, t], state)
        return states

    def _next(self, driven: Floats, state: Floats) -> Floats:
        a: Floats = driven + (self.recurrent @ state.T).T
        a = np.tanh(a) if self.activation == "tanh" else a
        return a if self.leak == 1 else (1 - self.leak) * state + self.leak * a

    def arrays(self) -> Arrays:
        """Return the weights, for `restored`."""
        w = self.recurrent
        return {"data": w.data, "indices": w.indices, "indptr": w.indptr, "inputs": self.inputs, "bias": self.bias}

    @classmethod
    def restored(cls, arrays: Arrays, leak: float, activation: Activation = "tanh") -> "Reservoir":
        size = len(arrays["bias"])
        recurrent = csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=(size, size))
        return cls(recurrent, arrays["inputs"], arrays["bias"], leak, activation)
