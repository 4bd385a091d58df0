"""The columns of a table: their names, what they show of a row, and how rows are sorted by them."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from seqbench.evidence.metrics import Metric
from seqbench.reports.formatting import ABSENT, Written, count, memory, percent, seconds, titled
from seqbench.reports.table import Row, Table
from seqbench.reports.tuned import tuning_seconds

Panel = Literal["label", "quality", "cost"]
MAIN, USUAL, DETAIL = 0, 1, 2
"""The importance of a column: where not all fit side by side, main ones come first, and details last."""
_BEFORE = ("model", "score", "interval")
_AFTER = [
    *("valid", "sd", "skill", "verdict", "gap"),
    *("parameters", "fit", "training", "tuning", "speed", "memory", "status"),
]
"""The names of columns before and after those of the metrics that do not rank."""
_VERDICTS = ("better", "reference", "tie", "undecided", "worse")


@dataclass(frozen=True)
class Definition:
    key: str
    """The name by which it is chosen."""
    title: str
    text: Callable[[Row], str]
    order: Callable[[Row], float | str | None]
    """What rows are sorted by, in ascending order: the best or cheapest first. Rows with None come last."""
    values: tuple[str, ...]
    """The names of the values that it shows, as in `entries`."""
    importance: int = USUAL
    numeric: bool = True
    other: str = ""
    """Another name by which it is chosen."""
    shown: bool = True
    """Whether it is shown if no columns are chosen."""
    sign: int = 1
    """−1 if `order` is minus the number that it shows, of which more is better."""

    def value(self, row: Row) -> float | None:
        """Return the number that it shows; None if it shows none."""
        found = self.order(row)
        return self.sign * found if self.numeric and isinstance(found, int | float) else None


def names(metrics: Iterable[Sequence[Metric]]) -> dict[str, set[str]]:
    """Return the names of all columns, each with its other names.

    Args:
        metrics: of each table, the one that ranks first.
    """
    found: dict[str, set[str]] = {name: set() for name in _BEFORE}
    found["model"] = {"name"}
    for first, *others in metrics:
        found["score"].add(first.name)
        found |= {_key(metric): set() for metric in others}
    return found | {name: set() for name in _AFTER}


def definitions(table: Table) -> list[tuple[Panel, Definition]]:
    """Return the columns of a table in their order, each with its panel."""
    label = Definition(
        "model", "model", lambda row: row.label, lambda row: row.label.casefold(), ("model",), MAIN, False, "name"
    )
    return [("label", label), *(("quality", one) for one in _quality(table)), *(("cost", one) for one in _costs(table))]


def _number(
    key: str,
    title: str,
    value: Callable[[Row], float | None],
    written: Callable[[float | None], str],
    values: tuple[str, ...],
    importance: int = USUAL,
    *,
    sign: int = 1,
    other: str = "",
    shown: bool = True,
) -> Definition:
    """Return the column of a number; sign: −1 if more is better."""

    def order(row: Row) -> float | None:
        found = value(row)
        return None if found is None else sign * found

    return Definition(key, title, lambda row: written(value(row)), order, values, importance, True, other, shown, sign)


def _quality(table: Table) -> Iterator[Definition]:
    first = table.metrics[0]
    name, sign, written = first.name, 1 if first.lower_is_better else -1, _written(table, first)
    score = _number(
        "score",
        f"test {titled(first)}",
        lambda row: row.scores.get(name),
        written,
        (name,),
        MAIN,
        sign=sign,
        other=name,
    )
    yield score
    title, ends = f"{100 * table.settings.level:g} % interval", (f"{name}_low", f"{name}_high")
    yield Definition("interval", title, lambda row: _interval(row, written), score.order, ends, MAIN, sign=sign)
    for place, metric in enumerate(table.metrics[1:], start=1):
        yield _further(metric, _written(table, metric), shown=place < table.shown)
    yield _number("valid", "valid", lambda row: row.validation, written, (f"{name}_valid",), DETAIL, sign=sign)
    yield Definition("sd", "SD over seeds", lambda row: _spread(row, written), _seeds_sd, (f"{name}_sd",), DETAIL)
    yield _number("skill", "skill", _skill, percent, ("skill",), sign=-1)

    told = ("verdict", "reference", "difference", "difference_low", "difference_high")
    yield Definition(
        "verdict", "verdict", partial(verdict, table), partial(_rank_of_verdict, table), told, MAIN, numeric=False
    )
    yield _number("gap", "gap to truth", _gap, percent, ("gap_to_truth", "beats_truth"))


def _costs(table: Table) -> Iterator[Definition]:
    yield _number("parameters", "parameters", lambda row: row.costs.parameters, count, ("parameters",))
    yield _number("fit", "fit", _fit, seconds, ("fit_seconds",), MAIN)
    apart = ("validation_seconds", "early_stopping_seconds")
    shown = any(_besides(row) for row in table.rows)
    yield _number("training", "of it training", _training, seconds, apart, DETAIL, shown=shown)
    tuned = ("trials", "failed_trials", "tuning_cpu_seconds")
    yield _number("tuning", "tuning (CPU)", tuning_seconds, seconds, tuned, MAIN)
    unit = "items" if table.basis.comparability is None else f"{table.basis.comparability.unit}s"
    told = ("predict_seconds", "items_per_second")
    yield _number("speed", f"{unit}/s", lambda row: row.costs.items_per_second, count, told, sign=-1)
    yield _number("memory", "peak memory", lambda row: row.costs.peak_memory_bytes, memory, ("peak_memory_bytes",))
    ended = ("status", "reason")
    yield Definition("status", "status", lambda row: row.status, lambda row: row.status != "ok", ended, DETAIL, False)


def _written(table: Table, metric: Metric) -> Written:
    comparable = [row for row in table.rows if row.comparable]
    return Written.of(metric, [row.scores.get(metric.name) for row in comparable or table.rows])


def _further(metric: Metric, written: Written, shown: bool) -> Definition:
    """Return the column of a metric that does not rank. A score that is 0 for the best models, such as a calibration
    error, is told with what the sample can distinguish: `2.1 (0.0–4.3)`."""

    def with_interval(row: Row) -> str:
        found, text = row.estimates.get(metric.name), plain.text(row)
        return text if found is None else f"{text} ({written.interval(found.low, found.high)})"

    name, sign = metric.name, 1 if metric.lower_is_better else -1
    values = (name, f"{name}_low", f"{name}_high")
    plain = _number(
        _key(metric), titled(metric), lambda row: row.scores.get(name), written, values, sign=sign, shown=shown
    )
    return replace(plain, text=with_interval) if metric.scale == "square" else plain


def _key(metric: Metric) -> str:
    """Return the name of the column of a metric that does not rank."""
    return f"{metric.name}_score" if metric.name in (*_BEFORE, *_AFTER) else metric.name


def _interval(row: Row, written: Written) -> str:
    known = row.estimate is not None and math.isfinite(row.estimate.value)
    return written.interval(row.estimate.low, row.estimate.high) if row.estimate and known else ABSENT


def _spread(row: Row, written: Written) -> str:
    if not row.stochastic or not row.pooled:
        return ABSENT
    if row.pooled == 1:
        return "one fit"
    return ABSENT if row.estimate is None else written(row.estimate.seeds_sd)


def verdict(table: Table, row: Row) -> str:
    """Return the verdict of a row as the table tells it."""
    if row.label == table.reference:
        return "reference"
    return ABSENT if row.against_reference is None or row.kind == "truth" else row.against_reference.verdict


def _rank_of_verdict(table: Table, row: Row) -> float | None:
    found = verdict(table, row)
    return _VERDICTS.index(found) if found in _VERDICTS else None


def _seeds_sd(row: Row) -> float | None:
    return row.estimate.seeds_sd if row.estimate is not None and row.stochastic else None


def _skill(row: Row) -> float | None:
    return None if row.against_reference is None else row.against_reference.skill


def _gap(row: Row) -> float | None:
    """Return how much worse than the true model a row is: minus its skill over the true model."""
    return None if row.against_truth is None else -row.against_truth.skill


def _fit(row: Row) -> float | None:
    return None if row.kind == "truth" else row.costs.fit_seconds


def _besides(row: Row) -> float:
    """Return the seconds of the fit that are validation, or training after the epoch that was kept."""
    return (row.costs.validation_seconds or 0.0) + (row.costs.early_stopping_seconds or 0.0)


def _training(row: Row) -> float | None:
    found = _fit(row)
    return None if found is None else found - _besides(row)
