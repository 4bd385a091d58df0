"""Pictures: how the scores of models change with an option of the data, or with a property of its items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from seqbench.evidence.curves import curve
from seqbench.evidence.metrics import Metric
from seqbench.evidence.statistics import Estimate
from seqbench.evidence.strata import Property
from seqbench.reports.formatting import plain, titled
from seqbench.reports.groups import listed
from seqbench.reports.pictures import picture
from seqbench.reports.table import Table
from seqbench.tasks import task

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "os^Dvp*XP<>"
TICKS = 8
"""The most ticks of a logarithmic axis, and the most labels of an axis; of more ticks, every second one has one."""
LINES = {"classic": ":", "neural": "-", "truth": "--"}


class Point(NamedTuple):
    x: float
    y: float
    low: float
    """NaN if there is no interval."""
    high: float


class Span(NamedTuple):
    """A place on the horizontal axis, and its interval."""

    at: float
    low: float | None
    """None: there is no bound."""
    high: float | None
    text: str
    dotted: bool = False
    """Whether it is an extrapolation."""


@dataclass(frozen=True)
class Line:
    label: str
    kind: str
    """classic, neural or truth."""
    points: Sequence[Point]
    turn: Span | None = None
    """Where it crosses another line."""


@dataclass(frozen=True)
class Panel:
    title: str
    """The data."""
    xlabel: str
    metric: Metric
    ticks: Sequence[float]
    lines: Sequence[Line]
    log_x: bool = False
    log_y: bool = False


def draw(tables: Sequence[Table], against: str, path: Path, metric: str | None = None) -> None:
    """Draw one panel per data set and one line per model, with intervals where there are any.

    Args:
        against: what is on the horizontal axis: an option of the data, such as `distance`, or, if no data set was run
            under two values of it, a property of items by which the task divides scores, such as `length`.
        metric: name of the metric; None: the one that ranks.

    Raises:
        ValueError: there is neither, or the metric or format is unknown.
    """
    draw_panels(panels(tables, against, metric), path)


def draw_panels(found: Sequence[Panel], path: Path) -> None:
    """Draw panels side by side.

    Raises:
        ValueError: the format is unknown.
    """
    with picture((1 + 6.5 * len(found), 4.2), path) as figure:
        for axes, panel in zip(figure.subplots(1, len(found), squeeze=False)[0], found, strict=True):
            _draw(axes, panel)


def _draw(axes: "Axes", panel: Panel) -> None:
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    drawn, colors = {}, []
    for place, line in enumerate(panel.lines):
        style: dict[str, Any] = {"linestyle": LINES[line.kind], **({"color": "black"} if line.kind == "truth" else {})}
        xs, ys, low, high = zip(*line.points, strict=True)
        marker = MARKERS[place % len(MARKERS)]
        (mark,) = axes.plot(xs, ys, marker=marker, markersize=4, linewidth=1.3, **style)
        bounded = np.isfinite(low) & np.isfinite(high)
        axes.fill_between(xs, low, high, where=bounded, color=mark.get_color(), alpha=0.12, linewidth=0)
        drawn[plain(line.label)] = mark
        colors.append(mark.get_color())
    if panel.log_x:
        axes.set_xscale("log")
        axes.minorticks_off()
    if panel.log_y:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set(xlabel=plain(panel.xlabel), ylabel=f"test {titled(panel.metric)}")
    step = 1 if len(panel.ticks) <= TICKS else 2
    told = set(panel.ticks[::-step])
    axes.set_xticks(panel.ticks, [f"{tick:,.6g}" if tick in told else "" for tick in panel.ticks])
    for line, color in zip(panel.lines, colors, strict=True):
        if line.turn is not None:
            _mark(axes, line.turn, color)
    axes.set_title(plain(panel.title), fontsize="small")
    axes.grid(alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(
        drawn.values(), drawn.keys(), frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5)
    )


def _mark(axes: "Axes", turn: Span, color: Any) -> None:
    """Mark a crossing by a vertical line, and its interval by a band as far as the axis reaches."""
    left, right = axes.get_xlim()
    low, high = left if turn.low is None else turn.low, right if turn.high is None else turn.high
    axes.axvspan(low, high, color=color, alpha=0.08, linewidth=0)
    axes.axvline(turn.at, color=color, linewidth=1, linestyle=":" if turn.dotted else "--")
    axes.set_xlim(left, max(right, turn.at * 1.2))
    axes.annotate(
        turn.text,
        (turn.at, 1),
        xytext=(-2, -3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="top",
        fontsize="x-small",
        color=color,
    )


def panels(tables: Sequence[Table], against: str, metric: str | None = None) -> list[Panel]:
    """Return what `draw` draws."""
    varied = _by_option(tables, against)
    if varied:
        return [_of_option(found, name, against, metric) for name, found in varied.items()]
    pairs = [(table, prop) for table in tables for prop in task(table.basis.task).strata if prop.name == against]
    drawn = [panel for table, prop in pairs if (panel := of_property(table, prop, metric)).lines]
    if not drawn:
        raise ValueError(_nothing(tables, against))
    return drawn


def _of_option(found: Mapping[float, Table], title: str, option: str, metric: str | None) -> Panel:
    """found: tables by the value of the option."""
    drawn = _metric(next(iter(found.values())), metric)
    lines = []
    for label in dict.fromkeys(row.label for table in found.values() for row in table.rows):
        rows = [(x, row) for x, table in found.items() if (row := table.row(label)) and drawn.name in row.scores]
        if rows:
            points = [_point(x, row.scores[drawn.name], row.estimates.get(drawn.name), drawn) for x, row in rows]
            lines.append(Line(label, rows[0][1].kind, points))
    return Panel(title, option, drawn, list(found), lines)


def of_property(table: Table, prop: Property, metric: str | None = None) -> Panel:
    """Return the scores of a table by a property; the horizontal axis has the mean of each stratum's values. It has no
    line if the runs do not hold the property."""
    shown, lines = _metric(table, metric), []
    kind, basis = task(table.basis.task), table.basis.comparability
    for row in table.rows:
        if basis is None:  # then no row has items
            continue
        points = curve(prop, row.stored, partial(kind.stratum, basis=basis), shown, table.settings.level)
        if points:
            lines.append(Line(row.label, row.kind, [_point(x, found.value, found, shown) for x, found in points]))
    places = list(dict.fromkeys(point.x for line in lines for point in line.points))
    ticks = _round_numbers(places) if prop.log else [round(x, 1) for x in places]
    return Panel(table.basis.dataset, prop.title, shown, ticks, lines, prop.log, shown.scale == "log")


def _round_numbers(places: Sequence[float]) -> list[float]:
    """Return round numbers between the smallest and the largest place, for a logarithmic axis; these two if there is
    none: powers of ten, with twice and five times these if they are few."""
    ends = [min(places, default=1.0), max(places, default=1.0)]
    powers = 10.0 ** np.arange(np.floor(np.log10(ends[0])), np.ceil(np.log10(ends[1])) + 1)
    for digits in ([1, 2, 5], [1]):
        found = [tick for tick in np.outer(powers, digits).ravel().tolist() if ends[0] <= tick <= ends[1]]
        if len(found) <= TICKS:
            break
    return found or ends


def _point(x: float, score: float, found: Estimate | None, metric: Metric) -> Point:
    low, high = (np.nan, np.nan) if found is None else (found.low, found.high)
    return Point(x, metric.factor * score, metric.factor * low, metric.factor * high)


def _metric(table: Table, name: str | None) -> Metric:
    known = {metric.name: metric for metric in table.metrics}
    if name is not None and name not in known:
        raise ValueError(f"there is no metric {name!r}; there are: {', '.join(known)}")
    return known[name] if name else table.metrics[0]


def _by_option(tables: Sequence[Table], option: str) -> dict[str, dict[float, Table]]:
    """Return the tables by data set and by value of the option, with the values in ascending order, where there are at
    least two."""
    found: dict[str, dict[float, list[Table]]] = {}
    for table in tables:
        record = table.rows[0].records[0]
        value = record.identity.options.get(option)
        if isinstance(value, int | float):
            found.setdefault(record.data_spec.name, {}).setdefault(value, []).append(table)
    varied = {name: dict(sorted(values.items())) for name, values in found.items() if len(values) > 1}
    for name, values in varied.items():
        for value, namesakes in values.items():
            if len(namesakes) > 1:
                raise ValueError(
                    f"{name} was run more than once with {option}={value}, with different values of other options: "
                    "keep these runs in separate stores, and draw each store by itself"
                )
    return {name: {value: held[0] for value, held in values.items()} for name, values in varied.items()}


def _nothing(tables: Sequence[Table], against: str) -> str:
    records = [table.rows[0].records[0] for table in tables]
    options = {n for r in records for n, v in r.identity.options.items() if isinstance(v, int | float) and n != "seed"}
    properties = {prop.name for table in tables for prop in task(table.basis.task).strata}
    also = f"; properties of items: {listed(sorted(properties))}" if properties else ""
    return (
        f"there is nothing to draw against {against!r}: run a data set with two values of it, such as "
        f"--dataset 'name({against}=1)' --dataset 'name({against}=2)'; "
        f"options in this store: {listed(sorted(options)) if options else 'none'}{also}"
    )
