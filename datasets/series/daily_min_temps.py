"""Daily minimum temperatures in Melbourne (Australian Bureau of Meteorology)."""

from typing import ClassVar

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.series.base import Notes, SingleSeries, two_columns
from seqbench.interface import Floats


class DailyMinTemps(download.Downloaded, SingleSeries):
    """Degrees Celsius, 1981 to 1990; the file lacks the last days of 1984 and 1988, so that each year has 365 days."""

    name: ClassVar[str] = "daily-min-temps"

    horizon: int = Field(14, ge=1, description="days ahead, H")
    season: int = Field(365, ge=1, description="days per season, for models and for MASE")
    stride: int | None = Field(7, ge=1, description="days from one origin to the next; None: the horizon")
    valid_steps: int = Field(365, ge=1, description="days of the validation part, just before the test part")
    test_steps: int = Field(730, ge=1, description="days of the test part, the last ones of the series")

    def one(self) -> tuple[Floats, Notes]:
        return two_columns(download.read(self.name)[0])[1], {"missing_days_closed_up": 2}
