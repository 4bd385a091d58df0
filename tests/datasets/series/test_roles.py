"""What a table may be is told by its cells; the options that say so are the ones that read it."""

from pathlib import Path

import pytest

from seqbench.data import DataError
from seqbench.datasets.series.roles import listed, proposals


def _table(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


TICKETS = "".join(f"{i},the printer on floor {i} is broken,{('high', 'low')[i % 2]}\n" for i in range(40))
SALES = "".join(f"2024-01-{day:02},{shop},{day * 3}\n" for shop in ("north", "south") for day in range(1, 29))


def test_texts_with_classes_are_told_from_numbers(tmp_path: Path) -> None:
    file = _table(tmp_path, "tickets.csv", f"id,what happened,urgency\n{TICKETS}")
    assert proposals(file, {})[1] == ["classes of texts, --text 'what happened' --label urgency"]


def test_dates_with_numbers_are_series_and_repeated_dates_need_a_name(tmp_path: Path) -> None:
    file = _table(tmp_path, "sales.csv", f"day,shop,sold\n{SALES}")
    assert proposals(file, {})[1] == ["series, --time day --value sold --id shop"]
    single = _table(tmp_path, "one.csv", "day,sold\n" + "".join(f"2024-01-{d:02},{d}\n" for d in range(1, 29)))
    assert proposals(single, {})[1] == ["series, --time day --value sold"]


def test_steps_are_times_too(tmp_path: Path) -> None:
    rows = "".join(f"{step},{shop},{step * 7 % 5}\n" for shop in "ab" for step in range(30))
    assert proposals(_table(tmp_path, "s.csv", f"hour,shop,sold\n{rows}"), {})[1] == [
        "series, --time hour --value sold --id shop"
    ]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "only,a,header\n", "a header and no rows"),
        ("a.csv", "x,x\n1,2\n", "two columns"),
        ("a.csv", "x,y\n1,2\n3\n", "line 3"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        proposals(_table(tmp_path, name, text), {})


def test_a_table_with_semicolons_and_decimal_commas_is_read(tmp_path: Path) -> None:
    rows = "".join(f"{day:02}.01.2024;{day},5\n" for day in range(1, 29))
    file = _table(tmp_path, "semi.csv", f"Datum;Wert\n{rows}")
    assert proposals(file, {}) == (["Datum", "Wert"], ["series, --time Datum --value Wert"])


def test_a_row_number_beside_classes_is_no_time_and_names_that_begin_with_a_hyphen_are_joined(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i * 7 % 5},{'ab'[i % 2]}\n" for i in range(40))
    assert proposals(_table(tmp_path, "t.csv", f"id,x,class\n{rows}"), {})[1] == []
    file = _table(tmp_path, "u.csv", f"id,-t,--label\n{TICKETS}")
    assert proposals(file, {})[1] == ["classes of texts, --text=-t --label=--label"]


def test_the_columns_of_a_table_are_listed_for_a_message() -> None:
    assert listed(["x", "y"]) == "'x', 'y'"
