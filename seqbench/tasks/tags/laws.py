"""What the laws of taggers are measured on: sentences, and a row of log-probabilities for each word."""

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.laws import TOLERANCE, ScoreError, log_probabilities
from seqbench.evidence.records import Check
from seqbench.interface import Floats, Ids
from seqbench.tasks.classes import NORMALISED
from seqbench.tasks.items import ITEMS, Kind
from seqbench.tasks.tags.model import Sentences, Tagger


def sentences_of(tags: int) -> Kind[Sentences]:
    """Return sentences as items of which each word has one of these tags."""
    return Kind(
        noun="sentence",
        answer=lambda model, sentences: answer(model, sentences, tags),
        lengths=lengths,
        take=lambda sentences, rows: [sentences[i] for i in rows],
        copied=copied,
        equal=lambda a, b: copied(a) == copied(b),
        laws=NORMALISED,
    )


def lengths(sentences: Sentences) -> Ids:
    """Return the number of words of each sentence, (N,)."""
    return np.array([len(words) for words in sentences], dtype=np.int64)


def copied(sentences: Sentences) -> list[list[str]]:
    """Copy sentences, so that the model may change them."""
    return [list(words) for words in sentences]


def answer(model: Tagger, sentences: Sentences, tags: int) -> NDArray[np.object_]:
    """Return what `predict` returns for copies of the sentences, after checking it.

    Returns:
        Objects (N,), each (T_i, C).

    Raises:
        ScoreError: the result has the wrong shape, or a score is not a log-probability.
    """
    said = [np.asarray(of_sentence) for of_sentence in model.predict(copied(sentences))]
    if len(said) != len(sentences):
        raise ScoreError(f"predict returned {len(said)} arrays for {len(sentences)} sentences")
    for words, log_p in zip(sentences, said, strict=True):
        if log_p.shape != (len(words), tags):
            raise ScoreError(
                f"predict returned shape {log_p.shape} for a sentence of {len(words)} words and {tags} tags"
            )
    checked = log_probabilities(np.concatenate(said), lambda nan: f"{int(nan.any(axis=1).sum()):,} words")
    rows = np.empty(len(said), dtype=object)
    rows[:] = [None] * len(said)
    for i, of_sentence in enumerate(np.split(checked, np.cumsum(lengths(sentences))[:-1])):
        rows[i] = of_sentence
    return rows


def ahead(model: Tagger, sentences: Sentences, tags: int, rng: np.random.Generator) -> Check:
    """Measure whether the prediction for a word depends on words after it, which is allowed: the check never fails.

    Sentences are cut at a random place, and the words before it are predicted with the rest and without it.
    """
    kind = sentences_of(tags)
    whole = kind.take(sentences, np.flatnonzero(lengths(sentences) > 1))
    whole = kind.take(whole, kind.some(whole, ITEMS, rng)) if whole else []
    if not whole:
        return Check(name="ahead", passed=True, message="no sentence has two words, so nothing can be read ahead")
    cuts = [int(rng.integers(1, len(words))) for words in whole]
    cut = kind.answer(model, [words[:k] for words, k in zip(whole, cuts, strict=True)])
    before = kind.answer(model, whole)
    for i, k in enumerate(cuts):
        before[i] = before[i][:k]
    by = kind.apart(cut, before)
    does = "it reads ahead" if by > TOLERANCE else "it does not read ahead"
    message = f"leaving out the words after a word moved its scores by up to {by:.2g} nats: {does}"
    return Check(name="ahead", passed=True, value=by, message=message, places=len(cuts))


def reads_ahead(check: Check) -> bool:
    """Return whether the check of `ahead` found that later words change a prediction."""
    return check.name == "ahead" and check.value is not None and check.value > TOLERANCE


def any_possible(log_p: Floats) -> bool:
    """Return whether each word (M, C) has a tag that is possible."""
    return bool(np.isfinite(log_p).any(axis=1).all())
