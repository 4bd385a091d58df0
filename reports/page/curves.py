"""Lines with intervals: strata, training, and the curves of exhibits."""

import math
from collections.abc import Sequence

import numpy as np

from seqbench.evidence.exhibits import Curves, Line
from seqbench.reports.formatting import plain
from seqbench.reports.page.axes import FEW, Extent, canvas, extent, figure_of, number, set_x, set_y, widest
from seqbench.reports.page.figure import Figure, Style, series
from seqbench.reports.page.svg import COLOURS, TIP, Pen

SIZE, SMALL_SIZE = (400, 280), (200, 130)
"""Widths and heights."""
MARKED, MARKED_OF_MANY = 6, 16
"""The most points of a line with markers in a small figure; the most markers of a line in others."""
FENCE = 3.0
"""Values that lie so many times the distance between the quartiles beyond them are cut off if they need most of the
height."""
TOLD = 6
"""The most lines whose ends a description tells."""


def draw(
    exhibit: Curves,
    pen: Pen,
    styles: Sequence[Style] | None = None,
    *,
    small: bool = False,
    x: Extent | None = None,
    y: Extent | None = None,
) -> Figure:
    """Draw curves.

    Args:
        styles: of the lines; None: a colour for each.
        small: for a figure among many of its kind, which have a common legend and common titles of their axes.
        x, y: what the axes show; None: all points.
    """
    styles = [series(place) for place in range(len(exhibit.lines))] if styles is None else styles
    across = x or extent([at for line in exhibit.lines for at in line.x], exhibit.log_x, 0.03)
    up = y or height_of(exhibit.lines)
    if exhibit.diagonal:
        across = up = extent([end for line in exhibit.lines for end in (*line.x, *line.y)], margin=0.03)
    if small:
        axes = canvas(*SMALL_SIZE, widest(up), bottom=20, top=8)
        set_y(axes, up, "", most=FEW)
        set_x(axes, across, "", most=FEW)
    else:
        axes = canvas(*SIZE, widest(up))
        set_y(axes, up, exhibit.ylabel)
        set_x(axes, across, exhibit.xlabel)
    if exhibit.diagonal:
        axes.plot(across[:2], across[:2], color=COLOURS["soft"], linewidth=1, linestyle=":")
    for line, style in zip(exhibit.lines, styles, strict=True):
        colour = COLOURS[style.colour]
        if line.low is not None and line.high is not None:
            low, high = (np.clip(np.asarray(ends, float), *up[:2]) for ends in (line.low, line.high))
            axes.fill_between(line.x, low, high, color=colour, alpha=0.13, linewidth=0)
        (drawn,) = axes.plot(
            line.x,
            line.y,
            color=colour,
            linestyle=style.dash or "none",
            marker="" if small and len(line.x) > MARKED else style.marker,
            markevery=-(-len(line.x) // MARKED_OF_MANY) if len(line.x) > MARKED_OF_MANY else 1,
            linewidth=1.2 if small else 1.6,
            markersize=3 if small else 5,
        )
        drawn.set_gid(f"{TIP}{plain(line.name)}")
    body = pen.svg(figure_of(axes), exhibit.title, description(exhibit))
    legend = () if small or len(styles) < 2 else tuple(legend_of(exhibit.lines, styles))
    cut = any(math.isfinite(value) and not up.holds(value) for line in exhibit.lines for value in line.y)
    caption = "Lines that leave the figure go on beyond it." if cut and not small else ""
    return Figure(plain(exhibit.title), body, caption, legend, "small" if small else "normal")


def legend_of(lines: Sequence[Line], styles: Sequence[Style]) -> list[tuple[str, Style]]:
    return [(plain(line.name), style) for line, style in zip(lines, styles, strict=True)]


def description(exhibit: Curves) -> str:
    """Return one sentence that tells where the lines begin and end."""
    told = [
        f"{line.name} from {number(line.y[0])} at {number(line.x[0])} to {number(line.y[-1])} at {number(line.x[-1])}"
        for line in exhibit.lines[:TOLD]
        if len(line.x)
    ]
    more = f"; and {len(exhibit.lines) - TOLD} more lines" if len(exhibit.lines) > TOLD else ""
    return f"{exhibit.ylabel} against {exhibit.xlabel}: {'; '.join(told)}{more}."


def height_of(lines: Sequence[Line], log: bool = False) -> Extent:
    """Return the extent of the values, without those that would press all others together; intervals may reach out of
    it by as much as it is high."""
    values = [y for line in lines for y in line.y if math.isfinite(y)]
    if values and not log:
        low, high = (float(end) for end in np.quantile(values, [0.25, 0.75]))
        fence = Extent(low - FENCE * (high - low), high + FENCE * (high - low))
        near = [value for value in values if fence.holds(value)]
        if max(values) - min(values) > 2 * (max(near) - min(near)) > 0:
            values = near
    sides = [side for line in lines for side in (line.low, line.high) if side is not None]
    inner, whole = extent(values, log, 1.0), extent([*values, *(y for side in sides for y in side)], log, 0.04)
    return Extent(max(whole.low, inner.low), min(whole.high, inner.high), log)
