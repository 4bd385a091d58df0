"""What memories are compared with: the pattern as it came, and the nearest stored pattern."""

from typing import ClassVar

import numpy as np

from seqbench.baselines.memories.signs import Stored
from seqbench.interface import Arrays
from seqbench.tasks.patterns.model import Memory, Probes, RecallContext, Settled, Signs


class AsItCame(Memory):
    """Returns the damaged pattern; a unit that is erased becomes +1."""

    stochastic: ClassVar[bool] = False

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        """Store nothing."""

    def predict(self, damaged: Signs) -> Settled:
        return Settled(np.where(damaged == 0, 1, damaged).astype(np.int8))

    def arrays(self) -> Arrays:
        return {}

    def restore(self, arrays: Arrays) -> None:
        """There is nothing to restore."""


class NearestPattern(Stored):
    """The stored pattern with the largest overlap with the damaged one, which is the smallest Hamming distance if
    nothing is erased; the earliest of several.

    If all patterns are equally probable and all units were damaged alike, no other decision is right more often: it is
    the most probable pattern.
    """

    def predict(self, damaged: Signs) -> Settled:
        overlaps = damaged.astype(np.float64) @ self.patterns.T.astype(np.float64)
        return Settled(self.patterns[overlaps.argmax(axis=1)])
