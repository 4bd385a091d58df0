"""Parity: scored by squared error, held against the laws that every regressor keeps."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from seqbench import Budget, Context
from seqbench.evidence.laws import Fits, Measure, Probe, ScoreError, difference, law, moved
from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Check, Comparability
from seqbench.evidence.units import Units
from seqbench.interface import Floats, Ids
from seqbench.tasks.base import Split, Task
from seqbench_parity.data import StringData
from seqbench_parity.metrics import MSE
from seqbench_parity.model import Regressor, Strings

NUMBERS = Measure("answers", "", 1e-9)


class ParityTask(Task[StringData, Regressor]):
    name = "parity"
    suite = "parity"
    metrics = (MSE,)
    shown = 1
    marks: ClassVar = {"repeatable": "◊", "batched": "¶", "frozen": "‡"}

    def train(self, data: StringData, split: Split) -> Strings:
        return data.train

    def context(
        self, data: StringData, split: Split, seed: int, budget: Budget, device: str, log: Callable[[str, float], None]
    ) -> Context[Strings]:
        return Context(seed=seed, budget=budget, valid=data.valid, device=device, log=log)

    def score(
        self, model: Regressor, data: StringData, split: Split, valid: Columns | None = None, witness: None = None
    ) -> Columns:
        part: Strings = getattr(data, split)
        return {"squared": (answer(model, part.bits) - part.parity) ** 2}

    def units(self, columns: Columns, basis: Comparability) -> Units:
        return Units(columns)

    def comparability(self, data: StringData, dataset: str, data_sha256: str) -> Comparability:
        return Comparability(
            task=self.name,
            dataset=dataset,
            data_sha256=data_sha256,
            vocab_sha256="",
            convention=f"{data.test.bits.shape[1]} bits",
            unit="string",
            items=len(data.test.bits),
        )

    def encoding(self, data: StringData) -> dict[str, Any]:
        return {}

    def probe(self, model: Regressor, data: StringData) -> Callable[[], Check]:
        return Probe(lambda: answer(model, data.valid.bits), "scoring the test part", NUMBERS).check

    def check(self, model: Regressor, data: StringData, seed: int, witness: None) -> list[Check]:
        return laws(model, data.test.bits[:20])

    def check_class(self, make: Callable[[], Regressor], seed: int) -> list[Check]:
        strings = Strings.of(np.random.default_rng(seed).integers(2, size=(64, 4)))

        def fit(seed: int) -> Regressor:
            model = make()
            model.fit(strings, Context(seed=seed, budget=Budget(), valid=strings))
            return model

        first = fit(seed)
        fits = Fits(fit, lambda model: answer(model, strings.bits), seed, NUMBERS)
        return [*laws(first, strings.bits), *fits.again(answer(first, strings.bits), first.stochastic)]

    def predict(self, model: Regressor, new: Ids, encoding: dict[str, Any], detail: dict[str, Any]) -> dict[str, Any]:
        return {"parity": answer(model, new)}


def answer(model: Regressor, bits: Ids) -> Floats:
    """A number per string.

    Raises:
        ScoreError: `predict` returns another shape.
    """
    said = model.predict(bits.copy())
    if said.shape != (len(bits),):
        raise ScoreError(f"predict returned shape {said.shape} for {len(bits)} strings")
    return said


def laws(model: Regressor, bits: Ids) -> list[Check]:
    """Asking again and asking alone change nothing."""
    first = answer(model, bits)

    def again() -> Check:
        by = difference(answer(model, bits), first)
        return moved("repeatable", by, "asking again", "keep nothing between calls", NUMBERS)

    def alone() -> Check:
        by = difference(np.concatenate([answer(model, row[None]) for row in bits]), first)
        return moved("batched", by, "asking alone", "the strings of a batch must not mix", NUMBERS)

    return [law("repeatable", again), law("batched", alone)]
