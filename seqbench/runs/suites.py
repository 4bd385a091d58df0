"""Suites: TOML files of models, data sets and budgets. They are checked before anything runs."""

import math
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from seqbench.interface import Budget

MARGIN = 0.01
"""The default margin of a suite: 1 % of a perplexity, or one point of F1."""
MOST_TIMES = 8
"""How many times the epochs of a preset a fit to a small part of the training part may take."""


class SuiteError(ValueError):
    """Raised if a suite cannot be used; the message names the file and the key."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Strict):
    """Limits that stop a cell that hangs or needs too much memory. They never change a result."""

    seconds: float = Field(gt=0, description="limit of the wall time of a cell")
    memory_gb: float = Field(gt=0, description="limit of the resident memory of a cell, in 10⁹ bytes")


class Override(_Strict):
    """Budget and settings of one model, which replace those of the preset."""

    budget: Budget | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


class TaskPreset(_Strict):
    """What a preset sets otherwise for the models of one task."""

    budget: Budget | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    models: dict[str, Override] = Field(default_factory=dict)


class Preset(_Strict):
    datasets: list[str] = Field(default_factory=list)
    """They replace the data sets of the suite; empty: those of the suite."""
    rows: list[str] = Field(default_factory=list)
    """Models that replace those of the suite, in this order; empty: those of the suite."""
    seeds: int = Field(1, ge=1)
    budget: Budget
    limits: Limits
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings of every model that has them; those of single models are preferred."""
    models: dict[str, Override] = Field(default_factory=dict)
    """Overrides by the name of the model."""
    tasks: dict[str, TaskPreset] = Field(default_factory=dict)
    """By the name of the task; they are preferred to the fields of the same names above."""

    def for_share(self, share: float) -> "Preset":
        """Return the preset for a fit to a share of the training part, with so many times the epochs that a network
        makes about as many updates as on the whole part, but at most `MOST_TIMES` as many epochs."""
        budget = _longer(self.budget, share)
        models = {
            name: one.model_copy(update={"budget": one.budget and _longer(one.budget, share)})
            for name, one in self.models.items()
        }
        return self.model_copy(update={"budget": budget, "models": models})

    def of(self, task: str) -> "Preset":
        """Return the preset with what it sets for one task."""
        own = self.tasks.get(task, TaskPreset())
        changes = {
            "budget": own.budget or self.budget,
            "settings": {**self.settings, **own.settings},
            "models": {**self.models, **own.models},
            "tasks": {},
        }
        return self.model_copy(update=changes)


def _longer(budget: Budget, share: float) -> Budget:
    return budget.model_copy(update={"epochs": math.ceil(budget.epochs * min(1 / share, MOST_TIMES))})


class Part(_Strict):
    """Models and data sets of one task: each model runs on each data set."""

    task: str
    datasets: list[str] = Field(min_length=1)
    models: list[str] = Field(min_length=1)
    margin: float = Field(MARGIN, gt=0)
    """Half-width of the region in which a difference is a tie, on the scale of the task's first metric."""


class Suite(_Strict):
    """A TOML file. A suite of a single task may have the fields of its only part at the top."""

    name: str
    summary: str
    parts: list[Part] = Field(min_length=1)
    preset: str = "quick"
    """The default preset."""
    presets: dict[str, Preset] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _single_part(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "parts" in given:
            return given
        top = {name: value for name, value in given.items() if name not in Part.model_fields}
        return top | {"parts": [{name: given[name] for name in Part.model_fields if name in given}]}

    @field_validator("parts")
    @classmethod
    def _tasks_differ(cls, parts: list[Part]) -> list[Part]:
        for task in {part.task for part in parts}:
            if sum(part.task == task for part in parts) > 1:
                raise ValueError(f"two parts are of the task {task}; make them one part")
        return parts

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(part.task for part in self.parts)

    def margin(self, task: str) -> float:
        """Return the margin of the part of this task."""
        return next(part.margin for part in self.parts if part.task == task)

    def chosen(self, name: str | None) -> tuple[str, Preset]:
        """Return a preset and its name; `None` means the default preset.

        Raises:
            SuiteError: the suite has no preset of that name.
        """
        name = name or self.preset
        if name not in self.presets:
            raise SuiteError(f"the suite {self.name} has no preset {name!r}; it has: {', '.join(self.presets)}")
        return name, self.presets[name]

    def chosen_parts(self, task: str | None) -> list[Part]:
        """Return the part of one task; None: all parts.

        Raises:
            SuiteError: the suite has no part of that task.
        """
        if task is not None and task not in self.tasks:
            raise SuiteError(f"the suite {self.name} has no part of the task {task!r}; it has: {', '.join(self.tasks)}")
        return [part for part in self.parts if task in (None, part.task)]


def shipped() -> list[str]:
    """Return the names of the suites that come with seqbench."""
    return sorted(_stem(file) for file in files("seqbench").joinpath("suites").iterdir() if file.name.endswith(".toml"))


def load(name: str) -> Suite:
    """Return a shipped suite by name, or a user's suite by the path of its TOML file.

    Raises:
        SuiteError: there is no such suite, or the file is wrong; the message names the file and the key.
    """
    if name in shipped():
        return _read(files("seqbench").joinpath("suites", f"{name}.toml"), f"{name}.toml")
    if Path(name).is_file():
        return _read(Path(name), name)
    raise SuiteError(f"there is no suite {name!r}; there are: {', '.join(shipped())}, or the path of a TOML file")


def _stem(file: Traversable) -> str:
    return file.name.removesuffix(".toml")


def _read(file: Traversable, name: str) -> Suite:
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # of TOML, of UTF-8, of a number with too many digits
        raise SuiteError(f"{name} is no TOML: {error}") from None
    try:
        suite = Suite.model_validate(given)
    except ValidationError as error:
        keys: list[int | str] = ["parts", 0] if "parts" not in given else []
        lines = [f"{name}: {_key(e['loc'], keys)}: {e['msg'].lower()}" for e in error.errors()]
        raise SuiteError("; ".join(lines)) from None
    if suite.preset not in suite.presets:
        raise SuiteError(f"{name}: preset: {suite.preset!r} is none of presets: {', '.join(suite.presets)}")
    for preset, found in suite.presets.items():
        if strange := set(found.tasks) - set(suite.tasks):
            raise SuiteError(f"{name}: presets.{preset}.tasks: no part is of the task {', '.join(sorted(strange))}")
    return suite


def _key(place: Sequence[int | str], implied: Sequence[int | str]) -> str:
    """Return the key of a fault in the file, without the beginning that the file does not have."""
    written = place[len(implied) :] if list(place[: len(implied)]) == list(implied) else place
    return ".".join(map(str, written))
