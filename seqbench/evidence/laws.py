"""What the laws of all tasks share: how a law is measured, and the laws that apply to every fit.

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
"""Tolerance, in nats, for scores that should not change.

Scores of an LSTM in float32 change by 1e-6 to 1e-4 between batch shapes, since the order of summation differs. A change
of 1e-3 on every symbol would be 0.1 % of perplexity, less than any table here can resolve. If a model sees the future,
forgets its state or mixes rows, single scores change by tenths of a nat.
"""
SUM_TOLERANCE = 1e-4
"""Tolerance for the sum of the probabilities of all symbols, which should be 1; rounding in float32 causes 1e-6."""
ROUNDING = 1e-6
"""The highest log-probability that rounding may cause; all others above 0 are refused."""

VALIDATION_GAIN = 0.4
"""Tolerance, in nats per prediction, for what other validation data may teach a model.

Of the models of seqbench that stop early or choose settings on validation, none gained more than 0.2. With the same
validation data as training data, nearly all gained more than 0.4 (most of them 0.7 to 2); the others learn little
from so few data.
"""


class ScoreError(ValueError):
    """Raised if a model returns something that is not a valid score."""


@dataclass(frozen=True)
class Measure:
    """The name of the predictions, their unit, and how much they may change."""

    answers: str
    unit: str
    bound: float


NATS = Measure("scores", "nats", TOLERANCE)


_ENDED = "measuring this ended in "


def law(name: str, measure: Callable[[], Check]) -> Check:
    """Measure a law. A law that cannot be measured counts as broken."""
    try:
        return measure()
    except ScoreError as error:
        return Check(name=name, passed=False, message=str(error))
    except Exception as error:
        last = " ".join(traceback.format_exception_only(error)[-1].split())
        return Check(name=name, passed=False, message=f"{_ENDED}{last}")


def wordless(check: Check) -> Check:
    """Return the check without the message of an error, which may quote the data; the type of the error stays."""
    said, ended, error = check.message.partition(_ENDED)
    return check.model_copy(update={"message": f"{said}{ended}{error.partition(':')[0]}"})


def apart(a: Floats, b: Floats) -> Floats:
    """Return |a − b| for each entry; infinities of the same sign are equal."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, np.abs(a - b))


def difference(a: Floats, b: Floats) -> float:
    """Return the largest |a − b|; infinities of the same sign are equal."""
    return float(apart(a, b).max(initial=0.0))


def moved(name: str, by: float, what: str, remedy: str, measure: Measure = NATS, places: int | None = None) -> Check:
    """Return the check of predictions that should not change but changed by `by`, the most at any of the places."""
    passed = by <= measure.bound
    sentence = f"{what} moved {measure.answers} by up to {by:.2g} {measure.unit}"
    return Check(
        name=name,
        passed=passed,
        value=by,
        bound=measure.bound,
        message=sentence if passed else f"{sentence}: {remedy}",
        places=places,
    )


def log_probabilities(scores: NDArray[Any], of_what: Callable[[NDArray[np.bool_]], str]) -> Floats:
    """Check that the scores of a model can be log-probabilities, and return them in float64.

    Args:
        of_what: takes the mask of NaN scores and returns the names of these items for the message.

    Raises:
        ScoreError: a score is not a log-probability.
    """
    if scores.dtype.kind != "f":
        raise ScoreError(f"predict returned scores of type {scores.dtype}, not floating-point numbers")
    if (nan := np.isnan(scores)).any():
        raise ScoreError(f"predict returned NaN for {of_what(nan)}")
    if (scores == np.inf).any():
        raise ScoreError("predict returned an infinite probability")
    if (above := scores > ROUNDING).any():
        raise ScoreError(
            f"predict returned log-probabilities above 0, up to {scores.max():.3g}, for {of_what(above)}: "
            "scores must be log-probabilities"
        )
    return scores.astype(np.float64)


def seed_everything(seed: int) -> None:
    """Seed the global random generators, for models that use them."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (the global generator is seeded on purpose)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


class Probe:
    """Detects whether something changes a model's predictions: create it before, call `check` after.

    Each time it calls the model twice and uses the second result, so that a model that remembers only its last call
    breaks only the law `repeatable`. Random generators are seeded for the same reason.
    """

    def __init__(
        self,
        say: Callable[[], Any],
        what: str,
        measure: Measure = NATS,
        apart: Callable[[Any, Any], float] = difference,
    ) -> None:
        """Predict for the first time.

        Args:
            say: returns the predictions of the model.
            what: what happens before `check`, such as `scoring the test part`.
            measure: name, unit and tolerance of the predictions.
            apart: returns how far two predictions are apart.
        """
        self._say, self._what, self._measure, self._apart = say, what, measure, apart
        self._before: Any
        try:
            self._before = self._second()
        except Exception as error:  # `check` reports it, so that the cell does not crash
            self._before = error

    def check(self) -> Check:
        return law("frozen", self._compare)

    def _compare(self) -> Check:
        if isinstance(self._before, Exception):
            raise self._before
        by = self._apart(self._second(), self._before)
        return moved("frozen", by, self._what, "the model learns from what it is scored on", self._measure)

    def _second(self) -> Any:
        self._say()
        seed_everything(0)
        return self._say()


def restored(model: SequenceModel[Any, Any]) -> Any | Check:
    """Return a new instance restored from `arrays`; or the check of the law `saved` if that is impossible."""
    written = model.arrays()
    if written is None:
        return Check(
            name="saved", passed=True, message="the model returns no arrays, so it is fitted again from its record"
        )
    # What cannot be changed, such as a memory map, need not be copied.
    arrays = {name: np.array(array) if array.flags.writeable else array for name, array in written.items()}
    odd = [name for name, array in arrays.items() if array.dtype.kind not in "biuf"]
    if odd:
        return Check(
            name="saved", passed=False, message=f"arrays contains entries that are not numbers: {', '.join(odd)}"
        )
    twin = type(model)(model.config)
    twin.restore(arrays)
    return twin


@dataclass(frozen=True)
class Fits:
    """Compares fits of a class to one data set by their predictions."""

    fit: Callable[[int], Any]
    """Return a new fit with a seed."""
    say: Callable[[Any], Any]
    seed: int
    measure: Measure = NATS
    apart: Callable[[Any, Any], float] = difference
    """Returns how far two predictions are apart."""

    def said(self, model: Any) -> Any:
        """Return the predictions of a fit, with random generators seeded."""
        seed_everything(self.seed)
        return self.say(model)

    def again(self, first: Any, stochastic: bool) -> list[Check]:
        """Measure the law `deterministic`, and `seedless` if not `stochastic`; `first`: predictions of a fit."""

        def compared(name: str, seed: int, what: str, remedy: str) -> Check:
            def measured() -> Check:
                return moved(name, self.apart(self.said(self.fit(seed)), first), what, remedy, self.measure)

            return law(name, measured)

        checks = [
            compared(
                "deterministic", self.seed, "fitting again with the same seed", "draw all random numbers from ctx.seed"
            )
        ]
        if not stochastic:
            remedy = "the class sets stochastic = False, which is wrong"
            checks.append(compared("seedless", self.seed + 1, "fitting with another seed", remedy))
        return checks


def untouched(same: bool) -> Check:
    """Return the check that `fit` left the training data the `same`."""
    message = "fit does not change the training data" if same else "fit changes the training data: work on a copy"
    return Check(name="untouched", passed=same, message=message)


def validation(own: float, other: float, ignorant: float) -> Check:
    """Return the check that `fit` does not learn from the validation part.

    A model that stops early or chooses settings on validation data of a source that it was not trained on can become
    less wrong about that source, but not better than a model that knows nothing of it.

    Args:
        own, other: loss on new data of another source, in nats, after fits with the same training data: the validation
            data is from the source of the training data, and from the other source.
        ignorant: loss of a model that knows nothing of the other source.
    """
    gain = min(own, ignorant) - other
    passed = gain <= VALIDATION_GAIN
    sentence = f"validation data of another source made predictions of that source {max(gain, 0.0):.2g} nats better"
    remedy = "use ctx.valid to stop and to choose settings, not as training data"
    return Check(
        name="validation",
        passed=passed,
        value=gain,
        bound=VALIDATION_GAIN,
        message=sentence if passed else f"{sentence} than without knowing it: {remedy}",
    )
