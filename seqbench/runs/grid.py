"""The grid of cells, model × data set × seed. A cell contains everything that its result depends on."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from seqbench import registry
from seqbench.data import DataError, Dataset
from seqbench.evidence.records import Identity, Record
from seqbench.interface import Budget, SequenceModel
from seqbench.runs.store import key_of
from seqbench.runs.suites import Override, Preset, Suite
from seqbench.spec import OWN, Spec, parse
from seqbench.tasks import target
from seqbench.tasks import task as task_of

TRUTH = "true-model"

Precision = Literal["float32", "bfloat16"]
"""Number format in which a network multiplies during training."""


@dataclass(frozen=True)
class Cell:
    """One model on one data set with one seed. It contains only plain values, since it is sent to another process."""

    identity: Identity
    key: str
    label: str
    reduction: str
    """The reduction that converts the model to the task; empty if none is needed."""
    kind: Literal["classic", "neural", "truth"]
    stochastic: bool
    model: Spec
    """With absolute paths, since the cell runs in a folder of its own."""
    dataset: Spec
    """With absolute paths."""
    missing: str = ""
    """Why the data was not found; empty if it was."""
    trial: bool = False
    """Whether it is a trial of tuning: its record holds the score and the columns of the validation part alone, and no
    law is measured. Such records lie in a store of their own."""
    cpu_seconds: float | None = None
    """Limit of the cell's processor time; None: there is none. It never changes a result."""

    @classmethod
    def of(cls, record: Record) -> "Cell":
        """Return the cell that a record came from."""
        return cls(
            identity=record.identity,
            key=record.key,
            label=record.label,
            reduction=record.reduction,
            kind=record.kind,
            stochastic=record.stochastic,
            model=record.model_spec,
            dataset=record.data_spec,
        )

    def repeated(self, seed: int) -> "Cell":
        """Return the same cell with another seed."""
        identity = self.identity.model_copy(update={"seed": seed})
        return replace(self, identity=identity, key=key_of(identity))

    def varied(self, model: Spec, preset: Preset, label: str) -> "Cell":
        """Return the cell of another model, or of the same one with other settings, with the same data and seed.

        A sum with given weights keeps the name of this model, and so the seed of its fits.

        Raises:
            ValueError: the model cannot be found, or refuses the settings.
        """
        row = _Row.of(model, preset.of(self.identity.task), self.identity.task, None)
        made = {
            "model": self.identity.model if model.weighed else _name(row),
            "target": row.target,
            "config": dict(row.config),
        }
        made |= {"model_source": row.source_sha256, "budget": row.budget.model_dump(mode="json")}
        identity = self.identity.model_copy(update=made)
        return replace(
            self,
            identity=identity,
            key=key_of(identity),
            label=label,
            reduction=row.reduction,
            kind=row.kind,
            stochastic=row.stochastic,
            model=_findable(row.spec),
        )

    @property
    def modules(self) -> set[str]:
        """The modules that define the task and the model, or all models of a sum."""
        targets = [target(self.identity.task), *self.identity.target.split("+")]
        return {one.partition(":")[0] for one in targets}

    @property
    def seed(self) -> int:
        """The seed of the fit. It is a hash of the cell's names, so other cells and their order do not matter."""
        names = (self.identity.task, self.identity.dataset, self.identity.model, str(self.identity.seed))
        return int.from_bytes(hashlib.sha256("\0".join(names).encode()).digest()[:4]) >> 1


def grid(
    suite: Suite,
    preset: Preset,
    *,
    task: str | None = None,
    models: Sequence[Spec] = (),
    datasets: Sequence[Spec] = (),
    seeds: int | None = None,
    device: str = "cpu",
    threads: int = 1,
    precision: Precision | None = None,
    shares: Sequence[float] = (1.0,),
) -> list[Cell]:
    """Return the cells of a suite in the order of its rows.

    `task` chooses one part of the suite. `models` and `datasets` replace those of the suite and the preset; each is
    used in every part whose task it is for. `precision` is set in every model that has this setting, unless the model's
    spec sets it. A model whose result does not depend on the seed gets one cell per data set. If the true model of a
    data set is known, it gets the last cell.

    Each share of the training part has rows of its own, in the order of `shares`. If a task draws smaller parts at
    random, every model gets a cell per seed there; the epochs of budgets grow as `Preset.for_share` says.

    Raises:
        ValueError: a name, a setting or a file is wrong, or a name is for no part of the suite.
    """
    seeds = preset.seeds if seeds is None else seeds
    if seeds < 1:
        raise ValueError(f"seeds must be 1 or more, not {seeds}")
    models_of = _shared_out(models or [parse(row) for row in preset.rows], suite, registry.find_model)
    datasets_of = _shared_out(datasets or [parse(d) for d in preset.datasets], suite, _configured)
    cells: list[Cell] = []
    for part in suite.chosen_parts(task):
        scored_by, own = registry.resolve(part.task, target(part.task)), preset.of(part.task)
        wanted = models_of.get(part.task, []) if models_of else list(map(parse, part.models))
        rows = [
            (share, _Row.of(model, own.for_share(share), part.task, precision)) for share in shares for model in wanted
        ]
        random_parts = task_of(part.task).random_parts
        for spec in datasets_of.get(part.task, []) if datasets_of else map(parse, part.datasets):
            source = _Source.of(spec, part.task)
            truth = [(1.0, _Row.truth(source, own))] if source.dataset.knows_truth and rows else []
            for share, row in [*rows, *truth]:
                repetitions = seeds if row.stochastic or (share < 1 and random_parts) else 1
                cells += [_cell(scored_by, source, row, seed, device, threads, share) for seed in range(repetitions)]
    if not cells:
        where = f"the suite {suite.name}" if task is None else f"the task {task}"
        raise ValueError(f"no part of {where} has both a model and a data set of those that were named")
    unique = {cell.key: cell for cell in cells}
    return list(unique.values())


def _shared_out(specs: Sequence[Spec], suite: Suite, find: Callable[[Spec, str], object]) -> dict[str, list[Spec]]:
    """Return, by task, the specs that are for the part of this task.

    Raises:
        ValueError: a name is unknown, or for no part of the suite.
    """
    shared: dict[str, list[Spec]] = {}
    for spec in specs:
        wrong: list[ValueError] = []
        for task in suite.tasks:
            try:
                find(spec, task)
                shared.setdefault(task, []).append(spec)
            except registry.UnknownName:
                raise
            except ValueError as error:
                wrong.append(error)
        if len(wrong) == len(suite.tasks):
            of_others = [error.task for error in wrong if isinstance(error, registry.WrongTask)]
            if len(wrong) == len(of_others) > 1:
                raise registry.WrongTask(spec.name, of_others[0], suite.tasks)
            missing = [str(error) for error in wrong if isinstance(error, registry.MissingSetting)]
            if len(missing) > 1:
                raise registry.MissingSetting("; or ".join(missing))
            raise next((error for error in wrong if not isinstance(error, registry.WrongTask)), wrong[0])
    return shared


def _configured(spec: Spec, task: str) -> Dataset[Any]:
    """Return the data set of a spec: so a file is for the tasks that have the options by which it is read."""
    dataset: Dataset[Any] = registry.configured(registry.find_dataset(spec, task).attribute, spec, task)
    return dataset


@dataclass(frozen=True)
class _Source:
    spec: Spec
    dataset: Dataset[Any]
    target: str
    source_sha256: str
    data_sha256: str
    missing: str

    @classmethod
    def of(cls, spec: Spec, task: str) -> "_Source":
        found, dataset = registry.find_dataset(spec, task), _configured(spec, task)
        try:
            sha256, missing = dataset.fingerprint(), ""
        except DataError as error:
            sha256, missing = "", str(error)
        return cls(spec, dataset, found.target, found.source_sha256, sha256, missing)

    @property
    def name(self) -> str:
        """The name in tables: the spec, or the file name if the data is a user's file."""
        path = self.spec.settings.get("path")
        return Path(str(path)).name if self.spec.name == OWN and path else str(self.spec)


@dataclass(frozen=True)
class _Row:
    spec: Spec
    label: str
    reduction: str
    target: str
    source_sha256: str
    config: Mapping[str, Any]
    kind: Literal["classic", "neural", "truth"]
    stochastic: bool
    budget: Budget

    @classmethod
    def of(cls, spec: Spec, preset: Preset, task: str, precision: Precision | None) -> "_Row":
        found = registry.find_model(spec, task)
        model: type[SequenceModel[Any, Any]] = found.attribute
        full = _in_precision(_given(registry.spelled_out(spec, task), preset, task), task, precision)
        config = registry.configured(model.config_class, full, task)
        return cls(
            full,
            str(spec),
            found.reduction,
            found.target,
            found.source_sha256,
            config.model_dump(mode="json"),
            model.kind,
            model.stochastic,
            _budget(spec, preset),
        )

    @classmethod
    def truth(cls, source: _Source, preset: Preset) -> "_Row":
        return cls(
            Spec(TRUTH), "true model", "", source.target, source.source_sha256, {}, "truth", False, preset.budget
        )


def _given(spec: Spec, preset: Preset, task: str) -> Spec:
    """Return the spec with the preset's settings for this model added."""
    settings = {**preset.models.get(spec.name, Override()).settings, **spec.settings}
    if not spec.parts:
        known = registry.find_model(spec, task).attribute.config_class.model_fields
        return Spec(spec.name, {**{n: v for n, v in preset.settings.items() if n in known}, **settings})
    of = registry.task_of_parts(spec, task)
    budgets = [_budget(part, preset).model_dump(mode="json") for part in spec.parts]
    return Spec(spec.name, {"budgets": budgets, **settings}, tuple(_given(part, preset, of) for part in spec.parts))


def _in_precision(spec: Spec, task: str, precision: Precision | None) -> Spec:
    """Return the spec with `precision` set, unless the model has no such setting or the spec already sets it."""
    if precision is None:
        return spec
    if spec.parts:
        of = registry.task_of_parts(spec, task)
        return replace(spec, parts=tuple(_in_precision(part, of, precision) for part in spec.parts))
    if "precision" not in registry.find_model(spec, task).attribute.config_class.model_fields:
        return spec
    return replace(spec, settings={"precision": precision, **spec.settings})


def _budget(spec: Spec, preset: Preset) -> Budget:
    return preset.models.get(spec.name, Override()).budget or preset.budget


def _cell(
    scored_by: registry.Found, source: _Source, row: _Row, seed: int, device: str, threads: int, share: float
) -> Cell:
    identity = Identity(
        task=source.dataset.task,
        model=_name(row),
        target=row.target,
        config=dict(row.config),
        model_source=row.source_sha256,
        dataset=source.name,
        options=source.dataset.identity(),
        data_sha256=source.data_sha256,
        data_source=source.source_sha256,
        task_source=scored_by.source_sha256,
        seed=seed,
        budget=row.budget.model_dump(mode="json"),
        device=device,
        threads=threads,
        share=share,
    )
    return Cell(
        identity=identity,
        key=key_of(identity),
        label=row.label,
        reduction=row.reduction,
        kind=row.kind,
        stochastic=row.stochastic,
        model=_findable(row.spec),
        dataset=_findable(source.spec),
        missing=source.missing,
    )


def _name(row: _Row) -> str:
    """Return the name of a model in an identity, which does not depend on where its file lies."""
    return row.spec.name if ".py:" not in row.spec.name else row.target


def _findable(spec: Spec) -> Spec:
    """Return the spec with absolute paths, so that it can be found from any folder."""
    if spec.parts:
        return replace(Spec.sum(map(_findable, spec.parts)), settings=spec.settings)
    path, colon, attribute = spec.name.rpartition(":")
    name = f"{Path(path).resolve()}:{attribute}" if colon else spec.name
    return Spec(name, {key: _found(key, value) for key, value in spec.settings.items()})


def _found(setting: str, value: object) -> object:
    """Return the absolute path if the value is that of a file, or if the setting `path` is that of a folder.

    A value of letters only, such as the choice `both`, is a file only in the setting `path`.
    """
    if not isinstance(value, str) or (value.isidentifier() and setting != "path"):
        return value
    if Path(value).is_file() or (setting == "path" and Path(value).is_dir()):
        return str(Path(value).resolve())
    return value
