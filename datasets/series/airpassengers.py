"""Airline passengers (Box & Jenkins 1976, series G)."""

from typing import ClassVar

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.series.base import Notes, SingleSeries, two_columns
from seqbench.interface import Floats


class AirPassengers(download.Downloaded, SingleSeries):
    """Thousands of passengers per month, 1949 to 1960: a growing trend times a season."""

    name: ClassVar[str] = "airpassengers"

    horizon: int = Field(12, ge=1, description="months ahead, H")
    season: int = Field(12, ge=1, description="months per season, for models and for MASE")
    stride: int | None = Field(1, ge=1, description="months from one origin to the next; None: the horizon")
    valid_steps: int = Field(24, ge=1, description="months of the validation part, just before the test part")
    test_steps: int = Field(36, ge=1, description="months of the test part, the last ones of the series")

    def one(self) -> tuple[Floats, Notes]:
        return two_columns(download.read(self.name)[0])[1], {}
