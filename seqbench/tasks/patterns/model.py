"""The interface of an associative memory, which restores damaged patterns."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Context, Floats, Ids, SequenceModel

Signs = NDArray[np.int8]
"""Patterns (P, N) of N units, each +1 or −1; in damaged ones also 0, for a unit that is erased."""


@dataclass(frozen=True)
class Probes:
    damaged: Signs
    """(P, N)"""
    whole: Signs
    """(P, N) the patterns that they were."""
    numbers: Ids
    """(P,) which stored pattern each one was."""

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: Ids) -> "Probes":
        """Return the probes of these rows, in this order."""
        return Probes(self.damaged[rows], self.whole[rows], self.numbers[rows])


class Settled(NamedTuple):
    """Where probes ended. A model without dynamics leaves out all but the patterns."""

    patterns: Signs
    """(P, N), without 0."""
    steps: Ids | None = None
    """(P,) updates of all units until nothing changed; the limit if that never happened."""
    energy: Floats | None = None
    """(P,) at the end."""
    period: Ids | None = None
    """(P,) 1: a fixed point; more: the state returns after so many steps; 0: no rest within the limit."""


@dataclass(frozen=True, kw_only=True)
class RecallContext(Context[Probes]):
    """`valid` holds further damaged versions of the patterns that are stored."""


class Memory(SequenceModel[Probes, RecallContext]):
    """Stores patterns, and restores them from damaged ones."""

    task: ClassVar[str] = "recall"

    @abstractmethod
    def fit(self, train: Probes, ctx: RecallContext) -> None:
        """Store `train.whole`; in training, `damaged` is the same."""

    @abstractmethod
    def predict(self, damaged: Signs) -> Settled:
        """Restore patterns (P, N). What a probe becomes must not depend on other probes."""
