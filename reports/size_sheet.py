"""Curves against training size as text: a sentence, a table of sizes by models, notes and a footer; and as CSV."""

import math
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from seqbench.evidence.crossing import Crossing
from seqbench.reports.footer import footer
from seqbench.reports.formatting import ABSENT, Written, plain
from seqbench.reports.groups import listed
from seqbench.reports.notes import ended
from seqbench.reports.sheet import TONES, Cell, Column, Sheet
from seqbench.reports.size_summary import alone, sentence
from seqbench.reports.sizes import Order, Point, Size, SizeCurve
from seqbench.tasks import task
from seqbench.tasks.parts import written

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("terminal", "markdown", "latex", "csv")
KEPT = ("data", "read", "warnings", "precision", "versions", "hardware", "date")
"""Lines of a table's footer that hold for all sizes."""
QUESTION = "How much data does it take?"


def render(found: Sequence[SizeCurve], format: str) -> str:
    """Return curves as text.

    Raises:
        ValueError: there is no such format.
    """
    if format not in FORMATS:
        raise ValueError(f"curves are written as {', '.join(FORMATS)}, not as {format}")
    if format == "csv":
        return _csv(frame(found))
    text: str = import_module(f"seqbench.reports.{format}").render([sheet(one) for one in found])
    return text


def _csv(found: "pd.DataFrame") -> str:
    """Return a frame as CSV, each text as one line of printable characters."""
    told = found.map(lambda value: plain(value) if isinstance(value, str) else value)
    return str(told.to_csv(index=False, lineterminator="\n"))


def sheet(curve: SizeCurve) -> Sheet:
    """Return the table of a curve: a row per size, a column per model."""
    notes: dict[str, str] = {}
    columns = list(_columns(curve, notes))
    orders = _by_interest(curve)
    told = [(one.label, sentence(one, curve).removesuffix(".")) for one in orders[1:]]
    single = "" if curve.repeated or not curve.random else " With one fit per size, other training samples may differ."
    return Sheet(
        kind="curve",
        title=_title(curve),
        summary=f"{QUESTION} {sentence(orders[0], curve) if orders else alone(curve)}{single}",
        columns=tuple(columns),
        truth=len(curve.sizes),
        notes=tuple((mark, text) for text, mark in notes.items()),
        footer=tuple((heading, text) for heading, text in (*told, *_footer(curve)) if text),
        command=curve.sizes[-1].table.settings.command or "",
        entries=(),  # a curve has a row of values for each model and size (`frame`)
    ).plain()


def frame(found: Sequence[SizeCurve]) -> "pd.DataFrame":
    """Return one row per data set, model and size, without rounding.

    `score` has its interval `low`, `high`. `difference` (with its interval) is from `reference` on the metric's scale.
    `crossing` is where the order of the two turns first, with its interval; `extrapolated` tells whether it lies beyond
    the data. They are the same in all rows of a model. Values that do not exist are missing.
    """
    import pandas as pd

    return pd.DataFrame([entry for curve in found for entry in _entries(curve)])


def _entries(curve: SizeCurve) -> Iterator[dict[str, Any]]:
    orders = {order.label: order for order in curve.orders}
    for label in curve.labels:
        points = {point.size.share: point for point in curve.points[label]}
        order = orders.get(label)
        against = {} if order is None else dict(zip((s.share for s in order.sizes), order.comparisons, strict=True))
        turn = None if order is None else next(iter(order.crossings), order.beyond)
        for size in curve.sizes:
            row, point, versus = size.table.row(label), points.get(size.share), against.get(size.share)
            if row is None:
                continue
            yield {
                "task": curve.basis.task,
                "dataset": curve.basis.dataset,
                "model": label,
                "kind": row.kind,
                "share": size.share,
                "size": size.amount,
                "unit": curve.unit,
                "status": row.status,
                "fits": row.pooled,
                "marks": " ".join(row.marks),
                "metric": curve.metric.name,
                "score": point and point.estimate.value,
                "low": point and point.estimate.low,
                "high": point and point.estimate.high,
                "reference": curve.reference,
                "difference": versus and versus.difference,
                "difference_low": versus and versus.low,
                "difference_high": versus and versus.high,
                "verdict": versus and versus.verdict,
                "crossing": turn and turn.at,
                "crossing_low": turn and turn.low,
                "crossing_high": turn and turn.high,
                "extrapolated": None if turn is None else not isinstance(turn, Crossing),
                "fit_seconds": row.costs.fit_seconds,
            }


def _title(curve: SizeCurve) -> str:
    data = curve.basis.comparability
    parts = [f"{curve.basis.task} on {curve.basis.dataset} by training size"]
    return " · ".join([*parts, f"{data.items:,} test {data.unit}s"] if data is not None else parts)


def _columns(curve: SizeCurve, notes: dict[str, str]) -> Iterator[Column]:
    sizes = [Cell(_named(size)) for size in curve.sizes]
    yield Column("size", f"training {curve.unit}s", tuple(sizes), "label", numeric=False)
    values = [point.estimate.value for points in curve.points.values() for point in points]
    score = Written.of(curve.metric, values)
    for label in curve.labels:
        points = {point.size.share: point for point in curve.points[label]}
        cells = [_cell(curve, size, label, points.get(size.share), score, notes) for size in curve.sizes]
        yield Column(label, label, tuple(cells), "quality")
    for order in curve.orders:
        verdicts = dict(zip((size.share for size in order.sizes), order.comparisons, strict=True))
        texts = [verdicts[size.share].verdict if size.share in verdicts else ABSENT for size in curve.sizes]
        cells = [Cell(text, tone=TONES.get(text, "")) for text in texts]
        yield Column(f"{order.label} is", f"{order.label} is", tuple(cells), "quality", numeric=False)


def _cell(curve: SizeCurve, size: Size, label: str, point: Point | None, score: Written, notes: dict[str, str]) -> Cell:
    row = size.table.row(label)
    if row is None:
        return Cell(ABSENT)
    laws = task(curve.basis.task).marks
    for check in row.broken:
        if check.name in laws:
            notes.setdefault(f"{row.label}: {check.message}", laws[check.name])
    where = f"with {_named(size)} {curve.unit}s"
    marks = row.marks
    if row.pooled < len(row.records):
        marks = (*marks, _numbered(f"{where}, {label}: {ended(row)}", notes))
    elif point is None:
        marks = (*marks, _numbered(f"{row.label} has no finite score {where}", notes))
    if point is None:
        return Cell(row.status if not row.pooled else score(row.scores.get(curve.metric.name)), marks)
    found = point.estimate
    return Cell(f"{score(found.value)} ({score.interval(found.low, found.high)})", marks, row.label == size.table.best)


def _numbered(text: str, notes: dict[str, str]) -> str:
    """Return the mark of a numbered note."""
    return notes.setdefault(text, str(1 + sum(mark.isdecimal() for mark in notes.values())))


def _named(size: Size) -> str:
    """Return `4,687 (1/32)`."""
    share = "all" if size.share == 1 else written(size.share)
    return share if size.amount is None else f"{size.amount:,} ({share})"


def _by_interest(curve: SizeCurve) -> list[Order]:
    """Return the orders, first that of the best model on validation at the largest size, networks before others."""
    metric = curve.metric

    def interest(order: Order) -> tuple[bool, float]:
        row = curve.row(order.label)
        sign = 1 if metric.lower_is_better else -1
        return row.kind != "neural", math.inf if row.validation is None else sign * row.validation

    return sorted(curve.orders, key=interest)


def _footer(curve: SizeCurve) -> Iterator[tuple[str, str]]:
    largest = curve.sizes[-1].table
    parts = (
        "each fit learns from a random part of the training part, another one for each seed; the parts of one seed are "
        "nested. Vocabulary, validation and test part stay the same"
        if curve.random
        else "each fit and each forecast sees only the latest values of a series. Validation and test part, and the "
        "scales of errors, stay the same"
    )
    yield "training", ". ".join(text for text in (parts, _epochs(curve)) if text)
    over = "test items and seeds"
    if curve.repeated:
        over = (
            "test items, training samples and seeds; what another training part of the whole size would change is "
            "judged from smaller parts"
        )
    elif curve.random:
        over = "test items alone: with one fit per size, nothing is known of other training samples and seeds"
    yield "interval", f"{100 * curve.level:g} %, over {over}"
    if curve.reference is not None and curve.orders:
        best = "classic model" if curve.row(curve.reference).kind == "classic" else "model"
        yield (
            "order",
            f"compared with {curve.reference}, the best {best} on validation at the largest size, on the same test "
            "items and training parts. The interval of a crossing holds all sizes at which the interval of the "
            "difference holds 0, interpolated on a logarithmic scale",
        )
    held = dict(footer(largest))
    yield from ((name, held.get(name, "")) for name in KEPT)


def _epochs(curve: SizeCurve) -> str:
    """Return how the number of epochs grows as the training part shrinks."""
    spans: dict[str, list[Size]] = {}
    for size in curve.sizes:
        records = [record for row in size.table.rows if row.kind == "neural" for record in row.records]
        epochs = sorted({int(record.identity.budget.get("epochs", 1)) for record in records})
        if epochs:
            spans.setdefault(listed([str(number) for number in epochs]), []).append(size)
    if len(spans) < 2:
        return ""
    told = [
        f"{epochs} with {_named(held[0])}" + (f" to {_named(held[-1])}" if len(held) > 1 else "")
        for epochs, held in spans.items()
    ]
    return (
        f"Networks get more epochs on smaller parts, so that they make about as many updates: {'; '.join(told)}. Early "
        "stopping on validation may end a fit earlier"
    )
