"""Forecasts over the truth, with the intervals in which it should lie."""

import numpy as np

from seqbench.evidence.exhibits import Fan
from seqbench.reports.formatting import plain
from seqbench.reports.page.axes import Extent, canvas, extent, figure_of, number, set_x, set_y, widest
from seqbench.reports.page.figure import Figure, Style
from seqbench.reports.page.svg import COLOURS, TIP, Pen

SIZE = (400, 240)
KNOWN, MEAN = Style("ink"), Style("series-0", "", "--")


def draw(exhibit: Fan, pen: Pen) -> Figure:
    past, truth, mean = list(exhibit.past), list(exhibit.truth), list(exhibit.mean)
    before, after = np.arange(-len(past) + 1, 1), np.arange(1, len(mean) + 1)
    bands = sorted(exhibit.bands.items(), reverse=True)
    up = _height([*past, *truth, *mean], [end for _, sides in bands for side in sides for end in side])
    axes = canvas(*SIZE, widest(up), top=14)
    set_y(axes, up, "")
    set_x(axes, extent([1.0 - len(past), float(len(mean))], margin=0.02), "steps ahead")
    for share, sides in bands:
        low, high = (np.clip(side, up.low, up.high) for side in sides)
        drawn = axes.fill_between(after, low, high, color=COLOURS[MEAN.colour], alpha=0.15, linewidth=0)
        drawn.set_gid(f"{TIP}{100 * share:g} % interval")
    axes.plot([*before, *after[: len(truth)]], [*past, *truth], color=COLOURS[KNOWN.colour], linewidth=1.2)
    axes.plot(after, mean, color=COLOURS[MEAN.colour], linewidth=1.6, linestyle=MEAN.dash)
    axes.axvline(0.5, color=COLOURS["soft"], linewidth=0.8)
    ends = " and ".join(
        f"{what} ends at {number(x[-1])}" for what, x in (("the forecast", mean), ("the truth", truth)) if x
    )
    description = f"{len(past)} values of the past, then a forecast of {len(mean)} steps and the truth; {ends}."
    shares = " and ".join(f"{100 * share:g} %" for share, _ in reversed(bands))
    caption = f"Shaded: where {shares} of the values should lie." if bands else ""
    body = pen.svg(figure_of(axes), exhibit.title, description)
    return Figure(plain(exhibit.title), body, caption, (("past and truth", KNOWN), ("mean of the forecast", MEAN)))


def _height(values: list[float], ends: list[float]) -> Extent:
    """Return the extent of the values; intervals may reach out of it by as much as it is high."""
    inner, whole = extent(values, margin=1.0), extent([*values, *ends])
    return Extent(max(whole.low, inner.low), min(whole.high, inner.high))
