"""Airline passengers (Box & Jenkins 1976, series G)."""

from typing import ClassVar

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.series.base import Notes, SingleSeries, two_columns
from seqbench.interface import Floats


class AirPassengers(download.Downloaded, SingleSeries):
    """Thousands of passengers a month, 1949 to 1960: a growing trend times a season."""

    name: ClassVar[str] = "airpassengers"

    horizon: int = Field(12, ge=1, description="months ahead, H")
    season: int = Field(12, ge=1, description="months of a season, for models and for MASE")
    stride: int | None = Field(1, ge=1, description="months from an origin to the next; None: the horizon")
    valid_steps: int = Field(24, ge=1, description="months before the test part that validation takes its origins from")
    test_steps: int = Field(36, ge=1, description="months of the test part, the newest")

    def one(self) -> tuple[Floats, Notes]:
        return two_columns(download.read(self.name)[0])[1], {}
