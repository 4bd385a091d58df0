"""What becomes of a search: the rows *default*, *tuned*, *tuned and combined* of the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Record
from seqbench.evidence.tuned import Tuned
from seqbench.runs.grid import Cell
from seqbench.spec import Spec
from seqbench.tasks import task
from seqbench.tuning.combining import forward_selection
from seqbench.tuning.study import Study, Trial

NAMED = 4
"""The most combined trials that a note names."""


@dataclass(frozen=True)
class Rows:
    """Cells of a table, and what tuning found of each."""

    cells: list[Cell]
    tuned: Mapping[str, Tuned]
    """By the key of the cell."""


def rows_of(study: Study, repetitions: Sequence[Cell]) -> Rows:
    """Return the rows of a model whose search has ended.

    Args:
        repetitions: the cells of the default settings, one per seed.
    """
    cells, tuned, remarks = list(repetitions), dict[str, Tuned](), [study.stopped]
    best, name = study.best, study.base.label
    about = Tuned(
        label=name,
        row="default",
        of=name,
        budget=study.allowance.told,
        trials=len(study.trials),
        failed=len(study.trials) - len(study.scored),
        cpu_seconds=study.spent,
    )

    def add(row: str, made: Sequence[Cell], settings: str) -> None:
        label = f"{name}, {'tuned' if row == 'tuned' else 'tuned and combined'}"
        cells.extend(replace(cell, label=label) for cell in made)
        told = about.model_copy(update={"label": label, "row": row, "settings": settings})
        tuned.update({cell.key: told for cell in made})

    if best is not None and best.number > 0:
        add("tuned", [study.cell(best, cell.identity.seed) for cell in repetitions], study.space.told(best.params))
    elif study.trials:
        remarks.append("no trial is better than the default settings on validation")
    if study.trials:
        weights, why = _weights(study)
        if len(weights) > 1:
            made = [_combined(study, weights, cell.identity.seed) for cell in repetitions]
            add("combined", made, _told(study, weights))
        else:
            remarks.append(why)
    metric = best.metric if best is not None else ""
    first = about.model_copy(
        update={
            "metric": metric,
            "scores": tuple(trial.score for trial in study.trials),
            "remark": "; ".join(filter(None, remarks)),
        }
    )
    return Rows(cells, {**{cell.key: first for cell in repetitions}, **tuned})


def _weights(study: Study) -> tuple[dict[int, float], str]:
    """Return the weights by the numbers of trials, those of weight 0 left out; and why there are fewer than two."""
    kind = task(study.base.identity.task)
    if not kind.weighed:
        return {}, f"its trials are not combined, since predictions of the task {kind.name} cannot be mixed"
    held = [(trial, found) for trial in study.scored if (found := _columns(study, trial)) is not None]
    if not held:
        return {}, ""
    basis, metric = held[0][1][0].comparability, study.metrics[held[0][0].metric]
    assert basis is not None
    sign = 1 if metric.lower_is_better else -1

    def loss(columns: Columns) -> float:
        return sign * float(metric(kind.units(columns, basis).columns)[0])

    try:
        chosen = forward_selection([columns for _, (_, columns) in held], kind.mixed, loss)
    except (KeyError, ValueError) as error:
        return {}, f"its trials are not combined, since {metric.title} of a mixture cannot be computed ({error})"
    weights = {trial.number: weight for (trial, _), weight in zip(held, chosen, strict=True) if weight > 0}
    alone = "its trials are not combined, since no mixture of them is better on validation than the best one"
    return weights, alone if len(weights) < 2 else ""


def _columns(study: Study, trial: Trial) -> tuple[Record, Columns] | None:
    """Return the record and the validation columns of a trial; None if they are lost."""
    record = study.store.find(study.cell(trial).identity)
    if not isinstance(record, Record) or record.status != "ok":
        return None
    columns = study.store.columns(record)
    return None if columns is None else (record, columns)


def _combined(study: Study, weights: Mapping[int, float], seed: int) -> Cell:
    parts = [study.space.with_params(study.trials[number].params) for number in weights]
    whole = replace(Spec.sum(parts), settings={"weights": list(weights.values())})
    base = study.base if seed == study.base.identity.seed else study.base.repeated(seed)
    return base.varied(whole, study.preset, base.label)


def _told(study: Study, weights: Mapping[int, float]) -> str:
    heaviest = sorted(weights, key=lambda number: (-weights[number], number))
    named = [f"{weights[n]:.2g} of ({_settings(study, n)})" for n in heaviest[:NAMED]]
    more = [f"{len(heaviest) - NAMED} more with {sum(weights[n] for n in heaviest[NAMED:]):.2g}"]
    return " + ".join([*named, *(more if len(heaviest) > NAMED else [])])


def _settings(study: Study, number: int) -> str:
    return "the default settings" if number == 0 else study.space.told(study.trials[number].params)
