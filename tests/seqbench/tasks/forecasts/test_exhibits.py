"""Fans hold the forecasts that were scored, of the series that rank by MASE as they say; errors by step are MASE's."""

from typing import Any

import numpy as np
import pytest

from seqbench.evidence.exhibits import Curves, Fan, Listing
from seqbench.evidence.metrics import Columns
from seqbench.interface import Budget, Floats
from seqbench.tasks.base import Scored
from seqbench.tasks.forecasts.data import SeriesData, rolling
from seqbench.tasks.forecasts.exhibits import AHEAD, PAST, Fit, by_step, fans, forecast_exhibits, worst
from seqbench.tasks.forecasts.model import Forecast, ForecastContext, Forecaster, Panel
from seqbench.tasks.forecasts.task import Forecasting

KIND = Forecasting()


class Last(Forecaster):
    """The last value."""

    def fit(self, train: Panel, ctx: ForecastContext) -> None: ...

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        return Forecast(np.stack([np.full(horizon, values[-1]) for values in past.values]))


class Sure(Last):
    """The same with quantiles, an infinite one among them."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        mean = super().predict(past, horizon, levels).mean
        offsets = np.where(levels == 0.025, -np.inf, levels - 0.5)
        return Forecast(mean, mean[..., None] + offsets)


def panel(series: int, horizon: int = 4, season: int = 4, length: int = 80) -> SeriesData:
    rng = np.random.default_rng(series)
    values = [100 + np.cumsum(rng.normal(size=length)) for _ in range(series)]
    ends = np.full(series, length)
    start = ends - 5 * horizon
    names = [f"shop {n}" for n in range(series)]
    validated = rolling(start - 3 * horizon, start, horizon, horizon)
    return SeriesData("toy", Panel(values, names, season), start, validated, rolling(start, ends, horizon, 2), horizon)


def scored(data: SeriesData, model: Forecaster) -> Fit:
    model.fit(KIND.train(data, "test"), KIND.context(data, "test", 0, Budget(), "cpu", lambda name, value: None))
    valid = KIND.score(model, data, "valid")
    columns = KIND.score(model, data, "test", valid)
    return Scored(model, data, columns, KIND.detail(columns, data, valid), None, frozenset(), 0)


def means(columns: Columns) -> dict[int, float]:
    found = sorted(set(columns["series"].tolist()))
    return {
        n: float(np.mean([m for s, m in zip(columns["series"], columns["mase"], strict=True) if s == n])) for n in found
    }


def test_the_median_series_and_the_three_worst_are_shown_each_by_its_typical_forecast() -> None:
    fit = scored(panel(9), Last())
    ranked = sorted(means(fit.columns).items(), key=lambda pair: pair[1])
    found = fans(fit)
    assert [one["series"] for one in found] == [f"shop {ranked[i][0]}" for i in (4, 8, 7, 6)]
    assert [one["which"] for one in found] == [
        f"{which} of 9 series" for which in ("the median", "the worst", "the second worst", "the third worst")
    ]
    for one in found:
        own = sorted(fit.columns["mase"][fit.columns["series"] == int(one["series"].split()[1])])
        assert one["mase"] == own[(len(own) - 1) // 2]


@pytest.mark.parametrize("series", [1, 3])
def test_of_few_series_the_forecasts_themselves_compete(series: int) -> None:
    fit = scored(panel(series), Last())
    found = fans(fit)
    count = len(fit.columns["mase"])
    assert [one["which"].split(" of ")[1] for one in found] == [f"{count} forecasts"] * 4
    assert [one["mase"] for one in found[1:]] == sorted(fit.columns["mase"])[::-1][:3]


@pytest.mark.parametrize("model", [Last, Sure])
def test_a_fan_holds_the_past_the_truth_and_the_forecast_that_was_scored(model: type[Forecaster]) -> None:
    fit = scored(panel(6), model())
    for one in fans(fit):
        series = fit.data.series.values[int(one["series"].split()[1])]
        (end,) = [e for e in range(60, 77) if np.allclose(series[e : e + 4], one["truth"], rtol=1e-4)]
        np.testing.assert_allclose(one["past"], series[end - 24 : end], rtol=1e-4)
        np.testing.assert_allclose(one["mean"], np.full(4, series[end - 1]), rtol=1e-4)
        row = np.flatnonzero(fit.columns["mase"] == one["mase"])[0]
        errors = np.array(one["mean"]) - one["truth"]
        np.testing.assert_allclose(errors, fit.columns["error"][row], atol=0.02)
        assert list(one["bands"]) == ["0.8", "0.95"]
        inside = [
            np.mean((np.array(low) <= one["truth"]) & (np.array(one["truth"]) <= high))
            for low, high in one["bands"].values()
        ]
        assert inside == pytest.approx([fit.columns["covered_80"][row], fit.columns["covered_95"][row]])


def test_a_fan_is_no_longer_than_it_says() -> None:
    data = panel(1, horizon=150, season=1, length=2000)
    (one, *_) = fans(scored(data, Last()))
    assert (len(one["past"]), len(one["truth"]), len(one["mean"])) == (PAST, AHEAD, AHEAD)
    assert {len(end) for band in one["bands"].values() for end in band} == {AHEAD}


def test_the_worst_series_are_listed_with_their_mean_errors() -> None:
    fit = scored(panel(14), Last())
    ranked = sorted(means(fit.columns).items(), key=lambda pair: -pair[1])[:10]
    assert fit.detail["worst"] == [
        {"series": f"shop {n}", "mase": pytest.approx(mean), "forecasts": 9} for n, mean in ranked
    ]


def test_series_without_a_scale_are_left_out() -> None:
    columns = {"mase": np.array([np.nan, 2.0, np.nan, 1.0]), "series": np.array([0, 1, 1, 3])}
    assert worst(columns, ["a", "b", "c", "d"]) == [
        {"series": "b", "mase": 2.0, "forecasts": 1},
        {"series": "d", "mase": 1.0, "forecasts": 1},
    ]
    none = {"mase": np.full(2, np.nan), "series": np.array([0, 1]), "scale": np.zeros(2)}
    assert worst(none, ["a", "b"]) == []
    data = panel(2)
    assert fans(Scored(Last(), data, none, {}, None, frozenset(), 0)) == []


def test_a_page_shows_fans_with_finite_bands_and_the_error_by_step(record: Any) -> None:
    fit = scored(panel(6), Sure())
    told = record({**fit.detail, "fans": fans(fit)})
    *shown, listing = forecast_exhibits(told)
    assert len(shown) == 4
    assert all(isinstance(fan, Fan) and list(fan.bands) == [0.8] for fan in shown)  # the other is infinite
    assert isinstance(listing, Listing)
    assert len(listing.rows) == 6
    (curves,) = by_step({"sure": (told, None), "old": (record({}), None)})
    assert isinstance(curves, Curves)
    (line,) = curves.lines
    scale = fit.columns["scale"][:, None]
    np.testing.assert_allclose(line.y, (np.abs(fit.columns["error"]) / scale).mean(axis=0), rtol=1e-5)
    assert line.x == [1, 2, 3, 4]


def test_a_record_of_an_earlier_version_shows_what_it_has(record: Any) -> None:
    assert forecast_exhibits(record({"by_step": {"rmse": [1.0]}})) == []
    assert by_step({"a": (record({"by_step": {"rmse": [1.0]}}), None)}) == []
