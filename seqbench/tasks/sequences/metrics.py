"""Metrics of regression.

Item columns, one entry per sequence: `target_k` and `predicted_k` for each of the K targets, k = 0…K−1. With several
targets, a score is the mean over them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import Columns, Metric, column, mean_of, totals
from seqbench.interface import Floats


def item_columns(targets: Floats, predicted: Floats) -> dict[str, NDArray[Any]]:
    """Return the item columns of targets (N, K) and predictions (N, K)."""
    named = {"target": targets, "predicted": predicted}
    return {
        f"{name}_{k}": array[:, k].astype(np.float64) for name, array in named.items() for k in range(array.shape[1])
    }


def _errors(columns: Columns) -> tuple[Floats, Floats]:
    """Return the targets and the errors, both (N, K)."""
    known = range(sum(name.startswith("target_") for name in columns))
    targets = np.stack([column(columns, f"target_{k}") for k in known], axis=1)
    return targets, np.stack([column(columns, f"predicted_{k}") for k in known], axis=1) - targets


def _squared(columns: Columns) -> Floats:
    with np.errstate(over="ignore"):
        return totals({"squared": (_errors(columns)[1] ** 2).mean(axis=1)}, "squared")


def _absolute(columns: Columns) -> Floats:
    return totals({"absolute": np.abs(_errors(columns)[1]).mean(axis=1)}, "absolute")


def _variances(columns: Columns) -> Floats:
    """Return (N, 3K + 1): squared errors; targets and their squares, around the mean of all; and 1."""
    targets, errors = _errors(columns)
    centred = targets - targets.mean(axis=0)
    with np.errstate(over="ignore"):
        squares = np.nan_to_num(errors**2)
    return np.concatenate([squares, centred, centred**2, np.ones((len(targets), 1))], axis=1)


def _explained(sums: Floats) -> Floats:
    """Return 1 − Σ (ŷ − y)² / Σ (y − ȳ)², as a mean over targets; NaN if a target is constant."""
    items = sums[:, -1:]
    errors, first, second = np.split(sums[:, :-1], 3, axis=1)
    spread = second - first**2 / items
    moves = spread > 1e-12 * np.maximum(second, 1e-300)
    share: Floats = np.where(moves, 1 - errors / np.where(moves, spread, 1.0), np.nan).mean(axis=1)
    return share


_ERROR: dict[str, Any] = {"value": mean_of, "lower_is_better": True, "range": "positive"}

MSE = Metric("mse", "MSE", _squared, **_ERROR)
MAE = Metric("mae", "MAE", _absolute, **_ERROR)
R_SQUARED = Metric("r_squared", "R²", _variances, _explained, lower_is_better=False)
"""The coefficient of determination: 0 for the mean of the scored targets, 1 without errors."""
