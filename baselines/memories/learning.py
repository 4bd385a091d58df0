"""How a Hopfield network learns: patterns (P, N) of ±1 → symmetric weights (N, N) without self-connections."""

from collections.abc import Callable, Mapping

import numpy as np

from seqbench.baselines.memories.connections import Connections, refuse_to_fill_memory
from seqbench.interface import Floats
from seqbench.tasks.patterns.model import Signs

ALIKE = 1e-9
"""A pattern whose part outside the span of the stored ones is no longer than this share of it adds nothing."""


def hebbian(weights: Floats, pattern: Signs) -> Floats:
    """Store one more pattern ξ: w_ij += ξ_i ξ_j / N (Hopfield 1982, "Neural networks and physical systems with emergent
    collective computational abilities", equation 2)."""
    x = pattern.astype(np.float64)
    return _without_self(weights + np.outer(x, x) / len(x))


def storkey(weights: Floats, pattern: Signs) -> Floats:
    r"""Store one more pattern ξ (Storkey 1997, "Increasing the capacity of a Hopfield network without sacrificing
    functionality"):

        w_ij += (ξ_i ξ_j − ξ_i h_ji − h_ij ξ_j) / N,    h_ij = Σ_{k ∉ {i, j}} w_ik ξ_k
    """
    x = pattern.astype(np.float64)
    fields = (weights @ x)[:, None] - weights * x  # w_ii = 0
    change = np.outer(x, x) - fields.T * x[:, None] - fields * x
    return _without_self(weights + change / len(x))


def hebbian_of(patterns: Signs) -> Connections:
    """Return the connections of `hebbian` for all patterns at once; their order does not matter."""
    return Connections.of_vectors(patterns / np.sqrt(patterns.shape[1]))


def storkey_of(patterns: Signs) -> Connections:
    """Return the connections of `storkey` for all patterns, in this order, which matters."""
    refuse_to_fill_memory(patterns.shape[1])
    weights: Floats = np.zeros((patterns.shape[1], patterns.shape[1]))
    for pattern in patterns:
        weights = storkey(weights, pattern)
    return Connections(weights)


def pseudo_inverse_of(patterns: Signs) -> Connections:
    """Return the projection onto the span of the patterns (Personnaz, Guyon & Dreyfus 1985; Kanter & Sompolinsky 1987),
    without its diagonal.

    Patterns that are linearly independent are fixed points, however alike they are.
    """
    basis = np.zeros((0, patterns.shape[1]))
    for pattern in patterns:
        basis = _extended(basis, pattern)
    return Connections.of_vectors(basis)


def _extended(basis: Floats, pattern: Signs) -> Floats:
    """Return an orthonormal basis (K, N) with one more pattern; the same basis if it lies in its span."""
    x = pattern.astype(np.float64)
    rest = x - basis.T @ (basis @ x)
    rest -= basis.T @ (basis @ rest)  # twice is enough (Giraud, Langou & Rozložník 2005)
    length = np.linalg.norm(rest)
    return basis if length <= ALIKE * np.linalg.norm(x) else np.vstack([basis, rest / length])


def _without_self(weights: Floats) -> Floats:
    np.fill_diagonal(weights, 0.0)
    return weights


RULES: Mapping[str, Callable[[Signs], Connections]] = {
    "hebbian": hebbian_of,
    "storkey": storkey_of,
    "pseudo-inverse": pseudo_inverse_of,
}
