"""Connections between units: a matrix of weights, or a few vectors whose products the weights are."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import psutil

from seqbench.interface import Arrays, Floats
from seqbench.tasks.patterns.model import Signs


@dataclass(frozen=True)
class Connections:
    """w_ij = Σ_k u_ki u_kj for i ≠ j, of K vectors u; or any matrix. No unit acts on itself, w_ii = 0.

    With vectors, a field Σ_j w_ij s_j takes 2 K products instead of N.
    """

    matrix: Floats | None
    """(N, N) with a diagonal of zeros; None: the weights are products of vectors."""
    vectors: Floats | None = None
    """(K, N)"""

    @classmethod
    def of_vectors(cls, vectors: Floats) -> Self:
        """Return the connections of vectors (K, N), in the form that computes less."""
        few = cls(None, vectors)
        return few if 2 * len(vectors) < vectors.shape[1] else cls(few.weights())

    @property
    def units(self) -> int:
        return int(self._held().shape[1])

    def weights(self) -> Floats:
        """Return the matrix (N, N)."""
        if self.matrix is not None:
            return self.matrix
        assert self.vectors is not None
        refuse_to_fill_memory(self.vectors.shape[1])
        weights = self.vectors.T @ self.vectors
        np.fill_diagonal(weights, 0.0)
        return weights

    def energy(self, states: Signs) -> Floats:
        """Return E = −½ Σ_ij w_ij s_i s_j of states (B, N) (Hopfield 1982, equation 7)."""
        s = states.astype(np.float64)
        found: Floats = -0.5 * (s * self.fields(s)).sum(axis=1)
        return found

    def fields(self, states: Floats) -> Floats:
        """Return Σ_j w_ij s_j of states (B, N), (B, N)."""
        if self.matrix is not None:
            found: Floats = states @ self.matrix.T
            return found
        assert self.vectors is not None
        products: Floats = states @ self.vectors.T @ self.vectors - (self.vectors**2).sum(axis=0) * states
        return products

    def arrays(self) -> Arrays:
        return {"vectors" if self.matrix is None else "matrix": self._held()}

    @classmethod
    def restored(cls, arrays: Arrays) -> Self:
        return cls(arrays.get("matrix"), arrays.get("vectors"))

    def _held(self) -> Floats:
        held = self.vectors if self.matrix is None else self.matrix
        assert held is not None
        return held


def refuse_to_fill_memory(units: int) -> None:
    """Raise MemoryError, before it happens, if a matrix of weights between all units does not fit into memory."""
    needed, free = 8 * units**2, psutil.virtual_memory().available
    if needed > free:
        raise MemoryError(
            f"weights between {units:,} units need {needed / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are "
            "free: use fewer units, or a memory that keeps the patterns instead, such as dense-memory"
        )
