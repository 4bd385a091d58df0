"""Daily exchange rates (Lai, Chang, Yang & Liu 2018)."""

import gzip
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.series.base import Observed, SeriesDataset, by_steps

CURRENCIES = ("Australia", "Britain", "Canada", "Switzerland", "China", "Japan", "New Zealand", "Singapore")
"""In the order of the columns and of the paper."""


class ExchangeRate(download.Downloaded, SeriesDataset):
    """Rates of eight currencies on 7,588 days, 1990 to 2016, as separate series; split 60/20/20 as in the paper."""

    name: ClassVar[str] = "exchange-rate"

    horizon: int = Field(24, ge=1, description="days ahead, H; the paper uses 3, 6, 12 and 24")

    def observed(self) -> Observed:
        rows = gzip.decompress(download.read(self.name)[0]).decode().split()
        table = np.array([[float(cell) for cell in row.split(",")] for row in rows]).T
        days = table.shape[1]
        train, valid = int(0.6 * days), int(0.8 * days) - int(0.6 * days)
        return by_steps(list(table), CURRENCIES, train, valid, days - train - valid)
