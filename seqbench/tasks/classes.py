"""Classification of items of any kind: valid scores, the law of their sum, item columns, metrics, confusion matrix.

Item columns, one entry per item: `label` and `predicted`, indices of classes; `confidence`, the probability of the
predicted class; `nats`, −ln p of the true class.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.laws import SUM_TOLERANCE, ScoreError, log_probabilities
from seqbench.evidence.metrics import SHARE, Columns, Metric, column, mean_of, one_error, share_of, totals
from seqbench.evidence.records import Check
from seqbench.interface import Floats, Ids

BINS = 15
"""Number of bins of equal width for the confidence, in the calibration error (Guo et al. 2017, section 2)."""


def class_scores(given: object, items: int, classes: int, noun: str) -> Floats:
    """Return what `predict` returned as log-probabilities (N, C), after checking it.

    Args:
        items, classes: N and C.
        noun: what an item is, in the singular.

    Raises:
        ScoreError: the result has the wrong shape, or a score is not a log-probability.
    """
    scores = np.asarray(given)
    if scores.shape != (items, classes):
        raise ScoreError(f"predict returned shape {scores.shape} for {items} {noun}s and {classes} classes")
    return log_probabilities(scores, lambda nan: f"{int(nan.any(axis=1).sum()):,} {noun}s")


def normalised(log_p: Floats) -> Check:
    """The probabilities of all classes sum to one, for each scored item; log_p: (N, C)."""
    sums = np.exp(log_p).sum(axis=1)
    value = float(sums[np.abs(sums - 1).argmax()])
    passed = abs(value - 1) <= SUM_TOLERANCE
    sentence = f"the probabilities of all classes sum to {value:.6g}"
    return Check(
        name="normalised",
        passed=passed,
        value=value,
        bound=1 + SUM_TOLERANCE if value >= 1 else 1 - SUM_TOLERANCE,
        message=sentence if passed else f"{sentence}: scores must be log-probabilities of a distribution over classes",
        places=len(sums),
    )


NORMALISED: Mapping[str, Callable[[Floats], Check]] = {"normalised": normalised}


def item_columns(log_p: Floats, labels: Ids) -> dict[str, NDArray[Any]]:
    """Return the item columns of predictions (N, C) for items of these classes (N,)."""
    predicted, rows = log_p.argmax(axis=1), np.arange(len(labels))
    return {
        "label": labels.astype(np.int32),
        "predicted": predicted.astype(np.int32),
        "confidence": np.exp(log_p[rows, predicted]).astype(np.float32),
        "nats": -log_p[rows, labels].astype(np.float32),
    }


def class_detail(columns: Columns, classes: Sequence[str]) -> dict[str, Any]:
    """Return the names of the classes; `precision`, `recall` and `f1` of each class; `confusion`, the counts by true
    class (row) and predicted class (column)."""
    matrix = confusion(columns, len(classes))
    return {"classes": list(classes), **by_class(matrix), "confusion": matrix.tolist()}


def told(log_p: Floats, classes: Sequence[str]) -> dict[str, Any]:
    """Return predictions (N, C) for people: `predicted`, and the probability of each class, `p(NAME)`."""
    return {
        "predicted": [classes[i] for i in log_p.argmax(axis=1)],
        **{f"p({name})": np.exp(log_p[:, i]) for i, name in enumerate(classes)},
    }


def confusion(columns: Columns, classes: int) -> NDArray[np.int64]:
    """Return (C, C) counts of items by true class (row) and predicted class (column)."""
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


def _classes(columns: Columns) -> Floats:
    """Return the classes (C,) that occur among the labels, which are the same for all models of a table."""
    return np.unique(columns["label"])


def _by_class(columns: Columns) -> Floats:
    """Return (N, 2C): for each class twice the true positives, then its true plus its predicted items."""
    classes = _classes(columns)
    true = (columns["label"][:, None] == classes).astype(np.float64)
    said = (columns["predicted"][:, None] == classes).astype(np.float64)
    return np.concatenate([2 * true * said, true + said], axis=1)


def _macro_f1(sums: Floats) -> Floats:
    """Return the mean F1 (R,) over the classes; a class without true or predicted items is left out."""
    right, all_ = np.split(sums, 2, axis=1)
    met = all_ > 0
    mean: Floats = np.where(met, right / np.where(met, all_, 1), 0).sum(axis=1) / np.maximum(met.sum(axis=1), 1)
    return mean


def _errors_by_class(columns: Columns) -> tuple[Floats, Floats]:
    """Return what changes if an item of a class is taken for another class, as likely as that class is frequent."""
    share = (columns["label"][:, None] == _classes(columns)).mean(axis=0)
    instead = np.tile(share, (len(share), 1)) * (1 - np.eye(len(share)))
    instead /= np.maximum(instead.sum(axis=1, keepdims=True), 1e-300)
    return np.concatenate([-2 * np.eye(len(share)), instead - np.eye(len(share))], axis=1), share


def _right(columns: Columns) -> Floats:
    """Return (N, 2): whether the item is right, and 1."""
    right = (columns["label"] == columns["predicted"]).astype(np.float64)
    return np.stack([right, np.ones(len(right))], axis=1)


def bins_of(confidence: Floats) -> Ids:
    """Return the bin of each item (N,), 0..BINS − 1, by its confidence."""
    bins: Ids = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    return bins


def _surplus(columns: Columns) -> Floats:
    """Return (N, 3 · BINS): right minus confidence, its square, and 1, each in the column of the item's bin."""
    confidence = column(columns, "confidence")
    surplus = (columns["label"] == columns["predicted"]) - confidence
    here = bins_of(confidence)[:, None] == np.arange(BINS)
    ones = np.ones(len(confidence))
    return np.concatenate([np.where(here, x[:, None], 0.0) for x in (surplus, surplus**2, ones)], axis=1)


def _calibration_error(sums: Floats) -> Floats:
    """Return the root of Σ_b n_b / N · (mean surplus of bin b)², without the bias of the square.

    The square of a bin's mean surplus is too large by the variance of this mean. The mean of the products of two
    different items of the bin, (S² − Q) / (n (n − 1)) with the sum S and the sum of squares Q, is free of this bias
    (Kumar, Liang & Ma 2019, "Verified uncertainty calibration", section 5). Bins with one item are left out; NaN if
    there are no others.
    """
    total, squares, counts = np.split(sums, 3, axis=1)
    known = counts > 1
    of_bins = np.where(known, (total**2 - squares) / np.where(known, counts - 1, 1.0), 0.0)
    items = np.where(known, counts, 0.0).sum(axis=1)
    mean = np.where(items > 0, of_bins.sum(axis=1) / np.maximum(items, 1.0), np.nan)
    root: Floats = np.sign(mean) * np.sqrt(np.abs(mean))
    return root


def _calibration_noise(columns: Columns) -> tuple[float, float]:
    """Return c and d, with s² the variance of an item's surplus in a bin: its sample's, or p (1 − p) by the
    confidence if that is larger, since few items seldom hold a rare error.

    The terms of a bin are 4 (n/N) μ² s²/N and 2 s⁴/N².
    """
    sums, confidence = _surplus(columns), column(columns, "confidence")
    total, squares, counts = (x for x in np.split(sums.sum(axis=0), 3))
    bernoulli = (confidence * (1 - confidence)) @ sums[:, 2 * BINS :]
    known = counts > 1
    counts, total, squares, bernoulli = counts[known], total[known], squares[known], bernoulli[known]
    if not len(counts):
        return 0.0, 0.0
    variance = np.maximum((squares - total**2 / counts) / (counts - 1), bernoulli / counts)
    items = counts.sum()
    return float(counts @ variance / items**2), float(2 * np.square(variance).sum() / items**2)


MACRO_F1 = Metric("macro_f1", "macro-F1", _by_class, _macro_f1, errors=_errors_by_class, **SHARE)
ACCURACY = Metric("accuracy", "accuracy", _right, share_of, errors=one_error, **SHARE)
MICRO_F1 = Metric("micro_f1", "micro-F1", _right, share_of, errors=one_error, **SHARE)
"""With one class per item, it equals the accuracy."""
LOG_LOSS = Metric("log_loss", "log-loss", partial(totals, name="nats"), mean_of, lower_is_better=True, range="positive")
CALIBRATION_ERROR = Metric(
    "calibration_error",
    "calibration error",
    _surplus,
    _calibration_error,
    lower_is_better=True,
    scale="square",
    noise=_calibration_noise,
    per_cent=True,
)
