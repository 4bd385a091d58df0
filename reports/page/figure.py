"""What a page shows below a title: a figure or a small table, with its legend and a caption."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from seqbench.reports.page.svg import SERIES

MARKERS = "osD^vPX*"
"""Of series, beside their colours, so that they are told apart without colours too."""
SHAPES = {
    "o": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "s": "M-3.5-3.5h7v7h-7z",
    "D": "M0-4.6 4.6 0 0 4.6-4.6 0z",
    "^": "M0-4.5 4.5 4h-9z",
    "v": "M0 4.5 4.5-4h-9z",
    "P": "M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    "X": "M-2-4.2 0-2.2 2-4.2 4.2-2 2.2 0 4.2 2 2 4.2 0 2.2-2 4.2-4.2 2-2.2 0-4.2-2z",
    "*": "M0-5 1.3-1.6 4.8-1.5 2 .7 3 4 0 2.1-3 4-2 .7-4.8-1.5-1.3-1.6z",
    "": "",
}
"""The markers as paths around the origin, for legends."""


LEVELS = 8
"""Number of shades of a cell or a symbol."""


@dataclass(frozen=True)
class Style:
    """How a series is drawn."""

    colour: str
    """A name in `COLOURS`."""
    marker: str = ""
    dash: str = "-"
    """As matplotlib writes it; empty: no line."""

    @property
    def shape(self) -> str:
        return SHAPES[self.marker]

    @property
    def dashes(self) -> str:
        """Lengths of dashes and gaps in a legend; empty if the line is solid."""
        return {":": "1.5 2.5", "--": "5 3", "-.": "5 2 1 2"}.get(self.dash, "")


@dataclass(frozen=True)
class Figure:
    title: str
    body: Markup
    caption: str = ""
    legend: tuple[tuple[str, Style], ...] = ()
    size: Literal["small", "normal", "tall", "wide"] = "normal"


@dataclass(frozen=True)
class Group:
    """Figures under one heading."""

    title: str
    figures: Sequence[Figure]
    about: str = ""
    legend: tuple[tuple[str, Style], ...] = ()
    """Of figures that have it in common."""

    @property
    def small(self) -> bool:
        return all(figure.size == "small" for figure in self.figures)


def series(place: int, dash: str = "-") -> Style:
    """Return the style of the series at this place; after the last colour, they begin again with another dash."""
    again = place // SERIES % 2
    return Style(f"series-{place % SERIES}", MARKERS[place % len(MARKERS)], "--" if again and dash == "-" else dash)


def level(share: float) -> int:
    """Return a shade from 0 to `LEVELS`; 0 if there is no value."""
    return 0 if math.isnan(share) else math.ceil(LEVELS * min(1.0, max(0.0, share)) - 1e-9)


def left_out(count: int, most: int, what: str) -> str:
    """Return a caption that tells how many things are left out; empty if there are none."""
    return f"The first {most:,} of {count:,} {what}." if count > most else ""
