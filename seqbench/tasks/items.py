"""How models are scored and checked that predict each item by itself, such as a document or a sequence.

A task says in a `Kind` what its items are. All else is the same: the calls of `predict`, what the laws keep of them,
and the laws themselves, one function each.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.laws import NATS, Measure, Probe, difference, law, moved, restored
from seqbench.evidence.records import Check
from seqbench.interface import Floats, Ids

PIECE = 1024
"""Number of items per call of `predict`, unless items are long."""
ITEMS = 48
"""Number of items on which the laws are measured, unless items are long."""
FEW = 16
"""Number of items that `probe` compares."""

Bunch = TypeVar("Bunch")
"""N items, as they are passed to `predict`."""
Answers = NDArray[Any]
"""Predictions for N items: numbers (N, W); or objects (N,), arrays (T_i, W), if the prediction of an item has parts."""


@dataclass(frozen=True)
class Kind(Generic[Bunch]):
    """What the items of a task are, and how a model is asked about them."""

    noun: str
    """What an item is, in the singular."""
    answer: Callable[[Any, Bunch], Answers]
    """Return what the model predicts for copies of the items, after checking it; raises `ScoreError`."""
    lengths: Callable[[Bunch], Ids]
    """Return the length of each item, (N,)."""
    take: Callable[[Bunch, Ids], Bunch]
    """Return the items of these rows, in this order."""
    copied: Callable[[Bunch], Bunch]
    """Copy items, so that the model may change them."""
    equal: Callable[[Bunch, Bunch], bool]
    together: int = PIECE
    """Number of items per call of `predict`."""
    measured: int = ITEMS
    """Number of items on which the laws are measured."""
    measure: Measure = NATS
    unit: Floats | float = 1.0
    """The unit (W,) of `measure`, in which predictions are compared."""
    laws: Mapping[str, Callable[[Any], Check]] = field(default_factory=dict)
    """Further laws by name, measured on the rows of all scored items."""

    def rows(self, said: Answers) -> Any:
        """Return predictions as numbers (M, W): one row per item, or per part of an item."""
        return np.concatenate([*said]) if said.dtype == object else said

    def apart(self, a: Answers, b: Answers) -> float:
        """Return the largest difference between predictions for the same items, in units."""
        return difference(self.rows(a) / self.unit, self.rows(b) / self.unit)

    def moved(self, name: str, by: float, what: str, remedy: str, places: int | None = None) -> Check:
        return moved(name, by, what, remedy, self.measure, places)

    def some(self, items: Bunch, count: int, rng: np.random.Generator) -> Ids:
        """Return the rows of at most `count` items: the shortest, the longest, and random others."""
        lengths = self.lengths(items)
        return np.unique([lengths.argmin(), lengths.argmax(), *rng.permutation(len(lengths))[: count - 2]])


class Witness:
    """Keeps the predictions for all items as they are scored."""

    def __init__(self) -> None:
        self.said: Answers = np.empty(0)


def score(kind: Kind[Bunch], model: Any, items: Bunch, witness: Witness | None = None) -> Any:
    """Return the predictions for items.

    Raises:
        ScoreError: `predict` returns the wrong shape, or a prediction is not valid for the task.
    """
    calls = pieces(len(kind.lengths(items)), kind.together)
    said = np.concatenate([kind.answer(model, kind.take(items, rows)) for rows in calls])
    if witness is not None:
        witness.said = said
    return said


def pieces(items: int, together: int = PIECE) -> list[Ids]:
    """Return the rows of each call of `predict`, with so many items together."""
    return [np.arange(start, min(start + together, items)) for start in range(0, items, together)]


def evenly(items: int, count: int) -> Ids:
    """Return at most `count` rows from all over the items, the first and the last among them."""
    rows: Ids = np.unique(np.linspace(0, items - 1, count).round().astype(np.int64))
    return rows


def probe(kind: Kind[Bunch], model: Any, items: Bunch) -> Probe:
    """Return a probe that detects whether scoring changes the model: create it before, call `check` after."""
    asked = kind.take(items, kind.some(items, min(FEW, kind.measured), np.random.default_rng(0)))
    return Probe(lambda: kind.answer(model, asked), "scoring the test part", kind.measure, kind.apart)


def check_fitted(kind: Kind[Bunch], model: Any, items: Bunch, seed: int, witness: Witness | None = None) -> list[Check]:
    """Measure the laws of a fitted model on items of the test part.

    A law that depends on another law is measured only if the other law holds, so that each fault is reported once.

    Args:
        witness: what was kept while the items were scored; None: they are scored here.
    """
    rng = np.random.default_rng(seed)
    rows = kind.some(items, kind.measured, rng)
    asked, kept = kind.take(items, rows), Witness() if witness is None else witness

    def scores() -> Check:
        if witness is None:
            score(kind, model, items, kept)
        kind.answer(model, asked)
        return Check(name="scores", passed=True, message=f"predictions are numbers, of one shape for each {kind.noun}")

    checks = [law("scores", scores)]
    if not checks[0].passed:
        return checks
    scored, calls = Said(items, kept.said), pieces(len(kept.said), kind.together)
    call = calls[int(rng.integers(len(calls)))]
    checks.append(law("repeatable", lambda: repeatable(kind, model, scored.take(kind, call), asked)))
    if checks[-1].passed:
        checks.append(law("batched", lambda: batched(kind, model, scored.take(kind, rows), rng)))
        checks.append(law("saved", lambda: saved(kind, model, asked)))
    for name, measured in kind.laws.items():
        checks.append(law(name, partial(measured, kind.rows(scored.said))))
    checks.append(law("pure", lambda: pure(kind, model, asked)))
    return checks


@dataclass(frozen=True)
class Said(Generic[Bunch]):
    """Items and the model's predictions for them."""

    items: Bunch
    said: Answers

    def take(self, kind: Kind[Bunch], rows: Ids) -> "Said[Bunch]":
        return Said(kind.take(self.items, rows), self.said[rows])


def repeatable(kind: Kind[Bunch], model: Any, call: Said[Bunch], asked: Bunch) -> Check:
    """Predicting the same items again gives the same result.

    Args:
        call: a call of scoring, which is made again.
        asked: items that are predicted twice in succession.
    """
    by = kind.apart(kind.answer(model, call.items), call.said)
    by = max(by, kind.apart(kind.answer(model, asked), kind.answer(model, asked)))
    remedy = "predict must keep nothing between calls and use no random numbers"
    return kind.moved("repeatable", by, "predicting again", remedy, places=len(kind.lengths(asked)))


def batched(kind: Kind[Bunch], model: Any, scored: Said[Bunch], rng: np.random.Generator) -> Check:
    """The prediction for an item is the same as scored if it is predicted alone, with others, and in any order.

    Neither the other items nor the padding that a longer item causes may change it.
    """
    order = rng.permutation(len(scored.said))
    again = scored.take(kind, order)
    alone = np.concatenate([kind.answer(model, kind.take(scored.items, np.array([row]))) for row in order])
    by = max(kind.apart(kind.answer(model, again.items), again.said), kind.apart(alone, again.said))
    remedy = f"the prediction for a {kind.noun} must not depend on other {kind.noun}s"
    return kind.moved("batched", by, f"predicting {kind.noun}s alone", remedy, places=len(order))


def pure(kind: Kind[Bunch], model: Any, asked: Bunch) -> Check:
    """`predict` changes neither the items that are passed to it nor the predictions that it returned earlier."""
    lent = kind.copied(asked)
    handed = model.predict(lent)
    kept = deepcopy(handed)
    model.predict(kind.copied(kind.take(asked, np.arange(len(kind.lengths(asked)))[::-1])))
    if not all(np.array_equal(before, after) for before, after in zip(kept, handed, strict=True)):
        return Check(name="pure", passed=False, message="later calls change the scores of earlier calls: return a copy")
    if not kind.equal(lent, asked):
        message = f"predict changes the {kind.noun}s that are passed to it: work on a copy"
        return Check(name="pure", passed=False, message=message)
    return Check(name="pure", passed=True, message="arguments and earlier scores stay unchanged")


def saved(kind: Kind[Bunch], model: Any, asked: Bunch) -> Check:
    """A new instance restored from `arrays` predicts the same."""
    twin = restored(model)
    if isinstance(twin, Check):
        return twin
    remedy = "arrays must contain all that was learned, and restore must read it"
    return kind.moved(
        "saved", kind.apart(kind.answer(twin, asked), kind.answer(model, asked)), "writing and restoring", remedy
    )
