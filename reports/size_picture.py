"""Curves against training size as a picture, with the sizes at which their order turns."""

from collections.abc import Sequence
from pathlib import Path

from seqbench.evidence.crossing import Crossing
from seqbench.reports.curve import Line, Panel, Point, Span, draw_panels
from seqbench.reports.size_summary import about
from seqbench.reports.sizes import Order, SizeCurve

RATIO = 3.0
"""The ratio of scores from which on their axis is logarithmic."""


def draw(found: Sequence[SizeCurve], path: Path) -> None:
    """Draw one panel per data set, and one line per model with its intervals.

    A vertical line and a band mark where the order of a model and the reference turns first: dashed within the data,
    dotted beyond.

    Raises:
        ValueError: no model has scores at two sizes, or the format is unknown.
    """
    panels = [panel for panel in map(_panel, found) if panel.lines]
    if not panels:
        raise ValueError("there is nothing to draw: no model has scores at two sizes")
    draw_panels(panels, path)


def _panel(curve: SizeCurve) -> Panel:
    orders = {order.label: order for order in curve.orders}
    ticks = [float(size.amount) for size in curve.sizes if size.amount]
    lines = []
    for label in curve.labels:
        factor, points = curve.metric.factor, []
        for point in curve.points[label]:
            one = point.estimate
            points.append(Point(float(point.size.amount or 0), factor * one.value, factor * one.low, factor * one.high))
        kind = curve.row(label).kind
        if kind == "truth" and points and ticks:  # it does not learn
            points = [points[0]._replace(x=tick) for tick in (ticks[0], ticks[-1])]
        if len(points) > 1:
            lines.append(Line(label, kind, points, _turn(orders.get(label))))
    axis = f"training {curve.unit}s"
    return Panel(curve.basis.dataset, axis, curve.metric, ticks, lines, log_x=True, log_y=_log_y(curve, lines))


def _log_y(curve: SizeCurve, lines: Sequence[Line]) -> bool:
    """Return whether scores differ so much that only their ratios can be seen."""
    scores = [point.y for line in lines for point in line.points]
    return curve.metric.range == "positive" and bool(scores) and max(scores) > RATIO * min(scores) > 0


def _turn(order: Order | None) -> Span | None:
    if order is None:
        return None
    found = next(iter(order.crossings), order.beyond)
    if found is None or found.at is None:
        return None
    if isinstance(found, Crossing):
        return Span(found.at, found.low, found.high, about(found.at))
    return Span(found.at, found.low, found.high, f"{about(found.at)}, extrapolated", dotted=True)
