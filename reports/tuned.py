"""What a table says of tuning: the budget, what was found, what it cost."""

from collections.abc import Iterator

from seqbench.reports.formatting import seconds
from seqbench.reports.table import Row, Table


def equal_budget(table: Table) -> str:
    """Return the budget of tuning that all models of a table had, such as `30 trials`; empty if there is none."""
    models = [row for row in table.rows if row.kind != "truth"]
    budgets = {row.tuned.budget if row.tuned is not None else "" for row in models}
    return budgets.pop() if len(budgets) == 1 else ""


def tuned_with(table: Table) -> str:
    """Return how the settings of the models were found, for the footer."""
    budget = equal_budget(table)
    if budget:
        return (
            f"the settings of the models were tuned with equal budgets, {budget} each, on the validation part alone "
            "(tree-structured Parzen estimator)"
        )
    some = any(row.tuned is not None for row in table.rows)
    return f"the settings of the models were not tuned with equal budgets{', but some were tuned' if some else ''}"


def remarks(row: Row) -> Iterator[str]:
    """Yield what must be known of the tuning of a row."""
    found = row.tuned
    if found is None:
        return
    if found.settings:
        yield f"{row.label}: {found.settings}; {_trials(row)}"
    elif found.remark:
        yield f"{row.label}: {found.remark}" + (f"; {_trials(row)}" if found.trials else "")


def tuning_seconds(row: Row) -> float | None:
    """Return the processor time of the trials behind a row; None: there are none, as of default settings."""
    found = row.tuned
    return None if found is None or found.row == "default" else found.cpu_seconds


def whole_cost(row: Row) -> float | None:
    """Return the processor time of the fit and of the trials behind it, in seconds; None: it is not known."""
    fit = row.costs.fit_cpu_seconds
    return None if fit is None else fit + (tuning_seconds(row) or 0.0)


def _trials(row: Row) -> str:
    found = row.tuned
    assert found is not None
    many = f"{found.trials:,} trial{'s' if found.trials != 1 else ''}"
    failed = f", {found.failed:,} of them without a score" if found.failed else ""
    return f"tuned in {many}{failed}, which took {seconds(found.cpu_seconds)} of processor time"
