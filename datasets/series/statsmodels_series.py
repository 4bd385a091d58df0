"""Real series that come with statsmodels: data without a network. Its files are read, the library is not imported."""

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
    """Series of a table that statsmodels carries."""

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
    """Its columns by name, an empty cell as NaN."""
    header, *rows = [row for row in csv.reader(io.StringIO(_read(table).decode())) if row]
    cells = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows])
    return dict(zip(header, cells.T, strict=True))


class Nile(Carried, SingleSeries):
    """10⁸ m³ a year at Aswan, 1871 to 1970; the level falls about 1899."""

    name: ClassVar[str] = "nile"
    table: ClassVar[str] = "nile"
    citation: ClassVar[str] = "Cobb: The problem of the Nile, Biometrika 65, 1978; with statsmodels"

    horizon: int = Field(5, ge=1, description="years ahead, H")
    stride: int | None = Field(1, ge=1, description="years from an origin to the next; None: the horizon")
    valid_steps: int = Field(24, ge=1, description="years before the test part that validation takes its origins from")
    test_steps: int = Field(30, ge=1, description="years of the test part, the newest")

    def one(self) -> tuple[Floats, Notes]:
        return _columns(self.table)["volume"], {}


class YearlySunspots(Carried, SingleSeries):
    """1700 to 2008. A cycle lasts 9 to 14 years: it is no season, whose steps are always as many."""

    name: ClassVar[str] = "sunspots-yearly"
    table: ClassVar[str] = "sunspots"
    citation: ClassVar[str] = "NOAA National Geophysical Data Center; with statsmodels"

    horizon: int = Field(11, ge=1, description="years ahead, H")
    stride: int | None = Field(1, ge=1, description="years from an origin to the next; None: the horizon")
    valid_steps: int = Field(60, ge=1, description="years before the test part that validation takes its origins from")
    test_steps: int = Field(100, ge=1, description="years of the test part, the newest")

    def one(self) -> tuple[Floats, Notes]:
        return _columns(self.table)["SUNACTIVITY"], {}


class CO2(Carried, SingleSeries):
    """Parts per million at Mauna Loa, each week of March 1958 to December 2001: a growing trend and a season.

    A week without a value repeats the one before.
    """

    name: ClassVar[str] = "co2"
    table: ClassVar[str] = "co2"
    citation: ClassVar[str] = (
        "Keeling & Whorf: Atmospheric CO2 concentrations derived from flask air samples, 2004; with statsmodels"
    )

    horizon: int = Field(26, ge=1, description="weeks ahead, H")
    season: int = Field(52, ge=1, description="weeks of a season, for models and for MASE")
    stride: int | None = Field(4, ge=1, description="weeks from an origin to the next; None: the horizon")
    valid_steps: int = Field(208, ge=1, description="weeks before the test part that validation takes its origins from")
    test_steps: int = Field(416, ge=1, description="weeks of the test part, the newest")

    def one(self) -> tuple[Floats, Notes]:
        values = _columns(self.table)["co2"]
        gaps = np.isnan(values)
        latest = np.maximum.accumulate(np.where(gaps, 0, np.arange(len(values))))
        return values[latest], {"values_filled": int(gaps.sum())}


class ElNino(Carried, SingleSeries):
    """Degrees Celsius of the sea off Peru and Ecuador (Niño 1+2), each month of 1950 to 2010."""

    name: ClassVar[str] = "elnino"
    table: ClassVar[str] = "elnino"
    citation: ClassVar[str] = "NOAA National Weather Service, ERSST.V3B, Niño 1+2; with statsmodels"

    horizon: int = Field(12, ge=1, description="months ahead, H")
    season: int = Field(12, ge=1, description="months of a season, for models and for MASE")
    stride: int | None = Field(3, ge=1, description="months from an origin to the next; None: the horizon")
    valid_steps: int = Field(96, ge=1, description="months before the test part that validation takes origins from")
    test_steps: int = Field(180, ge=1, description="months of the test part, the newest")

    def one(self) -> tuple[Floats, Notes]:
        months = [column for name, column in _columns(self.table).items() if name != "YEAR"]
        return np.stack(months, axis=1).ravel(), {}


class Macrodata(Carried):
    """Output, consumption, prices, money, interest, work, people: 12 series of each quarter of 1959 to 2009."""

    name: ClassVar[str] = "macrodata"
    table: ClassVar[str] = "macrodata"
    citation: ClassVar[str] = "Federal Reserve Bank of St. Louis, Bureau of Labor Statistics; with statsmodels"

    horizon: int = Field(4, ge=1, description="quarters ahead, H")
    season: int = Field(4, ge=1, description="quarters of a season, for models and for MASE")
    stride: int | None = Field(1, ge=1, description="quarters from an origin to the next; None: the horizon")
    valid_steps: int = Field(24, ge=1, description="quarters before the test part that validation takes origins from")
    test_steps: int = Field(40, ge=1, description="quarters of the test part, the newest")

    def observed(self) -> Observed:
        columns = {name: v for name, v in _columns(self.table).items() if name not in ("year", "quarter")}
        end = np.full(len(columns), len(next(iter(columns.values()))))
        test_from = end - self.test_steps
        return Observed(list(columns.values()), list(columns), test_from, test_from - self.valid_steps, test_from, end)
