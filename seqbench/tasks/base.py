"""The interface of a task: how its models get their data, and how they are scored and checked."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Literal, TypeVar, cast

from seqbench.evidence.exhibits import Exhibit, Fan
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Record
from seqbench.evidence.strata import Mask, Property, taken
from seqbench.evidence.units import Units
from seqbench.interface import Budget, Context, SequenceModel

Data = TypeVar("Data")
Model = TypeVar("Model", bound=SequenceModel[Any, Any])
Split = Literal["valid", "test"]


@dataclass(frozen=True)
class Reduction:
    """Turns models of another task into models of this task."""

    name: str
    """Tables write it after the name of the model."""
    target: str
    """`module:attribute` of the function that takes a model class of the other task and returns one of this task."""


@dataclass(frozen=True)
class Sampling:
    """Settings for sampling a text from a fitted model."""

    length: int
    """Number of symbols."""
    prompt: str = ""
    """The text continues the prompt, but does not repeat it."""
    temperature: float = 1.0
    """Below 1, probable symbols become more probable; above 1, less probable."""
    greedy: bool = False
    """Always take the most probable symbol."""
    top_k: int | None = None
    """Draw only from the k most probable symbols; None: from all."""
    nucleus: float | None = None
    """Draw only from the most probable symbols that together hold this share of the probability; None: from all."""
    unknown: bool = False
    """Whether `<unk>` may be drawn."""
    seed: int = 0


@dataclass(frozen=True)
class Scored(Generic[Data, Model]):
    """A fit whose test part is scored and whose laws are measured."""

    model: Model
    data: Data
    columns: Columns
    """Of the test part."""
    detail: Mapping[str, Any]
    """As `Task.detail` returned it."""
    witness: Any
    """To which `Task.score` has passed the test part."""
    broken: frozenset[str]
    """The names of the laws that the fit breaks."""
    seed: int
    """Of the cell. All that is drawn at random depends on it alone."""


class Task(ABC, Generic[Data, Model]):
    """One task. `metrics[0]` ranks models, selects them on the validation part, and decides the verdict, unless the
    data name another metric (`ranked`)."""

    name: ClassVar[str]
    suite: ClassVar[str]
    """The name of the suite that is shipped for this task."""
    holds: ClassVar[str] = "data"
    """What a file of this task holds, in the plural."""
    foresees: ClassVar[bool] = False
    """Whether predictions for a file are of what comes after it (`ahead`)."""
    metrics: ClassVar[tuple[Metric, ...]]
    strata: ClassVar[tuple[Property, ...]] = ()
    """By which properties of items scores can be divided, in the record and in pictures."""
    shown: ClassVar[int]
    """Tables have a column for each of the first `shown` metrics; the frame and the record hold all metrics."""
    marks: ClassVar[dict[str, str]]
    """The mark of a row that breaks a law, by the name of the law. A marked score is not comparable."""
    reductions: ClassVar[Mapping[str, Reduction]] = {}
    """The reductions from other tasks, by the name of the other task."""
    wordless: ClassVar[bool] = False
    """Whether `examples` never hold words of the data, so that a store without text may keep them."""
    source: ClassVar[str] = ""
    """The data set of which samples are drawn if none is named; empty: the first one of the suite."""
    sums: ClassVar[str] = ""
    """`module:attribute` of the function that combines models, as in the spec `a+b`: it takes their classes and returns
    the class of the combination. Empty: models of this task cannot be added."""
    weighed: ClassVar[str] = ""
    """The same, for combinations with given weights (`combination.WeighedConfig`), as tuning makes them of trials.
    Empty: predictions of this task cannot be mixed."""
    random_parts: ClassVar[bool] = True
    """Whether `smaller` draws at random, so that each seed learns from a part of its own."""

    def ranked(self, basis: Comparability | None) -> tuple[Metric, ...]:
        """Return `metrics`, first of them the one that ranks models on these data."""
        name = basis.ranked_by if basis is not None else ""
        return tuple(sorted(self.metrics, key=lambda metric: metric.name != name))

    @abstractmethod
    def train(self, data: Data, split: Split) -> Any:
        """Training data for the fit that is scored on `split`.

        Return the same object for both splits if one fit serves both.
        """

    @abstractmethod
    def context(
        self, data: Data, split: Split, seed: int, budget: Budget, device: str, log: Callable[[str, float], None]
    ) -> Context[Any]:
        """Return the `Context` that is passed to the fit that is scored on `split`."""

    def without_test(self, data: Data) -> Data:
        """Return the data as the process of a cell holds it until its test part is scored: without the test part.

        Fits and the scoring of the validation part must be the same with it. Here the field `test` of a dataclass is
        set to None; override this if the data holds the test part elsewhere.
        """
        return cast(Data, replace(cast(Any, data), test=None))

    def smaller(self, data: Data, share: float, seed: int) -> Data:
        """Return the data with a part of the training part, for curves of quality against training size.

        All else stays, also vocabularies and classes, so that scores at all sizes can be compared. The parts of one
        seed are nested: that of a larger share holds that of a smaller one.

        Args:
            share: of the training part, above 0 and below 1.

        Raises:
            ValueError: this task has no such curves, or the part is too small to learn from.
        """
        raise ValueError(f"the task {self.name} has no curve against training size; choose another suite with --suite")

    def training_size(self, data: Data) -> tuple[int, str] | None:
        """Return how much there is to learn from, and in which unit, such as `(33278, "word")`; None: not known."""
        return None

    def prepare(self, data: Data, split: Split) -> None:
        """Precompute what scoring a split needs from the data, so that it is not counted in any model's time."""
        return

    def witness(self, data: Data, seed: int) -> Any:
        """Return an object in which `score` keeps what `check` looks at again; None: nothing is kept.

        Its places are drawn here, before scoring.
        """
        return None

    @abstractmethod
    def score(
        self, model: Model, data: Data, split: Split, valid: Columns | None = None, witness: Any = None
    ) -> Columns:
        """Score a split, and return the item columns that are stored.

        Call only methods of the model, with arguments by position: the model may be in another process. If one returns
        a pair, the second is a state, which may only be passed to the next call.

        Args:
            valid: if the split is `test`, the columns of the validation part, which may be used for calibration.
            witness: if the split is `test`, as `witness` returned it.

        Raises:
            ScoreError: a prediction has the wrong shape, is not a number, or is a probability above 1.
        """

    def score_trial(self, model: Model, data: Data) -> Columns:
        """Score the validation part, and return the item columns with all that `mixed` needs."""
        return self.score(model, data, "valid")

    def mixed(self, columns: Sequence[Columns], weights: Sequence[float]) -> Columns:
        """Return the columns that a model would have whose predictions are those of several models, mixed.

        It must be the model that `weighed` makes. Columns that cannot be computed are left out.

        Args:
            columns: of each model, as `score_trial` returned them.
            weights: of each model; their sum is 1.

        Raises:
            NotImplementedError: predictions of this task cannot be mixed.
        """
        raise NotImplementedError(f"predictions of the task {self.name} cannot be mixed")

    @abstractmethod
    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Turn stored columns into the units of the test part.

        These are columns as metrics take them, one entry per unit, and how the units depend on each other.
        """

    def stratum(self, columns: Columns, here: Mask, basis: Comparability) -> Units:
        """Turn the stored columns of some of the items, `here` (N,), into units, as if they were the whole test part.

        Override this if a unit consists of several items, which may be in different strata.
        """
        return self.units(taken(columns, here), basis)

    def detail(self, columns: Columns, data: Data, valid: Columns) -> dict[str, Any]:
        """Return what the record holds besides scores: plain values, for JSON.

        Args:
            columns: of the test part.
            valid: the columns of the validation part.
        """
        return {}

    def examples(self, fit: Scored[Data, Model]) -> Mapping[str, Callable[[], Any]]:
        """Return what a reader looks at besides scores: items with their predictions, or what the model makes up.

        Each function is called once, when all costs are measured. The record keeps what it returns, plain values for
        JSON of a few kilobytes, in its detail under this name. None, or a function that raises, is left out. Together
        they should take less than a second, so ask a slow model about little. Unless the task is `wordless`, a store
        without text keeps none of them.
        """
        return {}

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        """Return what a page shows of one fit besides its scores, from its record and its stored columns.

        It is called only if the record's status is ok. A record of an earlier version may lack some of its detail and
        columns.
        """
        return ()

    def comparisons(self, fits: Mapping[str, tuple[Record, Columns | None]]) -> Sequence[Exhibit]:
        """Return what a page shows of several models side by side, one fit each; it draws `strata` by itself.

        Args:
            fits: by the label of the row, in the order of the table; the status of each is ok.
        """
        return ()

    def calibrated(self, detail: dict[str, Any]) -> str:
        """Return where the quantiles of a row come from, for the table's footer; empty if the task has no quantiles.

        It is called only if the row's status is ok.
        """
        return ""

    def remarks(self, record: Record) -> Sequence[str]:
        """Return what a reader of a row's score must know, for the table's notes: of the data, of the score, or of how
        the model predicts, though it breaks no law.

        It is called only if the record's status is ok.
        """
        return ()

    @abstractmethod
    def comparability(self, data: Data, dataset: str, data_sha256: str) -> Comparability:
        """Return what must be equal for two rows to be compared in one table."""

    @abstractmethod
    def encoding(self, data: Data) -> dict[str, Any]:
        """Return what is needed to read new data in the same way as the training data: plain values, for JSON."""

    @abstractmethod
    def probe(self, model: Model, data: Data) -> Callable[[], Check]:
        """Predict a few items before scoring; the returned function predicts them again and compares."""

    @abstractmethod
    def check(self, model: Model, data: Data, seed: int, witness: Any) -> list[Check]:
        """Measure the laws on a fitted model, after `score` has passed the test part to `witness`."""

    @abstractmethod
    def check_class(self, make: Callable[[], Model], seed: int) -> list[Check]:
        """Measure the laws on new models, fitted to a small data set that the task creates itself."""

    @abstractmethod
    def predict(self, model: Model, new: Any, encoding: dict[str, Any], detail: dict[str, Any]) -> dict[str, Any]:
        """Predict new data.

        Args:
            new: as `Dataset.read` returns it.
            encoding: as `encoding` returned it for the training data.
            detail: as `detail` returned it for the record of the fit.

        Returns:
            Named columns, one entry per item.
        """

    def ahead(self, new: Any, told: Mapping[str, Any]) -> Sequence[Fan]:
        """Return pictures of what comes after new data, if the task `foresees`.

        Args:
            new: as `Dataset.read` returns it.
            told: as `predict` returned it.
        """
        return ()

    def sample(self, model: Model, data: Data, sampling: Sampling) -> str:
        """Return a text that is sampled from a fitted model.

        Raises:
            ValueError: models of this task cannot write text, or a setting is out of range.
        """
        raise ValueError(f"models of the task {self.name} write no text; choose another suite with --suite")
