"""Axes of the page's figures: sizes in pixels of the page, round ticks, quiet lines, titles above."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqbench.reports.formatting import ABSENT, count, fixed, plain
from seqbench.reports.page.svg import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMALL, LARGE = 11, 12
"""Sizes of ticks and of labels."""
LETTER = 0.61
"""The mean width of a letter, as a share of the size of its font."""
DECADE = 8
"""From this ratio of its ends on, a logarithmic axis has ticks at powers of ten; below, at round numbers."""
FEW, MANY = 3, 6
"""About how many ticks there are on an axis, of a small figure and of others."""


class Extent(NamedTuple):
    """What an axis shows."""

    low: float
    high: float
    log: bool = False
    whole: bool = False
    """Whether its ticks are whole numbers."""

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def extent(values: Iterable[float], log: bool = False, margin: float = 0.05) -> Extent:
    """Return the extent of the finite values with a margin; on a logarithmic axis, of those above 0."""
    known = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
    if not known:
        return Extent(1.0, 10.0, log)
    low, high = (math.log(x) if log else x for x in (min(known), max(known)))
    gap = margin * (high - low) or (0.05 if log else 0.05 * abs(high) or 1.0)
    low, high = low - gap, high + gap
    return Extent(math.exp(low), math.exp(high), True) if log else Extent(low, high)


def canvas(width: float, height: float, left: float, bottom: float = 34, top: float = 22, right: float = 12) -> "Axes":
    """Return the axes of a new figure; all arguments are in pixels, the last four are the margins."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), dpi=72)  # SVG has 72 per inch
    figure.patch.set_visible(False)
    axes = figure.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height),
        xmargin=0,
        ymargin=0,
    )
    axes.patch.set_visible(False)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set(color=COLOURS["soft"], linewidth=0.8)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=COLOURS["soft"], pad=5)
    axes.minorticks_off()
    return axes


def figure_of(axes: "Axes") -> "Figure":
    found = axes.get_figure(root=True)
    assert found is not None
    return found


def set_x(
    axes: "Axes", shown: Extent, title: str, text: Callable[[float], str] | None = None, most: int = MANY
) -> None:
    """Set what the horizontal axis shows, with its ticks, and its title below them."""
    if shown.log:
        axes.set_xscale("log")
    marks = [(at, (text or number)(at)) for at in ticks(shown, most)]
    axes.set_xlim(shown.low, shown.high)
    axes.set_xticks([at for at, _ in marks], [label for _, label in marks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(plain(title), fontsize=SMALL, color=COLOURS["soft"], labelpad=3)


def set_y(
    axes: "Axes", shown: Extent, title: str, text: Callable[[float], str] | None = None, most: int = MANY
) -> None:
    """Set what the vertical axis shows, with its ticks as lines, and its title above, where it reads from left to
    right."""
    if shown.log:
        axes.set_yscale("log")
    marks = [(at, (text or number)(at)) for at in ticks(shown, most)]
    axes.set_ylim(shown.low, shown.high)
    axes.set_yticks([at for at, _ in marks], [label for _, label in marks])
    axes.set_yticks([], minor=True)
    axes.grid(axis="y", color=COLOURS["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    figure = figure_of(axes)
    figure.text(2 / _width(axes), 1 - 11 / _height(axes), plain(title), fontsize=SMALL, color=COLOURS["soft"])


def widest(shown: Extent, text: Callable[[float], str] | None = None) -> float:
    """Return the left margin that the ticks of a vertical axis need, in pixels."""
    return 10 + LETTER * SMALL * max((len((text or number)(at)) for at in ticks(shown)), default=1)


def ticks(shown: Extent, most: int = MANY) -> list[float]:
    """Return round numbers within an extent."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    low, high, log, _ = shown
    if log and high / low >= DECADE:
        subs = (1.0,) if high / low > 1000 else (1.0, 2.0, 5.0) if high / low < 100 else (1.0, 3.0)
        found = LogLocator(subs=subs, numticks=50).tick_values(low, high)
        within = [float(at) for at in found if low <= at <= high]
        return within[:: -(-len(within) // most)]
    found = MaxNLocator(nbins=most - 1, steps=[1, 2, 2.5, 5, 10], integer=shown.whole).tick_values(low, high)
    tolerance = 1e-9 * (high - low)
    return [float(at) for at in found if low - tolerance <= at <= high + tolerance]


def number(value: float) -> str:
    """Return a tick: `0.05`, `1,000`, `200 k`."""
    if value == 0 or not math.isfinite(value):
        return fixed(value, 0)
    if abs(value) >= 1e5:
        return short(count(value))
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    text = fixed(value, min(digits, 10))
    return short(text) if text != ABSENT else text


def short(text: str) -> str:
    """Return a number with its unit without zeros at the end: `1.00 ms` becomes `1 ms`."""
    figures, space, unit = text.partition(" ")
    return (figures.rstrip("0").rstrip(".") if "." in figures and "e" not in figures else figures) + space + unit


def spread(values: Sequence[float]) -> bool:
    """Return whether values above 0 need a logarithmic axis."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > 20


def _width(axes: "Axes") -> float:
    return 72 * float(figure_of(axes).get_size_inches()[0])


def _height(axes: "Axes") -> float:
    return 72 * float(figure_of(axes).get_size_inches()[1])
