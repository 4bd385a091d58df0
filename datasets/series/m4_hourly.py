"""The hourly series of the M4 competition (Makridakis, Spiliotis & Assimakopoulos 2020)."""

import csv
import io
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.series.base import Observed, SeriesDataset
from seqbench.interface import Floats


class M4Hourly(download.Downloaded, SeriesDataset):
    """414 series of 700 or 960 hours and the next 48 hours: one origin per series, as in the competition.

    The origins of validation are at the end of the training part.
    """

    name: ClassVar[str] = "m4-hourly"

    horizon: int = Field(48, ge=1, le=48, description="hours ahead, H; 48 in the competition")
    season: int = Field(24, ge=1, description="hours per season, for models and for MASE; 24 in the competition")
    valid_steps: int = Field(
        144, ge=1, le=600, description="hours of the validation part, the last ones of the training part"
    )

    def observed(self) -> Observed:
        train, test = (_rows(data) for data in download.read(self.name))
        values = [np.concatenate([past, test[name][: self.horizon]]) for name, past in train.items()]
        origin = np.array([len(past) for past in train.values()])
        return Observed(values, list(train), origin, origin - self.valid_steps, origin, origin + self.horizon)


def _rows(data: bytes) -> dict[str, Floats]:
    """Return values by name; shorter rows are padded with empty cells."""
    rows = list(csv.reader(io.StringIO(data.decode())))[1:]
    return {name: np.array([float(cell) for cell in cells if cell]) for name, *cells in rows}
