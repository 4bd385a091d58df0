"""Metrics of regression against scikit-learn, and on sums of leaving one sequence out."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from seqbench.tasks.sequences.metrics import MAE, MSE, R_SQUARED, item_columns


@pytest.mark.parametrize("targets", [1, 3])
def test_metrics_equal_those_of_scikit_learn(targets: int) -> None:
    rng = np.random.default_rng(0)
    y = 1e6 + rng.normal(size=(40, targets)) * [1, 10, 100][:targets]
    predicted = y + rng.normal(size=y.shape)
    columns = item_columns(y, predicted)
    assert MSE(columns)[0] == pytest.approx(mean_squared_error(y, predicted))
    assert MAE(columns)[0] == pytest.approx(mean_absolute_error(y, predicted))
    assert R_SQUARED(columns)[0] == pytest.approx(r2_score(y, predicted), abs=1e-9)


@pytest.mark.parametrize("metric", [MSE, MAE, R_SQUARED])
def test_weights_count_sequences_as_often_as_they_say(metric) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(1)
    y, predicted, counts = rng.normal(size=(12, 2)), rng.normal(size=(12, 2)), rng.integers(0, 4, size=12)
    repeated = np.repeat(np.arange(12), counts)
    weighted = metric(item_columns(y, predicted), counts[None].astype(float))
    assert weighted[0] == pytest.approx(metric(item_columns(y[repeated], predicted[repeated]))[0])


def test_the_mean_of_the_scored_targets_has_an_r_squared_of_zero() -> None:
    y = np.random.default_rng(2).normal(size=(30, 2))
    assert R_SQUARED(item_columns(y, np.tile(y.mean(axis=0), (30, 1))))[0] == pytest.approx(0)


def test_r_squared_of_a_constant_target_is_no_number() -> None:
    assert np.isnan(R_SQUARED(item_columns(np.full((5, 1), 1e9), np.zeros((5, 1))))[0])
