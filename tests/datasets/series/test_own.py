"""Your own series: every form is read as the same series, and what makes no data set is told in one line."""

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from seqbench.data import DataError
from seqbench.datasets.series.own import SeriesFile
from seqbench.tasks.forecasts.data import SeriesData

Row = tuple[str, ...]
LONG = ("unique_id", "ds", "y")


def days(name: str, length: int = 40, step: timedelta = timedelta(days=1), start: str = "2024-01-01") -> list[Row]:
    """Rows of one series, whose values are 0.5, 1.5, …"""
    first = datetime.fromisoformat(start)
    return [(name, str(first + i * step), str(i + 0.5)) for i in range(length)]


ROWS = days("a") + days("b", 30)


def table(rows: Sequence[Row], header: Row = LONG, delimiter: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return file.getvalue()


def load(path: Path, **options: Any) -> SeriesData:
    return SeriesFile(path=path, **({"horizon": 3} | options)).load()


def from_rows(tmp_path: Path, rows: Sequence[Row], header: Row = LONG, **options: Any) -> SeriesData:
    (tmp_path / "a.csv").write_text(table(rows, header))
    return load(tmp_path / "a.csv", **options)


def found(data: SeriesData) -> dict[str, list[float]]:
    return {name: v.tolist() for name, v in zip(data.series.names, data.series.values, strict=True)}


WANTED = {"a": [i + 0.5 for i in range(40)], "b": [i + 0.5 for i in range(30)]}


def test_every_form_holds_the_same_series(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(ROWS))
    (tmp_path / "a.tsv").write_text(table(ROWS, delimiter="\t"))
    (tmp_path / "b.csv").write_text(table(ROWS, delimiter=";"))
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({"y": float(y), "ds": ds, "unique_id": name}) + "\n" for name, ds, y in ROWS)
    )
    b = {ds: y for name, ds, y in ROWS if name == "b"}
    wide = [(ds, y, b.get(ds, "")) for name, ds, y in ROWS if name == "a"]
    (tmp_path / "wide.csv").write_text(table(wide, ("ds", "a", "b")))
    for name in ("a.csv", "a.tsv", "b.csv", "a.jsonl", "wide.csv"):
        data = load(tmp_path / name, layout="wide" if name == "wide.csv" else "long")
        assert found(data) == WANTED
        assert data.notes["frequency"] == "1 day"
        assert (data.season, data.horizon, data.notes["series_that_end_before_others"]) == (7, 3, 1)


def test_parquet_holds_the_same_series(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame(ROWS, columns=LONG).astype({"y": float})
    frame.assign(ds=pandas.to_datetime(frame["ds"])).to_parquet(tmp_path / "long.parquet")
    assert found(load(tmp_path / "long.parquet")) == WANTED
    frame.pivot(index="ds", columns="unique_id", values="y").reset_index().to_parquet(tmp_path / "wide.parquet")
    assert found(load(tmp_path / "wide.parquet", layout="wide")) == WANTED


def test_the_index_of_pandas_is_no_series_and_how_the_file_was_read_is_noted(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame([(ds, float(y)) for _, ds, y in days("a")], columns=["ds", "sales"])
    frame.index = pandas.Index(frame.index.to_list()[::-1])
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", sep=";", encoding="utf-16")
    unnamed = "the first column, which has no name"
    for name, notes in (
        ("a.parquet", {"ignored_index": "__index_level_0__"}),
        ("a.csv", {"ignored_index": unnamed, "separator": "semicolon", "encoding": "utf-16"}),
    ):
        data = load(tmp_path / name, layout="wide")
        assert list(data.series.names) == ["sales"]
        assert notes.items() <= data.notes.items()


def test_messages_name_the_lines_of_the_file_behind_blank_and_quoted_ones(tmp_path: Path) -> None:
    lines = table(days("a")).splitlines()
    lines[3:5] = ["", lines[3].replace("a,", '"a\n",', 1), lines[4].replace("a,", "a,x", 1)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"a.csv, line 7: 'x2024-01-04.*' is no time"):
        load(tmp_path / "a.csv")


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_may_stand_in_any_order(tmp_path: Path, seed: int) -> None:
    assert found(from_rows(tmp_path, random.Random(seed).sample(ROWS, len(ROWS)))) == WANTED


def test_a_single_series_needs_no_name_and_columns_may_be_called_otherwise(tmp_path: Path) -> None:
    rows = [(y, ds) for _, ds, y in days("a")]
    data = from_rows(tmp_path, rows, ("sales", "when"), time="when", value="sales")
    assert found(data) == {"a": WANTED["a"]}


def test_parts_of_many_series_are_tenths_from_the_end_and_a_horizon_at_least(tmp_path: Path) -> None:
    data = from_rows(tmp_path, [row for n in range(30) for row in days(f"s{n}", 11 if n else 100)], horizon=3)
    assert data.train_ends.tolist() == [90] + [8] * 29
    assert data.test.ends.tolist() == [90, 93, 96] + [8] * 29
    assert data.valid.ends.tolist() == [80, 83, 86] + [5] * 29
    assert [len(v) for v in data.before(data.valid).values] == [80] + [5] * 29


@pytest.mark.parametrize(
    ("length", "horizon", "part", "stride", "origins"),
    [
        (400, 14, 80, 2, 34),
        (400, 28, 80, 1, 53),
        (730, 7, 146, 4, 35),
        (3000, 14, 420, 14, 30),
        (10_000, 24, 1000, 24, 41),
        (13, 3, 3, 1, 1),
    ],
)
def test_a_single_series_gets_about_thirty_origins_if_it_bears_them(
    tmp_path: Path, length: int, horizon: int, part: int, stride: int, origins: int
) -> None:
    data = from_rows(tmp_path, days("a", length), horizon=horizon)
    assert length - data.train_ends[0] == part
    assert len(data.test) == len(data.valid) == origins
    assert set(np.diff(data.test.ends).tolist()) <= {stride}


def test_the_number_of_origins_may_be_named(tmp_path: Path) -> None:
    for more, steps in (({}, 1), ({"stride": 2}, 2)):
        data = from_rows(tmp_path, days("a", 60) + days("b", 50), origins=10, **more)
        assert data.test.ends.tolist() == [*range(57 - 9 * steps, 58, steps), *range(47 - 9 * steps, 48, steps)]
    with pytest.raises(DataError, match=r"20 origins in the .* need 45 values, more than series 'a' has; .*--origins"):
        from_rows(tmp_path, days("a"), origins=20)


def test_the_season_is_the_usual_one_unless_it_is_given(tmp_path: Path) -> None:
    hours = days("a", 60, timedelta(hours=1))
    assert from_rows(tmp_path, hours).season == 24
    assert from_rows(tmp_path, hours, season=5).season == 5
    assert from_rows(tmp_path, hours, season=1).season == 1
    assert from_rows(tmp_path, [("a", str(i), str(i % 3)) for i in range(30)]).season == 1


def test_a_season_that_no_past_reaches_is_left_out_or_refused(tmp_path: Path) -> None:
    months = [("a", f"{2023 + m // 12}-{m % 12 + 1:02}", str(m % 5)) for m in range(13)]
    data = from_rows(tmp_path, months)
    assert data.season == 1
    assert data.notes["usual_season_left_out_since_series_are_short"] == 12
    assert (data.yardstick("valid").scale > 0).all()
    with pytest.raises(DataError, match=r"a season of 12 is too long: .* has 7 values before .* --season 1 for none"):
        from_rows(tmp_path, months, season=12)


def test_gaps_are_filled_on_demand_from_what_came_before(tmp_path: Path) -> None:
    rows = [row if i not in (5, 6) else (*row[:2], "NaN") for i, row in enumerate(days("a")) if i not in (20, 30, 31)]
    last, zero = (found(from_rows(tmp_path, rows, missing=how))["a"] for how in ("last", "zero"))
    assert [last[i] for i in (5, 6, 20, 30, 31)] == [4.5, 4.5, 19.5, 29.5, 29.5]
    assert [zero[i] for i in (5, 6, 20, 30, 31)] == [0] * 5
    kept = [i for i in range(40) if i not in (5, 6, 20, 30, 31)]
    assert [last[i] for i in kept] == [zero[i] for i in kept] == [i + 0.5 for i in kept]
    data = from_rows(tmp_path, rows, missing="last")
    assert (data.notes["values_filled"], data.reading["missing"]) == (5, "last")


RARE = [row for i, row in enumerate(days("a", 60)) if i % 7 in (0, 3, 5)] + [
    row for i, row in enumerate(days("b", 60)) if i % 7 in (1, 2, 4)
]


def test_where_gaps_are_zeros_series_with_rare_rows_have_the_step_of_all(tmp_path: Path) -> None:
    data = from_rows(tmp_path, RARE, missing="zero")
    assert data.notes["frequency"] == "1 day"
    assert found(data)["a"] == [i + 0.5 if i % 7 in (0, 3, 5) else 0 for i in range(60)]
    assert found(data)["b"] == [i + 0.5 if i % 7 in (1, 2, 4) else 0 for i in range(1, 59)]


def test_the_step_may_be_named(tmp_path: Path) -> None:
    saturdays = days("a", 30, timedelta(days=7))
    weekly = from_rows(tmp_path, saturdays, missing="zero")
    daily = from_rows(tmp_path, saturdays, missing="zero", step="day")
    assert (weekly.notes["frequency"], daily.notes["frequency"]) == ("7 days", "1 day")
    assert found(daily)["a"] == [i / 7 + 0.5 if i % 7 == 0 else 0 for i in range(7 * 29 + 1)]
    months = [("a", f"{2020 + m // 12}-{m % 12 + 1:02}-{10 + m % 5}", str(m + 0.5)) for m in range(40)]
    assert found(from_rows(tmp_path, months, step="month"))["a"] == [m + 0.5 for m in range(40)]


def test_decimal_commas_thousands_epochs_and_days_first_are_read_and_recorded(tmp_path: Path) -> None:
    rows = [("a", f"{1_700_000_000 + 3600 * i}", f"{'1.' if i > 3 else ''}{200 + i},5") for i in range(40)]
    data = from_rows(tmp_path, rows)
    assert found(data)["a"] == [200.5 + i + 1000 * (i > 3) for i in range(40)]
    notes = {
        "times_read_as": "seconds since 1970, UTC",
        "decimal_mark": "comma",
        "values_with_separators_of_thousands": 36,
        "frequency": "1 hour",
    }
    assert notes.items() <= data.notes.items()
    turned = [(name, f"{ds[8:10]}.{ds[5:7]}.{ds[:4]}", y) for name, ds, y in days("a")]
    data = from_rows(tmp_path, turned)
    assert found(data)["a"] == WANTED["a"]
    assert data.notes["times_read_as"] == "day-first"


def test_new_data_is_read_as_the_training_data_was(tmp_path: Path) -> None:
    data = from_rows(tmp_path, [("a", f"{d:02}/01/2024", f"{d},15") for d in range(1, 31)])
    assert data.reading == {"step": "1 day", "dates": "day-first", "decimal": "comma"}
    (tmp_path / "new.csv").write_text(table([("a", "03/02/2024", "1,100"), ("a", "04/02/2024", "1,200")]))
    panel = SeriesFile(path=tmp_path / "a.csv", horizon=3).read(
        tmp_path / "new.csv", {"season": 7, "reading": data.reading}
    )
    assert panel.values[0].tolist() == [1.1, 1.2]


@pytest.mark.parametrize(
    ("times", "later"),
    [
        (["2024-01-31", "2024-02-29", "2024-03-31"], ["2024-04-30", "2024-05-31", "2024-06-30"]),
        (["2024-10", "2024-11"], ["2024-12", "2025-01", "2025-02"]),
        ([f"2024-05-{d:02}" for d in (6, 7, 8, 9, 10)], ["2024-05-13", "2024-05-14", "2024-05-15"]),
        (["2024-05-06 22:00:00", "2024-05-06 23:00:00"], [f"2024-05-07 0{h}:00:00" for h in range(3)]),
        (["1700000000", "1700000060"], ["1700000120", "1700000180", "1700000240"]),
        (["31.12.2024 9:00", "31.12.2024 10:00"], [f"31.12.2024 1{h}:00" for h in (1, 2, 3)]),
        (["12/31/2024 21:00", "12/31/2024 22:00"], ["12/31/2024 23:00", "01/01/2025 00:00", "01/01/2025 01:00"]),
        (["2024-05-06T22:00Z", "2024-05-06T23:00Z"], [f"2024-05-07T0{h}:00+00:00" for h in range(3)]),
        (["30.12.2024", "31.12.2024"], ["01.01.2025", "02.01.2025", "03.01.2025"]),
        (["30/12/2024", "31/12/2024"], ["01/01/2025", "02/01/2025", "03/01/2025"]),
        (["7", "9"], ["11", "13", "15"]),
    ],
)
def test_the_times_of_a_file_go_on_at_its_frequency_and_in_its_form(
    tmp_path: Path, times: list[str], later: list[str]
) -> None:
    (tmp_path / "new.csv").write_text(table([(ds, str(i)) for i, ds in enumerate(times)], ("ds", "y")))
    panel = SeriesFile(path=tmp_path / "old.csv", horizon=3).read(tmp_path / "new.csv", {"season": 1})
    assert panel.later == [later]


def test_one_row_goes_on_at_the_frequency_of_the_training_data(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(table([("2024-05-31", "1")], ("ds", "y")))
    old = SeriesFile(path=tmp_path / "old.csv", horizon=2)
    assert old.read(tmp_path / "new.csv", {"season": 1}).later is None
    days = {"season": 5, "reading": {"step": "1 weekday"}}
    assert old.read(tmp_path / "new.csv", days).later == [["2024-06-03", "2024-06-04"]]
    (tmp_path / "new.csv").write_text(table([("2024-06-01", "1")], ("ds", "y")))
    with pytest.raises(DataError, match=r"in line 2, 2024-06-01 00:00:00 is not among the steps of 1 weekday"):
        old.read(tmp_path / "new.csv", days)


@pytest.mark.parametrize("cut", [15, 25, 39])
@pytest.mark.parametrize("how", ["last", "zero"])
def test_what_is_filled_does_not_depend_on_what_came_later(tmp_path: Path, cut: int, how: str) -> None:
    rows = [row for i, row in enumerate(days("a")) if i not in (5, 6, 12, 20, 21)]
    early = [row for row in rows if row[1] < days("a")[cut][1]]
    whole, part = (found(from_rows(tmp_path, some, missing=how, horizon=1))["a"] for some in (rows, early))
    assert whole[: len(part)] == part


def test_series_begin_and_end_where_they_have_values(tmp_path: Path) -> None:
    rows = [row if 4 <= i < 35 else (*row[:2], "") for i, row in enumerate(days("a"))] + [
        ("none", ds, "nan") for _, ds, _ in days("x")
    ]
    data = from_rows(tmp_path, rows)
    assert found(data) == {"a": WANTED["a"][4:35]}
    assert data.notes["rows_before_the_first_value_or_after_the_last"] == 9
    assert data.notes["left_out_without_values"] == 1


def test_short_and_constant_series_are_counted(tmp_path: Path) -> None:
    still = [("still", ds, "7") for _, ds, _ in days("x")]
    data = from_rows(tmp_path, ROWS + still + days("short", 9) + days("enough", 10) + [("one", "2024-01-01", "1")])
    assert data.series.names == ["a", "b", "still", "enough"]
    assert (data.notes["left_out_too_short"], data.notes["constant_series"], data.notes["rows"]) == (2, 1, 130)


def test_times_with_offsets_are_even_where_the_clocks_change(tmp_path: Path) -> None:
    start = datetime.fromisoformat("2024-03-30T00:00:00+01:00")
    zones = [timedelta(hours=1), timedelta(hours=2)]
    rows = []
    for i in range(50):
        local = start + timedelta(hours=i)
        offset = zones[i >= 26]
        clock = (local.replace(tzinfo=None) + offset - zones[0]).isoformat(" ")
        rows.append(("a", f"{clock}+0{offset.seconds // 3600}:00", str(i + 0.5)))
    assert rows[25][1][11:] == "01:00:00+01:00"
    assert rows[26][1][11:] == "03:00:00+02:00"
    assert found(from_rows(tmp_path, rows))["a"] == [i + 0.5 for i in range(50)]
    with pytest.raises(DataError, match="no value at 1 of its 51 steps of 1 hour, first after line 27"):
        from_rows(tmp_path, [(name, ds[:-6], y) for name, ds, y in rows])


def test_new_series_are_read_whole_and_may_be_short(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(table([*days("new", 4), ("one", "2024-01-01", "5")]))
    panel = SeriesFile(path=tmp_path / "old.csv", horizon=3).read(tmp_path / "new.csv", {"season": 7})
    assert [v.tolist() for v in panel.values] == [[0.5, 1.5, 2.5, 3.5], [5]]
    assert (panel.names, panel.season) == (["new", "one"], 7)
    (tmp_path / "none.csv").write_text(table([("one", "2024-01-01", "")]))
    with pytest.raises(DataError, match=r"none.csv holds no value; give it some"):
        SeriesFile(path=tmp_path / "old.csv", horizon=3).read(tmp_path / "none.csv", {"season": 7})


def test_the_fingerprint_is_of_the_bytes_and_the_identity_forgets_the_place(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(table(ROWS))
    a, b = (SeriesFile(path=tmp_path / name, horizon=3) for name in ("a.csv", "b.csv"))
    assert (a.fingerprint(), a.identity()) == (b.fingerprint(), b.identity())
    assert a.identity() != SeriesFile(path=tmp_path / "a.csv", horizon=4).identity()
    (tmp_path / "b.csv").write_text(table(ROWS[1:]))
    assert a.fingerprint() != b.fingerprint()


def test_a_horizon_must_be_given() -> None:
    with pytest.raises(ValidationError, match="horizon"):
        SeriesFile(path=Path("a.csv"))


def _file(name: str, data: str | bytes) -> Callable[[Path], Path]:
    def make(tmp_path: Path) -> Path:
        (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return tmp_path / name

    return make


def _rows(rows: Sequence[Row], header: Row = LONG) -> Callable[[Path], Path]:
    return _file("a.csv", table(rows, header))


def _with(row: int, column: int, cell: str) -> Callable[[Path], Path]:
    """A good table but for one cell."""
    rows = [list(each) for each in ROWS]
    rows[row][column] = cell
    return _rows([tuple(each) for each in rows])


WIDE = [(ds, y, y) for _, ds, y in days("a")]
HOURS = days("a", 30, timedelta(hours=1))
MALFORMED: dict[str, tuple[Callable[[Path], Path], dict[str, Any], str]] = {
    "no file": (lambda tmp: tmp / "none.csv", {}, "there is no file or folder .*none.csv"),
    "a folder": (lambda tmp: tmp, {}, "is a folder; name a file in it"),
    "an empty file": (_file("a.csv", ""), {}, "a.csv is empty"),
    "a header alone": (_rows([]), {}, "has a header and no rows"),
    "a spreadsheet": (_file("a.xlsx", "x"), {}, "ends in .xlsx; a table ends in .csv"),
    "another encoding": (_file("a.csv", table(ROWS).encode() + b"\xe9,,"), {}, "is not UTF-8: line 72, byte 0xe9"),
    "no JSON": (_file("a.jsonl", "{'ds': 1}\n"), {}, "line 1 is no JSON"),
    "no Parquet": (_file("a.parquet", "PAR1"), {}, "is no Parquet file, or a damaged one"),
    "a row too short": (_file("a.csv", table(ROWS) + "a,2024-01-01\n"), {}, "line 72: 2 cells where the header has 3"),
    "no column of times": (_rows(ROWS, ("unique_id", "date", "y")), {}, "no column 'ds'; .*times with --time NAME"),
    "no column of values": (
        _rows(ROWS, ("unique_id", "ds", "sales")),
        {},
        "no column 'y'; .*with --value NAME, or say --layout wide",
    ),
    "no column of series": (_rows(ROWS, ("shop", "ds", "y")), {}, "no column 'unique_id'; .*series with --id NAME"),
    "one column for two": (_rows(ROWS), {"value": "ds"}, "stand in three columns; name three with --time, --value and"),
    "an exogenous column": (
        _rows([(*row, "9.9") for row in ROWS], (*LONG, "price")),
        {},
        "columns beside times, values and series: 'price'; no model here uses exogenous columns: remove them",
    ),
    "thirty exogenous columns": (
        _rows([(*row, *"1" * 30) for row in ROWS], (*LONG, *(f"x{i}" for i in range(30)))),
        {},
        "'x0', 'x1', .*'x19' and 10 more; no model here uses exogenous columns",
    ),
    "exogenous keys of some lines": (
        _file("a.jsonl", '{"ds": 1, "y": 2}\n{"ds": 2, "y": 3, "promo": 1}\n'),
        {},
        "no column 'unique_id'; it has: 'ds', 'y', 'promo'",
    ),
    "text for a value": (
        _with(4, 2, "high"),
        {},
        "line 6.*the column 'y' holds 'high', which is no number; leave the cell",
    ),
    "a decimal comma": (_with(4, 2, "3,5"), {}, "line 6.*'3,5', which is no number; write 1234.5"),
    "a comma of two readings": (
        _rows([(name, ds, f"1,{i + 100}") for i, (name, ds, _) in enumerate(days("a"))]),
        {},
        "line 2.*'1,100', whose comma may stand before decimals or .*say --decimal comma or --decimal point",
    ),
    "a decimal point where there are commas": (_rows(ROWS), {"decimal": "comma"}, "line 2.*'0.5', .* decimal comma"),
    "a date of any reading": (
        _rows([("a", f"{d}/{d + 1}/2024", "1") for d in range(1, 12)]),
        {},
        "line 2.*'1/2/2024' may begin with the day or the month, .*say --dates day-first or --dates month-first",
    ),
    "a weekend among business days": (
        _rows(ROWS),
        {"step": "business-day"},
        "series 'a' has no equal steps: in line 7, 2024-01-06 00:00:00 is not among the steps of 1 weekday",
    ),
    "steps of months that are days": (
        _rows(ROWS),
        {"step": "month"},
        "in line 3, the time lies in the same step of 1 month as",
    ),
    "a step that is too long": (
        _rows(ROWS),
        {"step": "2 days"},
        "in line 3, the time comes 1 day after .*, not a multiple of",
    ),
    "a step of time for numbers": (
        _rows([("a", str(i), str(i)) for i in range(30)]),
        {"step": "day"},
        "in line 2, the number 0 has no steps of 1 second",
    ),
    "an infinite value": (_with(4, 2, "-inf"), {}, "line 6.*holds '-inf'; a value must be finite"),
    "a value too large": (_with(4, 2, "1e999"), {}, "line 6.*holds '1e999'; a value must be finite"),
    "NaN between values": (
        _with(4, 2, "NaN"),
        {},
        "series 'a' has no value at 1 of its 40 steps of 1 day, first after",
    ),
    "a gap in time": (
        _rows(ROWS[:10] + ROWS[12:]),
        {},
        "series 'a' has no value at 2 of its 40 steps of 1 day, first after line 11.*--missing last or --missing zero",
    ),
    "a missing holiday": (
        _rows([row for i, row in enumerate(days("a", 60)) if i % 7 < 5 and i != 15]),
        {},
        "no value at 1 of its [0-9]+ steps of 1 weekday",
    ),
    "a time twice": (
        _rows([*ROWS, ROWS[3]]),
        {},
        r"series 'a' has the time 2024-01-04 00:00:00 twice, in lines 5 and 72; keep one, or add them up$",
    ),
    "an hour twice": (
        _rows([*HOURS[:3], HOURS[2], *HOURS[3:]]),
        {},
        "02:00:00 twice, .*where clocks are set back, write the offset from UTC",
    ),
    "an empty time": (_with(4, 1, ""), {}, "line 6.*has no time; write 2024-03-31"),
    "an empty series": (_with(4, 0, " "), {}, "line 6.*the column 'unique_id' is empty; say which series it is of"),
    "a time that is none": (_with(4, 1, "tomorrow"), {}, "line 6.*'tomorrow' is no time; write 2024-03-31"),
    "a date of two readings": (_with(4, 1, "3/4/2024"), {}, "line 6.*'3/4/2024' is no time; write 2024-03-31"),
    "a day that is not": (_with(4, 1, "2024-02-30"), {}, "line 6.*'2024-02-30' is no time"),
    "a number among times": (_with(4, 1, "5"), {}, "line 6.*'5' is a number, the first row has a time; keep to one"),
    "an offset among none": (
        _with(4, 1, "2024-01-05 00:00+02:00"),
        {},
        "line 6.*has an offset from UTC, the first row",
    ),
    "uneven steps": (
        _rows([("a", str(datetime(2024, 1, 1) + timedelta(minutes=i * i)), str(i)) for i in range(1, 30)]),
        {},
        "series 'a' has no equal steps: 3 minutes after line 2, 5 minutes after line 3; bring it to one frequency",
    ),
    "two frequencies in a series": (
        _rows(days("a", 10, start="2023-12-22") + days("a", 20, timedelta(days=7), "2024-01-01")),
        {"missing": "zero"},
        "series 'a' has no value at 114 of 144 steps of 1 day; if the file mixes frequencies, bring it .* --step day",
    ),
    "two frequencies of series": (
        _rows(days("a") + days("b", 40, timedelta(hours=1))),
        {},
        "series 'a' has a value every 1 day, series 'b' every 1 hour; give each frequency a file",
    ),
    "months and days": (
        _rows([("m", f"2024-{m:02}-01", str(m)) for m in range(1, 13)] + days("a")),
        {},
        "series 'm' has a value every 1 month, unlike other series; give each frequency a file .*--step",
    ),
    "hours beside days where gaps are zeros": (
        _rows(days("a") + days("b", 900, timedelta(hours=1))),
        {"missing": "zero"},
        "series 'a' has a value every 1 day, unlike other series; give each frequency a file .*--step",
    ),
    "series too short": (
        _rows(ROWS),
        {"horizon": 14},
        "every series is too short: the longest has 40 values, and a horizon of 14 needs 43; give a shorter horizon",
    ),
    "a name for each row": (
        _rows([(f"{name}{i}", ds, y) for i, (name, ds, y) in enumerate(ROWS)]),
        {},
        "the longest has 1 values, .*is 'unique_id' the right column\\? Name another with --id NAME",
    ),
    "no value at all": (
        _rows([(name, ds, "") for name, ds, _ in ROWS]),
        {},
        "every series is too short: the longest has 0",
    ),
    "series that never move": (
        _rows([(name, ds, "5") for name, ds, _ in ROWS]),
        {},
        "no series ever moves, so there is",
    ),
    "a wide table of times alone": (
        _rows([(ds,) for _, ds, _ in ROWS], ("ds",)),
        {"layout": "wide"},
        "has no column beside the times; a wide table has one for each series",
    ),
    "a long table as a wide one": (
        _rows(days("a")),
        {"layout": "wide"},
        "line 2: the column 'unique_id' holds 'a', which is no number",
    ),
    "a wide table as a long one": (_rows(WIDE, ("ds", "a", "b")), {}, "no column 'y'; .*or say --layout wide"),
    "two wide columns of one name": (
        _rows(WIDE, ("ds", "a", "a")),
        {"layout": "wide"},
        "two columns are called 'a'; rename one of them",
    ),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_what_makes_no_data_set_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    make, options, words = MALFORMED[kind]
    with pytest.raises(DataError, match=words) as told:
        load(make(tmp_path), **options)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 500


@given(
    st.binary(max_size=200)
    | st.text(alphabet="ab,0123456789.-:TZ \n\"'", max_size=200).map(lambda s: ("ds,y\n" + s).encode())
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_the_fault_is_told_as_one_of_the_data(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    told = ""
    try:
        assert np.isfinite(load(tmp_path / "a.csv", horizon=1).series.values[0]).all()
    except DataError as error:
        told = str(error)
    assert "\n" not in told
