"""Monthly sunspot numbers of Zurich (Andrews & Herzberg 1985)."""

from typing import ClassVar

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.series.base import Notes, SingleSeries, two_columns
from seqbench.interface import Floats


class Sunspots(download.Downloaded, SingleSeries):
    """Monthly sunspot numbers, 1749 to 1983.

    A cycle lasts 9 to 14 years, so it is not a season, whose length is fixed.
    """

    name: ClassVar[str] = "sunspots"

    horizon: int = Field(24, ge=1, description="months ahead, H")
    stride: int | None = Field(6, ge=1, description="months from one origin to the next; None: the horizon")
    valid_steps: int = Field(300, ge=1, description="months of the validation part, just before the test part")
    test_steps: int = Field(600, ge=1, description="months of the test part, the last ones of the series")

    def one(self) -> tuple[Floats, Notes]:
        return two_columns(download.read(self.name)[0])[1], {}
