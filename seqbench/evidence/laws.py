"""What all laws share, whatever the task: how one is measured, and what is asked of every fit.

Answers that are compared are arrays of any shape: of log-probabilities, unless a `Measure` says otherwise.
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
"""Nats by which a score may move that should not move at all.

An LSTM in float32 moves by 1e-6 to 1e-4 between batch shapes, since sums are made in another order. On every
symbol, 1e-3 would be a tenth of a per cent of perplexity, less than any table here can tell apart; whatever peeks,
forgets or mixes moves single scores by tenths of a nat.
"""
SUM_TOLERANCE = 1e-4
"""By which the probabilities of all symbols may miss one; rounding in float32 makes 1e-6."""


class ScoreError(ValueError):
    """A model answered with something that is no score."""


@dataclass(frozen=True)
class Measure:
    """What answers are, and how far they may move."""

    answers: str
    unit: str
    bound: float


NATS = Measure("scores", "nats", TOLERANCE)


def law(name: str, measure: Callable[[], Check]) -> Check:
    """Measure a law; one that cannot be measured is broken."""
    try:
        return measure()
    except ScoreError as error:
        return Check(name=name, passed=False, message=str(error))
    except Exception as error:
        last = " ".join(traceback.format_exception_only(error)[-1].split())
        return Check(name=name, passed=False, message=f"measuring this ended in {last}")


def difference(a: Floats, b: Floats) -> float:
    """The largest |a − b|; infinities of one sign are equal."""
    with np.errstate(invalid="ignore"):
        moved = np.where(a == b, 0.0, np.abs(a - b))
    return float(moved.max(initial=0.0))


def moved(name: str, by: float, what: str, remedy: str, measure: Measure = NATS) -> Check:
    """Answers that may not move have moved by so much."""
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
    """What a model answered, in float64, once it is known to be log-probabilities.

    Args:
        of_what: where scores are NaN → what that is so of, for the message.

    Raises:
        ScoreError: it holds what is no log-probability.
    """
    if scores.dtype.kind != "f":
        raise ScoreError(f"predict returned scores of type {scores.dtype}, not floating-point numbers")
    if (nan := np.isnan(scores)).any():
        raise ScoreError(f"predict returned NaN for {of_what(nan)}")
    if (scores == np.inf).any():
        raise ScoreError("predict returned an infinite probability")
    return scores.astype(np.float64)


def seed_everything(seed: int) -> None:
    """Start the global generators, for models that draw from them."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (it is the global state that is meant)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


class Probe:
    """Whether something changes what a model says: make it before, `check` after.

    Each time the model is asked twice and the second answer counts, so that what it merely carries over from its
    last call is left to `repeatable`; chance is stilled for the same reason.
    """

    def __init__(self, say: Callable[[], Floats], what: str, measure: Measure = NATS) -> None:
        """say: what the model answers now. what: happens in between, `scoring the test part`."""
        self._say, self._what, self._measure = say, what, measure
        self._before: Floats | Exception
        try:
            self._before = self._second()
        except Exception as error:  # told by `check`, since a law that cannot be measured is no crash
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
    """A new instance made of what `arrays` writes; or the outcome of the law `saved`, where there is none."""
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
    """Fits of a class to one corpus, compared by what they say."""

    fit: Callable[[int], Any]
    """A new fit under a seed."""
    say: Callable[[Any], Floats]
    seed: int
    measure: Measure = NATS

    def said(self, model: Any) -> Floats:
        """What a fit says, chance stilled."""
        seed_everything(self.seed)
        return self.say(model)

    def again(self, first: Floats, stochastic: bool) -> list[Check]:
        """The laws `deterministic` and, of a class that says so, `seedless`; `first`: what a fit with the seed said."""

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
    """Whether the data that `fit` was lent is the `same` afterwards."""
    message = "fit leaves the training data as it is" if same else "fit changes the data it is lent: work on a copy"
    return Check(name="untouched", passed=same, message=message)
