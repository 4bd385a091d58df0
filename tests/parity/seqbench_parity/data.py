"""Strings of fair coins."""

from dataclasses import dataclass, field

import numpy as np

from seqbench.data import Dataset
from seqbench_parity.model import Regressor, Strings
from seqbench_parity.models import Truth


@dataclass(frozen=True)
class StringData:
    train: Strings
    valid: Strings
    test: Strings
    truth: Regressor = field(default_factory=Truth)
    notes: dict[str, int | str] = field(default_factory=dict)


class Bits(Dataset[StringData]):
    task = "parity"
    knows_truth = True
    length: int = 6
    strings: int = 400

    def fingerprint(self) -> str:
        return f"{self.length}-{self.strings}"

    def load(self) -> StringData:
        rng = np.random.default_rng(0)
        train, valid, test = (Strings.of(rng.integers(2, size=(self.strings, self.length))) for _ in range(3))
        return StringData(train, valid, test)
