"""How networks were trained: losses in training and scores on validation by epoch, a small figure for each network."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seqbench.evidence.exhibits import Curves, Line
from seqbench.evidence.records import Record
from seqbench.reports.page.axes import extent, spread
from seqbench.reports.page.curves import draw
from seqbench.reports.page.figure import Figure, Style
from seqbench.reports.page.svg import Pen
from seqbench.reports.table import Row

STYLES = {"training": Style("soft", "", ":"), "validation": Style("neural", "o")}
_NAME = re.compile(r"(?P<where>.*?)(?P<part>train|valid)_(?P<quantity>[^,]+)(?P<which>, .*)?")
_PARTS = {"train": "training", "valid": "validation"}


@dataclass(frozen=True)
class Course:
    """The values of one curve of one fit, by epoch."""

    quantity: str
    part: str
    """training or validation."""
    where: str
    """Which part of the model, and which of several fits; empty if there is one."""
    values: Sequence[float]


def training(rows: Sequence[Row], pen: Pen) -> dict[str, list[Figure]]:
    """Return a figure for each network that logged its training, by what is on the vertical axis."""
    found: dict[str, dict[str, list[Course]]] = {}
    for row in rows:
        for course in (course for record in row.records for course in courses(record)):
            found.setdefault(course.quantity, {}).setdefault(row.label, []).append(course)
    return {quantity: _figures(quantity, networks, pen) for quantity, networks in found.items()}


def courses(record: Record) -> list[Course]:
    """Return the curves of a fit that have more than one value.

    Where validation is in perplexity, a loss in nats is drawn as one too, so that both have one axis.
    """
    named = [(found, values) for name, values in record.curves.items() if (found := _NAME.fullmatch(name))]
    perplexity = any(found["quantity"] == "perplexity" for found, _ in named)
    made = []
    for found, values in named:
        quantity = {"log_loss": "nats"}.get(found["quantity"], found["quantity"])
        if perplexity and quantity == "nats":
            quantity, values = "perplexity", [math.exp(min(value, 700.0)) for value in values]
        where = f"{found['where']}{found['which'] or ''}".strip(" ,._")
        if len(values) > 1:
            made.append(Course(quantity.replace("_", " "), _PARTS[found["part"]], where, values))
    return made


def _figures(quantity: str, networks: Mapping[str, Sequence[Course]], pen: Pen) -> list[Figure]:
    """Return small figures with the same axes."""
    everything = [course for of in networks.values() for course in of]
    values = [value for course in everything for value in course.values if math.isfinite(value)]
    x = extent([1, max(len(course.values) for course in everything)])._replace(whole=True)
    y = extent(values, log=spread(values))
    figures = []
    for label, of in networks.items():
        parts = dict.fromkeys((course.part, course.where) for course in of)
        lines = [
            _line(part, where, [c.values for c in of if (c.part, c.where) == (part, where)]) for part, where in parts
        ]
        styles = [STYLES[part] for part, _ in parts]
        figures.append(draw(Curves(label, "epoch", quantity, lines), pen, styles, small=True, x=x, y=y))
    return figures


def _line(part: str, where: str, fits: Sequence[Sequence[float]]) -> Line:
    """Return the curves of all seeds as one line with gaps."""
    x = [at for values in fits for at in (*range(1, len(values) + 1), math.nan)]
    y = [value for values in fits for value in (*values, math.nan)]
    return Line(f"{part} ({where})" if where else part, x[:-1], y[:-1])
