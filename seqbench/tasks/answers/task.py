"""Answering: predict the answer to each question about a story; every question of the test part is scored."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.exhibits import Exhibit
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Record
from seqbench.evidence.strata import Property, scored
from seqbench.evidence.units import Units, Way, numbered
from seqbench.interface import Budget
from seqbench.tasks import items, parts
from seqbench.tasks.answers.checks import Answering as AnsweringTrial
from seqbench.tasks.answers.data import AnswerData, NewQuestions
from seqbench.tasks.answers.exhibits import Fit, answer_exhibits, attention, examples
from seqbench.tasks.answers.laws import questions
from seqbench.tasks.answers.metrics import item_columns
from seqbench.tasks.answers.model import Answered, Answerer, AnsweringContext
from seqbench.tasks.base import Reduction, Split, Task
from seqbench.tasks.class_exhibits import class_comparisons, class_exhibits
from seqbench.tasks.classes import ACCURACY, CALIBRATION_ERROR, LOG_LOSS, MACRO_F1, class_detail
from seqbench.tasks.items import Witness
from seqbench.tasks.trials import check_class


class Answering(Task[AnswerData, Answerer]):
    name: ClassVar[str] = "answer"
    suite: ClassVar[str] = "qa"
    holds: ClassVar[str] = "stories with questions"
    metrics: ClassVar[tuple[Metric, ...]] = (ACCURACY, LOG_LOSS, MACRO_F1, CALIBRATION_ERROR)
    strata: ClassVar[tuple[Property, ...]] = (
        Property("facts", "facts that the answer follows from"),
        Property("distance", "sentences back to the earliest fact"),
    )
    shown: ClassVar[int] = 3
    marks: ClassVar[dict[str, str]] = {"normalised": "†", "frozen": "‡", "repeatable": "◊", "batched": "¶"}
    reductions: ClassVar[Mapping[str, Reduction]] = {
        "classify": Reduction("text", "seqbench.tasks.answers.reading:reading"),
        "lm": Reduction("Bayes", "seqbench.tasks.answers.reading:bayes"),
    }

    def train(self, data: AnswerData, split: Split) -> Answered:
        return data.train

    def context(
        self,
        data: AnswerData,
        split: Split,
        seed: int,
        budget: Budget,
        device: str,
        log: Callable[[str, float], None],
    ) -> AnsweringContext:
        return AnsweringContext(
            seed=seed,
            budget=budget,
            valid=data.valid,
            device=device,
            log=log,
            vocab=data.vocab,
            answers=data.answers,
        )

    def smaller(self, data: AnswerData, share: float, seed: int) -> AnswerData:
        """Draw whole tales at random, with all their questions."""
        rows = parts.drawn(len(data.train), share, seed, groups=numbered(data.train.tales))
        answers = len(np.unique(data.train.answers))
        parts.refuse_fewer(len(rows), answers, "questions", share, "each answer needs one")
        return replace(data, train=data.train.take(rows))

    def training_size(self, data: AnswerData) -> tuple[int, str]:
        return len(data.train), "question"

    def witness(self, data: AnswerData, seed: int) -> Witness:
        return Witness()

    def score(
        self,
        model: Answerer,
        data: AnswerData,
        split: Split,
        valid: Columns | None = None,
        witness: Witness | None = None,
    ) -> Columns:
        """Return columns with one entry per question, as the metrics take them."""
        part: Answered = getattr(data, split)
        return item_columns(items.score(questions(len(data.answers)), model, part.asked, witness), part)

    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Each question is a unit. Questions of one tale depend on each other; tales are independent."""
        scored = {name: column for name, column in columns.items() if name != "tale"}
        return Units(scored, (Way("stories", numbered(columns["tale"])),))

    def detail(self, columns: Columns, data: AnswerData, valid: Columns) -> dict[str, Any]:
        """Return what `class_detail` does, and `strata`: the accuracy by number of facts and by distance."""
        return class_detail(columns, data.answers) | {"strata": scored(self.strata, columns, [ACCURACY])}

    def remarks(self, record: Record) -> Sequence[str]:
        """Tell how many stories are cut, from what the model logged when it was fitted."""
        share = record.curves.get("longer_than_memory", [0.0])[-1]
        if not share:
            return ()
        return (
            f"{record.label} reads the latest {record.identity.config['memory']} sentences of a story: "
            f"{100 * share:.3g} % of the training questions have longer ones",
        )

    def examples(self, fit: Fit) -> dict[str, Callable[[], Any]]:
        """Return `examples`, questions from all over the test part, and the `attention` to the story of one of them."""
        return {"examples": partial(examples, fit), "attention": partial(attention, fit)}

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        return [*answer_exhibits(record), *class_exhibits(record, columns, self.stratum)]

    def comparisons(self, fits: Mapping[str, tuple[Record, Columns | None]]) -> Sequence[Exhibit]:
        return class_comparisons(fits)

    def comparability(self, data: AnswerData, dataset: str, data_sha256: str) -> Comparability:
        return Comparability(
            task=self.name,
            dataset=dataset,
            data_sha256=data_sha256,
            vocab_sha256=hashlib.sha256("\0".join([data.vocab.sha256, *data.answers]).encode()).hexdigest(),
            convention=data.convention,
            unit="question",
            items=len(data.test),
        )

    def encoding(self, data: AnswerData) -> dict[str, Any]:
        return {"answers": list(data.answers), "words": list(data.vocab.symbols), "reading": data.reading}

    def probe(self, model: Answerer, data: AnswerData) -> Callable[[], Check]:
        return items.probe(questions(len(data.answers)), model, data.valid.asked).check

    def check(self, model: Answerer, data: AnswerData, seed: int, witness: Witness) -> list[Check]:
        return items.check_fitted(questions(len(data.answers)), model, data.test.asked, seed, witness)

    def check_class(self, make: Callable[[], Answerer], seed: int) -> list[Check]:
        return check_class(make, AnsweringTrial(), seed)

    def predict(
        self, model: Answerer, new: NewQuestions, encoding: dict[str, Any], detail: dict[str, Any]
    ) -> dict[str, Any]:
        """Return one entry per question: `question`; `predicted`, the answer; `probability` of this answer."""
        answers = encoding["answers"]
        log_p = items.score(questions(len(answers)), model, new.asked)
        return {
            "question": list(new.written),
            "predicted": [answers[i] for i in log_p.argmax(axis=1)],
            "probability": np.exp(log_p.max(axis=1)),
        }
