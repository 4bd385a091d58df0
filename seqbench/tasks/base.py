"""What the harness must know of a task: how its models are lent data, scored, and held against the laws."""

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
    """One task. `metrics[0]` ranks, selects on validation, and carries the verdict."""

    name: ClassVar[str]
    suite: ClassVar[str]
    """The shipped suite that is made for it."""
    metrics: ClassVar[tuple[Metric, ...]]
    shown: ClassVar[int]
    """How many of them get a column in tables; the frame and the record hold all."""
    marks: ClassVar[dict[str, str]]
    """The mark that a broken law puts on a row, by the law's name; a marked score is not comparable."""
    reductions: ClassVar[Mapping[str, Reduction]] = {}
    """By the name of the other task."""
    sums: ClassVar[str] = ""
    """`module:attribute` of the function from the classes of models that a spec adds to the class that they make
    together; empty: models of this task cannot be added."""

    @abstractmethod
    def train(self, data: Data, split: Split) -> Any:
        """What a fit is given whose scores on `split` count; one object for both splits where one fit serves both."""

    @abstractmethod
    def context(
        self, data: Data, split: Split, seed: int, budget: Budget, device: str, log: Callable[[str, float], None]
    ) -> Context[Any]:
        """What that fit is lent."""

    def prepare(self, data: Data) -> None:
        """Compute what scores need of the data alone, so that no model's clock counts it."""
        return

    @abstractmethod
    def score(self, model: Model, data: Data, split: Split, valid: Columns | None = None) -> Columns:
        """Item columns of a split, as they are kept in the store.

        Args:
            valid: of the test part, what the validation part's scores were; they may calibrate.

        Raises:
            ScoreError: the model's answer has a wrong shape or is not a number.
        """

    @abstractmethod
    def items(self, columns: Columns) -> tuple[Columns, int]:
        """Kept columns → the columns that metrics take, one row a resampling unit, and the block length
        (in units) of the bootstrap that respects their dependence."""

    def detail(self, columns: Columns, data: Data, valid: Columns) -> dict[str, Any]:
        """What a record tells beyond scores, from the columns of both parts: plain values, for JSON."""
        return {}

    def calibrated(self, detail: dict[str, Any]) -> str:
        """What a table's footer says of where the quantiles of an ok row come from; empty: the task has none."""
        return ""

    @abstractmethod
    def comparability(self, data: Data, dataset: str, data_sha256: str) -> Comparability:
        """What must be equal for two rows to stand in one table."""

    @abstractmethod
    def encoding(self, data: Data) -> dict[str, Any]:
        """What a kept fit needs to read new data as the old was read: plain values, for JSON."""

    @abstractmethod
    def probe(self, model: Model, data: Data) -> Callable[[], Check]:
        """Predict a little before scoring; the answer, called after it, tells whether scoring changed the model."""

    @abstractmethod
    def check(self, model: Model, data: Data, seed: int) -> list[Check]:
        """The laws, measured on a fitted model."""

    @abstractmethod
    def check_class(self, make: Callable[[], Model], seed: int) -> list[Check]:
        """The laws, measured on fits of a fresh model to a small corpus of the harness."""

    @abstractmethod
    def predict(self, model: Model, new: Any, encoding: dict[str, Any], detail: dict[str, Any]) -> dict[str, Any]:
        """Scores of new data, as `Dataset.read` gives it: named columns, one entry an item; `detail`: the record's."""

    def sample(self, model: Model, data: Data, sampling: Sampling) -> str:
        """Text that a fitted model writes.

        Raises:
            ValueError: models of this task write nothing, or a setting is out of range.
        """
        raise ValueError(f"models of the task {self.name} write no text; name one of another suite with --suite")
