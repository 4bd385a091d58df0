"""Document classification: predict the probability of each class; every document of the test part is scored."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.exhibits import Exhibit
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Record
from seqbench.evidence.units import Units, Way, numbered
from seqbench.interface import Budget, Floats
from seqbench.tasks import parts
from seqbench.tasks.base import Reduction, Scored, Split, Task
from seqbench.tasks.class_exhibits import class_comparisons, class_exhibits, wrong
from seqbench.tasks.classes import (
    ACCURACY,
    CALIBRATION_ERROR,
    LOG_LOSS,
    MACRO_F1,
    MICRO_F1,
    class_detail,
    item_columns,
    told,
)
from seqbench.tasks.documents.checks import Classification as ClassificationTrial
from seqbench.tasks.documents.data import LabelledData
from seqbench.tasks.documents.laws import documents
from seqbench.tasks.documents.mixture import mixture
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts
from seqbench.tasks.items import Witness, check_fitted, probe, score
from seqbench.tasks.trials import check_class


class Classification(Task[LabelledData, Classifier]):
    name: ClassVar[str] = "classify"
    suite: ClassVar[str] = "doc"
    holds: ClassVar[str] = "documents and their classes"
    metrics: ClassVar[tuple[Metric, ...]] = (MACRO_F1, ACCURACY, LOG_LOSS, CALIBRATION_ERROR, MICRO_F1)
    shown: ClassVar[int] = 4  # with one class per document, micro-F1 equals the accuracy
    marks: ClassVar[dict[str, str]] = {"normalised": "†", "frozen": "‡", "repeatable": "◊", "batched": "¶"}

    reductions: ClassVar[Mapping[str, Reduction]] = {"lm": Reduction("Bayes", "seqbench.tasks.documents.bayes:bayes")}

    weighed: ClassVar[str] = "seqbench.tasks.documents.mixture:weighed"

    def train(self, data: LabelledData, split: Split) -> Labelled:
        return data.train

    def context(
        self,
        data: LabelledData,
        split: Split,
        seed: int,
        budget: Budget,
        device: str,
        log: Callable[[str, float], None],
    ) -> ClassificationContext:
        return ClassificationContext(
            seed=seed,
            budget=budget,
            valid=data.valid,
            device=device,
            log=log,
            vocab=data.vocab,
            classes=data.classes,
        )

    def smaller(self, data: LabelledData, share: float, seed: int) -> LabelledData:
        """Draw documents at random, with the shares of their classes; whole groups if there are groups."""
        rows = parts.drawn(len(data.train), share, seed, classes=data.train.labels, groups=data.train.groups)
        classes = len(np.unique(data.train.labels))
        parts.refuse_fewer(len(rows), classes, "documents", share, "each class needs one")
        return replace(data, train=data.train.take(rows))

    def training_size(self, data: LabelledData) -> tuple[int, str]:
        return len(data.train), "document"

    def witness(self, data: LabelledData, seed: int) -> Witness:
        return Witness()

    def score(
        self,
        model: Classifier,
        data: LabelledData,
        split: Split,
        valid: Columns | None = None,
        witness: Witness | None = None,
    ) -> Columns:
        """Return columns with one entry per document, as the metrics take them, and `group` if there are groups."""
        part: Labelled = getattr(data, split)
        return _columns(part, score(documents(len(data.classes)), model, part.texts, witness))

    def score_trial(self, model: Classifier, data: LabelledData) -> Columns:
        """Return the columns of the validation part, and `log_p` (N, C), the log-probabilities of all classes."""
        log_p = score(documents(len(data.classes)), model, data.valid.texts)
        return {**_columns(data.valid, log_p), "log_p": log_p.astype(np.float32)}

    def mixed(self, columns: Sequence[Columns], weights: Sequence[float]) -> Columns:
        """Mix the probabilities of the classes of each document."""
        log_p = mixture([one["log_p"].astype(np.float64) for one in columns], weights)
        kept = {name: column for name, column in columns[0].items() if name == "group"}
        return {**kept, **item_columns(log_p, columns[0]["label"]), "log_p": log_p}

    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Each document is a unit. Documents of one group depend on each other, others are independent."""
        scored = {name: column for name, column in columns.items() if name not in ("group", "log_p")}
        return Units(scored, (Way("groups", numbered(columns["group"])) if "group" in columns else Way("documents"),))

    def detail(self, columns: Columns, data: LabelledData, valid: Columns) -> dict[str, Any]:
        return class_detail(columns, data.classes)

    def examples(self, fit: Scored[LabelledData, Classifier]) -> dict[str, Callable[[], Any]]:
        """Return `wrong`, the documents that are most confidently wrong."""
        words = fit.data.test.texts.words
        return {"wrong": lambda: wrong(fit.columns, fit.data.classes, lambda i: " ".join(words[i]))}

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        return class_exhibits(record, columns, self.stratum)

    def comparisons(self, fits: Mapping[str, tuple[Record, Columns | None]]) -> Sequence[Exhibit]:
        return class_comparisons(fits)

    def comparability(self, data: LabelledData, dataset: str, data_sha256: str) -> Comparability:
        return Comparability(
            task=self.name,
            dataset=dataset,
            data_sha256=data_sha256,
            vocab_sha256=hashlib.sha256("\0".join([data.vocab.sha256, *data.classes]).encode()).hexdigest(),
            convention=data.convention,
            unit="document",
            items=len(data.test),
        )

    def encoding(self, data: LabelledData) -> dict[str, Any]:
        return {"symbols": list(data.vocab.symbols), "classes": list(data.classes)}

    def probe(self, model: Classifier, data: LabelledData) -> Callable[[], Check]:
        return probe(documents(len(data.classes)), model, data.valid.texts).check

    def check(self, model: Classifier, data: LabelledData, seed: int, witness: Witness) -> list[Check]:
        return check_fitted(documents(len(data.classes)), model, data.test.texts, seed, witness)

    def check_class(self, make: Callable[[], Classifier], seed: int) -> list[Check]:
        return check_class(make, ClassificationTrial(), seed)

    def predict(
        self, model: Classifier, new: Texts, encoding: dict[str, Any], detail: dict[str, Any]
    ) -> dict[str, Any]:
        """Return one entry per document: `document`, from 1; `predicted`; the probability of each class, `p(NAME)`."""
        log_p = score(documents(len(encoding["classes"])), model, new)
        return {"document": np.arange(len(new)) + 1, **told(log_p, encoding["classes"])}


def _columns(part: Labelled, log_p: Floats) -> dict[str, NDArray[Any]]:
    grouped = {} if part.groups is None else {"group": part.groups.astype(np.int32)}
    return grouped | item_columns(log_p, part.labels)
