"""Movie reviews: whether a sentence of a review is positive or negative (Pang & Lee 2005)."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.documents.base import DocumentParts, TokenisedDocuments
from seqbench.datasets.documents.collection import Rows
from seqbench.datasets.splits import folds

FOLDS = 10


class MovieReviews(download.Downloaded, TokenisedDocuments):
    """5,331 sentences per class, in lower case and cut into words.

    There is no official split, so they are divided into ten folds by hash: one fold is the test part, the next one the
    validation part.
    """

    name: ClassVar[str] = "mr"

    fold: int = Field(0, ge=0, lt=FOLDS, description="the fold that is the test part")

    def parts(self) -> DocumentParts:
        texts: list[str] = []
        labels: list[str] = []
        for label, data in zip(("positive", "negative"), download.read(self.name), strict=True):
            lines = [line for line in data.decode("cp1252").split("\n") if line]
            texts += lines
            labels += [label] * len(lines)
        # Counted from the test fold: 0 is the test part, 1 the validation part.
        place = (folds(texts, labels, FOLDS) - self.fold) % FOLDS
        test, valid, train = (
            Rows([texts[i] for i in rows], [labels[i] for i in rows])
            for rows in (np.flatnonzero(place == 0), np.flatnonzero(place == 1), np.flatnonzero(place > 1))
        )
        return DocumentParts(train=train, valid=valid, test=test)
