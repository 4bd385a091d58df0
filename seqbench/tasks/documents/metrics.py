"""Metrics of classification, and the confusion matrix.

Item columns, one entry per document: `label` and `predicted`, indices of classes; `confidence`, the probability of the
predicted class; `nats`, −ln p of the true class.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import Columns, Metric
from seqbench.interface import Floats

BINS = 15
"""Number of bins of equal width for the confidence, in the calibration error (Guo et al. 2017, section 2)."""


def confusion(columns: Columns, classes: int) -> NDArray[np.int64]:
    """Return (C, C) counts of documents by true class (row) and predicted class (column)."""
    pairs = columns["label"].astype(np.int64) * classes + columns["predicted"]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def by_class(matrix: NDArray[np.int64]) -> dict[str, list[float]]:
    """Return precision, recall and F1 of each class; a ratio with the denominator 0 is 0."""
    right, predicted, true = np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)
    return {
        "precision": (right / np.maximum(predicted, 1)).tolist(),
        "recall": (right / np.maximum(true, 1)).tolist(),
        "f1": (2 * right / np.maximum(predicted + true, 1)).tolist(),
    }


def _tallies(columns: Columns, weights: Floats) -> tuple[Floats, Floats]:
    """Return two arrays (R, C): twice the true positives of each class, and its true plus its predicted documents."""
    label, predicted = columns["label"], columns["predicted"]
    classes = np.arange(1 + max(label.max(), predicted.max()))
    true = (label[:, None] == classes).astype(np.float64)
    said = (predicted[:, None] == classes).astype(np.float64)
    return 2 * weights @ (true * said), weights @ (true + said)


def _macro_f1(columns: Columns, weights: Floats) -> Floats:
    """Return the mean F1 over the classes that occur or are predicted in a resample."""
    right, all_ = _tallies(columns, weights)
    met = all_ > 0
    mean: Floats = np.where(met, right / np.where(met, all_, 1), 0).sum(axis=1) / met.sum(axis=1)
    return mean


def _micro_f1(columns: Columns, weights: Floats) -> Floats:
    right, all_ = _tallies(columns, weights)
    pooled: Floats = right.sum(axis=1) / all_.sum(axis=1)
    return pooled


def _mean(values: NDArray[Any], weights: Floats) -> Floats:
    mean: Floats = weights @ values / weights.sum(axis=1)
    return mean


def _accuracy(columns: Columns, weights: Floats) -> Floats:
    return _mean((columns["label"] == columns["predicted"]).astype(np.float64), weights)


def _log_loss(columns: Columns, weights: Floats) -> Floats:
    nats = columns["nats"].astype(np.float64)
    impossible = np.isposinf(nats)
    mean = _mean(np.where(impossible, 0.0, nats), weights)
    mean[weights[:, impossible].any(axis=1)] = np.inf
    return mean


def _calibration_error(columns: Columns, weights: Floats) -> Floats:
    """Return the sum over bins of |Σ (right − confidence)| / N, with N the number of all documents (Guo et al. 2017,
    eq. 3)."""
    confidence = columns["confidence"].astype(np.float64)
    surplus = (columns["label"] == columns["predicted"]) - confidence
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    by_bin = np.where(bins[:, None] == np.arange(BINS), surplus[:, None], 0.0)
    error: Floats = np.abs(weights @ by_bin).sum(axis=1) / weights.sum(axis=1)
    return error


MACRO_F1 = Metric("macro_f1", "macro-F1", _macro_f1, lower_is_better=False, per_cent=True)
ACCURACY = Metric("accuracy", "accuracy", _accuracy, lower_is_better=False, per_cent=True)
MICRO_F1 = Metric("micro_f1", "micro-F1", _micro_f1, lower_is_better=False, per_cent=True)
LOG_LOSS = Metric("log_loss", "log-loss", _log_loss, lower_is_better=True)
CALIBRATION_ERROR = Metric(
    "calibration_error", "calibration error", _calibration_error, lower_is_better=True, per_cent=True
)
