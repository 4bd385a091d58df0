"""Read-outs: ridge regression in closed form, for all penalties at once.

    minimise over W, b:   Σ_n ‖y_n − b − W x_n‖² + λ ‖W‖²

Rows are added in pieces. The triangle of the QR decomposition of [1, X, Y] is updated with each piece and holds all
that solutions need: its first row the means, the rows below it R_x and R_y, where Q R_x is the centred X and Q R_y the
part of the centred Y that X can explain. With the singular values R_x = U S Vᵀ, a penalty costs two small products,

    Wᵀ = V diag(s / (s² + λ)) Uᵀ R_y

(Hastie, Tibshirani & Friedman 2009, "The elements of statistical learning", 2nd ed., equation 3.47). The Gram matrix
XᵀX would square the condition of X, and lose the digits by which a reservoir follows a chaotic series.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqbench.interface import Floats

REGULAR = 1e-12
"""Added to the diagonal of I − H, which is singular if rows that are left out are the only ones of their kind."""


@dataclass(frozen=True)
class Readout:
    """ŷ = x Wᵀ + b for each of P penalties."""

    weight: Floats
    """(P, N, K) Wᵀ."""
    bias: Floats
    """(P, K) b."""

    def __call__(self, x: Floats) -> Floats:
        """x: (M, N); returns (P, M, K)."""
        y: Floats = x @ self.weight + self.bias[:, None]
        return y


class Triangle:
    """Collects rows of N inputs and K outputs in the triangle of a QR decomposition."""

    def __init__(self, inputs: int, outputs: int) -> None:
        self.rows = 0
        self._inputs, self._triangle = inputs, np.zeros((0, 1 + inputs + outputs))

    def add(self, x: Floats, y: Floats) -> None:
        """Add rows: x (M, N) and y (M, K)."""
        piece = np.concatenate([np.ones((len(x), 1)), x, y], axis=1)
        self._triangle = np.asarray(np.linalg.qr(np.concatenate([self._triangle, piece]), mode="r"))
        self.rows += len(x)

    def ridge(self) -> "Ridge":
        """Return the regression of the outputs on the inputs, with an intercept that is not penalised.

        Raises:
            ValueError: no rows were added.
        """
        if not self.rows:
            raise ValueError("there are no rows to fit")
        means, rest = self._triangle[0, 1:] / self._triangle[0, 0], self._triangle[1:, 1:]
        u, s, vt = np.linalg.svd(rest[:, : self._inputs], full_matrices=False)
        kept = s > np.finfo(np.float64).eps * max(self.rows, self._inputs) * s.max(initial=0)
        return Ridge(
            self.rows,
            means[: self._inputs],
            means[self._inputs :],
            s[kept],
            vt[kept],
            u.T[kept] @ rest[:, self._inputs :],
        )


@dataclass(frozen=True)
class Ridge:
    """Ridge regression along all penalties; singular values that are rounding errors are left out."""

    rows: int
    input_mean: Floats
    """(N,)"""
    output_mean: Floats
    """(K,)"""
    s: Floats
    """(R,) singular values of the centred inputs."""
    vt: Floats
    """(R, N)"""
    projected: Floats
    """(R, K) Uᵀ times the centred outputs."""

    @property
    def scale(self) -> float:
        """The mean over the inputs of an input's centred sum of squares: a unit of penalties."""
        return float((self.s**2).sum() / len(self.input_mean))

    def solve(self, penalties: Sequence[float]) -> Readout:
        """Return the read-outs of penalties λ (P), each at least 0."""
        weight = np.stack([self.vt.T @ ((self.s / (self.s**2 + p))[:, None] * self.projected) for p in penalties])
        return Readout(weight, self.output_mean - self.input_mean @ weight)

    def left_out(self, x: Floats, y: Floats, penalties: Sequence[float]) -> Floats:
        """Return the errors (P, M, K) of rows x, y by the read-out of all rows except these M together.

        The rows must be among those of the regression. With H = X_c (X_cᵀX_c + λ)⁻¹ X_cᵀ + 1/n restricted to them, and
        e the errors of the read-out of all rows, these errors are (I − H)⁻¹ e, so nothing is fitted again. One row
        gives leave-one-out cross-validation (Hastie et al. 2009, equation 7.64).
        """
        errors = y - self.solve(penalties)(x)
        rotated = (x - self.input_mean) @ self.vt.T
        hats = np.stack([(rotated / (self.s**2 + p)) @ rotated.T for p in penalties]) + 1 / self.rows
        left: Floats = np.linalg.solve((1 + REGULAR) * np.eye(len(x)) - hats, errors).astype(np.float64)
        return left
