"""Rows of a table as a few arrays: in any order, and beside a reading series by series."""

import tracemalloc
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.data import DataError
from seqbench.datasets import file_text, packed
from seqbench.datasets.series.own import SeriesFile
from seqbench.datasets.series.rows import Distinct, Rows, distinct
from seqbench.datasets.series.stamps import Calendar, unit_of
from seqbench.runs import contents
from seqbench.tasks import task

DAY = datetime(2024, 1, 1)


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_different_texts_are_numbered_in_the_order_in_which_they_occur(cells: list[str]) -> None:
    found = distinct(cells)
    assert [found.texts[number] for number in found.numbers] == cells
    assert found.texts == list(dict.fromkeys(cells))
    assert found.first.tolist() == [cells.index(text) for text in found.texts]


@given(st.lists(st.tuples(st.sampled_from(["a", " a", "b", "c"]), st.integers(0, 9), st.floats(0, 9)), min_size=1))
def test_rows_are_those_of_each_series_by_time(rows: list[tuple[str, int, float]]) -> None:
    names = distinct([name for name, _, _ in rows])
    found = Rows.long(names, range(9, -1, -1), np.array([9 - t for _, t, _ in rows]), np.array([v for *_, v in rows]))
    grouped: dict[str, list[tuple[int, int]]] = {}
    for i, (name, t, _) in enumerate(rows):
        grouped.setdefault(name.strip(), []).append((t, i))
    assert found.names == list(grouped)
    wanted = [sorted(own) for own in grouped.values()]
    assert found.rows.tolist() == [i for own in wanted for _, i in own]
    assert found.calendar.lengths.tolist() == list(map(len, wanted))
    again = [(n, a[1]) for n, own in enumerate(wanted) for a, b in pairwise(own) if a[0] == b[0]]
    told = found.twice()
    assert (told and (told[0], int(found.rows[told[1]]))) == (again[0] if again else None)


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=6), min_size=1, max_size=5))
def test_what_lies_before_the_first_and_after_the_last_value_is_cut_off(known: list[list[bool]]) -> None:
    names = [str(n) for n, own in enumerate(known) for _ in own]
    times = np.array([t for own in known for t in range(len(own))])
    values = np.array([1.0 if there else np.nan for own in known for there in own])
    stamps = range(max(map(len, known)))
    cut, left = Rows.long(distinct(names), stamps, times, values).within_values()
    spans = [(own.index(True), len(own) - own[::-1].index(True)) if any(own) else (0, 0) for own in known]
    assert left.tolist() == [end - start for start, end in spans]
    assert cut.names == [str(n) for n, own in enumerate(known) if any(own)]
    found = [cut.calendar.stamps[place] for place in cut.calendar.places]
    assert found == [t for start, end in spans for t in range(start, end)]
    assert set(cut.calendar.stamps) == set(found)


@pytest.mark.parametrize(
    ("series", "unit"),
    [
        ([[0, 31, 60], [31, 60]], "month"),  # the first of January, February and March
        ([[0, 31, 60], [30, 59]], "month"),  # and the last of January and February
        ([[0, 31, 60], [31, 61]], "second"),
        ([[0, 31, 60], [0, 30]], "second"),  # twice in January
        ([[0, 1, 2], [3, 4, 7]], "weekday"),
        ([[0, 1, 2], [3, 4, 5]], "second"),
        ([[0], [5]], "second"),
    ],
)
def test_the_unit_is_that_of_all_series_together(series: list[list[int]], unit: str) -> None:
    stamps = [DAY + timedelta(days=day) for day in sorted({day for own in series for day in own})]
    places = np.array([stamps.index(DAY + timedelta(days=day)) for own in series for day in own])
    starts = np.cumsum([0, *map(len, series)])[:-1]
    assert unit_of(Calendar(stamps, places, starts)).unit == unit


def write(path: Path, series: int, length: int, seed: int = 0) -> list[str]:
    """Write series of different starts and lengths, some values missing; return the lines of the rows."""
    rng = np.random.default_rng(seed)
    lines = []
    for n in range(series):
        start, own = int(rng.integers(5)), length - int(rng.integers(5))
        for t in range(start, start + own):
            value = "" if rng.random() < 0.02 else f"{rng.normal():.3f}"
            lines.append(f"s{n},{DAY + timedelta(days=t):%Y-%m-%d},{value}\n")
    path.write_text("unique_id,ds,y\n" + "".join(lines))
    return lines


def loaded(path: Path, **options: Any) -> tuple[list[str], list[list[float]], dict[str, Any]]:
    data = SeriesFile(path=path, horizon=2, missing="last", **options).load()
    return list(data.series.names), [values.tolist() for values in data.series.values], data.notes


@settings(max_examples=10)
@given(st.integers(0, 99), st.sampled_from([1, 7, 64, 1 << 12]))
def test_rows_may_be_in_any_order_and_are_read_in_any_number_of_pieces(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int
) -> None:
    path = tmp_path_factory.mktemp("panel") / "a.csv"
    lines = write(path, 5, 40, seed)
    names, values, notes = loaded(path)
    order = np.random.default_rng(seed).permutation(len(lines)).tolist()
    path.write_text("unique_id,ds,y\n" + "".join(lines[i] for i in order))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_text, "BYTES", 5 * rows)
        patch.setattr(packed, "ROWS", rows)
        other_names, other_values, other_notes = loaded(path)
    assert dict(zip(other_names, other_values, strict=True)) == dict(zip(names, values, strict=True))
    assert other_notes == notes


def test_a_fault_is_told_with_its_line_in_whatever_piece_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = write(tmp_path / "a.csv", 3, 40)
    lines[50] = lines[50].replace(",2024", ",\n2024").replace("s1", '"s1').replace(",\n", '",')
    lines.insert(60, "\n")
    faults = {70: "s1,2024-01-01,x\n", 90: "s9,2024-01-01\n", 95: '"s9"x,2024-01-01,1\n'}
    for number, told in [(95, "a double quote stands where none may"), (90, "2 cells where"), (70, "holds 'x'")]:
        (tmp_path / "a.csv").write_text("unique_id,ds,y\n" + "".join(faults.get(i, own) for i, own in enumerate(lines)))
        for rows in (4, 1000):
            monkeypatch.setattr(file_text, "BYTES", 5 * rows)
            with pytest.raises(DataError, match=f"a.csv, line {number + 2}: .*{told}"):
                loaded(tmp_path / "a.csv")
        del faults[number]


def test_a_panel_takes_a_bounded_multiple_of_its_file_and_lies_in_few_objects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_text, "BYTES", 1 << 16)  # the file is longer than a piece
    write(tmp_path / "a.csv", 1_000, 30)
    size = (tmp_path / "a.csv").stat().st_size
    source = SeriesFile(path=tmp_path / "a.csv", horizon=2, missing="last")
    source.load()  # what is imported now is not counted
    tracemalloc.start()
    data = source.load()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * size  # 20 times as much when each row was a list and a tuple
    kind = task("forecast")
    kind.prepare(data, "test")
    contents.Writer().write(tmp_path / "a.pickle", data)
    files = {file.name: file.stat().st_size for file in tmp_path.iterdir() if file.suffix in (".npy", ".pickle")}
    assert len(files) < 30
    assert sum(files.values()) < 8 * data.series.values.flat.size + 500 * len(data.series)  # type: ignore[attr-defined]


def test_names_and_times_that_are_missing_leave_their_row_for_the_message() -> None:
    assert Distinct(["a", ""], np.array([0, 0, 1, 0, 1])).first.tolist() == [0, 2]
