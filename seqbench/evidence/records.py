"""The schema of a record: one cell of the grid and its result."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from seqbench.spec import Spec

SCHEMA = 1

Status = Literal["ok", "skipped", "failed", "timeout", "out of memory", "crashed"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")  # JSON has no infinity


class Identity(_Frozen):
    """Everything that a result depends on.

    Its hash is the record's key, so that an old result is never used for changed code, settings or data.
    """

    schema_version: int = SCHEMA
    task: str
    model: str
    """The name in the registry, or `file.py:ClassName`."""
    target: str
    """`module:attribute` or `file.py:ClassName` of the model."""
    config: dict[str, Any]
    """All settings, defaults included."""
    model_source: str
    """sha256 of the source of the model's module and of the seqbench modules that it imports."""
    dataset: str
    options: dict[str, Any]
    data_sha256: str
    """sha256 of the raw data; empty if it was not found."""
    data_source: str
    """sha256 of the source of the loader's module and of the seqbench modules that it imports."""
    task_source: str
    """The same hash for the module of the task."""
    seed: int
    """Number of the repetition: 0, 1, 2, …"""
    budget: dict[str, Any]
    device: str
    threads: int = 1
    """Threads of numerical libraries in the cell. They change the order of sums, and so the last digits of a fit."""
    share: float = Field(1.0, gt=0, le=1)
    """The share of the training part that the model learns from; which part it is depends on the seed."""


def asked_of(identity: Identity, specs: Sequence[Spec]) -> str:
    """Return the identity of a cell without the versions of its code and data, but with the paths of their files.

    So files of one name in different folders are different questions, and a changed file is the same question.

    Args:
        specs: of the model and of the data set.
    """
    versions = {"target", "model_source", "data_source", "task_source", "data_sha256"}
    return f"{identity.model_dump_json(exclude=versions)} {[spec.paths() for spec in specs]}"


class Comparability(_Frozen):
    """What must be equal for all scores in one table."""

    task: str
    dataset: str
    data_sha256: str
    vocab_sha256: str
    convention: str
    unit: str
    items: int
    """Number of scored items of the test part (tokens, documents, windows)."""
    ranked_by: str = ""
    """Name of the metric that ranks models on these data; empty: the first one of the task."""


class Costs(_Frozen):
    fit_seconds: float | None = None
    """Wall time of all fits of the cell, validation and deferred work included."""
    fit_cpu_seconds: float | None = None
    """Processor time of the same fits, summed over threads."""
    validation_seconds: float | None = None
    """The part of `fit_seconds` that predicted the validation part."""
    early_stopping_seconds: float | None = None
    """The part of `fit_seconds` that trained after the epoch whose weights were kept."""
    deferred_seconds: float | None = None
    """The part of `fit_seconds` that passed in the first prediction, if it is worth telling: what the first prediction
    cost beyond the same prediction once more, without waiting."""
    predict_seconds: float | None = None
    """Wall time of the calls of `predict` that score the test part."""
    predict_cpu_seconds: float | None = None
    busy: bool = False
    """Whether fitting or scoring had to wait for the processor, so that the wall times are upper bounds."""
    items_per_second: float | None = None
    parameters: int | None = None
    peak_memory_bytes: int | None = None
    """Highest resident memory of the cell's process until the end of scoring."""
    start_memory_bytes: int | None = None
    """Resident memory before the data is read: that of the interpreter and its libraries."""
    wall_seconds: float | None = None
    """Time of the whole cell: loading, fitting, scoring, checking."""


class Check(_Frozen):
    """The result of one law, measured on the fitted model."""

    name: str
    """The name of the law: `causal`, `normalised`, …"""
    passed: bool
    value: float | None = None
    """The measured value."""
    bound: float | None = None
    """The value above which the law is broken."""
    message: str
    """One sentence; if the law is broken, a footnote shows it."""
    places: int | None = None
    """Number of places, drawn at random, at which the law was measured; None: they are not counted."""

    @property
    def caught(self) -> float | None:
        """The smallest share of places that must be wrong so that one of them is measured with 95 % probability."""
        return 1 - 0.05 ** (1 / self.places) if self.places else None


class Provenance(_Frozen):
    seqbench: str
    git_sha: str | None
    git_dirty: bool | None
    python: str
    packages: dict[str, str]
    platform: str
    cpu: str
    gpu: str | None
    threads: int


class Record(_Frozen):
    key: str
    identity: Identity
    label: str
    """The name of the row: the model's spec as the user wrote it, such as `lstm(hidden_size=400)`."""
    reduction: str = ""
    """The reduction that converted a model of another task to this task, such as `Bayes`; empty if there was none."""
    model_spec: Spec
    """The spec from which the model can be created again: full names and all settings of the user and the preset."""
    data_spec: Spec
    """The same for the data set, with absolute paths."""
    kind: Literal["classic", "neural", "truth"]
    stochastic: bool
    status: Status
    reason: str = ""
    """Why the status is not ok, in one line, and what to do if something can be done."""
    comparability: Comparability | None = None
    """None if the cell ended before its data was read."""
    scores: dict[str, dict[str, float]] = Field(default_factory=dict)
    """`{"valid": {"perplexity": …}, "test": {…}}`"""
    detail: dict[str, Any] = Field(default_factory=dict)
    """What the task reports in addition to scores: for classes precision, recall, F1 and confusions; for forecasts the
    errors by step and how the intervals were made."""
    costs: Costs = Costs()
    checks: list[Check] = Field(default_factory=list)
    curves: dict[str, list[float]] = Field(default_factory=dict)
    training_size: tuple[int, str] | None = None
    """How much the model learned from, and the unit: `(33278, "word")`; None: not known."""
    notes: dict[str, Any] = Field(default_factory=dict)
    """What the loader did, and what it left out."""
    traceback: str = ""
    provenance: Provenance
    finished: str
    """UTC, ISO 8601."""
    items_sha256: str | None = None
    """sha256 of the file of item columns."""
    kept: Literal["no", "arrays", "refit"] = "no"
    """`arrays`: the fit is stored with the record; `refit`: it must be made again from the record; `no`: neither."""
    kept_sha256: dict[str, str] = Field(default_factory=dict)
    """sha256 of the files of the stored fit, by their names; earlier versions did not write it."""


def question(record: Record) -> str:
    """Return what a record answers, as `asked_of` does."""
    return asked_of(record.identity, (record.model_spec, record.data_spec))
