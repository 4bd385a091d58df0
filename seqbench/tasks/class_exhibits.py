"""What a page shows of classification: reliability, confusions, F1 of each class, what is most confidently wrong."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.exhibits import Bars, Curves, Exhibit, Listing, Matrix, shortened
from seqbench.evidence.metrics import Columns, column
from seqbench.evidence.records import Comparability, Record
from seqbench.evidence.strata import Mask
from seqbench.evidence.units import Units
from seqbench.tasks.classes import ACCURACY, bins_of

CLASSES = 20
"""The most classes that a picture shows."""
WRONG = 10
"""Number of items that the record shows of those that are most confidently wrong."""


def wrong(columns: Columns, classes: Sequence[str], text: Callable[[int], str]) -> list[dict[str, Any]]:
    """Return the items that are most confidently wrong: `text`, shortened; `true`, `predicted`, `confidence`.

    Args:
        text: returns an item, by its number, as a reader would look at it.
    """
    rows = np.flatnonzero(columns["label"] != columns["predicted"])
    surest = rows[np.argsort(-columns["confidence"][rows], kind="stable")[:WRONG]]
    return [
        {
            "text": shortened(text(int(i))),
            "true": classes[columns["label"][i]],
            "predicted": classes[columns["predicted"][i]],
            "confidence": round(float(columns["confidence"][i]), 4),
        }
        for i in surest
    ]


def class_exhibits(
    record: Record, columns: Columns | None, units: Callable[[Columns, Mask, Comparability], Units]
) -> list[Exhibit]:
    """Return what a page shows of one fit; `units` is `stratum` of its task."""
    found: list[Exhibit] = []
    if columns is not None and record.comparability is not None:
        found.append(reliability(record.label, columns, units, record.comparability))
    if "confusion" in record.detail:
        classes, matrix = record.detail["classes"], np.array(record.detail["confusion"], dtype=np.int64)
        found += [*confusions(classes, matrix), _of_classes(record.detail)]
    if record.detail.get("wrong"):
        rows = [
            (one["text"], one["true"], one["predicted"], f"{100 * one['confidence']:.1f} %")
            for one in record.detail["wrong"]
        ]
        found.append(Listing("Most confidently wrong", ("text", "true", "predicted", "confidence"), rows))
    return found


def class_comparisons(fits: Mapping[str, tuple[Record, Columns | None]]) -> list[Exhibit]:
    """Return the F1 of each class by each model; of many classes those on which the models differ most."""
    details = {label: record.detail for label, (record, _) in fits.items() if "f1" in record.detail}
    if not details:
        return []
    names, values = next(iter(details.values()))["classes"], np.array([one["f1"] for one in details.values()])
    spread = values.max(axis=0) - values.min(axis=0)
    kept = _first(-spread)
    by_model = {label: (100 * row[kept]).tolist() for label, row in zip(details, values, strict=True)}
    title = "F1 of each class" + _of_all(names, "on which models differ most")
    return [Bars(title, "F1, %", [names[i] for i in kept], by_model)]


def reliability(
    label: str,
    columns: Columns,
    units: Callable[[Columns, Mask, Comparability], Units],
    basis: Comparability,
) -> Curves:
    """Return the share of items that are right by their confidence, in the bins of the calibration error.

    Intervals are those of an accuracy on the items of the bin alone.
    """
    from seqbench.evidence.curves import Point, drawn  # they need SciPy, for which a list of models must not wait
    from seqbench.evidence.statistics import estimate

    confidence, points = column(columns, "confidence"), []
    bins = bins_of(confidence)
    for number in np.unique(bins):
        some = units(columns, bins == number, basis)
        mean = 100 * float(confidence[bins == number].mean())
        points.append(Point(mean, estimate(ACCURACY, [some.columns], some.ways)))
    title = "Reliability: how often a prediction is right, by its confidence"
    return Curves(title, "confidence, %", "right, %", [drawn(label, points, ACCURACY)], diagonal=True)


def confusions(classes: Sequence[str], matrix: NDArray[np.int64]) -> list[Exhibit]:
    """Return the confusion matrix (C, C); of many classes, those with most errors, and the most frequent confusions."""
    errors = matrix - np.diag(np.diag(matrix))
    kept = _first(-(errors.sum(axis=0) + errors.sum(axis=1)))
    title = "Confusion matrix" + _of_all(classes, "with most errors")
    shown = Matrix(
        title, "true class", "predicted class", [classes[i] for i in kept], matrix[np.ix_(kept, kept)].tolist()
    )
    if len(classes) <= CLASSES:
        return [shown]
    pairs = np.argsort(-errors, axis=None, kind="stable")[:CLASSES]
    rows = [
        (classes[true], classes[said], f"{errors[true, said]:,}", f"{errors[true, said] / matrix[true].sum():.1%}")
        for true, said in zip(*np.unravel_index(pairs, errors.shape), strict=True)
        if errors[true, said]
    ]
    columns = ("true class", "predicted class", "items", "of the true class")
    return [shown, Listing("Most frequent confusions", columns, rows)]


def _of_classes(detail: Mapping[str, Any]) -> Bars:
    """Return precision, recall and F1 of each class; of many classes those with the lowest F1."""
    kept = _first(np.array(detail["f1"]))
    values = {
        title: [100 * detail[name][i] for i in kept]
        for name, title in (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))
    }
    title = "Precision, recall and F1 of each class" + _of_all(detail["classes"], "with the lowest F1")
    return Bars(title, "%", [detail["classes"][i] for i in kept], values)


def _first(order: NDArray[Any]) -> list[int]:
    """Return at most `CLASSES` classes, those with the smallest values, in the order of their indices."""
    return sorted(np.argsort(order, kind="stable")[:CLASSES].tolist())


def _of_all(classes: Sequence[str], which: str) -> str:
    return f": the {CLASSES} of {len(classes):,} {which}" if len(classes) > CLASSES else ""
