"""The temporal order problem: which of two symbols came first, second and third, among noise.

Hochreiter & Schmidhuber 1997, "Long short-term memory", experiments 6a and 6b.
"""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from seqbench.datasets.synthetic.documents import DocumentProcess, SyntheticDocuments
from seqbench.interface import Floats, Ids

START, END, NOISE, KEYS = "E", "B", "abcd", "XY"
"""Symbols, as in the paper: the first and the last of a document, noise, and those whose order is asked for."""
SHARES = {2: ((0.1, 0.2), (0.5, 0.6)), 3: ((0.1, 0.2), (0.33, 0.43), (0.66, 0.76))}
"""Where the keys stand, as shares of the length, by their number: places 10–20 and 50–60 of 100 and more in 6a."""
SURE = 1e-9
"""Probability of each other class, so that every document has finite scores."""


class OrderOfKeys(DocumentProcess):
    """The class is the order of the keys, read as a binary number: XX, XY, YX, YY.

    Args:
        keys: number of keys, 2 or 3; there are 2^keys classes.
        shortest, longest: bounds of the length, which is uniform between them.
    """

    def __init__(self, keys: int, shortest: int, longest: int) -> None:
        super().__init__(classes=2**keys)
        self.keys, self.shortest, self.longest = keys, shortest, longest
        self._first = 1 + 2 + len(NOISE)  # after <unk>, start, end and noise

    def words(self, label: int, rng: np.random.Generator) -> Ids:
        length = self.shortest + int(rng.random() * (self.longest - self.shortest + 1))
        ids = 3 + (rng.random(length) * len(NOISE)).astype(np.int64)
        ids[0], ids[-1] = 1, 2
        for k, (low, high) in enumerate(SHARES[self.keys]):
            first, last = int(low * self.shortest), int(high * self.shortest)
            place = first + int(rng.random() * (last - first + 1))
            ids[place] = self._first + (label >> (self.keys - 1 - k) & 1)
        return ids

    def log_likelihoods(self, ids: Ids) -> Floats:
        keys = ids[ids >= self._first] - self._first
        if len(keys) != self.keys:
            return np.zeros(self.classes)
        scores = np.full(self.classes, np.log(SURE))
        scores[int(keys @ (1 << np.arange(self.keys)[::-1]))] = 0.0
        return scores


class TemporalOrder(SyntheticDocuments):
    """Documents of noise with two (6a) or three (6b) keys, X or Y; the class is their order.

    A bag of words can tell how many of the keys are X, but not their order: its best accuracy is 3/4 with two keys,
    and 1/2 with three (`memoryless`).
    """

    name: ClassVar[str] = "temporal-order"

    keys: Literal[2, 3] = Field(
        2, description="number of keys: 2, experiment 6a, 4 classes; 3, experiment 6b, 8 classes"
    )
    shortest: int = Field(100, ge=20, description="the fewest symbols of a document")
    longest: int = Field(110, ge=20, description="the most symbols; lengths are uniform")
    train_documents: int = Field(5000, ge=1, description="documents of the training part")
    test_documents: int = Field(1000, ge=1, description="documents of the test part")

    def process(self, rng: np.random.Generator) -> OrderOfKeys:
        return OrderOfKeys(self.keys, self.shortest, max(self.shortest, self.longest))

    def class_names(self) -> tuple[str, ...]:
        numbers = range(2**self.keys)
        return tuple("".join(KEYS[number >> k & 1] for k in reversed(range(self.keys))) for number in numbers)

    def symbols(self) -> list[str]:
        return [START, END, *NOISE, *KEYS]


def memoryless(keys: int) -> float:
    """Return the best accuracy of a model that counts the keys but does not know their order.

    Each count k of one key has C(n, k) equally probable orders, of which the model can get one right: (n + 1) / 2^n.
    """
    return (keys + 1) / (1 << keys)
