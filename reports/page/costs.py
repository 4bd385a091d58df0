"""Scores against what they cost, with the Pareto front."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from seqbench.reports import formatting
from seqbench.reports.formatting import count, memory, seconds
from seqbench.reports.page.axes import LETTER, SMALL, canvas, extent, figure_of, set_x, set_y, short, widest
from seqbench.reports.page.figure import Figure
from seqbench.reports.page.scores import KINDS, LABEL, WIDTH, Scored, better, mark, reach, scored, titled, told, written
from seqbench.reports.page.svg import COLOURS, Pen
from seqbench.reports.table import Row, Table
from seqbench.reports.tuned import tuning_seconds, whole_cost

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 280


class Cost(NamedTuple):
    title: str
    of: Callable[[Row], float | None]
    text: Callable[[float | None], str]


COSTS = (
    Cost("fit time", lambda row: row.costs.fit_seconds, seconds),
    Cost("scoring time", lambda row: row.costs.predict_seconds, seconds),
    Cost("parameters", lambda row: row.costs.parameters, count),
    Cost("peak memory", lambda row: row.costs.peak_memory_bytes, memory),
)
WHOLE = Cost("processor time of fit and tuning", whole_cost, seconds)
"""Drawn first if a row was tuned."""


class Point(NamedTuple):
    """A row where it stands: x is its cost, or the left edge if it costs nothing; y its score, or an edge."""

    x: float
    y: float
    cost: float
    scored: Scored


def against_costs(table: Table, pen: Pen) -> list[Figure]:
    """Draw the scores against each cost that is known of two models or more."""
    costs = (WHOLE, *COSTS) if any(tuning_seconds(row) for row in table.rows) else COSTS
    return [found for cost in costs if (found := _against(table, cost, pen)) is not None]


def front(points: Sequence[tuple[float, float]], lower_is_better: bool) -> list[int]:
    """Return the numbers of the points (cost, score) on the Pareto front, the cheapest first: each other point costs
    as much as one of them or more, and has no better score."""
    sign = 1 if lower_is_better else -1
    kept: list[int] = []
    for place in sorted(range(len(points)), key=lambda i: (points[i][0], sign * points[i][1])):
        if not kept or sign * points[place][1] < sign * points[kept[-1]][1]:
            kept.append(place)
    return kept


def _against(table: Table, cost: Cost, pen: Pen) -> Figure | None:
    metric, rows = table.metrics[0], scored(table)
    known = [(value, one) for one in rows if one.row.kind != "truth" and (value := cost.of(one.row)) is not None]
    positive = [value for value, _ in known if value > 0]
    if len(known) < 2 or not positive:
        return None
    shown, form = reach(metric, rows), written(metric, rows)
    nothing = 10.0 ** (math.floor(math.log10(min(positive))) - 1)  # where 0 stands on a logarithmic axis
    free = len(positive) < len(known)
    points = [Point(v or nothing, min(max(one.score, shown.low), shown.high), v, one) for v, one in known]
    axes = canvas(WIDTH, HEIGHT, widest(shown))
    set_y(axes, shown, f"test {formatting.titled(metric)} ({better(metric)})")
    across = extent([point.x for point in points], log=True, margin=0.08)
    set_x(axes, across, cost.title, lambda at: "0" if free and at <= nothing else short(cost.text(at)))
    comparable = [point for point in points if point.scored.row.comparable]
    best = [comparable[i] for i in front([(p.cost, p.scored.score) for p in comparable], metric.lower_is_better)]
    _step(axes, best)
    _intervals(axes, points)
    for point in points:
        arrow = "" if shown.holds(point.scored.score) else "^" if point.scored.score > shown.high else "v"
        mark(axes, point.x, point.y, point.scored, f"{cost.text(point.cost)}, {told(point.scored, form)}", arrow)
    _name(axes, best, points)
    title = titled(metric, f" against {cost.title}")
    names = "; ".join(f"{p.scored.label} ({cost.text(p.cost)}, {form(p.scored.score)})" for p in best)
    description = (
        f"Test {formatting.titled(metric)} against {cost.title} of {len(points)} models, {better(metric)}; on the "
        f"Pareto front, the cheapest first: {names or 'none'}."
    )
    caption = f"Dashed: the Pareto front, {' · '.join(p.scored.label for p in best)}." if best else ""
    return Figure(title, pen.svg(figure_of(axes), title, description), caption)


def _step(axes: "Axes", best: Sequence[Point]) -> None:
    x, y = [point.x for point in best], [point.y for point in best]
    axes.step(x, y, where="post", color=COLOURS["ink"], linewidth=1, linestyle="--", zorder=1.5)


def _intervals(axes: "Axes", points: Sequence[Point]) -> None:
    """Draw the intervals of each kind as one line with gaps."""
    for kind, style in KINDS.items():
        own = [point for point in points if point.scored.row.kind == kind]
        x = [at for point in own for at in (point.x, point.x, math.nan)]
        y = [end for point in own for end in (point.scored.low, point.scored.high, math.nan)]
        axes.plot(x, y, color=COLOURS[style.colour], linewidth=1, alpha=0.5, zorder=2)


class _Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "_Box") -> bool:
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.top <= other.bottom or other.top <= self.bottom)

    def within(self, other: "_Box") -> bool:
        across = other.left <= self.left and self.right <= other.right
        return across and other.bottom <= self.bottom and self.top <= other.top


class _Side(NamedTuple):
    """Where a label may stand beside its point."""

    x: float
    y: float
    align: Literal["left", "center", "right"]
    before: float
    """The share of the label's width that lies to the left of x."""

    def box(self, x: float, y: float, width: float) -> _Box:
        left = x + self.x - self.before * width
        return _Box(left, y + self.y - 6, left + width, y + self.y + 6)


_SIDES = (
    _Side(7, 8, "left", 0),
    _Side(8, 0, "left", 0),
    _Side(7, -9, "left", 0),
    _Side(0, 13, "center", 0.5),
    _Side(0, -13, "center", 0.5),
    _Side(-7, 8, "right", 1),
    _Side(-7, -9, "right", 1),
    _Side(-8, 0, "right", 1),
)


def _name(axes: "Axes", named: Sequence[Point], points: Sequence[Point]) -> None:
    """Write the labels of some points where they hide neither points nor each other; the best one chooses first."""
    taken = [_Box(x - 5, y - 5, x + 5, y + 5) for x, y in (_pixels(axes, point) for point in points)]
    whole = _Box(axes.bbox.x0, axes.bbox.y0, WIDTH, axes.bbox.y1 + 8)
    for point in [*named[-1:], *named[:-1]]:
        label = point.scored.label
        text = label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"
        for side, box in _places(_pixels(axes, point), LETTER * SMALL * len(text)):
            if box.within(whole) and not any(box.meets(other) for other in taken):
                taken.append(box)
                axes.annotate(
                    text,
                    (point.x, point.y),
                    (side.x, side.y),
                    textcoords="offset points",
                    ha=side.align,
                    va="center_baseline",
                    fontsize=SMALL,
                    color=COLOURS["ink"],
                )
                break


def _places(at: tuple[float, float], width: float) -> Iterator[tuple[_Side, _Box]]:
    return ((side, side.box(*at, width)) for side in _SIDES)


def _pixels(axes: "Axes", point: Point) -> tuple[float, float]:
    x, y = axes.transData.transform((point.x, point.y))
    return float(x), float(y)
