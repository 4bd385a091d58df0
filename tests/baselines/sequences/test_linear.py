"""Ridge regression against scikit-learn and its closed form; features; logistic regression."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import Ridge as SklearnRidge

from seqbench.baselines.sequences.features import SequenceFeatures
from seqbench.baselines.sequences.linear import BagRidge, LogisticRecogniser, Ridge, ridge
from seqbench.interface import Budget, Floats
from seqbench.tasks.sequences.model import LabelledSequences, RecognitionContext, RegressionContext, TargetedSequences


def unequal(count: int, rng: np.random.Generator, columns: int = 2) -> list[Floats]:
    return [rng.normal(size=(int(rng.integers(1, 9)), columns)) for _ in range(count)]


@pytest.mark.parametrize(("rows", "columns"), [(30, 7), (7, 30)])
def test_all_penalties_at_once_equal_scikit_learns_ridge_one_by_one(rows: int, columns: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(rows, columns)), rng.normal(size=(rows, 2))
    penalties = np.array([1e-3, 0.1, 10.0])
    unit = (x**2).sum() / min(rows, columns)  # the trace is the sum of the eigenvalues
    for penalty, solution in zip(penalties, ridge(x, y, penalties), strict=True):
        theirs = SklearnRidge(alpha=penalty * unit, fit_intercept=False).fit(x, y).coef_.T
        assert solution == pytest.approx(theirs, abs=1e-8)


def test_ridge_finds_a_linear_target_of_the_last_steps_and_a_summary_does_not() -> None:
    rng = np.random.default_rng(1)

    def part(count: int) -> TargetedSequences:
        sequences = [rng.normal(size=(int(rng.integers(3, 9)), 2)) for _ in range(count)]
        return TargetedSequences(sequences, np.array([[3 + 2 * x[-1, 0] - x[-3, 1]] for x in sequences]))

    train, valid, test = part(400), part(100), part(100)
    off = {}
    for kind in (Ridge, BagRidge):
        model = kind()
        model.fit(train, RegressionContext(seed=0, budget=Budget(), valid=valid, targets=("y",)))
        off[kind] = ((model.predict(test.sequences) - test.targets) ** 2).mean()
    assert off[Ridge] < 1e-4
    assert off[BagRidge] > 1


def test_steps_end_at_the_last_step_and_are_padded_with_the_mean_before_the_first() -> None:
    sequences = [np.array([[1.0], [2.0], [3.0]]), np.array([[6.0]])]
    features = SequenceFeatures("steps")
    vectors = features.fit(sequences) * features.scale + features.mean
    assert vectors.tolist() == [[1, 2, 3], [3, 3, 6]]
    longer = features([np.array([[9.0], [1.0], [2.0], [3.0]])]) * features.scale + features.mean
    assert longer[0].tolist() == [1, 2, 3]


@given(arrays(float, (6, 2), elements=st.floats(-10, 10)), st.permutations(range(6)))
def test_a_bag_knows_no_order(sequence: Floats, order: list[int]) -> None:
    features = SequenceFeatures("bag")
    features.fit([np.arange(8.0).reshape(4, 2), np.zeros((3, 2))])
    assert features([sequence[order]]) == pytest.approx(features([sequence]))


def test_logistic_regression_has_the_odds_of_two_classes_and_no_chance_for_one_that_it_never_met() -> None:
    rng = np.random.default_rng(2)
    labels = np.arange(300) % 2 * 2  # class 1 does not occur
    sequences = [rng.normal(size=(4, 1)) + 1.5 * (label - 1) for label in labels]
    train = LabelledSequences(sequences, labels)
    model = LogisticRecogniser()
    model.fit(train, RecognitionContext(seed=0, budget=Budget(), valid=train, classes=("a", "b", "c")))
    log_p = model.predict(sequences)
    assert (log_p[:, 1] == -np.inf).all()
    assert (log_p.argmax(axis=1) == labels).mean() > 0.98
    odds = log_p[:, 2] - log_p[:, 0]
    expected = 2 * 1.5 * np.array([x.sum() for x in sequences])  # of two normal classes at ±1.5
    assert np.corrcoef(odds, expected)[0, 1] > 0.98
