"""What the laws of classifiers are measured on: documents, and log-probabilities of their classes."""

from collections.abc import Sequence

import numpy as np

from seqbench.interface import Floats, Ids
from seqbench.tasks.classes import NORMALISED, class_scores
from seqbench.tasks.documents.laid import lengths_of
from seqbench.tasks.documents.model import Classifier, Texts
from seqbench.tasks.items import Kind


def documents(classes: int) -> Kind[Texts]:
    """Return documents as items that a classifier predicts."""
    return Kind(
        noun="document",
        answer=lambda model, texts: answer(model, texts, classes),
        lengths=lambda texts: lengths_of(texts.ids),
        take=Texts.take,
        copied=copied,
        equal=lambda a, b: _equal(a.ids, b.ids) and [list(w) for w in a.words] == [list(w) for w in b.words],
        laws=NORMALISED,
    )


def copied(texts: Texts) -> Texts:
    """Copy documents, so that the model may change them."""
    return Texts([ids.copy() for ids in texts.ids], [list(words) for words in texts.words])


def answer(model: Classifier, texts: Texts, classes: int) -> Floats:
    """Return what `predict` returns for copies of the documents, (N, C), after checking it.

    Raises:
        ScoreError: the result has the wrong shape, or a score is not a log-probability.
    """
    return class_scores(model.predict(copied(texts)), len(texts), classes, "document")


def _equal(a: Sequence[Ids], b: Sequence[Ids]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
