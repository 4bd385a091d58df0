"""Curves against training size as a picture, with the sizes at which their order turns."""

from collections.abc import Sequence
from pathlib import Path

from seqbench.evidence.crossing import Crossing
from seqbench.reports.curve import Line, Panel, Point, Span, draw_panels
from seqbench.reports.sizes import Order, SizeCurve


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
    return Panel(curve.basis.dataset, f"training {curve.unit}s", curve.metric, ticks, lines, log_x=True)


def _turn(order: Order | None) -> Span | None:
    if order is None:
        return None
    found = next(iter(order.crossings), order.beyond)
    if found is None or found.at is None:
        return None
    return Span(found.at, found.low, found.high, dotted=not isinstance(found, Crossing))
