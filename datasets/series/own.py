"""Users' own series: a table in the long format, or with one column per series."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from seqbench.data import DataError, shown
from seqbench.datasets.files import sha256_of
from seqbench.datasets.packed import Packed
from seqbench.datasets.series.base import Notes, Observed, SeriesDataset
from seqbench.datasets.series.numerals import Decimal, Numbers, numbers
from seqbench.datasets.series.rows import Distinct, Rows, distinct
from seqbench.datasets.series.seasons import season_in
from seqbench.datasets.series.spacing import Missing, Series, Spacing
from seqbench.datasets.series.stamps import Order, Times, parse, step
from seqbench.datasets.tables.reading import TableOptions
from seqbench.datasets.tables.table import LISTED, Table
from seqbench.interface import Ids
from seqbench.tasks.forecasts.model import Panel

SHARE = 10
"""The validation part and the test part are each at least 1/SHARE of a series, and at least a horizon long."""
LARGEST = 5
"""The validation part and the test part are each at most 1/LARGEST of a series, unless `origins` asks for more."""
ORIGINS = 30
"""The origins of a test part where there are fewer series than this, which are then what an interval is made of."""


HORIZONS = {1: 6, 4: 8, 7: 14, 12: 18, 24: 48, 52: 13}
"""The usual horizon by the season: that of the M4 competition for years, quarters, days, months, hours and weeks."""
ROOM = 10
"""A usual horizon is at most 1/ROOM of a series."""


class _Contents(NamedTuple):
    """Times and values of a table, before steps are counted."""

    table: Table
    """Without its cells."""
    times: Times
    """Of the different times of the table."""
    values: Numbers
    rows: Rows

    def as_read(self) -> Notes:
        """Return how the table, its times and its values were read, for the record."""
        notes = dict(self.table.notes)
        if self.times.read_as:
            notes["times_read_as"] = self.times.read_as
        if self.values.decimal:
            notes["decimal_mark"] = self.values.decimal
        if self.values.grouped:
            notes["values_with_separators_of_thousands"] = self.values.grouped
        return notes


class SeriesFile(TableOptions, SeriesDataset):
    """A table (CSV, TSV, JSONL, Parquet): one row per time and series (`layout=long`), or per time (`layout=wide`).

    The test part is the end of each series and the validation part lies before it; both have the length that `parts`
    returns. Rows may be in any order. All series have one frequency. Missing values before the first and after the last
    value of a series are cut off. Other gaps are refused, or filled from earlier values only, since interpolation
    would use later values; if gaps are zeros, the step is the smallest of all series, so that rows may be rare. Series
    too short for a forecast in each part are left out. Times with an offset are compared in UTC. The record counts all
    of this.
    """

    name: ClassVar[str] = "file"

    path: Path = Field(description="the table")
    horizon: int = Field(ge=1, description="steps ahead, H")
    origins: int | None = Field(
        None,
        ge=1,
        description="origins in the test part of each series, and as many in its validation part; None: about 30 if "
        "there are fewer than 30 series and these are long enough",
    )
    season: int = Field(
        0, ge=0, description="steps per season; 0: the usual one (24 hours, 7 days, 12 months); 1: no season"
    )
    layout: Literal["long", "wide"] = Field(
        "long", description="long: one row per time and series; wide: each column except that of the times is a series"
    )
    id: str = Field("unique_id", description="column that names the series of each row; not needed for a single series")
    time: str = Field("ds", description="column of the times")
    value: str = Field("y", description="column of the values, in the long layout")
    others: Literal["refuse", "drop"] = Field(
        "refuse", description="what to do with columns that no model uses, in the long layout"
    )
    missing: Missing = Field(
        "refuse",
        description="what replaces missing values between others: the last value before, or 0; refuse: an error",
    )
    step: str | None = Field(
        None,
        description="time from one value to the next, such as day, business-day, month or 15 minutes; "
        "None: the smallest that occurs",
    )
    dates: Order | None = Field(
        None, description="whether dates such as 3/4/2024 are day-first or month-first; None: as days above 12 show"
    )
    decimal: Decimal | None = Field(
        None, description="the mark before decimals, comma or point; None: as the values show"
    )

    @field_validator("step")
    @classmethod
    def _is_step(cls, text: str | None) -> str | None:
        if text is not None:
            step(text)
        return text

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        told = options & {"value", "time", "horizon", "season", "origins", "layout"}
        return 2 * int(bool(told) and not options & {"label", "target"})

    @classmethod
    def usual(cls, path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the horizon and the season: those of the frequency, or else of a season that the values show."""
        found = cls(**{"horizon": 1, **settings, "path": path})._read(path.expanduser(), fewest=1)
        if found.frequency is None:
            return {}
        told = found.frequency[0].season
        season = settings.get("season") or (told if told > 1 else season_in(list(found.values.values())))
        room = (int(np.median([len(values) for values in found.values.values()])) - 1) // ROOM
        fits = {"season": season, "horizon": max(1, min(HORIZONS.get(season, season), room))}
        return {name: value for name, value in fits.items() if name not in settings}

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path"})

    def title(self) -> str:
        return self.path.name

    def fingerprint(self) -> str:
        return sha256_of(self._path)

    def observed(self) -> Observed:
        fewest = 3 * self.horizon + 1
        found = self._read(self._path, fewest)
        if not found.values or found.frequency is None:
            raise DataError(
                f"{self._path}: every series is too short: the longest has {found.longest:,} values, and a horizon of "
                f"{self.horizon} needs {fewest:,}; give a shorter horizon{self._hint()}"
            )
        values, names = list(found.values.values()), list(found.values)
        if found.notes.get("constant_series") == len(values):
            raise DataError(f"{self._path}: no series ever moves, so there is nothing to forecast{self._hint()}")
        ends = np.array([len(v) for v in values])
        part, stride = parts(ends, self.horizon, self.stride, self.origins)
        if short := [name for name, length, end in zip(names, part, ends, strict=True) if 2 * length >= end]:
            least = int(2 * part.max()) + 1
            raise DataError(
                f"{self._path}: {self.origins:,} origins in the validation part and in the test part need "
                f"{least:,} values, more than series {shown(short[0])} has; ask for fewer with --origins"
            )
        found.count("series", len(values))
        latest = np.array([places[-1] for places in found.places.values()])
        found.count("series_that_end_before_others", int((latest < latest.max()).sum()))
        tests = ends - part
        season, first = self.season or found.frequency[0].season, int((tests - part).max())
        if season > 1 and season >= first:  # no past has a seasonal change, so MASE would have no scale
            if self.season:
                raise DataError(
                    f"{self._path}: a season of {season:,} is too long: the longest series has {first:,} values before "
                    "its first forecast; give a shorter one with --season, or --season 1 for none"
                )
            found.notes["usual_season_left_out_since_series_are_short"] = season
            season = 1
        return Observed(values, names, tests, tests - part, tests, ends, found.notes, season, stride, found.reading)

    def read(self, path: Path, encoding: dict[str, Any]) -> Panel:
        """Read a table with the same columns, in the way in which the training data was read.

        Args:
            encoding: `season` of the training data, and `reading`, the options with which it was read.
        """
        found = self.model_copy(update=encoding.get("reading", {}))._read(path, fewest=1)
        if not found.values:
            raise DataError(f"{path} holds no value; give it some")
        return Panel(list(found.values.values()), list(found.values), encoding["season"], found.later(self.horizon))

    @property
    def _path(self) -> Path:
        return self.path.expanduser()

    def _hint(self) -> str:
        return "" if self.layout == "wide" else f"; is {shown(self.id)} the right column? Name another with --id NAME"

    def _read(self, path: Path, fewest: int) -> Series:
        contents = (self._long if self.layout == "long" else self._wide)(path)
        found = Series(contents.times, contents.as_read())
        Spacing(contents.table, self.step, self.missing, fewest).add(contents.rows, found)
        if contents.times.order:
            found.reading["dates"] = contents.times.order
        if contents.values.decimal:
            found.reading["decimal"] = contents.values.decimal
        return found

    def _long(self, path: Path) -> _Contents:
        wanted = {
            self.time: "name the column of the times with --time NAME",
            self.value: "name the column of the values with --value NAME, or say --layout wide if each is a series",
            self.id: "name the column of the series with --id NAME",
        }
        if len(wanted) < 3:
            raise DataError(
                "times, values and series must stand in three columns; name three with --time, --value and --id"
            )
        header = self.header(path, {self.time: wanted[self.time]})
        if set(header) == {self.time, self.value}:
            del wanted[self.id]
        table = self.table(path, wanted, Packed)
        others = [name for name in header if name not in wanted]
        if others and self.others == "refuse":
            more = f" and {len(others) - LISTED:,} more" if len(others) > LISTED else ""
            raise DataError(
                f"{path} has columns beside times, values and series: {', '.join(map(shown, others[:LISTED]))}{more}; "
                "no model here uses exogenous columns: remove them from the file, or say --others drop"
            )
        if others:
            table.notes["columns_left_out"] = len(others)
        columns, table = dict(table.columns), replace(table, columns={})
        times, of = self._times(columns.pop(self.time), table.where)
        values = numbers({self.value: columns.pop(self.value)}, table.where, self.decimal)
        names = distinct(columns[self.id]) if columns else Distinct([path.stem], np.zeros(len(of), np.int32))
        for text, row in zip(names.texts, names.first.tolist(), strict=True):
            if not text.strip():
                raise DataError(f"{table.where(row)}: the column {shown(self.id)} is empty; say which series it is of")
        return _Contents(table, times, values, Rows.long(names, times.stamps, of, values.columns[self.value]))

    def _wide(self, path: Path) -> _Contents:
        cure = "name the column of the times with --time NAME"
        names = [name for name in self.header(path, {self.time: cure}) if name != self.time]
        if not names:
            raise DataError(f"{path} has no column beside the times; a wide table has one for each series")
        table = self.table(path, dict.fromkeys([self.time, *names], cure))
        times, of = self._times(table[self.time], table.where)
        values = numbers({name: table[name] for name in names}, table.where, self.decimal)
        return _Contents(replace(table, columns={}), times, values, Rows.wide(values.columns, times.stamps, of))

    def _times(self, cells: Sequence[str], where: Callable[[int], str]) -> tuple[Times, NDArray[np.integer[Any]]]:
        """Parse the different times of a table; return them, and the number of each row's time."""
        found = distinct(cells)
        first = found.first
        return parse(found.texts, lambda i: where(int(first[i])), self.dates), found.numbers


def parts(lengths: Ids, horizon: int, stride: int | None, origins: int | None) -> tuple[Ids, int]:
    """Return the length of the test part (N,) of each series, and the steps from one origin to the next.

    Where there are `ORIGINS` series or more, intervals come from these, and a test part is a tenth of its
    series, with origins a horizon apart. Where there are fewer, origins are the units. Then a test part is as long as
    `ORIGINS` origins a horizon apart need, but at least a tenth and at most a fifth of its series; if that is too
    short, the origins stand closer, by the median of the series. A part is never shorter than a horizon.

    Args:
        lengths: (N,) number of values of each series.
        stride: steps from one origin to the next; None: as above.
        origins: number of origins in each test part; None: as above.
    """
    few = origins is not None or len(lengths) < ORIGINS
    gaps = (origins or ORIGINS) - 1
    room = int(np.median(lengths)) // LARGEST - horizon
    closer = min(max(room // max(gaps, 1), 1), horizon) if few else horizon
    if origins is not None:
        return np.full(len(lengths), horizon + gaps * (stride or closer)), stride or closer
    longest = lengths // LARGEST if few else lengths // SHARE
    length = np.clip(horizon + gaps * (stride or horizon), lengths // SHARE, longest)
    return np.maximum(length, horizon), stride or closer
