"""Split conformal intervals hold what they promise where errors are exchangeable."""

import json

import numpy as np
import pytest

from seqbench.datasets.synthetic.series import SyntheticAR, SyntheticSeasonal
from seqbench.interface import Floats
from seqbench.tasks.forecasts.conformal import Intervals, central, rank, units
from seqbench.tasks.forecasts.metrics import COVERAGE_80, COVERAGE_95, LEVELS, seasonal_scale
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel
from seqbench.tasks.forecasts.task import Forecasting


class Point(Forecaster):
    """The means of a true model, alone."""

    def __init__(self, truth: Forecaster) -> None:
        super().__init__()
        self.truth = truth

    def fit(self, train: Panel, ctx: ForecastContext) -> None:
        """Nothing to learn."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(self.truth.predict(past, horizon, levels).mean)


@pytest.mark.parametrize("source", [SyntheticSeasonal, SyntheticAR])
def test_coverage_of_exchangeable_errors_is_within_two_points_of_what_is_said(source: type[SyntheticSeasonal]) -> None:
    held = source(train_steps=200, valid_steps=6_000, test_steps=12_000, horizon=8, stride=12).load()
    kind, model = Forecasting(), Point(held.truth or pytest.fail("no true model"))
    columns = kind.score(model, held, "test", kind.score(model, held, "valid"))
    items = kind.units(columns, kind.comparability(held, "held", "")).columns
    assert abs(COVERAGE_80(items)[0] - 0.80) < 0.02
    assert abs(COVERAGE_95(items)[0] - 0.95) < 0.02


@pytest.mark.parametrize("level", [0.2, 0.4, 0.6, 0.8, 0.95])
def test_the_rank_is_the_least_that_promises_the_level(level: float) -> None:
    """Of n + 1 exchangeable errors the new one is among the k smallest with probability k / (n + 1)."""
    for errors in range(1, 60):
        enough = [k for k in range(1, errors + 1) if k / (errors + 1) >= level - 1e-12]
        assert rank(errors, level) == (enough[0] if enough else errors)
        promise = Intervals({}, errors).promise(level)
        assert promise == pytest.approx(level if enough else errors / (errors + 1))


def test_widths_by_hand() -> None:
    errors = np.array([[1.0, -20], [-2, 10], [3, 40], [-4, -30]])
    made = Intervals.of(errors, np.array([1.0, 2, 1, 1]), [0.1, 0.3, 0.5])
    np.testing.assert_array_equal(made.widths[0.8], [4, 40])  # the 4th of 1, 1, 3, 4 and of 5, 20, 30, 40
    np.testing.assert_array_equal(made.widths[0.4], [1, 20])  # the 2nd
    np.testing.assert_array_equal(made.widths[0.0], [0, 0])
    around = made.around(np.array([[100.0, 100]]), np.array([0.5]), [0.1, 0.3, 0.5])
    np.testing.assert_array_equal(around, [[[98, 99.5, 100], [80, 90, 100]]])


def test_quantiles_rise_and_are_as_far_on_either_side() -> None:
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(3, 5))
    made = Intervals.of(rng.normal(size=(30, 5)), np.ones(30), LEVELS).around(mean, np.ones(3), LEVELS)
    assert (np.diff(made, axis=-1) > 0).all()
    np.testing.assert_allclose(made + made[..., ::-1], 2 * np.broadcast_to(mean[..., None], made.shape))
    assert [central(level) for level in (0.025, 0.1, 0.5, 0.9)] == [0.95, 0.8, 0.0, 0.8]


def test_series_that_never_moved_tell_nothing_and_get_no_width() -> None:
    errors, unit = np.array([[1.0], [7.0], [2.0]]), np.array([1.0, 0.0, 1.0])
    made = Intervals.of(errors, unit, [0.1])
    assert made.errors == 2
    np.testing.assert_array_equal(made.around(np.array([[5.0], [5.0]]), np.array([0.0, 1.0]), [0.1]), [[[5]], [[3]]])
    none = Intervals.of(errors[:1], np.zeros(1), [0.1])
    np.testing.assert_array_equal(none.around(np.array([[5.0]]), np.ones(1), [0.1]), [[[5]]])


def test_the_unit_of_a_past_without_a_season_is_its_mean_step() -> None:
    short, still, repeats = np.array([1.0, 4.0]), np.full(9, 2.0), np.tile([0.0, 1, 5], 3)
    steps = np.abs(np.diff(repeats)).mean()
    pasts = [short, still, repeats, np.array([3.0])]
    np.testing.assert_array_equal(units(pasts, seasonal_scale(pasts, 3)), [3, 0, steps, 0])


def test_intervals_pass_through_json() -> None:
    made = Intervals.of(np.random.default_rng(0).normal(size=(9, 3)), np.ones(9), LEVELS)
    again = Intervals.read(json.loads(json.dumps(made.plain())))
    assert again.errors == 9
    assert again.widths.keys() == made.widths.keys()
    for level, widths in made.widths.items():
        np.testing.assert_array_equal(again.widths[level], widths)


def test_an_endless_error_makes_an_endless_interval_and_no_nan() -> None:
    made = Intervals.of(np.array([[np.inf], [1.0]]), np.ones(2), LEVELS)
    around = made.around(np.zeros((2, 1)), np.array([1.0, 0.0]), LEVELS)
    assert around[0, 0, 0] == -np.inf
    assert not np.isnan(around).any()
