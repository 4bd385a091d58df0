"""Users' own series: a table in the long format, or with one column per series."""

import hashlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.files import read_bytes
from seqbench.datasets.series.base import Notes, Observed, SeriesDataset
from seqbench.datasets.series.stamps import Frequency, Stamp, Uneven, parse, positions
from seqbench.datasets.tables import LISTED, Table, TableOptions, shown
from seqbench.interface import Floats
from seqbench.tasks.forecasts.model import Panel

NOTHING = frozenset({"", "nan", "na", "n/a", "null", "none", "nat", "-"})
"""Contents of cells without a value, in lower case."""
GROUPED = re.compile(r"[+-]?\d+(?:[., \u00a0']\d+)+")
"""Digits with a decimal comma or with separators of thousands."""
SHARE = 10
"""The validation part and the test part are each 1/SHARE of a series, but at least a horizon long."""


class _Cell(NamedTuple):
    stamp: Stamp
    value: float
    """NaN: no value."""
    place: int
    """The line or row of the file, for messages."""


@dataclass
class _Series:
    """The series found so far: values by name, all at one frequency."""

    values: dict[str, Floats] = field(default_factory=dict)
    newest: dict[str, Stamp] = field(default_factory=dict)
    frequency: tuple[Frequency, str] | None = None
    """The frequency, and the name of the series from which it was taken."""
    longest: int = 0
    notes: Notes = field(default_factory=dict)

    def count(self, what: str, number: int = 1) -> None:
        if number:
            self.notes[what] = int(self.notes.get(what, 0)) + number


class SeriesFile(TableOptions, SeriesDataset):
    """A table (CSV, TSV, JSONL, Parquet): one row per time and series (`layout=long`), or per time (`layout=wide`).

    The last tenth of each series is its test part, the tenth before it the validation part; each is at least a horizon
    long. Rows may be in any order. All series have one frequency. Missing values before the first and after the last
    value of a series are cut off. Other gaps are refused, or filled from earlier values only, since interpolation
    would use later values. Series too short for a forecast in each part are left out. Times with an offset are compared
    in UTC. The record counts all of this.
    """

    name: ClassVar[str] = "file"

    path: Path = Field(description="the table")
    horizon: int = Field(ge=1, description="steps ahead, H")
    season: int = Field(
        0, ge=0, description="steps per season; 0: the usual one (24 hours, 7 days, 12 months); 1: no season"
    )
    layout: Literal["long", "wide"] = Field(
        "long", description="long: one row per time and series; wide: each column except that of the times is a series"
    )
    id: str = Field("unique_id", description="column that names the series of each row; not needed for a single series")
    time: str = Field("ds", description="column of the times")
    value: str = Field("y", description="column of the values, in the long layout")
    missing: Literal["refuse", "last", "zero"] = Field(
        "refuse",
        description="what replaces missing values between others: the last value before, or 0; refuse: an error",
    )

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path"})

    def title(self) -> str:
        return self.path.name

    def fingerprint(self) -> str:
        return hashlib.sha256(read_bytes(self._path)).hexdigest()

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
        part = np.maximum(self.horizon, ends // SHARE)
        found.notes["frequency"] = str(found.frequency[0])
        latest = max(found.newest.values(), key=_order)
        found.count("series_that_end_before_others", sum(stamp != latest for stamp in found.newest.values()))
        season = self.season or found.frequency[0].season
        return Observed(values, names, ends - part, ends - 2 * part, ends - part, ends, found.notes, season)

    def read(self, path: Path, encoding: dict[str, Any]) -> Panel:
        """Read a table with the same columns; `encoding["season"]` is the season of the training data."""
        found = self._read(path, fewest=1)
        if not found.values:
            raise DataError(f"{path} holds no value; give it some")
        return Panel(list(found.values.values()), list(found.values), encoding["season"])

    @property
    def _path(self) -> Path:
        return self.path.expanduser()

    def _hint(self) -> str:
        return "" if self.layout == "wide" else f"; is {shown(self.id)} the right column? Name another with --id NAME"

    def _read(self, path: Path, fewest: int) -> _Series:
        found = _Series()
        table, series = (self._long if self.layout == "long" else self._wide)(path)
        found.notes.update(table.notes)
        for name, cells in series.items():
            self._take(table, name, sorted(cells, key=lambda cell: _order(cell.stamp)), fewest, found)
        return found

    def _long(self, path: Path) -> tuple[Table, dict[str, list[_Cell]]]:
        wanted = {
            self.time: "name the column of the times with --time NAME",
            self.value: "name the column of the values with --value NAME, or say layout=wide if each is a series",
            self.id: "name the column of the series with --id NAME",
        }
        if len(wanted) < 3:
            raise DataError(
                "times, values and series must stand in three columns; name three with --time, --value and --id"
            )
        header = self.table(path, {self.time: wanted[self.time]}).header
        if set(header) == {self.time, self.value}:
            del wanted[self.id]
        table = self.table(path, wanted)
        if others := [name for name in header if name not in wanted]:
            more = f" and {len(others) - LISTED:,} more" if len(others) > LISTED else ""
            raise DataError(
                f"{path} has columns beside times, values and series: {', '.join(map(shown, others[:LISTED]))}{more}; "
                "no model here uses exogenous columns, and none is ignored: remove them from the file"
            )
        stamps = parse(table[self.time], table.where)
        names = table.get(self.id) or [path.stem] * len(stamps)
        series: dict[str, list[_Cell]] = {}
        for i, (name, stamp, value) in enumerate(zip(names, stamps, table[self.value], strict=True)):
            if not name.strip():
                raise DataError(f"{table.where(i)}: the column {shown(self.id)} is empty; say which series it is of")
            cell = _Cell(stamp, _number(value, table.where, i, self.value), table.places[i])
            series.setdefault(name.strip(), []).append(cell)
        return table, series

    def _wide(self, path: Path) -> tuple[Table, dict[str, list[_Cell]]]:
        cure = "name the column of the times with --time NAME"
        names = [name for name in self.table(path, {self.time: cure}).header if name != self.time]
        if not names:
            raise DataError(f"{path} has no column beside the times; a wide table has one for each series")
        table = self.table(path, dict.fromkeys([self.time, *names], cure))
        stamps = parse(table[self.time], table.where)
        return table, {
            name: [
                _Cell(stamp, _number(value, table.where, i, name), table.places[i])
                for i, (stamp, value) in enumerate(zip(stamps, table[name], strict=True))
            ]
            for name in names
        }

    def _take(self, table: Table, name: str, cells: Sequence[_Cell], fewest: int, found: _Series) -> None:
        """Add one series, whose cells are ordered by time.

        Raises:
            DataError: a time occurs twice, values are missing, or the steps are uneven or differ from other series.
        """
        found.count("rows", len(cells))
        for one, two in pairwise(cells):
            if one.stamp == two.stamp:
                clock = "; where clocks are set back, write the offset from UTC" if _has_clock(one.stamp) else ""
                raise DataError(
                    f"{table.path}: series {shown(name)} has the time {one.stamp} twice, in {table.unit}s "
                    f"{one.place} and {two.place}; keep one, or add them up{clock}"
                )
        there = [i for i, cell in enumerate(cells) if not math.isnan(cell.value)]
        if not there:
            found.count("left_out_without_values")
            return
        cut = cells[there[0] : there[-1] + 1]
        found.count("rows_before_the_first_value_or_after_the_last", len(cells) - len(cut))
        values = np.array([cut[0].value])
        if len(cut) > 1:
            frequency, values = self._spaced(table, name, cut, found)
        found.longest = max(found.longest, len(values))
        if len(values) < fewest:
            found.count("left_out_too_short")
            return
        if len(cut) > 1:
            first, of = found.frequency or (frequency, name)
            if first != frequency:
                raise DataError(
                    f"{table.path}: series {shown(of)} has a value every {first}, series {shown(name)} every "
                    f"{frequency}; give each frequency a file of its own"
                )
            found.frequency = first, of
        found.count("constant_series", int(values.min() == values.max()))
        found.values[name], found.newest[name] = values, cut[-1].stamp

    def _spaced(self, table: Table, name: str, cells: Sequence[_Cell], found: _Series) -> tuple[Frequency, Floats]:
        try:
            frequency, places = positions([cell.stamp for cell in cells])
        except Uneven as error:
            steps = [cells[i].place for i in (error.before_smallest, error.before_other)]
            raise DataError(
                f"{table.path}: series {shown(name)} has no equal steps: {error.smallest} after {table.unit} "
                f"{steps[0]}, {error.other} after {table.unit} {steps[1]}; bring it to one frequency"
            ) from None
        length, given = int(places[-1]) + 1, np.array([cell.value for cell in cells])
        known = ~np.isnan(given)
        absent = length - int(known.sum())
        if 2 * absent > length:
            raise DataError(
                f"{table.path}: series {shown(name)} has no value at {absent:,} of its {length:,} steps of "
                f"{frequency}; if it mixes frequencies, bring it to one"
            )
        if absent and self.missing == "refuse":
            before = np.flatnonzero(np.diff(places[known]) > 1)[0]
            place = [cell.place for cell in cells if not math.isnan(cell.value)][before]
            raise DataError(
                f"{table.path}: series {shown(name)} has no value at {absent:,} of its {length:,} steps of "
                f"{frequency}, first after {table.unit} {place}; fill them in, or say missing=last or missing=zero"
            )
        found.count("values_filled", absent)
        values = np.full(length, np.nan)
        values[places] = given
        gaps = np.isnan(values)
        latest = np.maximum.accumulate(np.where(gaps, 0, np.arange(length)))
        return frequency, np.where(gaps, 0.0, values) if self.missing == "zero" else values[latest]


def _order(stamp: Stamp) -> Any:
    """Return a key for sorting; the keys of a table are all numbers or all times."""
    return stamp


def _has_clock(stamp: Stamp) -> bool:
    return not isinstance(stamp, int) and (stamp.hour, stamp.minute) != (0, 0)


def _number(text: str, where: Callable[[int], str], row: int, column: str) -> float:
    if text.strip().lower() in NOTHING:
        return math.nan
    try:
        value = float(text) if "_" not in text else None
    except ValueError:
        value = None
    if value is None:
        cure = (
            "write 1234.5, with a decimal point and no other separator"
            if GROUPED.fullmatch(text.strip())
            else "leave the cell empty if there is no value"
        )
        raise DataError(f"{where(row)}: the column {shown(column)} holds {shown(text)}, which is no number; {cure}")
    if math.isinf(value):
        raise DataError(f"{where(row)}: the column {shown(column)} holds {shown(text)}; a value must be finite")
    return value
