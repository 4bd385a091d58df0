"""Metrics of classification against scikit-learn, by hand, and under the weights of a bootstrap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from seqbench.evidence.metrics import Columns
from seqbench.tasks.classes import (
    ACCURACY,
    CALIBRATION_ERROR,
    LOG_LOSS,
    MACRO_F1,
    MICRO_F1,
    by_class,
    confusion,
)

documents = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


def columns(label: list[int], predicted: list[int], confidence: float = 0.5) -> Columns:
    return {
        "label": np.array(label, np.int32),
        "predicted": np.array(predicted, np.int32),
        "confidence": np.full(len(label), confidence, np.float32),
        "nats": np.full(len(label), 0.5, np.float32),
    }


@given(documents)
def test_f1_and_accuracy_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    label, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    found = columns(label, predicted)
    macro = f1_score(label, predicted, labels=sorted(set(label)), average="macro", zero_division=0)
    assert MACRO_F1(found)[0] == pytest.approx(macro, abs=1e-12)
    assert MICRO_F1(found)[0] == pytest.approx(f1_score(label, predicted, average="micro"), abs=1e-12)
    assert ACCURACY(found)[0] == pytest.approx(accuracy_score(label, predicted), abs=1e-12)
    assert MICRO_F1(found)[0] == pytest.approx(ACCURACY(found)[0], abs=1e-12)  # one class a document


@given(documents)
def test_classes_are_told_as_scikit_learn_tells_them(pairs: list[tuple[int, int]]) -> None:
    label, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    matrix = confusion(columns(label, predicted), 5)
    assert (matrix == confusion_matrix(label, predicted, labels=range(5))).all()
    theirs = precision_recall_fscore_support(label, predicted, labels=range(5), zero_division=0)
    for ours, name in zip(theirs, ("precision", "recall", "f1"), strict=False):
        assert by_class(matrix)[name] == pytest.approx(ours, abs=1e-12)


@given(documents, st.data())
def test_a_weight_counts_a_document_as_often_as_it_says(pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs)).filter(any))
    rng = np.random.default_rng(0)
    found = {
        **columns([a for a, _ in pairs], [b for _, b in pairs]),
        "confidence": rng.random(len(pairs)).astype(np.float32),
        "nats": rng.random(len(pairs)).astype(np.float32),
    }
    repeated = {name: np.repeat(column, counts) for name, column in found.items()}
    all_met = set(repeated["label"]) == set(found["label"])  # the classes of macro-F1 are those of the labels
    for metric in (*([MACRO_F1] if all_met else []), MICRO_F1, ACCURACY, LOG_LOSS, CALIBRATION_ERROR):
        weighted = metric(found, np.array([counts, counts], np.float64))
        assert weighted == pytest.approx([metric(repeated)[0]] * 2, abs=1e-12)


def test_calibration_error_by_hand() -> None:
    """Bins of 1/15: four documents at 0.95, three of them right; two at 0.61, one of them right."""
    found = columns([0] * 6, [0, 0, 0, 1, 0, 1])
    found = {**found, "confidence": np.array([0.95] * 4 + [0.61] * 2)}
    assert CALIBRATION_ERROR(found)[0] == pytest.approx((4 * abs(3 / 4 - 0.95) + 2 * abs(1 / 2 - 0.61)) / 6)


def test_full_confidence_falls_in_the_last_bin() -> None:
    assert CALIBRATION_ERROR(columns([0, 0], [0, 1], 1.0))[0] == pytest.approx(0.5)


def test_what_was_held_impossible_makes_log_loss_infinite_only_where_it_counts() -> None:
    found = {**columns([0, 0], [0, 1]), "nats": np.array([0.25, np.inf])}
    assert LOG_LOSS(found, np.array([[1.0, 1.0], [2.0, 0.0]])).tolist() == [np.inf, 0.25]


def test_one_error_costs_the_same_whatever_class_it_is_taken_for() -> None:
    """One wrong document of 100, taken for a class that the test part holds, or for one that it lacks."""
    label = [0] * 50 + [1] * 50
    scores = [MACRO_F1(columns(label, [wrong, *label[1:]]))[0] for wrong in (1, 7)]
    assert scores == pytest.approx([0.99, 0.995], abs=1e-3)


def test_a_class_that_a_resample_lacks_does_not_lower_its_mean() -> None:
    found = columns([0, 1], [0, 1])
    assert MACRO_F1(found, np.array([[2.0, 0.0]]))[0] == 1
