"""Text whose symbols have colours by their weights."""

import math
from collections.abc import Sequence

import numpy as np

from seqbench.evidence.exhibits import Exhibit, Passage
from seqbench.reports.formatting import plain, visible
from seqbench.reports.page.axes import number
from seqbench.reports.page.figure import LEVELS, Figure, left_out, level
from seqbench.reports.page.template import rendered

SYMBOLS = 2_000
"""The most symbols of a passage."""


def scales(exhibits: Sequence[Exhibit]) -> dict[str, float]:
    """Return where the last shade begins, by the unit of the weights, so that a shade means the same in all passages:
    the largest two in a hundred weights share it."""
    weights: dict[str, list[float]] = {}
    for exhibit in exhibits:
        if isinstance(exhibit, Passage):
            weights.setdefault(exhibit.unit, []).extend(w for w in exhibit.weights if math.isfinite(w))
    return {unit: float(np.quantile(found, 0.98)) for unit, found in weights.items() if found}


def show(exhibit: Passage, top: float) -> Figure:
    """Show a passage; the last shade begins at `top`, the first one at 0 or the smallest weight."""
    low = min([0.0, *(w for w in exhibit.weights if math.isfinite(w))])
    symbols = [
        (
            symbol if symbol == " " else visible(symbol),
            level((weight - low) / (top - low) if top > low else 0.0),
            number(weight),
            "\n" in symbol,
        )
        for symbol, weight in zip(exhibit.symbols[:SYMBOLS], exhibit.weights, strict=False)
    ]
    body = rendered(
        "passage.html",
        symbols=symbols,
        gap=exhibit.gap,
        unit=plain(exhibit.unit),
        levels=range(LEVELS + 1),
        ends=(number(low), number(top)),
    )
    return Figure(plain(exhibit.title), body, left_out(len(exhibit.symbols), SYMBOLS, "symbols"), size="wide")
