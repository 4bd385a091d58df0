"""How easy models are to tune: the expected best validation score against the number of trials."""

from collections.abc import Iterator, Sequence

from seqbench.evidence.exhibits import Curves, Line
from seqbench.evidence.metrics import Metric
from seqbench.evidence.tuned import Tuned, expected_best
from seqbench.interface import Floats
from seqbench.reports import formatting
from seqbench.reports.formatting import ABSENT, Written, seconds
from seqbench.reports.sheet import Cell, Column, Sheet
from seqbench.reports.table import Table

SHOWN = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Numbers of trials that the table shows, besides the largest."""
TITLE = "expected best validation score"


def efforts(table: Table) -> list[tuple[Tuned, Floats]]:
    """Return the models with a trial besides the default settings that has a score, each with the expected best score
    (N,) of n such trials."""
    metric, found = table.metrics[0], []
    for row in table.rows:
        tuned = row.tuned
        if tuned is not None and tuned.metric == metric.name and any(one is not None for one in tuned.scores[1:]):
            found.append((tuned, expected_best(tuned.scores[1:], metric.lower_is_better)))
    return found


def curves(table: Table) -> Curves | None:
    """Return the expected best scores as curves; None: no model was tuned."""
    metric = table.metrics[0]
    lines = [
        Line(tuned.of, list(range(1, len(best) + 1)), [metric.factor * value for value in best.tolist()])
        for tuned, best in efforts(table)
    ]
    title = f"Expected best validation {metric.title} of n trials"
    return Curves(title, "trials, n", f"validation {formatting.titled(metric)}", lines) if lines else None


def sheet(table: Table) -> Sheet | None:
    """Return the expected best scores as a short table; None: no model was tuned."""
    found = efforts(table)
    if not found:
        return None
    metric, most = table.metrics[0], max(len(best) for _, best in found)
    counts = [n for n in SHOWN if n < most] + [most]
    return Sheet(
        kind="effort",
        title=f"{table.basis.task} on {table.basis.dataset}: {TITLE} of n trials",
        summary=_summary(found, metric),
        columns=tuple(_columns(found, metric, counts)),
        truth=len(found),
        notes=(),
        footer=(
            (
                "drawn",
                "n of the trials that were made after that of the default settings, with replacement (Dodge et al. "
                "2019). The search learns from its trials, so they are not independent: random search would climb more "
                "slowly. A trial without a score counts as the worst one",
            ),
        ),
        command=table.settings.command or "",
        entries=tuple(
            {
                "task": table.basis.task,
                "dataset": table.basis.dataset,
                "model": tuned.of,
                "metric": metric.name,
                "default": tuned.scores[0],
                "expected_best": best.tolist(),
                "trials": tuned.trials,
                "failed_trials": tuned.failed,
                "tuning_cpu_seconds": tuned.cpu_seconds,
            }
            for tuned, best in found
        ),
    ).plain()


def _columns(found: Sequence[tuple[Tuned, Floats]], metric: Metric, counts: Sequence[int]) -> Iterator[Column]:
    defaults = [tuned.scores[0] for tuned, _ in found]
    written = Written.of(metric, [*defaults, *(float(value) for _, best in found for value in best)])
    yield Column("model", "model", tuple(Cell(tuned.of) for tuned, _ in found), "label", numeric=False)
    yield Column("default", "default", tuple(Cell(written(value)) for value in defaults), "quality")
    for n in counts:
        cells = (Cell(written(float(best[n - 1])) if n <= len(best) else ABSENT) for _, best in found)
        yield Column(f"n{n}", f"n = {n}", tuple(cells), "quality")
    yield Column("tuning", "tuning (CPU)", tuple(Cell(seconds(tuned.cpu_seconds)) for tuned, _ in found), "cost")


def _summary(found: Sequence[tuple[Tuned, Floats]], metric: Metric) -> str:
    """Return which model gains least and most from trials: the difference of the best of all and of one."""
    gains = {tuned.of: abs(float(best[-1] - best[0])) * metric.factor for tuned, best in found}
    least, most = min(gains, key=gains.__getitem__), max(gains, key=gains.__getitem__)
    unit = " points" if metric.per_cent else ""
    if len(gains) == 1:
        return f"From one trial to all, {most} gains {gains[most]:.3g}{unit} of validation {metric.title}."
    return (
        f"Least depends on the settings of {least}: from one trial to all it gains {gains[least]:.3g}{unit} of "
        f"validation {metric.title}. Most depends on those of {most}, which gains {gains[most]:.3g}{unit}."
    )
