"""Scores of a few models by properties of items: by their length, their place, how frequent they are."""

from collections.abc import Sequence
from dataclasses import replace

from seqbench.evidence.exhibits import Curves, Line
from seqbench.reports.curve import LINES, Panel, of_property
from seqbench.reports.formatting import plain, titled
from seqbench.reports.page import curves
from seqbench.reports.page.axes import spread
from seqbench.reports.page.figure import Figure, Group, Style, series
from seqbench.reports.page.svg import Pen
from seqbench.reports.table import Row, Table
from seqbench.tasks import task


def strata(table: Table, rows: Sequence[Row], pen: Pen) -> Group:
    """Draw the scores of rows by each property that the task knows; a row has the same style in all figures."""
    styles = {
        row.label: Style("truth", "", "--") if row.kind == "truth" else series(place, LINES[row.kind])
        for place, row in enumerate(rows)
    }
    shown = replace(table, rows=tuple(rows))
    found = [panel for prop in task(table.basis.task).strata if (panel := of_property(shown, prop)).lines]
    drawn = {line.label for panel in found for line in panel.lines}
    return Group(
        "Scores by what is predicted",
        [_figure(panel, styles, pen) for panel in found],
        f"Each point is a part of the test items, with its {100 * table.settings.level:g} % interval.",
        tuple((plain(label), style) for label, style in styles.items() if label in drawn),
    )


def _figure(panel: Panel, styles: dict[str, Style], pen: Pen) -> Figure:
    metric = panel.metric
    lines = [Line(line.label, *(list(values) for values in zip(*line.points, strict=True))) for line in panel.lines]
    values = [y for line in lines for y in line.y]
    exhibit = Curves(
        f"{metric.title[0].upper()}{metric.title[1:]} by {panel.xlabel}",
        panel.xlabel,
        f"test {titled(metric)}",
        lines,
        log_x=spread([x for line in lines for x in line.x]),
    )
    height = curves.height_of(lines, metric.scale == "log" and spread(values))
    return replace(curves.draw(exhibit, pen, [styles[line.name] for line in lines], y=height), legend=())
