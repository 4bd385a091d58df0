"""The one interface: a model is a class with `fit` and `predict`.

Each task adds one small typed subclass (`seqbench/tasks/*/model.py`), so that an author and the type checker see one
task at a time. The harness passes a `Context` to `fit`; vocabulary, splits, budgets and clocks stay with the harness.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
Documents = Sequence[Ids]
"""Documents of ids, each (T_i,); a stream is one long document."""

Train = TypeVar("Train")
Lent = TypeVar("Lent", bound="Context[Any]")


class Config(BaseModel):
    """Hyper-parameters of a model: frozen, checked when made, part of the identity of every record.

    A field documents itself, `Field(default, ge=…, le=…, description="meaning, unit")`, and may declare a
    search space, `json_schema_extra={"search": {"low": 16, "high": 512, "log": True}}` or
    `{"search": {"choices": [1, 2, 3]}}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Budget(BaseModel):
    """What a fit may spend. It is counted, not timed, so that a result does not depend on the machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = 1
    """The most passes over the training data; a step of EM is one pass."""
    updates: int | None = None
    """The most updates by gradient; None: as many as the epochs hold."""


def _silent(name: str, value: float) -> None:
    """Ignore a progress value."""


@dataclass(frozen=True, kw_only=True)
class Context(Generic[Train]):
    """Passed to `fit` by the harness. Each task adds what its models need."""

    seed: int
    budget: Budget
    valid: Train
    device: str = "cpu"
    log: Callable[[str, float], None] = _silent
    """Progress and curves: `log("valid_perplexity", 123.4)` appends to the curve of that name."""


class MissingExtra(ImportError):
    """Raised if an optional library is not installed; the message names the command that installs it."""


class SequenceModel(ABC, Generic[Train, Lent]):
    """A model of sequences for one task."""

    task: ClassVar[str]
    kind: ClassVar[Literal["classic", "neural"]] = "classic"
    """Verdicts compare every model with the best classic model."""
    stochastic: ClassVar[bool] = True
    """False if the seed changes nothing: one fit then stands for all seeds (`seqbench check` verifies it)."""
    config_class: ClassVar[type[Config]] = Config
    config: Config

    def __init__(self, config: Config | None = None) -> None:
        self.config = self.config_class() if config is None else config

    @abstractmethod
    def fit(self, train: Train, ctx: Lent) -> None:
        """Learn from `train`. Use `ctx.valid` to decide when to stop, never to learn from."""

    def arrays(self) -> Arrays | None:
        """Return all that `restore` needs as named arrays; None: the model is fitted again from its record instead."""
        return None

    def restore(self, arrays: Arrays) -> None:
        """Become the fitted model that returned these `arrays`; `config` is already set."""
        raise NotImplementedError(f"{type(self).__name__} writes no arrays: refit it from its record")

    def parameter_count(self) -> int | None:
        """Return how many numbers were learned from data; None: unknown."""
        arrays = self.arrays()
        return None if arrays is None else sum(a.size for a in arrays.values() if a.dtype.kind == "f")
