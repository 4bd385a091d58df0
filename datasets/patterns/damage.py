"""How patterns are damaged, and data sets of patterns that are."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import psutil
from pydantic import Field

from seqbench.data import DataError, Dataset
from seqbench.datasets.patterns.formats import read_values, signs_of
from seqbench.datasets.synthetic.processes import streams
from seqbench.interface import Ids
from seqbench.tasks.patterns.data import NewPatterns, PatternData
from seqbench.tasks.patterns.model import Probes, Signs


class DamagedPatterns(Dataset[PatternData]):
    """Patterns, all of which are stored; the parts damage each of them anew."""

    task: ClassVar[str] = "recall"
    name: ClassVar[str]

    damage: Literal["flip", "erase", "half"] = Field(
        "flip",
        description="flip: a share of the units changes its sign; erase: a share of the units is unknown; half: the "
        "second half of the units is unknown",
    )
    share: float = Field(0.1, ge=0, le=1, description="share of the units that flip or erase damages")
    probes: int = Field(1, ge=1, description="damaged versions of each pattern, in the test part and in validation")
    seed: int = Field(0, ge=0, description="seed of the damage, and of random patterns")

    @abstractmethod
    def patterns(self, rng: np.random.Generator) -> tuple[Signs, tuple[int, int] | None]:
        """Return the patterns (P, N), and their height and width if they are pictures."""

    def load(self) -> PatternData:
        drawn, _, *generators = streams(self.seed)
        whole, shape = self.patterns(drawn)
        if self.damage != "half" and self.share and not self._count(whole.shape[1]):
            raise DataError(f"share={self.share:g} of {whole.shape[1]} units is less than one unit; enlarge it")
        valid, test = (self._damaged(whole, rng) for rng in generators)
        return PatternData(
            name=self.name,
            train=Probes(whole.copy(), whole, np.arange(len(whole))),
            valid=valid,
            test=test,
            convention=self._convention(),
            shape=shape,
            notes={"patterns": len(whole), "units": whole.shape[1]},
        )

    def refuse_to_fill_memory(self, patterns: int, units: int) -> None:
        """Raise DataError, before it happens, if so many random patterns and their probes do not fit into memory."""
        needed = patterns * units * (8 + 4 * self.probes)  # random numbers; probes and what they were, in two parts
        free = psutil.virtual_memory().available
        if needed > free:
            raise DataError(
                f"{self.name}: {patterns:,} patterns of {units:,} units with {self.probes:,} probes each need "
                f"{needed / 1e9:,.0f} GB of memory, and {free / 1e9:,.0f} GB are free: ask for fewer"
            )

    def read(self, path: Path, encoding: dict[str, Any]) -> NewPatterns:
        """Read damaged patterns: in a file with -1, an erased unit is 0; in all others it is empty or ?."""
        path = path.expanduser()
        values, names, shape = read_values(path)
        if values.shape[1] != encoding["units"]:
            raise DataError(
                f"{path}: patterns have {values.shape[1]:,} units, but those that are stored {encoding['units']:,}"
            )
        return NewPatterns(signs_of(path, values, erased=True), names, shape)

    def _damaged(self, whole: Signs, rng: np.random.Generator) -> Probes:
        """Return `probes` damaged versions of each pattern."""
        numbers = np.repeat(np.arange(len(whole)), self.probes)
        damaged = whole[numbers]
        for probe in damaged:
            places = self._places(len(probe), rng)
            probe[places] = -probe[places] if self.damage == "flip" else 0
        return Probes(damaged, whole[numbers], numbers)

    def _count(self, units: int) -> int:
        return round(self.share * units)

    def _places(self, units: int, rng: np.random.Generator) -> Ids:
        """Return the units that a probe has lost."""
        if self.damage == "half":
            return np.arange(units - units // 2, units)
        return rng.permutation(units)[: self._count(units)]

    def _convention(self) -> str:
        if self.damage == "half":
            return "the second half is erased"
        return f"{100 * self.share:g} % of the units are {'flipped' if self.damage == 'flip' else 'erased'}"
