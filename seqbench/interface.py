"""The one interface: a model is a class with `fit` and `predict`.

Each task adds one small typed subclass (`seqbench/tasks/*/model.py`), so that an author and the type checker see one
task at a time. The harness passes a `Context` to `fit`; it also sets vocabulary, splits and budgets,
and measures the time.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    """Hyper-parameters of a model. They are frozen, checked when created, and part of the identity of every record.

    Declare a field as `Field(default, ge=…, le=…, description="meaning, unit")`; it may also have a
    search space, `json_schema_extra={"search": {"low": 16, "high": 512, "log": True}}` or
    `{"search": {"choices": [1, 2, 3]}}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Budget(BaseModel):
    """Limits of a fit. They count steps, not time, so that a result does not depend on the machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = 1
    """Maximum number of passes over the training data; a step of EM is one pass."""
    updates: int | None = None
    """Maximum number of gradient updates; None: limited by the epochs only."""


Besides = Literal["validation", "early stopping"]
"""What a fit does besides training. Early stopping: the training after the epoch whose weights were kept."""


def _silent(name: str, value: float) -> None:
    """Ignore a value."""


@dataclass(frozen=True, kw_only=True)
class Context(Generic[Train]):
    """Passed to `fit` by the harness. Each task adds the fields that its models need."""

    seed: int
    budget: Budget
    valid: Train
    device: str = "cpu"
    log: Callable[[str, float], None] = _silent
    """Log progress: `log("valid_perplexity", 123.4)` appends the value to the curve of that name."""
    spent: Callable[[Besides, float], None] = _silent
    """Report seconds of the fit that are not training, so that costs show them apart."""

    @contextmanager
    def validating(self) -> Iterator[None]:
        """Report the time inside `with ctx.validating():` as validation."""
        started = time.perf_counter()
        yield
        self.spent("validation", time.perf_counter() - started)


class MissingExtra(ImportError):
    """Raised if an optional library is not installed; the message names the command that installs it."""


class SequenceModel(ABC, Generic[Train, Lent]):
    """A model of sequences for one task."""

    task: ClassVar[str]
    kind: ClassVar[Literal["classic", "neural"]] = "classic"
    """Verdicts compare every model with the best classic model."""
    stochastic: ClassVar[bool] = True
    """False if the seed does not change the fit: then a single fit is made (`seqbench check` verifies this)."""
    config_class: ClassVar[type[Config]] = Config
    config: Config

    def __init__(self, config: Config | None = None) -> None:
        self.config = self.config_class() if config is None else config

    @abstractmethod
    def fit(self, train: Train, ctx: Lent) -> None:
        """Learn from `train`. Use `ctx.valid` only to decide when to stop, not to learn from."""

    def arrays(self) -> Arrays | None:
        """Return everything that `restore` needs, as named arrays; None: the model is fitted again from its record."""
        return None

    def restore(self, arrays: Arrays) -> None:
        """Restore the fit that returned these `arrays`; `config` is already set."""
        raise NotImplementedError(f"{type(self).__name__} returns no arrays: fit it again from its record")

    def parameter_count(self) -> int | None:
        """Return the number of learned parameters; None: unknown."""
        arrays = self.arrays()
        return None if arrays is None else sum(a.size for a in arrays.values() if a.dtype.kind == "f")
