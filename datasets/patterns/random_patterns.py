"""Random patterns, alone or alike."""

import hashlib
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.datasets.patterns.damage import DamagedPatterns
from seqbench.tasks.patterns.model import Signs


class RandomPatterns(DamagedPatterns):
    """Independent units, +1 as often as -1. With `correlation` c, two patterns agree in a share (1 + c) / 2 of them."""

    name: ClassVar[str] = "random-patterns"
    licence: ClassVar[str] = "none needed: generated"

    units: int = Field(200, ge=2, description="N, units of a pattern")
    alpha: float = Field(0.1, gt=0, description="α = P / N, the load: patterns per unit")
    correlation: float = Field(0.0, ge=0, lt=1, description="c, the mean overlap of two patterns")

    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.name} {self.model_dump_json()}".encode()).hexdigest()

    def patterns(self, rng: np.random.Generator) -> tuple[Signs, None]:
        count = max(1, round(self.alpha * self.units))
        self.refuse_to_fill_memory(count, self.units)
        template = np.where(rng.random(self.units) < 0.5, 1, -1)
        kept = rng.random((count, self.units)) < (1 + np.sqrt(self.correlation)) / 2
        return np.where(kept, template, -template).astype(np.int8), None
