"""What a reader looks at of forecasts: some of them over the truth, the error by step ahead, the worst series."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqbench.evidence.exhibits import Curves, Exhibit, Fan, Line, Listing
from seqbench.evidence.metrics import Columns, column
from seqbench.evidence.records import Record
from seqbench.interface import Floats, Ids
from seqbench.tasks.base import Scored
from seqbench.tasks.forecasts.conformal import Intervals, central
from seqbench.tasks.forecasts.data import SeriesData
from seqbench.tasks.forecasts.laws import answer
from seqbench.tasks.forecasts.metrics import INTERVALS, LEVELS
from seqbench.tasks.forecasts.model import Forecaster

WORST = ("the worst", "the second worst", "the third worst")
LISTED = 10
"""Number of series that the list of the worst holds."""
SEASONS, FEWEST, PAST, AHEAD = 3, 24, 144, 96
"""A fan shows so many seasons of the past, but 2 to 4 horizons and `FEWEST` to `PAST` values; and at most `AHEAD`
steps."""
DIGITS = 5
"""Significant digits of the values of a fan."""

Fit = Scored[SeriesData, Forecaster]


def fans(fit: Fit) -> list[dict[str, Any]]:
    """Return forecasts with their truth: that of the median series by MASE, and those of the worst ones.

    Of each series it is the forecast whose MASE is the median. If there are fewer than four series, all forecasts
    compete. The model is asked again, since quantiles are not stored.

    Returns:
        For each, `series`, its name; `which` it is; `mase`; `past`, `truth`, `mean`; `bands`, the lower and the upper
        ends by the share that should lie between them.
    """
    data, horizon = fit.data, min(AHEAD, fit.data.horizon)
    yard, origins, shown = data.yardstick("test"), data.test, _past(data)
    found = []
    for row, which in _chosen(fit.columns):
        asked = data.past(origins.take(np.array([row])))
        said = answer(fit.model, asked, data.horizon)
        quantiles = said.quantiles
        if quantiles is None:
            made = Intervals.read(fit.detail["intervals"])
            quantiles = made.around(said.mean, yard.unit[[row]], LEVELS)
        at = {level: quantiles[0, :horizon, i] for i, level in enumerate(LEVELS)}
        found.append(
            {
                "series": data.series.names[int(origins.series[row])],
                "which": which,
                "mase": float(fit.columns["mase"][row]),
                "past": _plain(asked.values[0][-shown:]),
                "truth": _plain(yard.actual[row, :horizon]),
                "mean": _plain(said.mean[0, :horizon]),
                "bands": {f"{central(low):g}": [_plain(at[low]), _plain(at[high])] for low, high in INTERVALS.values()},
            }
        )
    return found


def worst(columns: Columns, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the series with the largest MASE: `series`, the name; `mase`, the mean over its `forecasts`."""
    series, means, counts = _by_series(columns)
    return [
        {"series": names[int(series[i])], "mase": float(means[i]), "forecasts": int(counts[i])}
        for i in np.argsort(-means, kind="stable")[:LISTED]
    ]


def forecast_exhibits(record: Record) -> list[Exhibit]:
    """Return what a page shows of one fit: `fans`, and the list of the worst series if there are several."""
    found: list[Exhibit] = []
    for one in record.detail.get("fans", ()):
        ends = {float(share): (_read(low), _read(high)) for share, (low, high) in one["bands"].items()}
        bands = {share: pair for share, pair in ends.items() if np.isfinite(pair).all()}
        title = f"{one['series']}: MASE {float(one['mase']):.3g}, {one['which']}"
        found.append(Fan(title, one["past"], one["truth"], one["mean"], bands))
    listed = record.detail.get("worst", ())
    if len(listed) > 1:
        rows = [(one["series"], f"{float(one['mase']):.3g}", f"{one['forecasts']:,}") for one in listed]
        found.append(Listing("The worst series", ("series", "MASE", "forecasts"), rows))
    return found


def by_step(fits: Mapping[str, tuple[Record, Columns | None]]) -> list[Exhibit]:
    """Return MASE by the number of steps ahead, a line per model."""
    lines = []
    for label, (record, _) in fits.items():
        values = np.array(_read(record.detail.get("by_step", {}).get("mase", ())))
        steps = np.flatnonzero(np.isfinite(values))
        if len(steps):
            lines.append(Line(label, (steps + 1).tolist(), values[steps].tolist()))
    return [Curves("MASE by step ahead", "steps ahead", "MASE", lines)] if lines else []


def _chosen(columns: Columns) -> list[tuple[int, str]]:
    """Return the rows of the forecasts that are shown, and which they are."""
    mase = column(columns, "mase")
    series, means, _ = _by_series(columns)
    noun = "series"
    if len(series) <= len(WORST):
        noun, series = "forecasts", np.flatnonzero(~np.isnan(mase))
        means = mase[series]
    order = np.argsort(means, kind="stable")
    if not len(order):
        return []
    which = {int(order[(len(order) - 1) // 2]): "the median"}
    for place, title in zip(order[::-1].tolist(), WORST, strict=False):
        which.setdefault(place, title)
    rows = {
        place: int(series[place]) if noun == "forecasts" else _typical(columns, int(series[place])) for place in which
    }
    return [(rows[place], f"{title} of {len(order):,} {noun}") for place, title in which.items()]


def _typical(columns: Columns, series: int) -> int:
    """Return the row of the series' forecast with the median MASE."""
    mase = column(columns, "mase")
    rows = np.flatnonzero((columns["series"] == series) & ~np.isnan(mase))
    return int(rows[np.argsort(mase[rows], kind="stable")[(len(rows) - 1) // 2]])


def _by_series(columns: Columns) -> tuple[Ids, Floats, Ids]:
    """Return the series that have a MASE (S,), its mean (S,), and the number of forecasts with it (S,)."""
    mase = column(columns, "mase")
    known = ~np.isnan(mase)
    sums, counts = np.bincount(columns["series"][known], mase[known]), np.bincount(columns["series"][known])
    series = np.flatnonzero(counts)
    return series, sums[series] / counts[series], counts[series]


def _past(data: SeriesData) -> int:
    seasons = SEASONS * data.season if data.season > 1 else 0
    return int(np.clip(np.clip(seasons, 2 * data.horizon, 4 * data.horizon), FEWEST, PAST))


def _plain(values: Floats) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]


def _read(values: Sequence[float | str]) -> list[float]:
    """Return numbers as floats; JSON holds infinity as a text."""
    return [float(value) for value in values]
