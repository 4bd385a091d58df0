"""Real series as a data set: how they are split, and from which origins forecasts are made."""

import csv
import io
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.data import DataError, Dataset
from seqbench.interface import Floats, Ids
from seqbench.tasks.forecasts.data import SeriesData, rolling
from seqbench.tasks.forecasts.model import Panel
from seqbench.tasks.forecasts.stretches import Stretches

Notes = dict[str, int | str]


@dataclass(frozen=True)
class Observed:
    """N series with the borders of their parts; each border (N,) is a number of values from the start.

    The test part is `test_from`..`ends`; the validation part is `valid_from`..`test_from`, inside the training part or
    after it.
    """

    values: Sequence[Floats]
    names: Sequence[str]
    train_ends: Ids
    valid_from: Ids
    test_from: Ids
    ends: Ids
    notes: Notes = field(default_factory=dict)
    season: int | None = None
    """The season, if the series define it; None: the option `season` is used."""
    stride: int | None = None
    """Steps between origins, if the series define it; None: the option `stride` is used."""
    reading: dict[str, str] = field(default_factory=dict)
    """Options with which a new file is read in the same way."""


class SeriesDataset(Dataset[SeriesData]):
    """Real series. The options define the forecasts; subclasses provide the series."""

    task: ClassVar[str] = "forecast"
    name: ClassVar[str]

    horizon: int = Field(ge=1, description="steps ahead, H")
    season: int = Field(1, ge=1, description="steps per season, for models and for MASE; 1: no season")
    stride: int | None = Field(
        None, ge=1, description="steps from one origin to the next in the validation and test parts; None: the horizon"
    )

    @abstractmethod
    def observed(self) -> Observed:
        """Return the series.

        Raises:
            DataError: as in `load`.
        """

    def title(self) -> str:
        """Return the name of the series in errors and tables."""
        return self.name

    def load(self) -> SeriesData:
        found = self.observed()
        stride = found.stride or self.stride or self.horizon
        parts = {"validation": (found.valid_from, found.test_from), "test": (found.test_from, found.ends)}
        for part, (starts, stops) in parts.items():
            short = int(np.argmin(stops - starts))
            if (length := int(stops[short] - starts[short])) < self.horizon:
                raise DataError(
                    f"{self.title()}: the {part} part of {found.names[short]} holds {max(length, 0)} values, fewer "
                    f"than the horizon of {self.horizon}; give a shorter horizon or a longer part"
                )
        first = np.minimum(found.train_ends, found.valid_from)
        if first.min() < 1:
            raise DataError(
                f"{self.title()}: nothing of {found.names[int(first.argmin())]} is left to train on; "
                "make the validation and test parts shorter"
            )
        valid, test = (rolling(starts, stops, self.horizon, stride) for starts, stops in parts.values())
        return SeriesData(
            name=self.title(),
            series=Panel(Stretches.of(found.values), found.names, found.season or self.season),
            train_ends=found.train_ends,
            valid=valid,
            test=test,
            horizon=self.horizon,
            notes=found.notes,
            reading=found.reading,
        )


class SingleSeries(SeriesDataset):
    """One series, whose last values are the test part.

    All values before are for training; the last of them are also for validation.
    """

    valid_steps: int = Field(ge=1, description="values of the validation part, just before the test part")
    test_steps: int = Field(ge=1, description="values of the test part, the last ones of the series")

    @abstractmethod
    def one(self) -> tuple[Floats, Notes]:
        """Return the values, and notes for the record."""

    def observed(self) -> Observed:
        values, notes = self.one()
        end = np.array([len(values)])
        test_from = end - self.test_steps
        return Observed([values], [self.name], test_from, test_from - self.valid_steps, test_from, end, notes)


def by_steps(values: Sequence[Floats], names: Sequence[str], train: int, valid: int, test: int) -> Observed:
    """Return series that are observed together, whose consecutive parts have these lengths."""
    borders = np.cumsum([train, valid, test])[:, None].repeat(len(names), axis=1)
    return Observed(values, names, borders[0], borders[0], borders[1], borders[2])


def two_columns(data: bytes) -> tuple[list[str], Floats]:
    """Return the times and values of a verified CSV file with a header."""
    rows = [row for row in csv.reader(io.StringIO(data.decode())) if row][1:]
    return [stamp for stamp, _ in rows], np.array([float(value) for _, value in rows])
