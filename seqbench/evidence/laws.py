"""What the laws of all tasks share: how a law is measured, and which laws every fit must keep.

Predictions are compared as arrays of any shape. They are log-probabilities unless a `Measure` says otherwise.
"""

import random
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.records import Check
from seqbench.interface import Floats, SequenceModel

TOLERANCE = 1e-3
"""The most, in nats, by which a score may change that should not change at all.

Scores of an LSTM in float32 change by 1e-6 to 1e-4 between batch shapes, since sums are taken in another order. 1e-3
on every symbol would be a tenth of a per cent of perplexity, less than any table here can tell apart. A model that sees
the future, forgets its state or mixes rows changes single scores by tenths of a nat.
"""
SUM_TOLERANCE = 1e-4
"""The most by which the probabilities of all symbols may differ from one; rounding in float32 makes 1e-6."""


class ScoreError(ValueError):
    """Raised if a model predicts something that is not a score."""


@dataclass(frozen=True)
class Measure:
    """What predictions are called, their unit, and how much they may change."""

    answers: str
    unit: str
    bound: float


NATS = Measure("scores", "nats", TOLERANCE)


def law(name: str, measure: Callable[[], Check]) -> Check:
    """Measure a law. A law that cannot be measured counts as broken."""
    try:
        return measure()
    except ScoreError as error:
        return Check(name=name, passed=False, message=str(error))
    except Exception as error:
        last = " ".join(traceback.format_exception_only(error)[-1].split())
        return Check(name=name, passed=False, message=f"measuring this ended in {last}")


def difference(a: Floats, b: Floats) -> float:
    """Return the largest |a − b|; infinities of the same sign are equal."""
    with np.errstate(invalid="ignore"):
        moved = np.where(a == b, 0.0, np.abs(a - b))
    return float(moved.max(initial=0.0))


def moved(name: str, by: float, what: str, remedy: str, measure: Measure = NATS) -> Check:
    """Return the check of predictions that must not change and changed by `by`."""
    passed = by <= measure.bound
    sentence = f"{what} moved {measure.answers} by up to {by:.2g} {measure.unit}"
    return Check(
        name=name,
        passed=passed,
        value=by,
        bound=measure.bound,
        message=sentence if passed else f"{sentence}: {remedy}",
    )


def log_probabilities(scores: NDArray[Any], of_what: Callable[[NDArray[np.bool_]], str]) -> Floats:
    """Return the scores of a model in float64, if they are log-probabilities.

    Args:
        of_what: takes where scores are NaN, and names the items for the message.

    Raises:
        ScoreError: a score is no log-probability.
    """
    if scores.dtype.kind != "f":
        raise ScoreError(f"predict returned scores of type {scores.dtype}, not floating-point numbers")
    if (nan := np.isnan(scores)).any():
        raise ScoreError(f"predict returned NaN for {of_what(nan)}")
    if (scores == np.inf).any():
        raise ScoreError("predict returned an infinite probability")
    return scores.astype(np.float64)


def seed_everything(seed: int) -> None:
    """Seed the global random generators, for models that use them."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (the global state is meant)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


class Probe:
    """Detects whether something changes a model's predictions: create it before, call `check` after.

    It calls the model twice each time and uses the second answer, so that a model that only remembers its last call is
    left to the law `repeatable`. Random generators are seeded for the same reason.
    """

    def __init__(self, say: Callable[[], Floats], what: str, measure: Measure = NATS) -> None:
        """say: returns the predictions of the model. what: what happens in between, such as `scoring the test part`."""
        self._say, self._what, self._measure = say, what, measure
        self._before: Floats | Exception
        try:
            self._before = self._second()
        except Exception as error:  # reported by `check`: a law that cannot be measured is not a crash
            self._before = error

    def check(self) -> Check:
        return law("frozen", self._compare)

    def _compare(self) -> Check:
        if isinstance(self._before, Exception):
            raise self._before
        by = difference(self._second(), self._before)
        return moved("frozen", by, self._what, "the model learns from what it is scored on", self._measure)

    def _second(self) -> Floats:
        self._say()
        seed_everything(0)
        return self._say()


def restored(model: SequenceModel[Any, Any]) -> Any | Check:
    """Return a new instance restored from `arrays`; or the check of the law `saved` if that is impossible."""
    written = model.arrays()
    if written is None:
        return Check(name="saved", passed=True, message="the model writes no arrays, so it is refitted from its record")
    arrays = {name: np.array(array) for name, array in written.items()}
    odd = [name for name, array in arrays.items() if array.dtype.kind not in "biuf"]
    if odd:
        return Check(name="saved", passed=False, message=f"arrays holds things that are no numbers: {', '.join(odd)}")
    twin = type(model)(model.config)
    twin.restore(arrays)
    return twin


@dataclass(frozen=True)
class Fits:
    """Fits of a class to one data set, compared by their predictions."""

    fit: Callable[[int], Any]
    """Makes a new fit with a seed."""
    say: Callable[[Any], Floats]
    seed: int
    measure: Measure = NATS

    def said(self, model: Any) -> Floats:
        """Return the predictions of a fit, with random generators seeded."""
        seed_everything(self.seed)
        return self.say(model)

    def again(self, first: Floats, stochastic: bool) -> list[Check]:
        """Measure the law `deterministic`, and `seedless` if the class claims it; `first`: predictions of a fit."""

        def compared(name: str, seed: int, what: str, remedy: str) -> Check:
            def measured() -> Check:
                return moved(name, difference(self.said(self.fit(seed)), first), what, remedy, self.measure)

            return law(name, measured)

        checks = [
            compared("deterministic", self.seed, "fitting again with the same seed", "draw all chance from ctx.seed")
        ]
        if not stochastic:
            remedy = "the class says stochastic = False, which is wrong"
            checks.append(compared("seedless", self.seed + 1, "fitting with another seed", remedy))
        return checks


def untouched(same: bool) -> Check:
    """Return the check that the data passed to `fit` is the `same` afterwards."""
    message = "fit leaves the training data as it is" if same else "fit changes the data that it gets: work on a copy"
    return Check(name="untouched", passed=same, message=message)
