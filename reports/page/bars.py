"""Values by name: lying bars, whose names can be read; points on a line if there are many series."""

import math
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from seqbench.evidence.exhibits import Bars
from seqbench.reports.formatting import plain
from seqbench.reports.page.axes import LARGE, LETTER, canvas, extent, figure_of, number, set_x
from seqbench.reports.page.figure import Figure, Style, left_out, series
from seqbench.reports.page.svg import COLOURS, TIP, Pen

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 400
NAMES = 60
"""The most names."""
SIDE_BY_SIDE = 4
"""The most series that are bars side by side."""
LINE, GAP, LETTERS = 13.0, 6.0, 20
"""Of a label: the height of a line, the space to the next one, and the number of letters in a line."""


def draw(exhibit: Bars, pen: Pen) -> Figure:
    names = [plain(name) for name in exhibit.names[:NAMES]]
    count = len(exhibit.values)
    dots, thick = count > SIDE_BY_SIDE, 10.0 if count > 1 else LINE
    labels = [wrap(name, LETTERS) or [""] for name in names]
    heights = [max(LINE * len(lines), 16.0 if dots else thick * count) + GAP for lines in labels]
    middles = (np.cumsum(heights) - np.array(heights) / 2).tolist()
    left = 14 + LETTER * LARGE * max((len(line) for lines in labels for line in lines), default=1)
    axes = canvas(WIDTH, sum(heights) + 44, left, bottom=38, top=6)
    values = [value for of in exhibit.values.values() for value in of[:NAMES]]
    set_x(axes, extent(values if dots else [0.0, *values], margin=0.03), exhibit.ylabel)
    axes.set_ylim(sum(heights) or 1.0, 0)
    axes.set_yticks(middles if dots else [], [""] * len(middles) if dots else [])
    axes.grid(axis="both", color=COLOURS["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    for lines, middle in zip(labels, middles, strict=True):
        _label(axes, lines, middle)
    legend = []
    for place, (name, of) in enumerate(exhibit.values.items()):
        style = Style(series(place).colour, series(place).marker if dots else "s", "")
        legend.append((plain(name), style))
        shift = 0.0 if dots else thick * (place - (count - 1) / 2)
        for label, value, middle in zip(names, of, middles, strict=False):
            tip = f"{TIP}{label}{f', {plain(name)}' if count > 1 else ''}: {number(value)}"
            _value(axes, value, middle + shift, thick - 2, style, tip, dots)
    body = pen.svg(figure_of(axes), exhibit.title, _description(exhibit, len(names)))
    out = left_out(len(exhibit.names), NAMES, "names")
    return Figure(plain(exhibit.title), body, out, tuple(legend) if count > 1 else ())


def _label(axes: "Axes", lines: list[str], middle: float) -> None:
    axes.annotate(
        "\n".join(lines),
        (0, middle),
        (-8, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=LARGE,
        color=COLOURS["ink"],
    )


def _value(axes: "Axes", value: float, y: float, thick: float, style: Style, tip: str, dot: bool) -> None:
    colour = COLOURS[style.colour]
    if dot:
        (mark,) = axes.plot([value], [y], style.marker, color=colour, markersize=6, alpha=0.85)
        mark.set_gid(tip)
    else:
        (bar,) = axes.barh(y, 0.0 if math.isnan(value) else value, thick, color=colour)
        bar.set_gid(tip)


def _description(exhibit: Bars, count: int) -> str:
    told = [
        f"{plain(name)} from {number(float(np.nanmin(of)))} to {number(float(np.nanmax(of)))}"
        for name, of in exhibit.values.items()
        if not np.isnan(of).all()
    ]
    return f"{exhibit.ylabel} of {count} names: {'; '.join(told)}."
