"""The one interface: a model is a class with `fit` and `predict`.

One small typed subclass a task; an author sees one task at a time, and so does the type checker. What a
model is lent to fit with, it gets as a `Context`; vocabulary, splits, budgets and clocks stay with the harness.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from seqbench.vocab import Vocab

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
Documents = Sequence[Ids]
"""Documents of ids, each (T_i,); a stream is one long document."""

Train = TypeVar("Train")
Lent = TypeVar("Lent", bound="Context[Any]")
State = TypeVar("State")


class Config(BaseModel):
    """Hyper-parameters of a model: frozen, checked when made, part of the identity of every record.

    A field documents itself, `Field(default, ge=…, le=…, description="meaning, unit")`, and may declare a
    search space, `json_schema_extra={"search": {"low": 16, "high": 512, "log": True}}` or
    `{"search": {"choices": [1, 2, 3]}}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Budget(BaseModel):
    """What a fit may spend, counted so that a result does not depend on the machine that computes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = 1
    """Passes over the training data at most; a step of EM is one pass."""
    updates: int | None = None
    """Updates of the parameters by gradient at most; None: as many as the epochs hold."""


def _silent(name: str, value: float) -> None:
    """Drop a progress value."""


@dataclass(frozen=True, kw_only=True)
class Context(Generic[Train]):
    """What the harness lends to `fit`. A task adds what its models need to know."""

    seed: int
    budget: Budget
    valid: Train
    device: str = "cpu"
    log: Callable[[str, float], None] = _silent
    """Progress and curves: `log("valid_perplexity", 123.4)` appends to the curve of that name."""


class MissingExtra(ImportError):
    """An optional library is not installed; the message names the command that installs it."""


class SequenceModel(ABC, Generic[Train, Lent]):
    """A model of sequences for one task."""

    task: ClassVar[str]
    kind: ClassVar[Literal["classic", "neural"]] = "classic"
    """Verdicts hold every model against the best classic one."""
    stochastic: ClassVar[bool] = True
    """False: the seed changes nothing, so one fit stands for all seeds (`seqbench check` verifies it)."""
    config_class: ClassVar[type[Config]] = Config
    config: Config

    def __init__(self, config: Config | None = None) -> None:
        self.config = self.config_class() if config is None else config

    @abstractmethod
    def fit(self, train: Train, ctx: Lent) -> None:
        """Learn from `train`; `ctx.valid` may steer (early stopping), never teach."""

    def arrays(self) -> Arrays | None:
        """All that `restore` needs, as named arrays; None: the model is refitted from its record instead."""
        return None

    def restore(self, arrays: Arrays) -> None:
        """Become the fitted model whose `arrays` these are; `config` is already set."""
        raise NotImplementedError(f"{type(self).__name__} writes no arrays: refit it from its record")

    def parameter_count(self) -> int | None:
        """Numbers that were learned from data; None: unknown."""
        arrays = self.arrays()
        return None if arrays is None else sum(a.size for a in arrays.values() if a.dtype.kind == "f")


@dataclass(frozen=True, kw_only=True)
class LanguageContext(Context[Documents]):
    vocab: Vocab


class LanguageModel(SequenceModel[Documents, LanguageContext], Generic[State]):
    """A probability of the next symbol given all that came before it.

    The state that goes in and out of `predict` lets long streams be scored in pieces and text be sampled.
    It is the model's own affair; the harness only hands it back. A state that was handed out is not to be
    changed afterwards: the harness may continue from it more than once.
    """

    task: ClassVar[str] = "lm"
    vocab_size: int
    """V; set it in `fit` and in `restore`."""

    @abstractmethod
    def predict(self, ids: Ids, state: State | None = None) -> tuple[Floats, State]:
        """Score symbols.

        Args:
            ids: (B, T) symbols in 0..V-1; T may be 0.
            state: where earlier symbols of the B rows left off; None: at the start of a document.

        Returns:
            (B, T) natural log p(ids[b, t] | state, ids[b, :t]), and the state after T symbols.
        """

    def next(self, state: State | None = None, batch: int = 1) -> Floats:
        """Probabilities (B, V) of the next symbol after `state` (None: at the start of `batch` documents).

        This default asks `predict` for each symbol in turn; a model overrides it to be quick.
        """
        scores = [self.predict(np.full((batch, 1), symbol), state)[0] for symbol in range(self.vocab_size)]
        return np.exp(np.concatenate(scores, axis=1))


@dataclass(frozen=True)
class Texts:
    """N documents as the harness cut them into words."""

    ids: Documents
    """Each (T_i,), T_i of 1 or more; words that the vocabulary lacks are `<unk>`."""
    words: Sequence[Sequence[str]]
    """The same words as they stand, for models that look at spellings."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Ids) -> "Texts":
        """The documents of these rows, in this order."""
        return Texts([self.ids[i] for i in rows], [self.words[i] for i in rows])


@dataclass(frozen=True)
class Labelled:
    texts: Texts
    labels: Ids
    """(N,) numbers of classes, 0..C-1."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Ids) -> "Labelled":
        """The documents of these rows with their labels, in this order."""
        return Labelled(self.texts.take(rows), self.labels[rows])


@dataclass(frozen=True, kw_only=True)
class ClassificationContext(Context[Labelled]):
    vocab: Vocab
    classes: tuple[str, ...]
    """Names of the C classes, in the order of their numbers."""


class Classifier(SequenceModel[Labelled, ClassificationContext]):
    """A probability of each class, given a document."""

    task: ClassVar[str] = "classify"

    @abstractmethod
    def predict(self, texts: Texts) -> Floats:
        """Natural log p (N, C) of the classes; what is said of a document depends on no other."""


@dataclass(frozen=True)
class Panel:
    """N series, each observed at equal steps."""

    values: Sequence[Floats]
    """Each (T_n,), T_n of 1 or more, finite, the oldest value first."""
    names: Sequence[str]
    season: int
    """Steps of a season; 1: none."""

    def __len__(self) -> int:
        return len(self.values)

    def until(self, ends: Ids) -> "Panel":
        """The first `ends` (N,) values of each series, copied: a view would hold on to what comes after them."""
        return Panel([v[:end].copy() for v, end in zip(self.values, ends, strict=True)], self.names, self.season)


@dataclass(frozen=True)
class Forecast:
    mean: Floats
    """(N, H) point forecasts of the H values after each past."""
    quantiles: Floats | None = None
    """(N, H, Q) at the levels asked for; None: a point forecaster, whose intervals the harness makes from its
    residuals on validation."""


@dataclass(frozen=True, kw_only=True)
class ForecastContext(Context[Panel]):
    """`valid` is the panel of `train` again: whatever comes later is scored. A model that stops early holds out the
    end of its training part itself."""

    horizon: int
    """Steps ahead that will be asked for, H."""


class Forecaster(SequenceModel[Panel, ForecastContext]):
    """The next values of series, given all that came before.

    One fit serves all series of a panel, and every later origin: `predict` is given pasts that reach further than
    what `fit` saw.
    """

    task: ClassVar[str] = "forecast"

    @abstractmethod
    def predict(self, past: Panel, horizon: int, levels: Floats) -> Forecast:
        """Forecast `horizon` steps after each past, with quantiles at `levels` (Q,) where the model has its own.

        What is said of a series depends on its own past and on the fit, not on the others of the call.
        """
