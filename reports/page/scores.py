"""Scores of a table as its figures show them: in order, with the part of their axis that is worth showing."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqbench.evidence.metrics import Metric
from seqbench.reports.formatting import Written, plain
from seqbench.reports.page.axes import Extent, extent
from seqbench.reports.page.figure import Style
from seqbench.reports.page.svg import COLOURS, TIP
from seqbench.reports.table import Row, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 400
KINDS = {
    "classic": Style("classic", "o", ""),
    "neural": Style("neural", "D", ""),
    "truth": Style("truth", "*", ""),
}
NAMES = {"classic": "classic", "neural": "neural", "truth": "true model"}
FAR = 2.5
"""Scores that are so many times as far from the best as three quarters of the scores are stand at the edge, with an
arrow: otherwise one failure would press all others together."""
LABEL = 26
"""Letters of a line of a label."""


class Scored(NamedTuple):
    """A row with its score in the unit of the display."""

    row: Row
    score: float
    low: float
    """NaN if there is no interval."""
    high: float

    @property
    def label(self) -> str:
        return plain(self.row.label)


def scored(table: Table) -> list[Scored]:
    """Return the rows with a finite score by the first metric, the best first."""
    metric, found = table.metrics[0], []
    for row in table.rows:
        score = row.scores.get(metric.name, math.nan)
        if math.isfinite(score):
            low, high = (math.nan, math.nan) if row.estimate is None else (row.estimate.low, row.estimate.high)
            found.append(Scored(row, *(metric.factor * value for value in (score, low, high))))
    return sorted(found, key=lambda one: one.score if metric.lower_is_better else -one.score)


def reach(metric: Metric, rows: Sequence[Scored]) -> Extent:
    """Return what an axis of scores shows: from the best comparable score to the worst that is not too far from it,
    with intervals."""
    log = metric.scale == "log" and all(one.score > 0 for one in rows)
    comparable = [place for place, one in enumerate(rows) if one.row.comparable] or list(range(len(rows)))
    values = np.array([one.score for one in rows])
    places = np.log(values) if log else values
    distances = np.abs(places - places[comparable[0]])
    bound = FAR * float(np.quantile(distances[comparable], 0.75))
    near = [one for one, distance in zip(rows, distances, strict=True) if distance <= bound] if bound else rows
    return extent([end for one in near for end in (one.score, one.low, one.high)], log, 0.06)


def written(metric: Metric, rows: Sequence[Scored]) -> Written:
    """Return how scores in the unit of the display are written, with as many digits as in the table."""
    comparable = [one for one in rows if one.row.comparable] or rows
    return Written(1.0, Written.of(metric, [one.score / metric.factor for one in comparable]).decimals)


def told(one: Scored, form: Written) -> str:
    return form(one.score) + ("" if math.isnan(one.low) else f" [{form.interval(one.low, one.high)}]")


def better(metric: Metric) -> str:
    return "lower is better" if metric.lower_is_better else "higher is better"


def titled(metric: Metric, rest: str) -> str:
    """Return `Perplexity, in order`."""
    return f"{metric.title[0].upper()}{metric.title[1:]}{rest}"


def legend(table: Table) -> tuple[tuple[str, Style], ...]:
    """Return how the figures show each kind of model."""
    kinds = [kind for kind in KINDS if any(row.kind == kind for row in table.rows)]
    return tuple((NAMES[kind], KINDS[kind]) for kind in kinds)


def mark(axes: "Axes", x: float, y: float, one: Scored, tip: str, arrow: str = "") -> None:
    """Draw the mark of a row, hollow if its score is not comparable; arrow: the marker of a score beyond the axis."""
    style = KINDS[one.row.kind]
    colour = COLOURS[style.colour]
    (drawn,) = axes.plot(
        [x],
        [y],
        arrow or style.marker,
        color=colour,
        markerfacecolor=colour if one.row.comparable else COLOURS["paper"],
        markersize=6.5,
        clip_on=False,
        zorder=3,
    )
    drawn.set_gid(f"{TIP}{one.label}: {tip}")
