"""The laws of a fitted classifier; each function measures one law and returns the check."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqbench.evidence.laws import SUM_TOLERANCE, ScoreError, difference, log_probabilities, moved, restored
from seqbench.evidence.records import Check
from seqbench.interface import Floats, Ids
from seqbench.tasks.documents.model import Classifier, Texts


def copied(texts: Texts) -> Texts:
    """Copy documents, so that the model may change them."""
    return Texts([ids.copy() for ids in texts.ids], [list(words) for words in texts.words])


def answer(model: Classifier, texts: Texts, classes: int) -> Floats:
    """Return what `predict` returns for copies of the documents, (N, C), after checking it.

    Raises:
        ScoreError: the result has the wrong shape, or a score is not a log-probability.
    """
    scores = np.asarray(model.predict(copied(texts)))
    if scores.shape != (len(texts), classes):
        raise ScoreError(f"predict returned shape {scores.shape} for {len(texts)} documents and {classes} classes")
    return log_probabilities(scores, lambda nan: f"{int(nan.any(axis=1).sum()):,} documents")


@dataclass(frozen=True)
class Said:
    """Documents and the model's predictions for them."""

    texts: Texts
    log_p: Floats
    """(N, C)"""

    @property
    def classes(self) -> int:
        return int(self.log_p.shape[1])

    def take(self, rows: Ids) -> "Said":
        return Said(self.texts.take(rows), self.log_p[rows])


def repeatable(model: Classifier, call: Said, asked: Texts) -> Check:
    """Predicting the same documents again gives the same result.

    Args:
        call: a call of scoring, which is made again.
        asked: documents that are predicted twice in succession.
    """
    nats = difference(answer(model, call.texts, call.classes), call.log_p)
    nats = max(nats, difference(*(answer(model, asked, call.classes) for _ in range(2))))
    return moved(
        "repeatable",
        nats,
        "predicting again",
        "predict must keep nothing between calls and use no random numbers",
        places=len(asked),
    )


def batched(model: Classifier, scored: Said, rng: np.random.Generator) -> Check:
    """The prediction for a document is the same as scored if it is predicted alone, with others, and in any order.

    Neither the other documents nor the padding that a longer document causes may change it.
    """
    order = rng.permutation(len(scored.texts))
    nats = difference(answer(model, scored.texts.take(order), scored.classes), scored.log_p[order])
    for row in order:
        one = scored.take(np.array([row]))
        nats = max(nats, difference(answer(model, one.texts, one.classes), one.log_p))
    return moved(
        "batched",
        nats,
        "predicting documents alone",
        "the prediction for a document must not depend on other documents",
        places=len(order),
    )


def normalised(scored: Said) -> Check:
    """The probabilities of all classes sum to one, for each scored document."""
    sums = np.exp(scored.log_p).sum(axis=1)
    value = float(sums[np.abs(sums - 1).argmax()])
    passed = abs(value - 1) <= SUM_TOLERANCE
    sentence = f"the probabilities of all classes sum to {value:.6g}"
    return Check(
        name="normalised",
        passed=passed,
        value=value,
        bound=1 + SUM_TOLERANCE if value >= 1 else 1 - SUM_TOLERANCE,
        message=sentence if passed else f"{sentence}: scores must be log-probabilities of a distribution over classes",
        places=len(sums),
    )


def pure(model: Classifier, texts: Texts) -> Check:
    """`predict` changes neither the documents that are passed to it nor the scores that it returned earlier."""
    lent = copied(texts)
    handed = model.predict(lent)
    kept = np.array(handed)
    model.predict(copied(texts.take(np.arange(len(texts))[::-1])))
    if not np.array_equal(kept, handed):
        return Check(name="pure", passed=False, message="later calls change the scores of earlier calls: return a copy")
    if not (_equal(lent.ids, texts.ids) and [list(w) for w in texts.words] == lent.words):
        return Check(
            name="pure", passed=False, message="predict changes the texts that are passed to it: work on a copy"
        )
    return Check(name="pure", passed=True, message="arguments and earlier scores stay unchanged")


def saved(model: Classifier, texts: Texts, classes: int) -> Check:
    """A new instance restored from `arrays` predicts the same."""
    twin = restored(model)
    if isinstance(twin, Check):
        return twin
    nats = difference(answer(twin, texts, classes), answer(model, texts, classes))
    return moved(
        "saved", nats, "writing and restoring", "arrays must contain all that was learned, and restore must read it"
    )


def some(texts: Texts, count: int, rng: np.random.Generator) -> Ids:
    """Return the rows of at most `count` documents: the shortest, the longest, and random others."""
    lengths = np.array([len(ids) for ids in texts.ids])
    return np.unique([lengths.argmin(), lengths.argmax(), *rng.permutation(len(texts))[: count - 2]])


def _equal(a: Sequence[Ids], b: Sequence[Ids]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
