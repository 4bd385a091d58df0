"""What a task shows of its results besides scores: figures, pictures and texts as plain data, which reports draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqbench.interface import Floats


@dataclass(frozen=True)
class Line:
    """Points of one curve; all sequences have the same length."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    """Lower ends of intervals; None: there are none; NaN: this point has none."""
    high: Sequence[float] | None = None


@dataclass(frozen=True)
class Curves:
    title: str
    xlabel: str
    ylabel: str
    lines: Sequence[Line]
    log_x: bool = False
    diagonal: bool = False
    """Whether the line y = x is drawn too, as in a reliability diagram."""


@dataclass(frozen=True)
class Bars:
    """A value for each name, and one group of bars for each series of values."""

    title: str
    ylabel: str
    names: Sequence[str]
    values: Mapping[str, Sequence[float]]
    """By the name of the series of values."""


@dataclass(frozen=True)
class Matrix:
    """Counts by row and column, such as confusions of classes."""

    title: str
    row_label: str
    column_label: str
    names: Sequence[str]
    """Of rows and of columns."""
    counts: Sequence[Sequence[int]]


@dataclass(frozen=True)
class Fan:
    """A forecast of one series: what was known, what came, and quantiles."""

    title: str
    past: Sequence[float]
    truth: Sequence[float]
    """(H,)"""
    mean: Sequence[float]
    """(H,)"""
    bands: Mapping[float, tuple[Sequence[float], Sequence[float]]]
    """Lower and upper ends (H,) by the share that should lie between them, such as 0.8."""


@dataclass(frozen=True)
class Passage:
    """A text whose symbols have weights, shown as colours."""

    title: str
    symbols: Sequence[str]
    """The end of a line is a symbol too, the newline."""
    weights: Sequence[float]
    """One per symbol, such as its surprise; infinite if the symbol was impossible."""
    unit: str
    """Of the weights, such as `bits`."""
    gap: str = " "
    """Between symbols."""


@dataclass(frozen=True)
class Listing:
    """A small table of texts."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Images:
    """Small grey pictures (R, C), from −1 (white) to +1 (black), one row of them for each name."""

    title: str
    rows: Mapping[str, Sequence[Floats]]
    names: Sequence[str]
    """Of the columns."""


Exhibit = Curves | Bars | Matrix | Fan | Passage | Listing | Images

LONG, WORD = 240, 40
"""The largest number of characters that an exhibit shows of a text, and of a word that stands by itself."""


def shortened(text: str, most: int = LONG) -> str:
    """Return the beginning of a text, with an ellipsis if that is not all."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def grid(names: Sequence[str], weights: Sequence[Sequence[float]]) -> dict[str, list[Floats]]:
    """Return weights (R, C) as the rows of `Images`, a picture of one point per weight: white for 0, black for 1.

    Rows are numbered, since words may occur twice.
    """
    return {
        f"{number} {name}": [np.full((1, 1), np.clip(2.0 * weight - 1, -1, 1)) for weight in row]
        for number, (name, row) in enumerate(zip(names, weights, strict=True), start=1)
    }
