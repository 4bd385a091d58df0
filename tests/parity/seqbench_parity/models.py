"""The mean of the parities, a table of the strings that were met, and the true model."""

import numpy as np

from seqbench import Context
from seqbench.interface import Arrays, Floats, Ids
from seqbench_parity.model import Regressor, Strings


class Mean(Regressor):
    stochastic = False

    def fit(self, train: Strings, ctx: Context[Strings]) -> None:
        self.mean = float(train.parity.mean())

    def predict(self, bits: Ids) -> Floats:
        return np.full(len(bits), self.mean)


class Tally(Regressor):
    """The parity of a string that was met before, else a half."""

    kind = "neural"
    stochastic = False

    def fit(self, train: Strings, ctx: Context[Strings]) -> None:
        self.table = np.full(2 ** train.bits.shape[1], 0.5)
        self.table[self._place(train.bits)] = train.parity
        ctx.log("met", float((self.table != 0.5).sum()))

    def predict(self, bits: Ids) -> Floats:
        return self.table[self._place(bits)]

    def arrays(self) -> Arrays:
        return {"table": self.table}

    def restore(self, arrays: Arrays) -> None:
        self.table = arrays["table"]

    def _place(self, bits: Ids) -> Ids:
        return bits @ (1 << np.arange(bits.shape[1]))


class Peeking(Tally):
    """Answers with what the batch has in common."""

    def predict(self, bits: Ids) -> Floats:
        return super().predict(bits) + len(bits) / 1000


class Truth(Regressor):
    kind = "classic"

    def fit(self, train: Strings, ctx: Context[Strings]) -> None:
        """It knows all already."""

    def predict(self, bits: Ids) -> Floats:
        return (bits.sum(axis=1) % 2).astype(np.float64)
