"""How documents are scored: the calls of `predict`, the same for every model, and what the laws keep of them."""

import numpy as np

from seqbench.interface import Floats, Ids
from seqbench.tasks.documents.laws import answer
from seqbench.tasks.documents.model import Classifier, Texts

PIECE = 1024
"""Number of documents per call of `predict`."""


class Witness:
    """Keeps the log-probabilities of all documents as they are scored."""

    def __init__(self) -> None:
        self.log_p: Floats = np.empty(0)
        """(N, C)"""


def score_texts(model: Classifier, texts: Texts, classes: int, witness: Witness | None = None) -> Floats:
    """Return the log-probabilities (N, C) of the classes of documents.

    Raises:
        ScoreError: `predict` returns the wrong shape, something that is not a number, or a probability above 1.
    """
    log_p = np.concatenate([answer(model, texts.take(rows), classes) for rows in pieces(len(texts))])
    if witness is not None:
        witness.log_p = log_p
    return log_p


def pieces(documents: int) -> list[Ids]:
    """Return the rows of each call of `predict`."""
    return [np.arange(start, min(start + PIECE, documents)) for start in range(0, documents, PIECE)]
