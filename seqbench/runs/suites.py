"""Suites: TOML files of models, data sets and budgets. They are checked before anything runs."""

import tomllib
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from seqbench.interface import Budget

MARGIN = 0.01
"""The default margin of a suite: 1 % of a perplexity, or one point of F1."""


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


class Preset(_Strict):
    datasets: list[str] = Field(default_factory=list)
    """They replace the data sets of the suite; empty: those of the suite."""
    seeds: int = Field(1, ge=1)
    budget: Budget
    limits: Limits
    models: dict[str, Override] = Field(default_factory=dict)
    """Overrides by the name of the model."""


class Suite(_Strict):
    name: str
    task: str
    summary: str
    datasets: list[str] = Field(min_length=1)
    models: list[str] = Field(min_length=1)
    preset: str = "quick"
    """The default preset."""
    margin: float = Field(MARGIN, gt=0)
    """Half-width of the region in which a difference is a tie, on the scale of the task's first metric."""
    presets: dict[str, Preset] = Field(min_length=1)

    def chosen(self, name: str | None) -> tuple[str, Preset]:
        """Return a preset and its name; `None` means the default preset.

        Raises:
            SuiteError: the suite has no preset of that name.
        """
        name = name or self.preset
        if name not in self.presets:
            raise SuiteError(f"the suite {self.name} has no preset {name!r}; it has: {', '.join(self.presets)}")
        return name, self.presets[name]


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
        suite = Suite.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SuiteError(f"{name} is no TOML: {error}") from None
    except ValidationError as error:
        lines = [f"{name}: {'.'.join(str(part) for part in e['loc'])}: {e['msg'].lower()}" for e in error.errors()]
        raise SuiteError("; ".join(lines)) from None
    if suite.preset not in suite.presets:
        raise SuiteError(f"{name}: preset: {suite.preset!r} is none of presets: {', '.join(suite.presets)}")
    return suite
