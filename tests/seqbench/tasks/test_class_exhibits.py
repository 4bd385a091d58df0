"""Reliability by hand, confusions and F1 of many classes by brute force, items that are most confidently wrong."""

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from seqbench.evidence.exhibits import LONG, Bars, Curves, Listing, Matrix
from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Comparability
from seqbench.evidence.strata import Mask, taken
from seqbench.evidence.units import Units, Way, numbered
from seqbench.tasks.class_exhibits import CLASSES, class_comparisons, class_exhibits, reliability, wrong
from seqbench.tasks.classes import BINS, class_detail, item_columns


def predictions(items: int, classes: int, seed: int = 0) -> Columns:
    rng = np.random.default_rng(seed)
    log_p = np.log(rng.dirichlet(np.full(classes, 0.5), size=items))
    return item_columns(log_p, rng.integers(classes, size=items))


def alone(columns: Columns, here: Mask, basis: Comparability) -> Units:
    return Units(taken(columns, here), (Way("documents"),))


def names(classes: int) -> list[str]:
    return [f"c{i}" for i in range(classes)]


def test_the_points_of_reliability_are_those_of_scikit_learn(record: Any) -> None:
    columns = predictions(800, 3)
    right = columns["label"] == columns["predicted"]
    share, mean = calibration_curve(right, columns["confidence"], n_bins=BINS)
    found = reliability("a", columns, alone, record({}).comparability)
    (line,) = found.lines
    np.testing.assert_allclose(line.x, 100 * mean, rtol=1e-6)
    np.testing.assert_allclose(line.y, 100 * share, rtol=1e-6)
    assert line.low is not None
    assert line.high is not None
    assert all(0 <= low <= y <= high <= 100 for low, y, high in zip(line.low, line.y, line.high, strict=True))
    assert found.diagonal


def test_intervals_of_reliability_are_wider_where_items_depend_on_each_other(record: Any) -> None:
    """Ten copies of each item say no more than one."""
    columns = predictions(100, 2)
    copies = {name: np.repeat(values, 10) for name, values in columns.items()}
    copies["group"] = np.repeat(np.arange(100), 10)

    def groups(of: Columns, here: Mask, basis: Comparability) -> Units:
        some = taken(of, here)
        return Units({**some}, (Way("groups", numbered(some["group"])),))

    basis = record({}).comparability
    widths = [
        np.subtract(line.high, line.low)
        for line in (
            reliability("a", copies, units, basis).lines[0] if units is not None else None for units in (alone, groups)
        )
    ]
    assert (widths[1] > 2 * widths[0]).all()


def test_a_few_classes_are_shown_in_full(record: Any) -> None:
    columns = predictions(300, 4)
    detail = class_detail(columns, names(4))
    curves, matrix, bars = class_exhibits(record(detail), columns, alone)
    assert isinstance(curves, Curves)
    assert isinstance(matrix, Matrix)
    assert (matrix.title, list(matrix.names), matrix.counts) == ("Confusion matrix", names(4), detail["confusion"])
    assert isinstance(bars, Bars)
    assert (bars.title, list(bars.names)) == ("Precision, recall and F1 of each class", names(4))
    for name in ("precision", "recall"):
        np.testing.assert_allclose(bars.values[name], 100 * np.array(detail[name]))
    np.testing.assert_allclose(bars.values["F1"], 100 * np.array(detail["f1"]))


def test_of_many_classes_those_with_most_errors_are_shown_and_the_most_frequent_confusions_listed(record: Any) -> None:
    columns = predictions(3000, 30)
    detail = class_detail(columns, names(30))
    _, matrix, listing, bars = class_exhibits(record(detail), columns, alone)
    pairs = [(t, p) for t, p in zip(columns["label"].tolist(), columns["predicted"].tolist(), strict=True) if t != p]
    errors = [sum(c in pair for pair in pairs) for c in range(30)]
    assert isinstance(matrix, Matrix)
    kept = [int(name[1:]) for name in matrix.names]
    assert len(kept) == CLASSES
    assert kept == sorted(kept)
    assert min(errors[c] for c in kept) >= max(errors[c] for c in range(30) if c not in kept)
    assert [[int(n) for n in row] for row in matrix.counts] == [[detail["confusion"][i][j] for j in kept] for i in kept]
    assert matrix.title == "Confusion matrix: the 20 of 30 with most errors"
    assert isinstance(listing, Listing)
    counts = sorted((pairs.count(pair) for pair in set(pairs)), reverse=True)[:CLASSES]
    assert [int(row[2]) for row in listing.rows] == counts
    first = listing.rows[0]
    assert pairs.count((int(first[0][1:]), int(first[1][1:]))) == counts[0]
    assert isinstance(bars, Bars)
    assert max(bars.values["F1"]) <= 100 * sorted(detail["f1"])[CLASSES - 1]


def test_models_are_compared_on_the_classes_on_which_they_differ_most(record: Any) -> None:
    details = {label: class_detail(predictions(2000, 30, seed), names(30)) for seed, label in enumerate("ab")}
    (bars,) = class_comparisons({label: (record(detail), None) for label, detail in details.items()})
    assert isinstance(bars, Bars)
    assert list(bars.values) == ["a", "b"]
    f1 = {label: dict(zip(names(30), detail["f1"], strict=True)) for label, detail in details.items()}
    gaps = {name: abs(f1["a"][name] - f1["b"][name]) for name in names(30)}
    assert len(bars.names) == CLASSES
    assert min(gaps[name] for name in bars.names) >= max(gap for name, gap in gaps.items() if name not in bars.names)
    for label in "ab":
        np.testing.assert_allclose(bars.values[label], [100 * f1[label][name] for name in bars.names])


def test_the_most_confidently_wrong_stand_first_and_right_ones_not_at_all(record: Any) -> None:
    columns = predictions(500, 3)
    found = wrong(columns, names(3), lambda i: f"document {i} " + "x" * 1000)
    errors = [i for i in range(500) if columns["label"][i] != columns["predicted"][i]]
    expected = sorted(errors, key=lambda i: -columns["confidence"][i])[:10]
    assert [int(one["text"].split()[1]) for one in found] == expected
    assert [one["confidence"] for one in found] == [round(float(columns["confidence"][i]), 4) for i in expected]
    assert [(one["true"], one["predicted"]) for one in found] == [
        (f"c{columns['label'][i]}", f"c{columns['predicted'][i]}") for i in expected
    ]
    assert {len(one["text"]) for one in found} == {LONG}
    (listing,) = class_exhibits(record({"wrong": found}), None, alone)
    assert isinstance(listing, Listing)
    assert [row[:3] for row in listing.rows] == [(one["text"], one["true"], one["predicted"]) for one in found]
    assert listing.rows[0][3] == f"{100 * found[0]['confidence']:.1f} %"


def test_a_model_without_errors_and_a_record_without_detail_show_what_there_is(record: Any) -> None:
    columns = {**predictions(50, 2)}
    columns["predicted"] = columns["label"]
    assert wrong(columns, names(2), str) == []
    assert class_exhibits(record({"wrong": []}), None, alone) == []
    assert class_comparisons({"a": (record({}), None)}) == []
    (curves,) = class_exhibits(record({}), columns, alone)
    assert isinstance(curves, Curves)
    assert list(curves.lines[0].y) == pytest.approx([100] * len(curves.lines[0].y))
