"""Electricity transformer temperature (Zhou et al. 2021, "Informer")."""

import csv
import io
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.series.base import Observed, SeriesDataset, by_steps

MONTH = 30 * 24
"""Hours of a month, as in the papers."""


class ETTh1(download.Downloaded, SeriesDataset):
    """Hourly values of six loads and the oil temperature of a transformer, as separate series.

    12 months are for training, 4 for validation, 4 for the test; the rest of the file is left out, as in the papers.
    Series are scaled by mean and standard deviation of the training part, so that MSE and MAE can be compared with
    published ones, which use all origins (`stride=1`) and horizons of 96, 192, 336 and 720.
    """

    name: ClassVar[str] = "ett-h1"

    horizon: int = Field(96, ge=1, le=4 * MONTH, description="hours ahead, H")
    season: int = Field(24, ge=1, description="hours per season, for models and for MASE")
    stride: int | None = Field(1, ge=1, description="hours from one origin to the next; None: the horizon")
    scaled: bool = Field(True, description="whether to scale by mean and standard deviation of the training part")

    def observed(self) -> Observed:
        header, *rows = csv.reader(io.StringIO(download.read(self.name)[0].decode()))
        table = np.array([[float(cell) for cell in row[1:]] for row in rows]).T[:, : 20 * MONTH]
        if self.scaled:
            train = table[:, : 12 * MONTH]
            table = (table - train.mean(axis=1, keepdims=True)) / train.std(axis=1, keepdims=True)
        return by_steps(list(table), header[1:], 12 * MONTH, 4 * MONTH, 4 * MONTH)
