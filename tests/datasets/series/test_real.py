"""The real series have the published sizes, splits and scales."""

from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from seqbench.baselines.series.naive import Naive
from seqbench.data import DataError
from seqbench.datasets import download
from seqbench.datasets.series.airpassengers import AirPassengers
from seqbench.datasets.series.base import SeriesDataset, two_columns
from seqbench.datasets.series.daily_min_temps import DailyMinTemps
from seqbench.datasets.series.ett import ETTh1
from seqbench.datasets.series.exchange_rate import ExchangeRate
from seqbench.datasets.series.m4_hourly import M4Hourly
from seqbench.datasets.series.sunspots import Sunspots
from seqbench.tasks.forecasts.data import SeriesData
from seqbench.tasks.forecasts.metrics import LEVELS

ALL = {"m4-hourly": M4Hourly, "ett-h1": ETTh1, "exchange-rate": ExchangeRate} | {
    "airpassengers": AirPassengers,
    "daily-min-temps": DailyMinTemps,
    "sunspots": Sunspots,
}


def need(name: str) -> None:
    if any(row.state != "good" for row in download.verify([name])):
        pytest.skip(f"{name} is not at hand: run `seqbench data fetch {name}`, or set SEQBENCH_DATA")


def load(dataset: SeriesDataset) -> SeriesData:
    need(dataset.name)
    return dataset.load()


def test_m4_hourly_has_one_origin_a_series_where_the_competition_had_it() -> None:
    data = load(M4Hourly())
    assert (len(data.series), len(data.test), data.horizon, data.season) == (414, 414, 48, 24)
    lengths = np.array([len(v) for v in data.train.values])
    assert (lengths.sum(), np.unique(lengths).tolist()) == (353_500, [700, 960])
    np.testing.assert_array_equal(data.test.ends, lengths)
    assert data.actual(data.test)[0, :3].tolist() == [619, 565, 532]
    assert len(data.valid) == 3 * 414
    assert all(len(v) == n - 144 for v, n in zip(data.before(data.valid).values, lengths, strict=True))
    short = M4Hourly(horizon=6).load()
    np.testing.assert_array_equal(short.actual(short.test), data.actual(data.test)[:, :6])


def test_ett_is_split_by_months_and_scaled_by_its_training_part() -> None:
    data = load(ETTh1(stride=96))
    assert data.series.names == ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]
    assert {len(v) for v in data.train.values} == {8640}
    assert {len(v) for v in data.series.values} == {14_400}
    assert (data.valid.ends.min(), data.test.ends.min()) == (8640, 11_520)
    np.testing.assert_allclose([v.mean() for v in data.train.values], 0, atol=1e-12)
    np.testing.assert_allclose([v.std() for v in data.train.values], 1, rtol=1e-12)
    assert ETTh1(scaled=False).load().series.values[6][0] == 30.5310001373291


@pytest.mark.parametrize(("horizon", "mse", "mae"), [(96, 1.295, 0.713), (336, 1.323, 0.744)])
def test_the_last_value_repeated_scores_on_ett_what_the_papers_report(horizon: int, mse: float, mae: float) -> None:
    """Zeng et al. 2023, "Are transformers effective for time series forecasting?", table 2, Repeat.

    Their test loader drops the last batch of 32 windows where it is not full; so does this test.
    """
    data = load(ETTh1(horizon=horizon))
    error = data.actual(data.test) - Naive().predict(data.past(data.test), horizon, np.array(LEVELS)).mean
    windows = 2880 - horizon + 1
    kept = error.reshape(7, windows, horizon)[:, : windows // 32 * 32]
    assert (round(float((kept**2).mean()), 3), round(float(np.abs(kept).mean()), 3)) == (mse, mae)


def test_exchange_rates_are_split_60_20_20() -> None:
    data = load(ExchangeRate())
    assert [len(data.series.values[0]), len(data.train.values[0]), int(data.test.ends[0])] == [7588, 4552, 6070]
    np.testing.assert_allclose([v[0] for v in data.series.values[:3]], [0.7855, 1.611, 0.861698])


@pytest.mark.parametrize(
    ("dataset", "length", "first", "last"),
    [(AirPassengers(), 144, 112, 432), (DailyMinTemps(), 3650, 20.7, 13.0), (Sunspots(), 2820, 58.0, 33.4)],
)
def test_single_series_are_whole(dataset: SeriesDataset, length: int, first: float, last: float) -> None:
    values = load(dataset).series.values[0]
    assert (len(values), values[0], values[-1]) == (length, first, last)


def test_the_temperatures_lack_the_days_that_the_notes_count() -> None:
    data = load(DailyMinTemps())
    stamps = [datetime.strptime(s, "%m/%d/%Y") for s in two_columns(download.read("daily-min-temps")[0])[0]]
    steps = np.array([(b - a).days for a, b in pairwise(stamps)])
    assert data.notes["missing_days_closed_up"] == (steps - 1).sum() == 2


@pytest.mark.parametrize("name", ALL)
def test_every_origin_forecasts_values_of_its_part_alone(name: str) -> None:
    data = load(ALL[name]())
    first_test = np.full(len(data.series), 10**9)
    np.minimum.at(first_test, data.test.series, data.test.ends)
    assert (data.valid.ends + data.horizon <= first_test[data.valid.series]).all()
    assert (data.train_ends <= first_test).all()
    sizes = np.array([len(v) for v in data.series.values])
    assert (data.test.ends + data.horizon <= sizes[data.test.series]).all()
    assert all(np.isfinite(v).all() for v in data.series.values)
    assert data.actual(data.test).shape == (len(data.test), data.horizon)


def test_parts_that_hold_no_forecast_are_refused() -> None:
    need("airpassengers")
    with pytest.raises(
        DataError, match=r"the test part of airpassengers holds 36 values, fewer than the horizon of 37"
    ):
        AirPassengers(horizon=37, valid_steps=40).load()
    with pytest.raises(DataError, match=r"the validation part of airpassengers holds 24 values, fewer than"):
        AirPassengers(horizon=30).load()
    with pytest.raises(DataError, match="nothing of airpassengers is left to train on; make the validation and test"):
        AirPassengers(valid_steps=100, test_steps=44).load()
    with pytest.raises(ValidationError, match="horizon"):
        M4Hourly(horizon=49)
