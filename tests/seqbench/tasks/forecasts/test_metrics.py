"""Metrics of forecasts: by hand, by laws that hold for all data, and where there is nothing to divide by."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from seqbench.evidence.metrics import Metric
from seqbench.interface import Floats
from seqbench.tasks.forecasts.metrics import (
    COVERAGE_80,
    COVERAGE_95,
    DECILES,
    LEVELS,
    MAE,
    MASE,
    MSE,
    OWA,
    RMSE,
    SMAPE,
    WEIGHTED_QUANTILE_LOSS,
    against_naive2,
    item_columns,
    seasonal_scale,
)

values = arrays(np.float64, (4, 3), elements=st.floats(-1e3, 1e3).map(lambda x: round(x, 3)))
shares = st.floats(0.001, 1000)


def score(metric: Metric, *given: Any) -> float:
    return float(metric(item_columns(*given))[0])


def test_smape_and_mase_by_hand() -> None:
    actual, mean = np.array([[3.0, 1.0], [-1.0, 0.0]]), np.array([[1.0, 1.0], [1.0, 0.0]])
    scale = seasonal_scale([np.array([1.0, 5.0, 2.0, 4.0]), np.array([7.0, 0.0, 9.0, 4.0])], season=2)
    np.testing.assert_array_equal(scale, [1, 3])
    columns = item_columns(actual, mean, scale)
    np.testing.assert_allclose(columns["smape"], [(200 * 2 / 4 + 0) / 2, (200 * 2 / 2 + 0) / 2], rtol=1e-15)
    np.testing.assert_allclose(columns["mase"], [1 / 1, 1 / 3], rtol=1e-15)
    assert SMAPE(columns)[0] == 75
    assert MASE(columns)[0] == pytest.approx(2 / 3, rel=1e-15)
    assert (MSE(columns)[0], RMSE(columns)[0], MAE(columns)[0]) == (2, np.sqrt(2), 1)


def test_the_seasonal_naive_forecast_in_sample_has_a_mase_of_one() -> None:
    past = np.random.default_rng(0).normal(size=60)
    assert score(MASE, past[None, 12:], past[None, :-12], seasonal_scale([past], 12)) == pytest.approx(1, rel=1e-14)


def test_owa_is_the_mean_of_two_ratios_of_means() -> None:
    naive2 = {"smape": np.array([10.0, 30.0]), "mase": np.array([1.0, 3.0])}
    columns = against_naive2({"smape": np.array([0.0, 20.0]), "mase": np.array([4.0, 4.0])}, naive2)
    assert OWA(columns)[0] == (10 / 20 + 4 / 2) / 2  # means of ratios would make (0 + 2/3)/2 and (4 + 4/3)/2
    assert OWA(against_naive2(naive2, naive2))[0] == 1


def test_weighted_quantile_loss_is_the_definition_summed_in_loops() -> None:
    rng = np.random.default_rng(1)
    actual, quantiles = rng.normal(size=(5, 4)), np.sort(rng.normal(size=(5, 4, len(LEVELS))), axis=-1)
    per_level = []
    for q in DECILES:
        loss = 0.0
        for i, h in np.ndindex(5, 4):
            y, f = actual[i, h], quantiles[i, h, LEVELS.index(q)]
            loss += q * (y - f) if y >= f else (1 - q) * (f - y)
        per_level.append(2 * loss / np.abs(actual).sum())
    found = score(WEIGHTED_QUANTILE_LOSS, actual, actual, np.ones(5), quantiles)
    assert found == pytest.approx(np.mean(per_level), rel=1e-13)


def test_a_forecast_of_one_value_has_as_quantile_loss_its_relative_absolute_error() -> None:
    rng = np.random.default_rng(2)
    actual, mean = rng.normal(size=(2, 6, 3))
    quantiles = np.repeat(mean[..., None], len(LEVELS), axis=-1)
    found = score(WEIGHTED_QUANTILE_LOSS, actual, mean, np.ones(6), quantiles)
    assert found == pytest.approx(np.abs(actual - mean).sum() / np.abs(actual).sum(), rel=1e-13)


def test_the_true_quantiles_have_nominal_coverage_and_the_least_loss() -> None:
    rng = np.random.default_rng(3)
    actual = rng.normal(size=(500, 40))

    def gaussian(sd: float) -> dict[str, Floats]:
        quantiles = np.broadcast_to(sd * norm.ppf(LEVELS), (*actual.shape, len(LEVELS)))
        return item_columns(actual, np.zeros_like(actual), np.ones(500), quantiles)

    true = gaussian(1)
    for metric, nominal in ((COVERAGE_80, 0.8), (COVERAGE_95, 0.95)):
        error = np.sqrt(nominal * (1 - nominal) / actual.size)
        assert metric(true)[0] == pytest.approx(nominal, abs=4 * error)
    losses = [WEIGHTED_QUANTILE_LOSS(gaussian(sd))[0] for sd in (0.7, 1, 1.4)]
    assert losses[1] < min(losses[0], losses[2])


def test_the_ends_of_an_interval_belong_to_it() -> None:
    quantiles = np.array(LEVELS)[None, None]
    columns = [item_columns(np.array([[y]]), np.zeros((1, 1)), np.ones(1), quantiles) for y in (0.1, 0.9, 0.95, 0.99)]
    assert [c["covered_80"][0] for c in columns] == [1, 1, 0, 0]
    assert [c["covered_95"][0] for c in columns] == [1, 1, 1, 0]


@given(values, values, shares)
def test_a_change_of_unit_changes_the_errors_alone(actual: Floats, mean: Floats, unit: float) -> None:
    scale = np.array([1.0, 2.0, 0.5, 3.0])
    a, b = item_columns(actual, mean, scale), item_columns(actual * unit, mean * unit, scale * unit)
    for metric in (SMAPE, MASE):
        np.testing.assert_allclose(metric(a), metric(b), rtol=1e-9)
    np.testing.assert_allclose(RMSE(a) * unit, RMSE(b), rtol=1e-9)


@given(values, values)
def test_smape_lies_in_0_to_200_and_does_not_tell_forecast_from_value(actual: Floats, mean: Floats) -> None:
    there, back = (score(SMAPE, *pair, np.ones(4)) for pair in ((actual, mean), (mean, actual)))
    assert there == back
    assert 0 <= there <= 200 * (1 + 1e-15)
    assert score(SMAPE, actual, actual, np.ones(4)) == 0


@given(values, values, arrays(np.int64, 4, elements=st.integers(0, 3)).filter(lambda w: w.sum() > 0))
def test_a_weight_is_a_number_of_copies(actual: Floats, mean: Floats, weight: Any) -> None:
    scale, quantiles = np.array([1.0, 0.0, 0.5, 3.0]), np.sort(np.add.outer(mean, np.array(LEVELS)), axis=-1)
    naive2 = item_columns(actual, mean + 1, scale)
    columns = against_naive2(item_columns(actual, mean, scale, quantiles), naive2)
    copied = {name: np.repeat(column, weight) for name, column in columns.items()}
    for metric in (MASE, SMAPE, OWA, RMSE, MAE, WEIGHTED_QUANTILE_LOSS, COVERAGE_80, COVERAGE_95):
        np.testing.assert_allclose(metric(columns, weight[None] * 1.0), metric(copied), rtol=1e-12)


def test_a_past_that_never_moved_has_no_mase_and_is_passed_over() -> None:
    scale = seasonal_scale([np.full(9, 4.0), np.array([1.0, 2.0, 5.0]), np.array([1.0])], season=1)
    np.testing.assert_array_equal(scale, [0, 2, 0])
    columns = item_columns(np.full((3, 2), 6.0), np.full((3, 2), 4.0), scale)
    weights = np.array([[1.0, 1.0, 1.0], [5.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    np.testing.assert_array_equal(MASE(columns, weights), [1, 1, np.nan])
    np.testing.assert_array_equal(MAE(columns, weights), [2, 2, 2])


def test_what_is_zero_over_zero_is_said() -> None:
    zero = np.zeros((1, 2))
    nothing = item_columns(zero, zero, np.ones(1), np.zeros((1, 2, len(LEVELS))))
    missed = item_columns(zero, zero + 1, np.ones(1), np.ones((1, 2, len(LEVELS))))
    assert (SMAPE(nothing)[0], SMAPE(missed)[0]) == (0, 200)
    assert (WEIGHTED_QUANTILE_LOSS(nothing)[0], WEIGHTED_QUANTILE_LOSS(missed)[0]) == (0, np.inf)
    assert (OWA(against_naive2(nothing, nothing))[0], OWA(against_naive2(missed, nothing))[0]) == (1, np.inf)


def test_a_forecast_that_explodes_spoils_the_resamples_that_hold_it_alone() -> None:
    columns = item_columns(np.zeros((2, 1)), np.array([[1e200], [3.0]]), np.ones(2))
    np.testing.assert_array_equal(RMSE(columns, np.array([[1.0, 1.0], [0.0, 2.0]])), [np.inf, 3])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"mean": np.zeros((2, 3))}, r"mean must be of shape \(2, 4\), not \(2, 3\)"),
        ({"scale": np.zeros(3)}, r"scale must be of shape \(2,\), not \(3,\)"),
        ({"quantiles": np.zeros((2, 4, 3))}, r"quantiles must be of shape \(2, 4, 11\), not \(2, 4, 3\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(wrong: dict[str, Floats], told: str) -> None:
    right: dict[str, Any] = {"actual": np.zeros((2, 4)), "mean": np.zeros((2, 4)), "scale": np.ones(2)}
    with pytest.raises(ValueError, match=told):
        item_columns(**(right | wrong))


def test_a_point_forecast_has_no_coverage() -> None:
    with pytest.raises(ValueError, match="column 'covered_80' is missing among: smape, mase"):
        score(COVERAGE_80, np.zeros((1, 1)), np.zeros((1, 1)), np.ones(1))
