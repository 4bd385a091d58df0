"""Handwritten digits as patterns: scikit-learn's pictures of 8 × 8 pixels, black where there is more ink than half."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.patterns.damage import DamagedPatterns
from seqbench.datasets.sequences.digits import CITATION, LEVELS, LICENCE, SIDE, DigitPictures
from seqbench.tasks.patterns.model import Signs


class DigitPatterns(DamagedPatterns):
    """Pictures of the training part of `digits`, as many of each digit as possible. They are alike: all have much white
    around little black."""

    name: ClassVar[str] = "digit-patterns"
    licence: ClassVar[str] = LICENCE
    citation: ClassVar[str] = CITATION

    stored: int = Field(10, ge=1, description="number of pictures that are stored")

    def fingerprint(self) -> str:
        return DigitPictures(self.seed).sha256

    def patterns(self, rng: np.random.Generator) -> tuple[Signs, tuple[int, int]]:
        found = DigitPictures(self.seed)
        signs = np.where(found.pixels[found.train] > (LEVELS - 1) / 2, 1, -1).astype(np.int8)
        labels = found.labels[found.train]
        _, first = np.unique(signs, axis=0, return_index=True)
        place = np.zeros(len(labels), dtype=np.int64)  # of each picture among those of its digit
        for digit in range(10):
            own = np.intersect1d(np.flatnonzero(labels == digit), first)
            place[own] = np.arange(len(own))
        rows = np.sort(first)
        order = rows[np.lexsort((labels[rows], place[rows]))]
        if self.stored > len(order):
            raise DataError(f"stored={self.stored}: there are {len(order):,} different pictures; ask for fewer")
        return signs[order[: self.stored]], (SIDE, SIDE)
