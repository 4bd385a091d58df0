"""What a test part consists of: its units, and how they depend on each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqbench.evidence.metrics import Columns
from seqbench.interface import Ids


@dataclass(frozen=True)
class Way:
    """A way in which units depend on each other: those of one group do, and neighbouring groups if they are ordered."""

    name: str
    """What a group is, in the plural: `documents`, `series`."""
    groups: Ids | None = None
    """(U,) the group of each unit, 0..G−1; None: every unit is a group of its own."""
    ordered: bool = False
    """Whether groups stand in the order of time or text, so that neighbours are alike."""
    overlap: int = 1
    """Number of neighbouring groups that share data."""
    alike: float = 0.0
    """Number of neighbouring groups that are alike in data of this kind, even if the sample is too short to show it."""

    def count(self, units: int) -> int:
        """Return the number of groups, G, of that many units."""
        return units if self.groups is None else int(self.groups.max()) + 1


ITEMS = (Way("items"),)
"""Independent items."""


@dataclass(frozen=True)
class Units:
    """The test part as its uncertainty sees it."""

    columns: Columns
    """Columns (U,) as metrics take them, one entry per unit."""
    ways: Sequence[Way] = ITEMS


def numbered(labels: Ids) -> Ids:
    """Return labels (U,) as group numbers 0..G−1 in the order of their values."""
    numbers: Ids = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    return numbers
