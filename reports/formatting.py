"""Formatting of numbers in cells, the same in every format of a report."""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

from seqbench.evidence.metrics import Metric

ABSENT = "—"
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
VISIBLE = {"\n": "↵", "\r": "␍", "\t": "⇥", " ": "␣"}
_ESCAPE_CODE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]")  # such as a colour: ECMA-48, section 5.4
MOST = 6
"""The most decimal places: a score that is smaller is nearly 0, and its digits would only widen the column."""
LONG = 1e7
"""Scores from this size on are written with an exponent: the model failed, so their digits mean nothing."""


def places(values: Iterable[float | None], digits: int = 4) -> int:
    """Return the decimal places for a column: enough for `digits` significant digits of its smallest value."""
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v) and v != 0]
    return min(MOST, max(0, digits - 1 - math.floor(math.log10(min(sizes))))) if sizes else 0


def fixed(value: float | None, decimals: int) -> str:
    """Return `98.20`, or `1,020` if the value has four digits before the point; infinite is ∞, absent is —."""
    if value is None or math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.1e}" if abs(value) >= LONG else f"{value:,.{0 if abs(value) >= 1000 else decimals}f}"
    return text.replace("-", "−")


@dataclass(frozen=True)
class Written:
    """Formats the values of a metric; all values in a column have the same number of decimals."""

    factor: float
    decimals: int

    @classmethod
    def of(cls, metric: Metric, values: Iterable[float | None]) -> "Written":
        """Format shares in per cent with three significant digits, other scores with four."""
        read = [None if v is None else metric.factor * v for v in values]
        return cls(metric.factor, places(read, 3 if metric.per_cent else 4))

    def __call__(self, value: float | None) -> str:
        return fixed(None if value is None else self.factor * value, self.decimals)

    def interval(self, low: float, high: float) -> str:
        return interval(self.factor * low, self.factor * high, self.decimals)


def titled(metric: Metric) -> str:
    """Return the metric's title with its unit."""
    return metric.heading


def margin(metric: Metric, width: float) -> str:
    """Return the margin of a tie in the metric's unit: `1 %` of a perplexity, `1 point` of an F1, `0.01` of others."""
    if metric.per_cent:
        return f"{100 * width:g} point{'s' if width != 0.01 else ''}"
    return f"{100 * width:g} %" if metric.scale == "log" else f"{width:g}"


def interval(low: float | None, high: float | None, decimals: int) -> str:
    """Return `95.97–100.51`, or `−1.20 to 3.45` if the lower bound is negative."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ABSENT
    return (" to " if low < 0 else "–").join(fixed(bound, decimals) for bound in (low, high))


def significant(value: float | None, digits: int = 3) -> str:
    """Return `0.0123`, `1.20`, `98.2`, `1,230`: `digits` significant digits, but whole digits are never rounded."""
    if value is None or not math.isfinite(value):
        return fixed(value, 0)
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    return fixed(rounded if abs(value) < 1 else value, places([rounded], digits))


def percent(share: float | None) -> str:
    """Return a signed share, `+12.3 %`, `−0.42 %`, with at most two decimals."""
    if share is None or not math.isfinite(share):
        return fixed(share, 0)
    decimals = min(2, places([100 * share], 3))
    rounded = round(100 * share, decimals)
    sign = "+" if rounded > 0 else ""
    return f"{sign}{fixed(rounded + 0.0, decimals)} %"


def _scaled(value: float, units: tuple[str, ...], step: float = 1000.0) -> str:
    for unit in units[:-1]:
        if abs(value) < step * (1 - 0.0005):
            return f"{significant(value)} {unit}".rstrip()
        value /= step
    return f"{significant(value)} {units[-1]}"


def count(value: float | None) -> str:
    """Return a count: `812`, `33.3 k`, `1.20 M`."""
    if value is None or not math.isfinite(value):
        return fixed(value, 0)
    return f"{value:,.0f}" if value < 1000 and value == int(value) else _scaled(value, ("", "k", "M", "G", "T"))


def seconds(value: float | None) -> str:
    """Return a time: `4.20 ms`, `0.340 s`, `1,840 s`."""
    if value is None or not math.isfinite(value):
        return fixed(value, 0)
    return f"{significant(1000 * value)} ms" if 0 < value < 0.0995 else f"{significant(value)} s"


def memory(value: float | None) -> str:
    """Return bytes in decimal units, `512 MB`."""
    if value is None or not math.isfinite(value):
        return fixed(value, 0)
    return _scaled(value, ("B", "kB", "MB", "GB", "TB"))


def times(ratio: float) -> str:
    """Return a ratio: `840 times`, `0.52 times`."""
    return f"{significant(ratio, 2 if ratio < 100 else 3)} times"


def raised(mark: str) -> str:
    """Return a mark for plain text: the digits of a numbered note become superscripts."""
    return mark.translate(SUPERSCRIPTS)


def plain(text: str) -> str:
    """Return the text as one line of printable characters.

    Names of files and models, class names and the output of a model may contain line ends, escape codes for terminals
    and characters that change the direction of writing.
    """
    return "".join(c for c in " ".join(_ESCAPE_CODE.sub("", text).split()) if c.isprintable())


def shortened(name: str, size: int) -> str:
    """Return a name without its middle if it is wider than `size`: names of models differ at both ends."""
    size = max(1, size)
    if cell_len(name) <= size:
        return name
    ends = ((name[: n - n // 2], name[len(name) - n // 2 :]) for n in range(len(name), -1, -1))
    head, tail = next((head, tail) for head, tail in ends if cell_len(head + tail) < size)
    return f"{head}…{tail}"


def broken(label: str, size: int) -> list[str]:
    """Break a label into lines of at most `size`, of which all but the first are to be indented by two: before and
    between its settings, or within a long one."""
    return joined([part for piece in pieces(label) for part in chop_cells(piece, size - 2)], size)


def pieces(label: str) -> list[str]:
    """Return the parts between which a label may be broken."""
    return re.split(r"(?<=, )|(?=\()|(?<=:)|(?<= )(?=\[)", label)


def joined(pieces: Sequence[str], size: int) -> list[str]:
    """Join pieces of a text into lines of at most `size`, or as long as the longest piece."""
    lines = [""]
    for piece in pieces:
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > size:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def visible(symbol: str) -> str:
    """Return a symbol with what cannot be seen replaced by a sign, such as ↵, or by its number, such as <U+200B>."""
    return ("◌" if unicodedata.combining(symbol[:1] or " ") else "") + "".join(map(_visible, symbol))


def _visible(character: str) -> str:
    if character in VISIBLE:
        return VISIBLE[character]
    if character.isprintable():
        return character
    return f"<U+{ord(character):04X}>"
