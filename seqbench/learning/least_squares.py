"""Linear maps of windows by ridge least squares, in closed form.

A window is split into its trend, a moving mean M x, and the rest, each with a map of its own,

    ŷ = b + W_t M x + W_s (x − M x)

(Zeng, Chen, Zhang & Xu 2023, "Are transformers effective for time series forecasting?", DLinear). As a function this
is a single linear map W = W_t M + W_s (I − M): what the split changes is the penalty. Of all (W_t, W_s) that make W the
smallest has the norm tr W K⁻¹ Wᵀ, K = MᵀM + (I − M)ᵀ(I − M), so that

    W = Y Xᵀ (X Xᵀ + λ K⁻¹)⁻¹

has the same answer as ridge regression on the 2 L numbers of both parts, with L of them.
"""

import numpy as np
import torch

from seqbench.interface import Floats
from seqbench.learning.series_windows import ErrorUnit, SeriesWindows

PIECE = 8192
"""Windows at a time."""


def moving_mean(length: int, kernel: int) -> Floats:
    """(L, L) M, the mean of `kernel` values around each, the ends of the window repeated beyond it; 1: the identity."""
    reach = np.arange(kernel) - (kernel - 1) // 2
    mean = np.zeros((length, length))
    for row in range(length):
        np.add.at(mean[row], np.clip(row + reach, 0, length - 1), 1 / kernel)
    return mean


def least_squares(
    windows: SeriesWindows, logarithm: bool, errors: ErrorUnit, ridge: float, kernel: int
) -> tuple[Floats, Floats]:
    """The map of scaled windows to scaled targets that makes

        Σ_n ‖(y_n − b − W x_n) / r_n‖² + ridge · s · tr W K⁻¹ Wᵀ

    least, r_n the unit that the errors of a window count in, s the sum of squares of an input, on average.

    Returns:
        W (H, L) and b (H,); zeros where no window moves.
    """
    size = windows.window + 1
    gram, products = torch.zeros(size, size, dtype=torch.float64), torch.zeros(size, windows.horizon).double()
    for rows in windows.pieces(PIECE):
        x, y, unit = windows.scaled(rows, logarithm, errors)
        x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1) / unit
        gram += x.T @ x
        products += x.T @ (y / unit)
    scale = float(gram.diagonal()[:-1].mean())
    if scale == 0:
        return np.zeros((windows.horizon, windows.window)), np.zeros(windows.horizon)
    trend = moving_mean(windows.window, kernel)
    rest = np.eye(windows.window) - trend
    gram[:-1, :-1] += ridge * scale * torch.from_numpy(np.linalg.inv(trend.T @ trend + rest.T @ rest))
    factor = torch.linalg.cholesky(gram)
    solved = torch.cholesky_solve(products, factor).numpy()
    return np.ascontiguousarray(solved[:-1].T), solved[-1]
