"""The page of `seqbench inspect cells`: one self-contained HTML file, for light or dark screens and for printing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqbench.recurrent.inspection.units import Activity
from seqbench.reports.formatting import plain, visible
from seqbench.reports.markup import environment

WIDTH = 100
"""About the number of characters in the symbols of one table."""


@dataclass(frozen=True)
class Field:
    """What a unit holds after a symbol."""

    symbol: str
    value: str
    """Such as +0.83."""
    colour: str
    """`rise` or `fall`."""
    strength: float
    """Opacity of the colour, 0 to 0.8."""


def render(activity: Activity, units: Sequence[int], title: str) -> str:
    """Return the page.

    Args:
        units: numbers of the units to show, one row each.
        title: such as the name of the model and its data.
    """
    largest = float(np.abs(activity.values).max(initial=0.0))
    scale = max(1.0, largest)
    seen = [visible(symbol) for symbol in activity.symbols]
    tables = [
        (first, last, seen[first:last], [(unit, _fields(activity, seen, unit, first, last, scale)) for unit in units])
        for first, last in _lines(seen)
    ]
    return (
        environment("seqbench.recurrent.inspection")
        .get_template("cells.html")
        .render(title=plain(title), quantity=activity.quantity, scale=f"{scale:.3g}", tables=tables, total=len(seen))
    )


def _lines(seen: Sequence[str]) -> list[tuple[int, int]]:
    """Return the first symbol of each table and the one after its last; tables have about `WIDTH` characters."""
    widths = np.cumsum([len(symbol) for symbol in seen], dtype=np.int64)
    ends = [n + 1 for n in range(len(seen) - 1) if widths[n] // WIDTH < widths[n + 1] // WIDTH]
    return list(zip([0, *ends], [*ends, len(seen)], strict=True)) if seen else []


def _fields(activity: Activity, seen: Sequence[str], unit: int, first: int, last: int, scale: float) -> list[Field]:
    return [
        Field(
            symbol,
            f"{value:+.2f}".replace("-", "−"),
            "rise" if value > 0 else "fall",
            round(0.8 * abs(value) / scale, 3),
        )
        for symbol, value in zip(seen[first:last], activity.values[first:last, unit].tolist(), strict=True)
    ]
