"""Linear maps of windows, fitted by ridge regression in closed form.

A window x is split into its trend, the moving mean M x, and the rest; each part has its own linear map:

    ŷ = b + W_t M x + W_s (x − M x)

(Zeng, Chen, Zhang & Xu 2023, "Are transformers effective for time series forecasting?", DLinear). This is the single
linear map W = W_t M + W_s (I − M), so the split changes only the penalty. Of all pairs (W_t, W_s) that give W, the
smallest has squared norm tr W K⁻¹ Wᵀ with K = MᵀM + (I − M)ᵀ(I − M). Therefore

    W = Y Xᵀ (X Xᵀ + λ K⁻¹)⁻¹

is the solution of ridge regression on the 2 L values of both parts, computed from L values.
"""

import numpy as np
import torch

from seqbench.interface import Floats
from seqbench.learning.series_windows import ErrorUnit, SeriesWindows

PIECE = 8192
"""Number of windows that are processed together."""


def moving_mean(length: int, kernel: int) -> Floats:
    """Return M (L, L), the mean of `kernel` values around each value; the window's end values are repeated beyond it.

    With `kernel` 1, M is the identity.
    """
    reach = np.arange(kernel) - (kernel - 1) // 2
    mean = np.zeros((length, length))
    for row in range(length):
        np.add.at(mean[row], np.clip(row + reach, 0, length - 1), 1 / kernel)
    return mean


def least_squares(
    windows: SeriesWindows, logarithm: bool, errors: ErrorUnit, ridge: float, kernel: int
) -> tuple[Floats, Floats]:
    """Return the linear map from scaled windows to scaled targets that minimises

        Σ_n ‖(y_n − b − W x_n) / r_n‖² + ridge · s · tr W K⁻¹ Wᵀ

    where r_n is the unit of a window's errors and s is the mean over the inputs of an input's sum of squares.

    Returns:
        W (H, L) and b (H,); zeros if all windows are constant.
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
