"""Scores with their intervals, in order: a forest plot."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqbench.reports import formatting
from seqbench.reports.formatting import Written, broken, plain
from seqbench.reports.page.axes import LARGE, LETTER, SMALL, Extent, canvas, figure_of, set_x
from seqbench.reports.page.figure import Figure
from seqbench.reports.page.scores import KINDS, LABEL, WIDTH, Scored, better, mark, reach, scored, titled, told, written
from seqbench.reports.page.svg import COLOURS, Pen
from seqbench.reports.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE, GAP = 13.0, 6.0
"""The height of a line of a label, and the space between two labels."""


def forest(table: Table, pen: Pen) -> Figure | None:
    """Draw the scores with their intervals, the best first; None if there are none."""
    rows, metric = scored(table), table.metrics[0]
    if not rows:
        return None
    shown, form = reach(metric, rows), written(metric, rows)
    labels = [broken(one.label, LABEL) for one in rows]
    tops = np.cumsum([0.0, *(GAP + LINE * len(lines) for lines in labels)]).tolist()
    left = 14 + LETTER * LARGE * max(len(line) for lines in labels for line in lines)
    axes = canvas(WIDTH, tops[-1] + 44, left, bottom=38, top=6, right=14)
    set_x(axes, shown, f"test {formatting.titled(metric)} ({better(metric)})")
    axes.set_ylim(tops[-1], 0)
    axes.set_yticks([])
    axes.grid(axis="x", color=COLOURS["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    for one, lines, top, bottom in zip(rows, labels, tops, tops[1:], strict=False):
        _label(axes, lines, (top + bottom) / 2, bold=one.row.label in (table.best, table.reference))
        _interval(axes, one, (top + bottom) / 2, shown, form)
    reference = next((one for one in rows if one.row.label == table.reference), None)
    if reference is not None and shown.holds(reference.score):
        axes.axvline(reference.score, color=COLOURS["classic"], linewidth=1, linestyle=(0, (4, 3)), zorder=0.5)
    title = titled(metric, ", in order")
    return Figure(
        title,
        pen.svg(figure_of(axes), title, _description(table, rows, form, reference)),
        _caption(table, rows, shown, reference),
        size="tall",
    )


def _label(axes: "Axes", lines: Sequence[str], middle: float, bold: bool) -> None:
    first = middle - LINE * (len(lines) - 1) / 2
    for place, line in enumerate(lines):
        axes.annotate(
            line,
            (0, first + LINE * place),
            (-8, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center_baseline",
            fontsize=LARGE,
            weight="bold" if bold else "normal",
            color=COLOURS["ink"],
        )


def _interval(axes: "Axes", one: Scored, y: float, shown: Extent, form: Written) -> None:
    if not shown.holds(one.score):
        _beyond(axes, one, y, shown, form)
        return
    if not math.isnan(one.low):
        ends = [max(one.low, shown.low), min(one.high, shown.high)]
        axes.plot(ends, [y, y], color=COLOURS[KINDS[one.row.kind].colour], linewidth=2, alpha=0.55)
    mark(axes, one.score, y, one, told(one, form))


def _beyond(axes: "Axes", one: Scored, y: float, shown: Extent, form: Written) -> None:
    """Draw an arrow at the edge, with the score beside it."""
    above = one.score > shown.high
    at = shown.high if above else shown.low
    mark(axes, at, y, one, told(one, form), ">" if above else "<")
    axes.annotate(
        form(one.score),
        (at, y),
        (-10 if above else 10, 0),
        textcoords="offset points",
        ha="right" if above else "left",
        va="center_baseline",
        fontsize=SMALL,
        color=COLOURS["soft"],
    )


def _description(table: Table, rows: Sequence[Scored], form: Written, reference: Scored | None) -> str:
    metric, first, last = table.metrics[0], rows[0], rows[-1]
    beside = f"; the reference, {plain(reference.label)}, has {form(reference.score)}" if reference else ""
    return (
        f"Test {formatting.titled(metric)} of {len(rows)} models with intervals, {better(metric)}: first {first.label} "
        f"with {form(first.score)}, last {last.label} with {form(last.score)}{beside}."
    )


def _caption(table: Table, rows: Sequence[Scored], shown: Extent, reference: Scored | None) -> str:
    far = sum(not shown.holds(one.score) for one in rows)
    said = [f"With {100 * table.settings.level:g} % intervals."]
    said += ["The dashed line is the reference, the best classic model on validation."] if reference else []
    said += [f"Arrows: {far} score{'s' if far > 1 else ''} beyond the axis."] if far else []
    said += ["Hollow: not comparable."] if any(not one.row.comparable for one in rows) else []
    return " ".join(said)
