"""Memories that keep the patterns themselves."""

from typing import ClassVar

import numpy as np

from seqbench.interface import Arrays
from seqbench.tasks.patterns.model import Memory, Probes, RecallContext, Signs


class Stored(Memory):
    """Base class of memories that keep the patterns (P, N)."""

    stochastic: ClassVar[bool] = False
    patterns: Signs

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        self.patterns = train.whole.copy()

    def arrays(self) -> Arrays:
        return {"patterns": self.patterns}

    def restore(self, arrays: Arrays) -> None:
        self.patterns = np.asarray(arrays["patterns"], dtype=np.int8)

    def parameter_count(self) -> int:
        return self.patterns.size
