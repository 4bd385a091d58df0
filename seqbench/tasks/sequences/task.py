"""Regression and recognition: predict numbers, or the class, of each whole sequence of real values."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar, cast

import numpy as np

from seqbench.evidence.exhibits import Exhibit
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Record
from seqbench.evidence.units import Units, Way
from seqbench.interface import Budget, Ids
from seqbench.tasks import items, parts
from seqbench.tasks.base import Split, Task
from seqbench.tasks.class_exhibits import class_comparisons, class_exhibits
from seqbench.tasks.classes import (
    ACCURACY,
    CALIBRATION_ERROR,
    LOG_LOSS,
    MACRO_F1,
    class_detail,
    told,
)
from seqbench.tasks.classes import item_columns as class_columns
from seqbench.tasks.items import Kind, Witness
from seqbench.tasks.sequences.checks import Measuring, Recognising
from seqbench.tasks.sequences.data import NewSequences, SequenceData
from seqbench.tasks.sequences.exhibits import against_truth
from seqbench.tasks.sequences.laws import measured, recognised
from seqbench.tasks.sequences.metrics import MAE, MSE, R_SQUARED, item_columns
from seqbench.tasks.sequences.model import (
    LabelledSequences,
    Part,
    Recogniser,
    RecognitionContext,
    RegressionContext,
    Regressor,
    SequencePredictor,
    Sequences,
    TargetedSequences,
)
from seqbench.tasks.trials import check_class

Model = TypeVar("Model", bound=SequencePredictor[Any, Any])


class SequenceTask(Task[SequenceData[Part], Model]):
    """What both tasks share: one fit for both splits; every sequence of the test part is scored."""

    suite: ClassVar[str] = "longrange"
    holds: ClassVar[str] = "sequences"
    marks: ClassVar[dict[str, str]] = {"normalised": "†", "frozen": "‡", "repeatable": "◊", "batched": "¶"}

    @abstractmethod
    def kind(self, data: SequenceData[Part]) -> Kind[Sequences]:
        """Return how models are asked."""

    def classes(self, part: Part) -> Ids | None:
        """Return the class of each sequence, (N,); None: there are no classes."""
        return None

    def train(self, data: SequenceData[Part], split: Split) -> Part:
        return data.train

    def smaller(self, data: SequenceData[Part], share: float, seed: int) -> SequenceData[Part]:
        """Draw sequences at random, with the shares of their classes."""
        classes = self.classes(data.train)
        rows = parts.drawn(len(data.train), share, seed, classes=classes)
        least = 2 if classes is None else len(np.unique(classes))
        why = "one shows no pattern" if classes is None else "each class needs one"
        parts.refuse_fewer(len(rows), least, "sequences", share, why)
        return replace(data, train=cast(Part, data.train.take(rows)))

    def training_size(self, data: SequenceData[Part]) -> tuple[int, str]:
        return len(data.train), "sequence"

    def witness(self, data: SequenceData[Part], seed: int) -> Witness:
        return Witness()

    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Each sequence is a unit; they are independent of each other."""
        return Units(columns, (Way("sequences"),))

    def comparability(self, data: SequenceData[Part], dataset: str, data_sha256: str) -> Comparability:
        return Comparability(
            task=self.name,
            dataset=dataset,
            data_sha256=data_sha256,
            vocab_sha256="",
            convention=data.convention,
            unit="sequence",
            items=len(data.test),
        )

    def encoding(self, data: SequenceData[Part]) -> dict[str, Any]:
        return {"columns": list(data.columns), "names": list(data.names), "reading": data.reading}

    def probe(self, model: Model, data: SequenceData[Part]) -> Callable[[], Check]:
        return items.probe(self.kind(data), model, data.valid.sequences).check

    def check(self, model: Model, data: SequenceData[Part], seed: int, witness: Witness) -> list[Check]:
        return items.check_fitted(self.kind(data), model, data.test.sequences, seed, witness)


class Regression(SequenceTask[TargetedSequences, Regressor]):
    name: ClassVar[str] = "regress"
    metrics: ClassVar[tuple[Metric, ...]] = (MSE, MAE, R_SQUARED)
    shown: ClassVar[int] = 3

    def kind(self, data: SequenceData[TargetedSequences]) -> Kind[Sequences]:
        return measured(data.train.targets)

    def context(
        self,
        data: SequenceData[TargetedSequences],
        split: Split,
        seed: int,
        budget: Budget,
        device: str,
        log: Callable[[str, float], None],
    ) -> RegressionContext:
        return RegressionContext(seed=seed, budget=budget, valid=data.valid, device=device, log=log, targets=data.names)

    def score(
        self,
        model: Regressor,
        data: SequenceData[TargetedSequences],
        split: Split,
        valid: Columns | None = None,
        witness: Witness | None = None,
    ) -> Columns:
        """Return columns with one entry per sequence, as the metrics take them."""
        part: TargetedSequences = getattr(data, split)
        return item_columns(part.targets, items.score(self.kind(data), model, part.sequences, witness))

    def detail(self, columns: Columns, data: SequenceData[TargetedSequences], valid: Columns) -> dict[str, Any]:
        """Return `targets`, their names."""
        return {"targets": list(data.names)}

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        """Return the predictions of each target by its true values."""
        names = record.detail.get("targets", [])
        return (
            [] if columns is None else [against_truth(record.label, columns, k, name) for k, name in enumerate(names)]
        )

    def check_class(self, make: Callable[[], Regressor], seed: int) -> list[Check]:
        return check_class(make, Measuring(), seed)

    def predict(
        self, model: Regressor, new: NewSequences, encoding: dict[str, Any], detail: dict[str, Any]
    ) -> dict[str, Any]:
        """Return one entry per sequence: `sequence`, its name; and each target by its name."""
        said = items.score(measured(np.zeros((1, len(encoding["names"])))), model, new.sequences)
        return {"sequence": list(new.names), **{name: said[:, k] for k, name in enumerate(encoding["names"])}}


class Recognition(SequenceTask[LabelledSequences, Recogniser]):
    name: ClassVar[str] = "recognise"
    metrics: ClassVar[tuple[Metric, ...]] = (ACCURACY, LOG_LOSS, MACRO_F1, CALIBRATION_ERROR)
    shown: ClassVar[int] = 4

    def classes(self, part: LabelledSequences) -> Ids:
        return part.labels

    def kind(self, data: SequenceData[LabelledSequences]) -> Kind[Sequences]:
        return recognised(len(data.names))

    def context(
        self,
        data: SequenceData[LabelledSequences],
        split: Split,
        seed: int,
        budget: Budget,
        device: str,
        log: Callable[[str, float], None],
    ) -> RecognitionContext:
        return RecognitionContext(
            seed=seed, budget=budget, valid=data.valid, device=device, log=log, classes=data.names
        )

    def score(
        self,
        model: Recogniser,
        data: SequenceData[LabelledSequences],
        split: Split,
        valid: Columns | None = None,
        witness: Witness | None = None,
    ) -> Columns:
        """Return columns with one entry per sequence, as the metrics of classes take them."""
        part: LabelledSequences = getattr(data, split)
        return class_columns(items.score(self.kind(data), model, part.sequences, witness), part.labels)

    def detail(self, columns: Columns, data: SequenceData[LabelledSequences], valid: Columns) -> dict[str, Any]:
        return class_detail(columns, data.names)

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        return class_exhibits(record, columns, self.stratum)

    def comparisons(self, fits: Mapping[str, tuple[Record, Columns | None]]) -> Sequence[Exhibit]:
        return class_comparisons(fits)

    def check_class(self, make: Callable[[], Recogniser], seed: int) -> list[Check]:
        return check_class(make, Recognising(), seed)

    def predict(
        self, model: Recogniser, new: NewSequences, encoding: dict[str, Any], detail: dict[str, Any]
    ) -> dict[str, Any]:
        """Return one entry per sequence: `sequence`, its name; `predicted`; the probabilities of classes, `p(NAME)`."""
        log_p = items.score(recognised(len(encoding["names"])), model, new.sequences)
        return {"sequence": list(new.names), **told(log_p, encoding["names"])}
