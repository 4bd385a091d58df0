"""Forecasting as a task: what fits see, how origins are scored, units of the bootstrap, and the command line."""

import io
import json
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from seqbench import api
from seqbench.baselines.series.autoregression import Autoregression, AutoregressionConfig
from seqbench.baselines.series.naive import Drift, Naive, Naive2, SeasonalNaive
from seqbench.cli import app
from seqbench.datasets import download
from seqbench.datasets.series.m4_hourly import M4Hourly
from seqbench.evidence.laws import ScoreError
from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Record
from seqbench.evidence.statistics import estimate
from seqbench.interface import Budget, Floats
from seqbench.runs.cell import Outcome, _evaluate
from seqbench.runs.loading import Files, write
from seqbench.runs.scoring import score
from seqbench.tasks.base import Split
from seqbench.tasks.forecasts.conformal import Intervals
from seqbench.tasks.forecasts.data import SeriesData, rolling
from seqbench.tasks.forecasts.metrics import LEVELS, MAE, MASE, OWA, SMAPE
from seqbench.tasks.forecasts.model import Forecast, Forecaster, Panel
from seqbench.tasks.forecasts.stretches import Stretches
from seqbench.tasks.forecasts.task import Forecasting

TOYS = Path(__file__).parents[3] / "toys" / "forecast_toys.py"
KIND = Forecasting()


def data(
    lengths: list[int], valid: int = 12, test: int = 24, horizon: int = 4, stride: int = 2, season: int = 4
) -> SeriesData:
    """Seasonal random walks, the last `test` values of each its test part."""
    rng = np.random.default_rng(0)
    values = [50 + np.cumsum(rng.normal(size=n)) + 4 * np.sin(np.arange(n) * np.pi / 2) for n in lengths]
    ends = np.array(lengths)
    panel = Panel(values, [f"s{n}" for n in range(len(values))], season)
    validated = rolling(ends - test - valid, ends - test, horizon, stride)
    return SeriesData("toy", panel, ends - test, validated, rolling(ends - test, ends, horizon, stride), horizon)


def fitted(model: Forecaster, held: SeriesData, split: Split = "test") -> Forecaster:
    model.fit(KIND.train(held, split), KIND.context(held, split, 0, Budget(), "cpu", lambda name, value: None))
    return model


def ar() -> Autoregression:
    return Autoregression(AutoregressionConfig(lags=4))


def scored(model: Forecaster, held: SeriesData) -> tuple[Columns, Columns]:
    valid = KIND.score(fitted(model, held, "valid"), held, "valid")
    return valid, KIND.score(fitted(model, held), held, "test", valid)


def test_the_benchmarks_of_m4_have_their_published_scores() -> None:
    if any(row.state != "good" for row in download.verify(["m4-hourly"])):
        pytest.skip("m4-hourly is not at hand: run `seqbench data fetch m4-hourly`, or set SEQBENCH_DATA")
    held = M4Hourly().load()
    for model, smape, mase in ((SeasonalNaive(), 13.912, 1.193), (Naive2(), 18.383, 2.395)):
        items = KIND.units(scored(model, held)[1], KIND.comparability(held, "m4-hourly", "")).columns
        assert (round(float(SMAPE(items)[0]), 3), round(float(MASE(items)[0]), 3)) == (smape, mase)
        assert len(items["mase"]) == 414
    assert OWA(items)[0] == 1


@pytest.mark.parametrize("model", [Naive, Drift, ar])
def test_nothing_after_an_origin_changes_its_forecast(model: type[Forecaster]) -> None:
    held = data([90, 80])
    poisoned = [np.where(np.arange(len(v)) < len(v) - 24, v, 1e6 - v) for v in held.series.values]
    other = replace(held, series=Panel(poisoned, held.series.names, held.season))
    first = np.flatnonzero(np.diff(held.test.series, prepend=-1))
    said = [
        KIND.score(fitted(model(), d), d, "test", KIND.score(fitted(model(), d), d, "valid")) for d in (held, other)
    ]
    forecasts = [
        columns["error"][first] + d.yardstick("test").actual[first]
        for columns, d in zip(said, (held, other), strict=True)
    ]
    np.testing.assert_allclose(forecasts[0], forecasts[1], atol=0.1)  # float32 errors of 1e6
    np.testing.assert_array_equal(said[0]["unit"][first], said[1]["unit"][first])


def test_one_fit_serves_both_parts_where_validation_lies_after_the_training_part() -> None:
    inside = data([90, 80])
    after = replace(inside, train_ends=inside.train_ends - 12)
    assert KIND.train(after, "valid") is KIND.train(after, "test")
    assert [len(v) for v in KIND.train(inside, "valid").values] == [54, 44]
    assert [len(v) for v in KIND.train(inside, "test").values] == [66, 56]
    assert [len(Stretches.of(KIND.train(inside, split).values).flat) for split in ("valid", "test")] == [98, 122]


@given(
    st.lists(st.integers(64, 80), min_size=1, max_size=5), st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 4])
)
def test_forecasts_depend_on_each_other_within_a_series_and_at_one_time(
    lengths: list[int], horizon: int, stride: int, season: int
) -> None:
    held = data(lengths, horizon=horizon, stride=stride, season=season)
    columns = scored(SeasonalNaive(), held)[1]
    found = KIND.units(columns, KIND.comparability(held, "held", ""))
    series, times = found.ways
    assert series.groups is not None
    assert times.groups is not None
    origins = len(held.test) // len(lengths)
    assert np.unique(series.groups).tolist() == list(range(len(lengths)))
    assert np.unique(times.groups).tolist() == list(range(origins))
    assert (times.ordered, series.ordered) == (True, False)
    assert times.overlap == (-(-horizon // stride) if origins > 1 else 1)


def test_series_whose_past_never_moved_count_in_every_metric_but_mase() -> None:
    held = data([80, 80])
    still = replace(held, series=Panel([np.full(80, 5.0), held.series.values[1]], ["still", "moving"], 4))
    valid, columns = scored(Naive(), still)
    items = KIND.units(columns, KIND.comparability(held, "held", "")).columns
    moving = {name: c[columns["series"] == 1] for name, c in columns.items()}
    assert MASE(items)[0] == pytest.approx(np.mean(moving["mase"]))
    assert SMAPE(items)[0] == pytest.approx(np.mean(moving["smape"]) / 2)
    assert KIND.detail(columns, still, valid)["by_step"]["mase"] == pytest.approx(
        (np.abs(moving["error"]) / moving["scale"][:, None]).mean(axis=0).tolist()
    )


@pytest.mark.parametrize("stride", [2, 24])
def test_series_that_never_moved_leave_the_interval_to_the_others(stride: int) -> None:
    held = data([80] * 30, stride=stride)
    values = [v if n % 5 == 0 else np.full(80, float(n)) for n, v in enumerate(held.series.values)]
    still = replace(held, series=Panel(values, held.series.names, 4))
    _, columns = scored(ar(), still)
    found = KIND.units(columns, KIND.comparability(still, "still", ""))
    told = estimate(MASE, [found.columns], found.ways)
    moving = columns["series"] % 5 == 0
    assert told.value == pytest.approx(columns["mase"][moving].mean())
    assert 0 < told.low < told.value < told.high < 10 * told.value
    assert MAE(found.columns)[0] == pytest.approx(columns["absolute"].mean())


class Noisy(SeasonalNaive):
    """The last season, off by a few last digits."""

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        mean = super().predict(past, horizon, levels).mean
        return Forecast(mean + 1e-15 * np.random.default_rng(len(past)).normal(size=mean.shape))


@pytest.mark.parametrize("level", [0.0, 3.0])
def test_rounding_errors_on_a_periodic_series_are_no_errors(level: float) -> None:
    held = data([80], stride=1)
    values = level + np.sin(np.pi * np.arange(80) / 2)  # whose zeros are as large as 1e-14
    moved = replace(held, series=Panel([values + (np.arange(80) == 10)], ["wave"], 4))
    _, columns = scored(Noisy(), moved)
    for name, right in (("smape", 0), ("mase", 0), ("covered_80", 1), ("covered_95", 1), ("quantile_loss", 0)):
        assert columns[name].tolist() == [right] * 21, name
    assert OWA(KIND.units(columns, KIND.comparability(moved, "moved", "")).columns)[0] == 0
    assert np.all(columns["scale"] > 0.01)
    still = replace(held, series=Panel([values], ["wave"], 4))
    assert np.all(still.yardstick("test").scale == 0)


@pytest.mark.parametrize(("series", "named"), [(2, False), (30, True)])
def test_a_series_that_has_most_of_the_sum_of_mase_is_named(series: int, named: bool) -> None:
    held = data([80] * series, stride=24)
    flat = np.where(np.arange(80) < 56, 7 + 1e-3 * (np.arange(80) == 9), held.series.values[0])
    other = replace(held, series=Panel([flat, *held.series.values[1:]], held.series.names, 4))
    valid, columns = scored(Naive(), other)
    detail = json.loads(json.dumps(KIND.detail(columns, other, valid)))
    said = KIND.remarks(Record.model_construct(detail=detail))
    if named:
        assert detail["outweighs"] == {"name": "s0", "share": pytest.approx(1, abs=0.01), "series": 30}
        assert "comes from s0, one of 30 series" in said[0]
    else:
        assert not said
    detail = KIND.detail(scored(Naive(), held)[1], held, valid)
    assert not KIND.remarks(Record.model_construct(detail=detail))


def test_errors_by_step_average_to_the_scores() -> None:
    held = data([90, 80])
    valid, columns = scored(ar(), held)
    found = KIND.detail(columns, held, valid)
    items = KIND.units(columns, KIND.comparability(held, "held", "")).columns
    scores = {metric.name: float(metric(items)[0]) for metric in KIND.metrics}
    assert np.mean(np.square(found["by_step"]["rmse"])) == pytest.approx(scores["mse"], rel=1e-5)
    assert np.mean(found["by_step"]["mase"]) == pytest.approx(scores["mase"], rel=1e-5)
    assert "intervals" not in found
    assert KIND.calibrated(found) == "the model's own"


def test_new_data_gets_the_intervals_that_the_test_part_got() -> None:
    held = data([90, 80], stride=4)
    valid, columns = scored(Drift(), held)
    detail = json.loads(json.dumps(KIND.detail(columns, held, valid)))
    assert Intervals.read(detail["intervals"]).errors == len(held.valid)
    assert f"from {len(held.valid)} errors a step" in KIND.calibrated(detail)
    past, actual = held.past(held.test), held.yardstick("test").actual
    frame = pd.DataFrame(KIND.predict(Drift(), past, KIND.encoding(held), detail))
    assert frame["step"].tolist()[:5] == [1, 2, 3, 4, 1]
    inside = (frame["q(0.1)"] <= actual.ravel()) & (actual.ravel() <= frame["q(0.9)"])
    np.testing.assert_allclose(inside.to_numpy().reshape(-1, 4).mean(axis=1), columns["covered_80"])
    assert frame["mean"].to_numpy() == pytest.approx(frame["q(0.5)"].to_numpy())


class Whimsical(Naive):
    """Quantiles in the first call alone."""

    calls = 0

    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        self.calls += 1
        mean = super().predict(past, horizon, levels).mean
        return Forecast(mean, None if self.calls > 1 else np.repeat(mean[..., None], len(levels), axis=-1))


def test_quantiles_in_some_calls_alone_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqbench.tasks.forecasts.scoring.VALUES", 100)
    with pytest.raises(ScoreError, match="always or never"):
        KIND.score(Whimsical(), data([90, 80]), "test")


def test_the_size_of_a_call_changes_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    held = data([90, 80, 85])
    whole = scored(ar(), held)[1]
    monkeypatch.setattr("seqbench.tasks.forecasts.scoring.VALUES", 150)
    pieces = scored(ar(), held)[1]
    for name in whole:
        np.testing.assert_allclose(pieces[name], whole[name], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("values", [10**6, 150])
def test_no_call_holds_two_pasts_of_a_series_and_later_pasts_come_later(
    monkeypatch: pytest.MonkeyPatch, values: int
) -> None:
    calls = []

    class Listening(Naive):
        def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
            calls.append(dict(zip(past.names, map(len, past.values), strict=True)))
            assert len(calls[-1]) == len(past)
            return super().predict(past, horizon, levels)

    monkeypatch.setattr("seqbench.tasks.forecasts.scoring.VALUES", values)
    held = data([90, 80, 85], stride=5)
    KIND.score(Listening(), held, "test")
    assert len(calls) == (5 if values > 150 else 10)
    for n, name in enumerate(held.series.names):
        asked = [call[name] for call in calls if name in call]
        assert asked == held.test.ends[held.test.series == n].tolist()


def test_the_levels_asked_for_are_those_scored() -> None:
    class Listening(Naive):
        def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
            assert tuple(levels) == LEVELS
            return super().predict(past, horizon, levels)

    KIND.score(Listening(), data([80]), "valid")


@pytest.fixture(scope="module")
def spied(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, tuple[Outcome, dict[str, list[float]]]]:
    """What became of the spy's cells, with its curves, by whether validation lies inside the training part."""
    sets = [f"{TOYS}:Ramp", f"{TOYS}:Ramp(inside=false)"]
    asked = api.ask("ts", models=[f"{TOYS}:Spy"], datasets=sets, device="cpu")
    found = {}
    for cell in asked.cells:
        outcome, curves = Outcome(), dict[str, list[float]]()
        folder = tmp_path_factory.mktemp("ramp")
        files = Files(folder / "fitting.pickle", folder / "scoring.pickle")
        write(cell, files)
        asks, answers = Pipe()
        Thread(target=score, args=(cell, files, asks), daemon=True).start()
        _evaluate(
            cell,
            files,
            answers,
            asked.options,
            outcome,
            lambda name, value, to=curves: to.setdefault(name, []).append(value),
            lambda: None,
        )
        found[bool(cell.identity.options["inside"])] = outcome, curves
    return found


def test_no_value_that_is_scored_reaches_the_fit_that_is_scored_on_it(spied: dict[bool, Any]) -> None:
    assert spied[True][1] == {"newest": [39.0], "newest, for the test part": [59.0]}
    assert spied[False][1] == {"newest": [39.0]}


def test_a_naive_forecast_of_a_ramp_is_wrong_by_as_many_steps(spied: dict[bool, Any]) -> None:
    for outcome, _ in spied.values():
        assert outcome.detail["by_step"]["mae"] == [1, 2, 3, 4]
        assert outcome.scores["test"]["mase"] == outcome.scores["valid"]["mase"] == 2.5
        assert outcome.scores["test"]["coverage_95"] == 1
        assert [check.name for check in outcome.checks if not check.passed] == []


def test_your_own_series_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    days, rng = pd.date_range("2023-01-01", periods=120), np.random.default_rng(0)
    week = np.tile([3.0, 1, 1, 2, 2, 6, 8], 18)[:120]
    frame = pd.concat(
        pd.DataFrame({"shop": shop, "day": days, "sold": 10 + k * week + rng.normal(size=120).round(2)})
        for k, shop in enumerate(["north", "south"])
    )
    frame.to_csv("sales.csv", index=False)
    asked = [
        "run",
        "--suite",
        "ts",
        "--data",
        "sales.csv",
        "--time",
        "day",
        "--value",
        "sold",
        "--id",
        "shop",
        "--horizon",
        "7",
        "--season",
        "7",
        "--keep",
    ]
    models = ["--model", "seasonal-naive", "--model", "autoregression(lags=7)", "--format", "csv"]
    done = CliRunner().invoke(app, [*asked, *models])
    assert done.exit_code == 0, done.output
    table = pd.read_csv(io.StringIO(done.output[done.output.index("task,") :]))
    assert table["status"].tolist() == ["ok", "ok"]
    assert table["convention"].unique().tolist() == ["7 steps ahead, season of 7, 18 origins a series, step 1 day"]
    assert table[["mase", "owa", "weighted_quantile_loss", "mse"]].notna().all(axis=None)
    (run,) = (p.parent for p in (tmp_path / "results").glob("**/record.json") if "seasonal" in str(p))
    told = CliRunner().invoke(app, ["predict", str(run), "--data", "sales.csv"])
    assert told.exit_code == 0, told.output
    new = pd.read_csv(io.StringIO(told.output))
    assert new.columns.tolist() == [
        "series",
        "time",
        "step",
        "mean",
        *(f"q({q})" for q in (0.025, 0.1, 0.5, 0.9, 0.975)),
    ]
    for shop, rows in new.groupby("series"):
        assert rows["time"].tolist() == [f"2023-05-0{day}" for day in range(1, 8)]
        np.testing.assert_allclose(rows["mean"], frame[frame["shop"] == shop]["sold"].to_numpy()[-7:])


def test_how_your_own_series_are_read_may_be_said_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        f'{day}/{month}/2024,"1,{100 + 31 * month + day}"' for month in (1, 2) for day in (1, 2, 3, 5, 8, 9, 11, 12)
    ]
    Path("sales.csv").write_text("\n".join(["ds,y", *rows, ""]))
    said = ["--dates", "day-first", "--decimal", "comma", "--step", "day", "--missing", "zero", "--origins", "5"]
    asked = ["run", "--suite", "ts", "--data", "sales.csv", "--horizon", "3", "--model", "naive", "--format", "csv"]
    done = CliRunner().invoke(app, [*asked, *said])
    assert done.exit_code == 0, done.output
    table = pd.read_csv(io.StringIO(done.output[done.output.index("task,") :]))
    assert table["convention"].tolist() == [
        "3 steps ahead, season of 7, 5 origins a series, step 1 day, missing zero, dates day-first, decimal comma"
    ]
    record = json.loads(next((tmp_path / "results").glob("**/record.json")).read_text())
    assert (record["notes"]["frequency"], record["notes"]["values_filled"]) == ("1 day", 27)


def test_ones_own_series_with_other_values_in_their_gaps_stand_in_other_tables(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["ds,y", *(f"2024-01-{d:02},{d % 7}" for d in range(1, 31) if d % 5), ""]))
    for missing in ("zero", "last"):
        options = {"horizon": 3, "missing": missing}
        asked = api.ask("ts", models=["naive"], data=path, data_options=options, store=tmp_path / "store")
        assert [type(event).__name__ for event in asked.start()][-1] == "Finished"
    pages = api.stored_tables(tmp_path / "store")
    assert [len(page.rows) for page in pages] == [1, 1]
    assert [page.basis.distinction[-12:] for page in pages] == ["missing zero", "missing last"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--value", "sold", "--horizon", "7"], "sales.csv has no column 'sold'; it has: 'ds', 'y'; name the column"),
        (["--horizon", "7"], "every series is too short"),
        (["--horizon", "7", "--text", "words"], "file has no setting 'text'"),
        ([], "file needs the setting 'horizon': file(horizon=…), or --horizon with --data"),
    ],
)
def test_a_wrong_option_of_the_command_line_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sales.csv").write_text("ds,y\n2024-01-01,1\n")
    done = CliRunner().invoke(app, ["run", "--suite", "ts", "--data", "sales.csv", "--model", "naive", *given])
    assert done.exit_code == 2
    assert len(done.output.strip().splitlines()) == 1
    assert words in done.output
