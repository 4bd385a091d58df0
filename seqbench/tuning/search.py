"""Tuning of all models of a request: trials side by side, then the rows of the table."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench import api, registry
from seqbench.api import Asked
from seqbench.evidence.records import Record
from seqbench.evidence.tuned import Tuned
from seqbench.runs.grid import TRUTH, Cell
from seqbench.runs.loading import source_of
from seqbench.runs.runner import Event, Loaded, execute
from seqbench.runs.store import Store
from seqbench.tuning.allowance import Allowance
from seqbench.tuning.journal import Journal
from seqbench.tuning.rows import rows_of
from seqbench.tuning.sampling import optuna
from seqbench.tuning.study import Study

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "tuning"
"""The folder of trials within a store. `report` does not read it."""


@dataclass(frozen=True)
class Search:
    """A requested search, with all names resolved."""

    asked: Asked
    """The models with their default settings."""
    allowance: Allowance
    journal: Journal
    trials: Store
    """Records of trials."""

    @cached_property
    def studies(self) -> list[Study]:
        """One per model and data set, in the order of the table."""
        preset = self.asked.suite.chosen(self.asked.preset)[1]
        return [
            Study(cell, preset, self.allowance, self.trials, self.journal)
            for cell in self.asked.cells
            if cell.identity.seed == 0 and cell.model.name != TRUTH
        ]

    def start(self) -> Iterator[Event]:
        """Run the trials that are missing, and yield events.

        Trials of one model run one after the other, since each depends on those before; models run side by side.

        Raises:
            DataError: data is missing or wrong; nothing was run.
            OSError: the store cannot be written, or its disk is full.
        """
        self.asked.store.claim()
        running: dict[tuple[str, str], Study] = {}
        held: dict[str, list[Cell]] = {}
        """Cells that wait for one that runs: the same settings in another search. They are then in the store."""

        def begun(study: Study) -> list[Cell]:
            cell = study.next()
            if cell is None:
                return []
            running[_name(cell)] = study
            if cell.key in held:
                held[cell.key].append(cell)
                return []
            held[cell.key] = []
            return [cell]

        def after(cell: Cell, record: Record) -> list[Cell]:
            study, waiting = running.pop(_name(cell)), held.pop(cell.key, [])
            study.end(cell, record)
            return [*waiting, *begun(study)]

        first = [cell for study in self.studies for cell in begun(study)]
        options = replace(self.asked.options, keep=False)
        if first:
            for event in execute(first, self.trials, options, jobs=self.asked.jobs, after=after):
                if not isinstance(event, Loaded):
                    yield event

    def rows(self) -> Asked:
        """Return the rows of the table, to be run as any others: default, tuned, tuned and combined."""
        found: dict[str, Cell] = {}
        tuned: dict[str, Tuned] = {}
        studies = {_place(study.base): study for study in self.studies}
        by_study: dict[str, list[Cell]] = {}
        for cell in self.asked.cells:
            by_study.setdefault(_place(cell), []).append(cell)
        for place, repetitions in by_study.items():
            if place not in studies:  # a true model has nothing to tune
                found.update({cell.key: cell for cell in repetitions})
                continue
            made = rows_of(studies[place], repetitions)
            for cell in made.cells:
                found.setdefault(cell.key, cell)
                if cell.key in made.tuned:
                    tuned.setdefault(cell.key, made.tuned[cell.key])
        return replace(self.asked, cells=list(found.values()), tuned=tuned)


def ask(suite: str = "lm", *, trials: int | None = None, cpu_minutes: float | None = None, **request: Any) -> Search:
    """Resolve a search without starting it.

    Args:
        suite: as for `seqbench.api.ask`.
        trials, cpu_minutes: the budget of each model; with both, the first that is reached ends its search. None for
            both: 30 trials.
        request: further arguments of `seqbench.api.ask`.

    Raises:
        ValueError: the budget or another argument is wrong.
        ImportError: optuna is not installed.
    """
    optuna()
    command = request.pop("command", None) or _call(suite, trials, cpu_minutes, request)
    asked = api.ask(suite, command=command, **request)
    allowance = Allowance.of(trials, cpu_minutes, asked.cells[0].identity.device)
    folder = asked.store.root / FOLDER
    return Search(asked, allowance, Journal(folder), Store(folder / "trials"))


def tune(
    suite: str = "lm", *, trials: int | None = None, cpu_minutes: float | None = None, **request: Any
) -> "pd.DataFrame":
    """Tune every model with the same budget, and return the table of default, tuned and combined rows.

    Settings are searched on the validation part alone; the test part is scored for the rows of the table. Trials whose
    records are in the store are not run again, so the same call goes on after an interruption.

    Args:
        suite, trials, cpu_minutes, request: as for `ask` of this module.

    Example:
        >>> seqbench.tune("doc", datasets=["trec"], models=["naive-bayes", "kim-cnn"], trials=30)
    """
    search = ask(suite, trials=trials, cpu_minutes=cpu_minutes, **request)
    for _ in search.start():
        pass
    rows = search.rows()
    for _ in rows.start():
        pass
    results: pd.DataFrame = registry.attribute("seqbench.reports.notebook:Results")(rows.tables())
    return results


def _name(cell: Cell) -> tuple[str, str]:
    return cell.label, source_of(cell)


def _place(cell: Cell) -> str:
    """Return what the cells of a row have in common."""
    return cell.identity.model_copy(update={"seed": 0}).model_dump_json()


def _call(suite: str, trials: int | None, cpu_minutes: float | None, request: dict[str, Any]) -> str:
    given = {"trials": trials, "cpu_minutes": cpu_minutes, **request}
    told = [f"{name}={str(v) if isinstance(v, Path) else v!r}" for name, v in given.items() if v and name != "store"]
    return f"seqbench.tune({', '.join([repr(suite), *told])})"
