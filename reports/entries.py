"""The rows of a table as plain values, without rounding."""

from typing import Any

from seqbench.reports.table import Row, Table
from seqbench.reports.tuned import tuning_seconds

IDENTIFYING = ("task", "dataset", "model")
"""The values that say which row an entry is."""


def entries(table: Table) -> list[dict[str, Any]]:
    """Return one entry per row, in their order.

    A metric m of the task has the values `m` (test score, pooled over seeds), `m_low` and `m_high` (its interval); the
    first one also has `m_valid`, and `m_sd` (over seeds). `skill`, `verdict` and `difference` (with `difference_low`,
    `difference_high`, on the metric's scale) compare the row with `reference`; `ties_with_best` says whether it ties
    with the best; `gap_to_truth` is the share by which the row is worse than the true model. Values that do not exist
    are None. Only rows of tuning have `tuning` (default, tuned or combined), what was found, and what it cost.
    """
    return [_entry(table, row) for row in table.rows]


def _entry(table: Table, row: Row) -> dict[str, Any]:
    data, name = table.basis.comparability, table.metrics[0].name
    versus, truth, sure = row.against_reference, row.against_truth, row.estimate
    return {
        "task": table.basis.task,
        "dataset": table.basis.dataset,
        "convention": data and data.convention,
        "unit": data and data.unit,
        "items": data and data.items,
        "data_sha256": data and data.data_sha256,
        "vocab_sha256": data and data.vocab_sha256,
        "model": row.label,
        "kind": row.kind,
        "status": row.status,
        "reason": "; ".join(dict.fromkeys(record.reason for record in row.records if record.reason)),
        "seeds": len(row.records),
        "fits": row.pooled,
        "marks": " ".join(row.marks),
        "broken_laws": " ".join(check.name for check in row.broken),
        **{column: value for metric in table.metrics for column, value in _score(row, metric.name).items()},
        f"{name}_valid": row.validation,
        f"{name}_sd": sure and sure.seeds_sd,
        "best": row.label == table.best,
        "ties_with_best": row.ties_with_best,
        "reference": table.reference,
        "skill": versus and versus.skill,
        "verdict": versus and versus.verdict,
        "difference": versus and versus.difference,
        "difference_low": versus and versus.low,
        "difference_high": versus and versus.high,
        "gap_to_truth": truth and -truth.skill,
        "beats_truth": row.beats_truth,
        "parameters": row.costs.parameters,
        "fit_seconds": row.costs.fit_seconds,
        "fit_cpu_seconds": row.costs.fit_cpu_seconds,
        "validation_seconds": row.costs.validation_seconds,
        "early_stopping_seconds": row.costs.early_stopping_seconds,
        "deferred_seconds": row.costs.deferred_seconds,
        "predict_seconds": row.costs.predict_seconds,
        "predict_cpu_seconds": row.costs.predict_cpu_seconds,
        "busy": row.costs.busy,
        "items_per_second": row.costs.items_per_second,
        "peak_memory_bytes": row.costs.peak_memory_bytes,
        **_tuning(row),
    }


def _tuning(row: Row) -> dict[str, Any]:
    found = row.tuned
    if found is None:
        return {}
    return {
        "tuning": found.row,
        "tuning_budget": found.budget,
        "tuning_found": found.settings,
        "trials": found.trials,
        "failed_trials": found.failed,
        "tuning_cpu_seconds": tuning_seconds(row),
    }


def _score(row: Row, name: str) -> dict[str, float | None]:
    sure = row.estimates.get(name)
    low, high = (None, None) if sure is None else (sure.low, sure.high)
    return {name: row.scores.get(name), f"{name}_low": low, f"{name}_high": high}
