"""What the harness must know of a task: how its models get their data, how they are scored and checked."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability
from seqbench.interface import Budget, Context, SequenceModel

Data = TypeVar("Data")
Model = TypeVar("Model", bound=SequenceModel[Any, Any])
Split = Literal["valid", "test"]


@dataclass(frozen=True)
class Reduction:
    """How a model of another task becomes one of this task."""

    name: str
    """Tables write it behind the name of the model."""
    target: str
    """`module:attribute` of the function from a class of the other task to a class of this one."""


@dataclass(frozen=True)
class Sampling:
    """How a text is drawn from a fitted model."""

    length: int
    """Symbols."""
    prompt: str = ""
    """The text goes on from here; it is not repeated."""
    temperature: float = 1.0
    """Below 1 probable symbols become more probable, above 1 less."""
    greedy: bool = False
    """Always take the most probable symbol."""
    top_k: int | None = None
    """Draw from the k most probable symbols alone; None: from all."""
    nucleus: float | None = None
    """Draw from the most probable symbols that together hold this share of the probability; None: from all."""
    unknown: bool = False
    """Whether `<unk>` may be drawn."""
    seed: int = 0


class Task(ABC, Generic[Data, Model]):
    """What the harness knows of one task. `metrics[0]` ranks models, selects them on validation, and decides the
    verdict."""

    name: ClassVar[str]
    suite: ClassVar[str]
    """The shipped suite for this task."""
    metrics: ClassVar[tuple[Metric, ...]]
    shown: ClassVar[int]
    """How many of the metrics, from the first, get a column in tables; the frame and the record hold all."""
    marks: ClassVar[dict[str, str]]
    """By the name of a law, the mark of a row that breaks it. A marked score is not comparable."""
    reductions: ClassVar[Mapping[str, Reduction]] = {}
    """By the name of the other task."""
    sums: ClassVar[str] = ""
    """`module:attribute` of the function from the classes of models that a spec adds to the class that they make
    together; empty: models of this task cannot be added."""

    @abstractmethod
    def train(self, data: Data, split: Split) -> Any:
        """Training data for the fit that is scored on `split`.

        Return the same object for both splits if one fit serves both.
        """

    @abstractmethod
    def context(
        self, data: Data, split: Split, seed: int, budget: Budget, device: str, log: Callable[[str, float], None]
    ) -> Context[Any]:
        """Return the `Context` that is passed to that fit."""

    def prepare(self, data: Data) -> None:
        """Precompute what scoring needs from the data, so that it is not counted in any model's time."""
        return

    @abstractmethod
    def score(self, model: Model, data: Data, split: Split, valid: Columns | None = None) -> Columns:
        """Score a split, and return its item columns as the store keeps them.

        Args:
            valid: for the test part, the columns of the validation part, which may be used to calibrate.

        Raises:
            ScoreError: a prediction has a wrong shape or is not a number.
        """

    @abstractmethod
    def items(self, columns: Columns) -> tuple[Columns, int]:
        """Turn stored columns into the columns that metrics take, one row per resampling unit; also return the
        bootstrap's block length in units."""

    def detail(self, columns: Columns, data: Data, valid: Columns) -> dict[str, Any]:
        """What the record holds beyond scores, from the columns of both parts: plain values, for JSON."""
        return {}

    def calibrated(self, detail: dict[str, Any]) -> str:
        """Where the quantiles of an ok row come from, for the table's footer; empty if the task has none."""
        return ""

    @abstractmethod
    def comparability(self, data: Data, dataset: str, data_sha256: str) -> Comparability:
        """What must be equal in two rows that stand in one table."""

    @abstractmethod
    def encoding(self, data: Data) -> dict[str, Any]:
        """What `predict` needs to read new data in the same way as the training data: plain values, for JSON."""

    @abstractmethod
    def probe(self, model: Model, data: Data) -> Callable[[], Check]:
        """Predict a few items before scoring. The returned check, called afterwards, tells if the model changed."""

    @abstractmethod
    def check(self, model: Model, data: Data, seed: int) -> list[Check]:
        """Measure the laws on a fitted model."""

    @abstractmethod
    def check_class(self, make: Callable[[], Model], seed: int) -> list[Check]:
        """Measure the laws on fits of new models to a small data set that the task makes itself."""

    @abstractmethod
    def predict(self, model: Model, new: Any, encoding: dict[str, Any], detail: dict[str, Any]) -> dict[str, Any]:
        """Predict new data.

        Args:
            new: as `Dataset.read` returns it.
            encoding: as `encoding` returned it for the training data.
            detail: of the record.

        Returns:
            Named columns, one entry per item.
        """

    def sample(self, model: Model, data: Data, sampling: Sampling) -> str:
        """Return text that a fitted model writes.

        Raises:
            ValueError: models of this task write nothing, or a setting is out of range.
        """
        raise ValueError(f"models of the task {self.name} write no text; name one of another suite with --suite")
