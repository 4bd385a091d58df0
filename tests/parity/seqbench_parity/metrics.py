"""Squared error, with one unit per string."""

from seqbench.evidence.metrics import Columns, Metric
from seqbench.interface import Floats


def _mse(columns: Columns, weights: Floats) -> Floats:
    mean: Floats = weights @ columns["squared"] / weights.sum(axis=1)
    return mean


MSE = Metric("mse", "MSE", _mse, lower_is_better=True)
