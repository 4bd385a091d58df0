"""What a task shows of its results besides scores: figures, pictures and texts as plain data, which reports draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seqbench.interface import Floats


@dataclass(frozen=True)
class Line:
    """Points of one curve; all sequences have the same length."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    """Lower ends of intervals; None: there are none."""
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
    weights: Sequence[float]
    """One per symbol, such as its surprise."""
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
