"""The schema of a record: one cell of the grid and everything that became of it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from seqbench.spec import Spec

SCHEMA = 1

Status = Literal["ok", "skipped", "failed", "timeout", "out of memory", "crashed"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")  # JSON has no infinity


class Identity(_Frozen):
    """What a result depends on. Its hash is the record's key, so that changed code, settings or data are
    never answered with an old result."""

    schema_version: int = SCHEMA
    task: str
    model: str
    """The name in the registry, or `file.py:ClassName`."""
    target: str
    """`module:attribute`, or the name of the file, that the model comes from."""
    config: dict[str, Any]
    """All settings, defaults included."""
    model_source: str
    """sha256 over the source of the model's module and of the seqbench modules that it imports."""
    dataset: str
    options: dict[str, Any]
    data_sha256: str
    """Of the raw data; empty where it was not at hand."""
    data_source: str
    """sha256 over the source of the loader's module and of the seqbench modules that it imports."""
    task_source: str
    """The same for the module that scores and checks."""
    seed: int
    """Which repetition this is: 0, 1, 2, …"""
    budget: dict[str, Any]
    device: str


class Comparability(_Frozen):
    """What must be equal for two scores to stand in one table."""

    task: str
    dataset: str
    data_sha256: str
    vocab_sha256: str
    convention: str
    unit: str
    items: int
    """Scored items of the test part (tokens, documents, windows)."""


class Costs(_Frozen):
    fit_seconds: float | None = None
    predict_seconds: float | None = None
    """Scoring the test part once."""
    items_per_second: float | None = None
    parameters: int | None = None
    peak_memory_bytes: int | None = None
    """Highest resident memory of the cell's process, until its scores were there."""
    start_memory_bytes: int | None = None
    """Resident before the data was read: the interpreter and its libraries."""
    wall_seconds: float | None = None
    """The whole cell: loading, fitting, scoring, checking."""


class Check(_Frozen):
    """A law that the fitted model was held against."""

    name: str
    """The law, in short: `causal`, `normalised`, …"""
    passed: bool
    value: float | None = None
    """What was measured."""
    bound: float | None = None
    """What it had to stay within."""
    message: str
    """One sentence, for a footnote when the law is broken."""


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
    """How the row is named: the model's spec as asked for, `lstm(hidden_size=400)`."""
    reduction: str = ""
    """What made a model of another task one of this, `Bayes`; empty where nothing had to."""
    model_spec: Spec
    """The model as it can be found again, with all the settings that it was given."""
    data_spec: Spec
    """The data set likewise, paths included."""
    kind: Literal["classic", "neural", "truth"]
    stochastic: bool
    status: Status
    reason: str = ""
    """Why the status is not ok; one line, that says what to do where something can be done."""
    comparability: Comparability | None = None
    """None where the cell ended before its data was read."""
    scores: dict[str, dict[str, float]] = Field(default_factory=dict)
    """`{"valid": {"perplexity": …}, "test": {…}}`"""
    detail: dict[str, Any] = Field(default_factory=dict)
    """What the task tells beyond scores: of classes, their precision, recall, F1 and confusions; of forecasts, errors
    by step and how their intervals were made."""
    costs: Costs = Costs()
    checks: list[Check] = Field(default_factory=list)
    curves: dict[str, list[float]] = Field(default_factory=dict)
    notes: dict[str, Any] = Field(default_factory=dict)
    """What the loader did and left out."""
    traceback: str = ""
    provenance: Provenance
    finished: str
    """UTC, ISO 8601."""
    items_sha256: str | None = None
    """Of the file of item columns beside the record."""
    kept: Literal["no", "arrays", "refit"] = "no"
    """Whether the fit lies beside the record, or is to be made again from it."""
