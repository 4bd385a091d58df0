"""Forecasting: predict the next values of series from rolling origins; every origin of the test part is scored.

A model gets only a copy of the values that are known at an origin. If the validation part lies inside the training
part, it is scored with a separate fit that did not see it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.exhibits import Exhibit, Fan
from seqbench.evidence.laws import ScoreError
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Record
from seqbench.evidence.units import Units, Way, numbered
from seqbench.interface import Budget, Floats, Ids
from seqbench.tasks.base import Reduction, Split, Task
from seqbench.tasks.forecasts.checks import check_class, check_fitted, probe
from seqbench.tasks.forecasts.conformal import Intervals, central, units
from seqbench.tasks.forecasts.data import Origins, SeriesData, Yardstick
from seqbench.tasks.forecasts.exhibits import Fit, by_step, fans, forecast_exhibits, worst
from seqbench.tasks.forecasts.laws import answer
from seqbench.tasks.forecasts.metrics import (
    COVERAGE_80,
    COVERAGE_95,
    LEVELS,
    MAE,
    MASE,
    MSE,
    OWA,
    RMSE,
    SCORED,
    SMAPE,
    WEIGHTED_QUANTILE_LOSS,
    against_naive2,
    item_columns,
    quantile_columns,
    rounded,
    seasonal_scale,
)
from seqbench.tasks.forecasts.model import ForecastContext, Forecaster, Panel
from seqbench.tasks.forecasts.scoring import Witness, calls, score_origins

MOST, TIMES = 0.5, 4
"""A series with this share of MASE's sum, and this many times its equal share, is named below the table."""
TOLD = (0.025, 0.1, 0.5, 0.9, 0.975)
"""Levels of the quantiles that `predict` returns for new data."""


class Forecasting(Task[SeriesData, Forecaster]):
    name: ClassVar[str] = "forecast"
    suite: ClassVar[str] = "ts"
    holds: ClassVar[str] = "series"
    foresees: ClassVar[bool] = True
    metrics: ClassVar[tuple[Metric, ...]] = (
        MASE,
        SMAPE,
        OWA,
        RMSE,
        WEIGHTED_QUANTILE_LOSS,
        COVERAGE_80,
        COVERAGE_95,
        MSE,
        MAE,
    )
    wordless: ClassVar[bool] = True
    shown: ClassVar[int] = 7  # MSE and MAE are meaningful only if all series have the same scale, as ETT in the papers
    marks: ClassVar[dict[str, str]] = {"causal": "***", "frozen": "‡", "repeatable": "◊", "batched": "¶"}

    reductions: ClassVar[Mapping[str, Reduction]] = {
        "lm": Reduction("quantised", "seqbench.baselines.reductions.quantised:quantised")
    }
    sums: ClassVar[str] = "seqbench.tasks.forecasts.mean:mean_of"
    weighed: ClassVar[str] = "seqbench.tasks.forecasts.mean:weighed"

    def train(self, data: SeriesData, split: Split) -> Panel:
        origins: Origins = getattr(data, split)
        return data.before(origins)

    def context(
        self, data: SeriesData, split: Split, seed: int, budget: Budget, device: str, log: Callable[[str, float], None]
    ) -> ForecastContext:
        train = self.train(data, split)
        return ForecastContext(seed=seed, budget=budget, valid=train, device=device, log=log, horizon=data.horizon)

    random_parts: ClassVar[bool] = False

    def smaller(self, data: SeriesData, share: float, seed: int) -> SeriesData:
        """Keep the latest values of each series, as if it had been observed for a shorter time: in training, and in
        the past of each forecast, from which alone many models learn."""
        return data.younger(share)

    def training_size(self, data: SeriesData) -> tuple[int, str]:
        return sum(map(len, data.train.values)), "value"

    def without_test(self, data: SeriesData) -> SeriesData:
        return data.without_test()

    def prepare(self, data: SeriesData, split: Split) -> None:
        data.yardstick(split)

    def witness(self, data: SeriesData, seed: int) -> Witness:
        return Witness(data.test, seed)

    def score(
        self,
        model: Forecaster,
        data: SeriesData,
        split: Split,
        valid: Columns | None = None,
        witness: Witness | None = None,
    ) -> Columns:
        """Return the columns of `item_columns`, one entry per forecast, and those of Naive2 on the same origins.

        Further columns: `series` and `end`, the origin; `error` (I, H), the error of the mean; `scale`, the scale of
        MASE; `unit`, the unit of intervals; `conformal`, whether intervals are computed from the errors on the
        validation part.
        """
        origins: Origins = getattr(data, split)
        yard = data.yardstick(split)
        mean, pieces, asked = np.empty(yard.actual.shape), [], calls(origins)
        back = np.argsort(np.concatenate(asked))
        for rows, said in score_origins(model, data, origins, witness):
            mean[rows] = rounded(said.mean, yard.actual[rows], yard.rounding[rows])
            quantiles = None if said.quantiles is None else _near(said.quantiles, yard, rows)
            pieces.append(item_columns(yard.actual[rows], mean[rows], yard.scale[rows], quantiles))
        if len({len(piece) for piece in pieces}) > 1:
            raise ScoreError("predict returned quantiles in some calls but not in others: return them always or never")
        columns = {name: np.concatenate([piece[name] for piece in pieces])[back] for name in pieces[0]}
        with np.errstate(over="ignore"):
            columns["error"] = (mean - yard.actual).astype(np.float32)
        columns |= {"scale": yard.scale, "unit": yard.unit}
        columns["conformal"] = np.full(len(origins), "quantile_loss" not in columns)
        if columns["conformal"].all():
            intervals = _intervals(columns if valid is None else valid)
            made = [
                quantile_columns(
                    yard.actual[rows], _near(intervals.around(mean[rows], yard.unit[rows], LEVELS), yard, rows)
                )
                for rows in asked
            ]
            columns |= {name: np.concatenate([piece[name] for piece in made])[back] for name in made[0]}
        columns |= {"series": origins.series.astype(np.int32), "end": origins.ends.astype(np.int32)}
        return against_naive2(columns, yard.naive2)

    def mixed(self, columns: Sequence[Columns], weights: Sequence[float]) -> Columns:
        """Mix the forecasts, and so their errors. What needs the true values besides, such as sMAPE, is left out."""
        error = np.tensordot(weights, np.stack([one["error"].astype(np.float64) for one in columns]), axes=1)
        scale, absolute = columns[0]["scale"], np.abs(error).mean(axis=1)
        kept = {name: columns[0][name] for name in ("scale", "unit", "series", "end", "naive2_smape", "naive2_mase")}
        mase = np.where(scale > 0, absolute / np.where(scale > 0, scale, 1), np.nan)
        return kept | {"error": error, "absolute": absolute, "squared": (error**2).mean(axis=1), "mase": mase}

    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Each forecast is a unit. Those of one series depend on each other, and so do those from the same time.

        The first origins of all series count as one time, the second origins as the next, and so on, since series are
        observed together. Neighbouring times are alike, and forecasts whose horizons overlap share data.
        """
        series, ends = columns["series"], columns["end"]
        first = np.flatnonzero(np.diff(series, prepend=series[0] - 1))
        counts = np.diff(first, append=len(series))
        number = np.arange(len(series)) - np.repeat(first, counts)
        strides = np.diff(ends)[np.diff(series) == 0]
        overlap = -(-columns["error"].shape[1] // int(strides.min())) if len(strides) else 1
        scored = {name: columns[name] for name in SCORED if name in columns}
        times = Way("origins", number, ordered=True, overlap=overlap)
        return Units(scored, (Way("series", numbered(series)), times))

    def detail(self, columns: Columns, data: SeriesData, valid: Columns) -> dict[str, Any]:
        """Return the scores by step ahead, and the intervals of a point forecaster.

        Returns:
            `by_step`: `mase`, `rmse` and `mae` of the test part for each step ahead. `intervals`, only for a point
            forecaster: the half-widths by level and step, and the number of errors from which they are computed.
            `worst`, the series with the largest MASE. `outweighs`, only if one series has most of MASE's sum: its name
            and share, and the number of series.
        """
        error = columns["error"].astype(np.float64)
        moved = columns["scale"] > 0
        with np.errstate(over="ignore"):
            steps = {"rmse": np.sqrt((error**2).mean(axis=0)), "mae": np.abs(error).mean(axis=0)}
        if moved.any():
            steps["mase"] = (np.abs(error[moved]) / columns["scale"][moved, None]).mean(axis=0)
        made = {"intervals": _intervals(valid).plain()} if columns["conformal"].all() else {}
        told = {"by_step": {name: values.tolist() for name, values in steps.items()}, **made}
        return told | {"worst": worst(columns, data.series.names)} | _outweighs(columns, data.series.names)

    def examples(self, fit: Fit) -> dict[str, Callable[[], Any]]:
        """Return `fans`, forecasts over the truth: that of the median series, and those of the worst ones."""
        return {"fans": partial(fans, fit)}

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        return forecast_exhibits(record)

    def comparisons(self, fits: Mapping[str, tuple[Record, Columns | None]]) -> Sequence[Exhibit]:
        return by_step(fits)

    def remarks(self, record: Record) -> Sequence[str]:
        if "outweighs" not in record.detail:
            return ()
        name, series = record.detail["outweighs"]["name"], record.detail["outweighs"]["series"]
        return (
            f"most of the sum behind MASE comes from {name}, one of {series:,} series: "
            "its errors are large beside the changes of its past",
        )

    def calibrated(self, detail: dict[str, Any]) -> str:
        if "intervals" not in detail:
            return "the model's own"
        made = Intervals.read(detail["intervals"])
        said = (
            f"split conformal, from {made.errors:,} errors a step on validation, in units of the mean seasonal change"
        )
        short = [level for level in map(central, (0.1, 0.025)) if made.promise(level) < level]
        return said + "".join(
            f"; too few for {100 * level:g} %: their largest is used; it guarantees {100 * made.promise(level):.3g} %"
            for level in short
        )

    def comparability(self, data: SeriesData, dataset: str, data_sha256: str) -> Comparability:
        most = int(np.bincount(data.test.series).max())
        origins = f"{most:,} origin{'s' if most > 1 else ''} a series"
        season = f"season of {data.season}" if data.season > 1 else "no season"
        reading = "".join(f", {name} {value}" for name, value in data.reading.items() if value != "1 step")
        return Comparability(
            task=self.name,
            dataset=dataset,
            data_sha256=data_sha256,
            vocab_sha256="",
            convention=f"{data.horizon:,} step{'s' if data.horizon > 1 else ''} ahead, {season}, {origins}{reading}",
            unit="forecast",
            items=len(data.test),
        )

    def encoding(self, data: SeriesData) -> dict[str, Any]:
        return {"season": data.season, "horizon": data.horizon, "reading": data.reading}

    def probe(self, model: Forecaster, data: SeriesData) -> Callable[[], Check]:
        return probe(model, data.past(data.valid), data.horizon).check

    def check(self, model: Forecaster, data: SeriesData, seed: int, witness: Witness) -> list[Check]:
        return check_fitted(model, data.past(data.test), data.horizon, seed, witness.kept)

    def check_class(self, make: Callable[[], Forecaster], seed: int) -> list[Check]:
        return check_class(make, seed)

    def predict(
        self, model: Forecaster, new: Panel, encoding: dict[str, Any], detail: dict[str, Any]
    ) -> dict[str, Any]:
        """Return one entry per series and step ahead.

        Returns:
            `series`; `time`, if `new` tells the times of later steps; `step`, from 1; `mean`; the quantiles at `TOLD`.
        """
        horizon = int(encoding["horizon"])
        said = answer(model, new, horizon)
        quantiles = said.quantiles
        if quantiles is None:
            intervals = Intervals.read(detail["intervals"])
            unit = units(new.values, seasonal_scale(new.values, new.season))
            quantiles = intervals.around(said.mean, unit, LEVELS)
        return {
            "series": np.repeat(np.array(new.names, dtype=object), horizon),
            **({} if new.later is None else {"time": [time for times in new.later for time in times]}),
            "step": np.tile(np.arange(horizon) + 1, len(new)),
            "mean": said.mean.ravel(),
            **{f"q({level:g})": quantiles[..., LEVELS.index(level)].ravel() for level in TOLD},
        }

    def ahead(self, new: Panel, told: Mapping[str, Any]) -> Sequence[Fan]:
        horizon = int(max(told["step"]))
        return [_fan(new, told, number, horizon) for number in range(len(new))]


def _fan(new: Panel, told: Mapping[str, Any], number: int, horizon: int) -> Fan:
    """Return the forecast of one series, after twice as much of its past as a horizon or a season is long."""
    here = slice(number * horizon, (number + 1) * horizon)
    past = new.values[number][-2 * max(horizon, new.season) :]
    times = [] if new.later is None else new.later[number]
    title = f"{new.names[number]}: {times[0]} to {times[-1]}" if times else new.names[number]
    ends = {central(low): (told[f"q({low:g})"][here], told[f"q({1 - low:g})"][here]) for low in TOLD if low < 0.5}
    return Fan(title, past.tolist(), (), told["mean"][here], ends)


def _outweighs(columns: Columns, names: Sequence[str]) -> dict[str, Any]:
    """Return the series that has at least `MOST` of MASE's sum and `TIMES` its equal share, if there is one."""
    sums = np.bincount(columns["series"], np.nan_to_num(columns["mase"], nan=0.0, posinf=np.inf))
    series, total = len(np.unique(columns["series"][columns["scale"] > 0])), float(sums.sum())
    if not 0 < total < np.inf:
        return {}
    share = float(sums.max() / total)
    if share < max(MOST, TIMES / series):
        return {}
    return {"outweighs": {"name": names[int(sums.argmax())], "share": share, "series": series}}


def _near(quantiles: Floats, yard: Yardstick, rows: Ids) -> Floats:
    """Return quantiles (I, H, Q) for `rows`, those within rounding of the true value equal to it."""
    return rounded(quantiles, yard.actual[rows, :, None], yard.rounding[rows])


def _intervals(valid: Columns) -> Intervals:
    return Intervals.of(valid["error"], valid["unit"], LEVELS)
