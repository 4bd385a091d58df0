"""Real series that come with statsmodels and need no network; their files are read without importing the library."""

import csv
import hashlib
import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.series.base import Notes, Observed, SeriesDataset, SingleSeries
from seqbench.interface import Floats


class Carried(SeriesDataset):
    """Series of a table that comes with statsmodels."""

    table: ClassVar[str]
    """The name of its folder in `statsmodels/datasets`, and of the file in it."""
    licence: ClassVar[str] = "public domain"

    def fingerprint(self) -> str:
        return hashlib.sha256(_read(self.table)).hexdigest()


@cache
def _read(table: str) -> bytes:
    found = find_spec("statsmodels")
    if found is None or found.origin is None:
        raise DataError(f"{table} comes with statsmodels, which is not installed; run: pip install statsmodels")
    file = Path(found.origin).with_name("datasets") / table / f"{table}.csv"
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"this version of statsmodels has no file {file}: {error.strerror}") from error


def _columns(table: str) -> dict[str, NDArray[np.float64]]:
    """Return the columns of a table by name; an empty cell is NaN."""
    header, *rows = [row for row in csv.reader(io.StringIO(_read(table).decode())) if row]
    cells = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows])
    return dict(zip(header, cells.T, strict=True))


class Nile(Carried, SingleSeries):
    """Flow of the Nile at Aswan in 10⁸ m³ per year, 1871 to 1970; the level falls about 1899."""

    name: ClassVar[str] = "nile"
    table: ClassVar[str] = "nile"
    citation: ClassVar[str] = "Cobb: The problem of the Nile, Biometrika 65, 1978; with statsmodels"

    horizon: int = Field(5, ge=1, description="years ahead, H")
    stride: int | None = Field(1, ge=1, description="years from one origin to the next; None: the horizon")
    valid_steps: int = Field(24, ge=1, description="years of the validation part, just before the test part")
    test_steps: int = Field(30, ge=1, description="years of the test part, the last ones of the series")

    def one(self) -> tuple[Floats, Notes]:
        return _columns(self.table)["volume"], {}


class YearlySunspots(Carried, SingleSeries):
    """Yearly sunspot numbers, 1700 to 2008.

    A cycle lasts 9 to 14 years, so it is not a season, whose length is fixed.
    """

    name: ClassVar[str] = "sunspots-yearly"
    table: ClassVar[str] = "sunspots"
    citation: ClassVar[str] = "NOAA National Geophysical Data Center; with statsmodels"

    horizon: int = Field(11, ge=1, description="years ahead, H")
    stride: int | None = Field(1, ge=1, description="years from one origin to the next; None: the horizon")
    valid_steps: int = Field(60, ge=1, description="years of the validation part, just before the test part")
    test_steps: int = Field(100, ge=1, description="years of the test part, the last ones of the series")

    def one(self) -> tuple[Floats, Notes]:
        return _columns(self.table)["SUNACTIVITY"], {}


class CO2(Carried, SingleSeries):
    """CO₂ at Mauna Loa in parts per million, weekly, March 1958 to December 2001: a growing trend and a season.

    A week without a value gets the value of the week before.
    """

    name: ClassVar[str] = "co2"
    table: ClassVar[str] = "co2"
    citation: ClassVar[str] = (
        "Keeling & Whorf: Atmospheric CO2 concentrations derived from flask air samples, 2004; with statsmodels"
    )

    horizon: int = Field(26, ge=1, description="weeks ahead, H")
    season: int = Field(52, ge=1, description="weeks per season, for models and for MASE")
    stride: int | None = Field(4, ge=1, description="weeks from one origin to the next; None: the horizon")
    valid_steps: int = Field(208, ge=1, description="weeks of the validation part, just before the test part")
    test_steps: int = Field(416, ge=1, description="weeks of the test part, the last ones of the series")

    def one(self) -> tuple[Floats, Notes]:
        values = _columns(self.table)["co2"]
        gaps = np.isnan(values)
        latest = np.maximum.accumulate(np.where(gaps, 0, np.arange(len(values))))
        return values[latest], {"values_filled": int(gaps.sum())}


class ElNino(Carried, SingleSeries):
    """Temperature of the sea off Peru and Ecuador (Niño 1+2) in degrees Celsius, monthly, 1950 to 2010."""

    name: ClassVar[str] = "elnino"
    table: ClassVar[str] = "elnino"
    citation: ClassVar[str] = "NOAA National Weather Service, ERSST.V3B, Niño 1+2; with statsmodels"

    horizon: int = Field(12, ge=1, description="months ahead, H")
    season: int = Field(12, ge=1, description="months per season, for models and for MASE")
    stride: int | None = Field(3, ge=1, description="months from one origin to the next; None: the horizon")
    valid_steps: int = Field(96, ge=1, description="months of the validation part, just before the test part")
    test_steps: int = Field(180, ge=1, description="months of the test part, the last ones of the series")

    def one(self) -> tuple[Floats, Notes]:
        months = [column for name, column in _columns(self.table).items() if name != "YEAR"]
        return np.stack(months, axis=1).ravel(), {}


class Macrodata(Carried):
    """12 quarterly series, 1959 to 2009: output, consumption, prices, money, interest, work and population."""

    name: ClassVar[str] = "macrodata"
    table: ClassVar[str] = "macrodata"
    citation: ClassVar[str] = "Federal Reserve Bank of St. Louis, Bureau of Labor Statistics; with statsmodels"

    horizon: int = Field(4, ge=1, description="quarters ahead, H")
    season: int = Field(4, ge=1, description="quarters per season, for models and for MASE")
    stride: int | None = Field(1, ge=1, description="quarters from one origin to the next; None: the horizon")
    valid_steps: int = Field(24, ge=1, description="quarters of the validation part, just before the test part")
    test_steps: int = Field(40, ge=1, description="quarters of the test part, the last ones of the series")

    def observed(self) -> Observed:
        columns = {name: v for name, v in _columns(self.table).items() if name not in ("year", "quarter")}
        end = np.full(len(columns), len(next(iter(columns.values()))))
        test_from = end - self.test_steps
        return Observed(list(columns.values()), list(columns), test_from, test_from - self.valid_steps, test_from, end)
