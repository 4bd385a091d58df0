"""What a regressor of bits is: a number per string."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from seqbench import Context, SequenceModel
from seqbench.interface import Floats, Ids


@dataclass(frozen=True)
class Strings:
    bits: Ids
    """(N, T), each 0 or 1."""
    parity: Floats
    """(N,), 1 where the number of ones is odd."""

    @classmethod
    def of(cls, bits: Ids) -> "Strings":
        """Strings with the parity of each."""
        return cls(bits, (bits.sum(axis=1) % 2).astype(np.float64))


class Regressor(SequenceModel[Strings, Context[Strings]]):
    task = "parity"

    @abstractmethod
    def predict(self, bits: Ids) -> Floats:
        """A number (N,) for each string of bits (N, T)."""
