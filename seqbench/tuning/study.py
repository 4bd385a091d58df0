"""The search for the settings of one model on one data set, trial by trial."""

import hashlib
import json
import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.evidence.metrics import Metric
from seqbench.evidence.records import Record
from seqbench.runs.grid import Cell
from seqbench.runs.runner import OUT_OF_BUDGET
from seqbench.runs.store import Store
from seqbench.runs.suites import Preset
from seqbench.spec import parse
from seqbench.tasks import task
from seqbench.tuning.allowance import Allowance
from seqbench.tuning.journal import Journal
from seqbench.tuning.sampling import frozen, identity, propose
from seqbench.tuning.space import Params, Space

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

IDLE = 100
"""After so many trials in a row that cost nothing, such as settings that the model refuses, a search ends."""


@dataclass(frozen=True)
class Trial:
    """Settings that were tried, and what became of them."""

    number: int
    """From 0, which has the default settings."""
    params: Params
    """Empty if the default settings lie outside the space."""
    key: str
    """Of its record; empty if the model refused the settings."""
    status: str
    """That of its record, or `refused`."""
    reason: str
    score: float | None
    """On the validation part; None: there is none."""
    metric: str
    """The name of the metric of the score."""
    cpu_seconds: float


class Study:
    """The trials of one model. What is tried next depends on the trials so far alone, and never on a test score."""

    def __init__(self, cell: Cell, preset: Preset, allowance: Allowance, store: Store, journal: Journal) -> None:
        """Resume a study, or begin one.

        Args:
            cell: the model with its default settings.
            store: where the records of trials lie.
        """
        self.base, self.preset, self.allowance, self.store, self.journal = cell, preset, allowance, store, journal
        self.space = Space.of(cell.model, parse(cell.label), cell.identity.task)
        digest = hashlib.sha256(json.dumps([cell.key, self.space.plain()]).encode()).hexdigest()
        self.name = f"{cell.label} on {cell.identity.dataset} [{digest[:16]}]"
        subject = [Path(cell.label).name, Path(cell.identity.dataset).name, self.space.plain()]
        self.subject = json.dumps(subject)
        """What is searched, wherever its files lie and whatever their version: the seed of the proposals follows."""
        self.trials: list[Trial] = []
        self.cut = 0.0
        """Processor time of a trial that was ended since the budget was used up. It is none of the trials."""
        self.stopped = ""
        """Why the search ended before its budget; empty if it did not."""
        self._told: list[FrozenTrial] = []
        self._params: Params = {}
        self._idle = 0
        if self.space.parameters:
            self._resume()
        else:
            self.stopped = "it has no setting to search, so it stays as it is"

    @property
    def spent(self) -> float:
        """Processor time of the search so far, in seconds."""
        return sum(trial.cpu_seconds for trial in self.trials) + self.cut

    @property
    def ended(self) -> bool:
        return bool(self.stopped) or self.allowance.left(len(self.trials), self.spent) == 0

    @property
    def scored(self) -> list[Trial]:
        """The trials that have a score."""
        return [trial for trial in self.trials if trial.score is not None]

    @property
    def best(self) -> Trial | None:
        """The trial with the best score; of equal ones the earliest. None: no trial has a score."""
        return min(self.scored, key=lambda trial: (self.loss(trial), trial.number), default=None)

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        return {metric.name: metric for metric in task(self.base.identity.task).metrics}

    def loss(self, trial: Trial) -> float:
        """Return the score of a trial, turned so that lower is better."""
        assert trial.score is not None
        return trial.score if self.metrics[trial.metric].lower_is_better else -trial.score

    def cell(self, trial: Trial, seed: int = 0) -> Cell:
        """Return the cell of a trial's settings."""
        base = self.base if seed == self.base.identity.seed else self.base.repeated(seed)
        return base.varied(self.space.with_params(trial.params), self.preset, base.label) if trial.number else base

    def next(self) -> Cell | None:
        """Return the cell of the next trial; None if the search has ended."""
        while not self.ended:
            number = len(self.trials)
            params = self._next_params(number)
            if params is None:
                self.stopped = f"all {self.space.size:,.0f} settings of its search space were tried"
                return None
            try:
                cell = self._trial_cell(number, params)
            except ValueError as error:
                self._add(params, "", "refused", str(error), None, "", 0.0)
                continue
            same = next((trial for trial in self.trials if trial.key == cell.key), None)
            if same is not None:  # other settings that mean the same
                self._add(params, cell.key, same.status, same.reason, same.score, same.metric, 0.0)
                continue
            if self._was_cut(cell):
                continue
            self._params = params
            return cell
        return None

    def end(self, cell: Cell, record: Record) -> None:
        """Take the record of the cell that `next` returned last."""
        used = record.costs.cpu_seconds or 0.0
        if record.status == "skipped":
            self.stopped = record.reason
            return
        if _cut(record):
            self.cut = used
            return
        score, metric = None, ""
        if record.status == "ok":
            metric = task(record.identity.task).ranked(record.comparability)[0].name
            found = record.scores["valid"].get(metric, math.nan)
            score = found if math.isfinite(found) else None
        reason = record.reason or ("" if score is not None else "its validation score is not finite")
        if used > 0:
            self._idle = 0
        self._add(self._params, cell.key, record.status, reason, score, metric, used)

    def _next_params(self, number: int) -> Params | None:
        if number == 0:
            return self.space.start or {}
        tried = {identity(trial.params) for trial in self.trials if trial.params}
        return propose(self.space, self.subject, number, self._told, tried)

    def _trial_cell(self, number: int, params: Params) -> Cell:
        label = f"{self.base.label}, trial {number}"
        cell = self.base.varied(self.space.with_params(params), self.preset, label) if number else self.base
        left = self.allowance.left(number, self.spent)
        return replace(cell, label=label, trial=True, cpu_seconds=left)

    def _was_cut(self, cell: Cell) -> bool:
        """Return whether an earlier run ended this trial since its budget was used up, and no more is left now."""
        found = self.store.find(cell.identity)
        if not isinstance(found, Record) or not _cut(found):
            return False
        used = found.costs.cpu_seconds or 0.0
        if cell.cpu_seconds is not None and used >= cell.cpu_seconds:
            self.cut = used
            return True
        self.store.remove(cell.identity)
        return False

    def _add(
        self, params: Params, key: str, status: str, reason: str, score: float | None, metric: str, used: float
    ) -> None:
        trial = Trial(len(self.trials), params, key, status, reason, score, metric, used)
        notes = {name: value for name, value in vars(trial).items() if name != "params"}
        told = frozen(self.space, params, None if score is None else self.loss(trial), notes)
        about = {"model": self.base.label, "data": self.base.identity.dataset, "task": self.base.identity.task}
        self.journal.add(self.name, told, about)
        self._keep(trial, told)
        self._idle += 1
        if self._idle > IDLE:
            self.stopped = f"{IDLE} trials in a row came to nothing; the last: {reason or 'settings tried before'}"

    def _keep(self, trial: Trial, told: "FrozenTrial") -> None:
        self.trials.append(trial)
        self._told.append(told)

    def _resume(self) -> None:
        """Take the trials of earlier runs, as far as the budget goes."""
        held = self.journal.trials(self.name)
        while (told := held.get(len(self.trials))) is not None and not self.ended:
            trial = _read(told)
            if trial is None:
                return
            left = self.allowance.left(len(self.trials), self.spent)
            if left is not None and trial.cpu_seconds > left:
                self.cut = left
                return
            self._keep(trial, told)


def _read(told: "FrozenTrial") -> Trial | None:
    """Return a trial of the journal; None if it does not hold one of ours."""
    notes: dict[str, Any] = told.user_attrs
    try:
        return Trial(params=dict(told.params), **notes)
    except TypeError:
        return None


def _cut(record: Record) -> bool:
    return record.status == "timeout" and record.reason.startswith(OUT_OF_BUDGET)
