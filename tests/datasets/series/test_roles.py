"""What a table may be is told by its cells; the options that say so are the ones that read it."""

from pathlib import Path

import pytest

from seqbench.datasets.series.roles import columns, proposals


def _table(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


TICKETS = "".join(f"{i},the printer on floor {i} is broken,{('high', 'low')[i % 2]}\n" for i in range(40))
SALES = "".join(f"2024-01-{day:02},{shop},{day * 3}\n" for shop in ("north", "south") for day in range(1, 29))


def test_texts_with_classes_are_told_from_numbers(tmp_path: Path) -> None:
    file = _table(tmp_path, "tickets.csv", f"id,what happened,urgency\n{TICKETS}")
    assert proposals(file) == ["classes of texts, --text 'what happened' --label urgency"]


def test_dates_with_numbers_are_series_and_repeated_dates_need_a_name(tmp_path: Path) -> None:
    file = _table(tmp_path, "sales.csv", f"day,shop,sold\n{SALES}")
    assert proposals(file) == ["series, --time day --value sold --id shop"]
    single = _table(tmp_path, "one.csv", "day,sold\n" + "".join(f"2024-01-{d:02},{d}\n" for d in range(1, 29)))
    assert proposals(single) == ["series, --time day --value sold"]


def test_steps_are_times_too(tmp_path: Path) -> None:
    rows = "".join(f"{step},{shop},{step * 7 % 5}\n" for shop in "ab" for step in range(30))
    assert proposals(_table(tmp_path, "s.csv", f"hour,shop,sold\n{rows}")) == [
        "series, --time hour --value sold --id shop"
    ]


@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", ""), ("a.csv", "only,a,header\n"), ("a.pdf", "x"), ("a.csv", "a\n1\n")]
)
def test_of_other_files_nothing_is_proposed(tmp_path: Path, name: str, text: str) -> None:
    assert proposals(_table(tmp_path, name, text)) == []


def test_the_columns_of_a_table_are_listed_for_a_message(tmp_path: Path) -> None:
    assert columns(_table(tmp_path, "a.csv", "x,y\n1,2\n")) == "'x', 'y'"
    assert columns(_table(tmp_path, "a.pdf", "x")) == ""
