"""The reader of tables: cells stay as they stand, and everything malformed is told in one line."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqbench.data import DataError
from seqbench.datasets.tables.reading import TableOptions
from seqbench.datasets.tables.table import LONGEST
from seqbench.interface import MissingExtra

WANTED = {"text": "say --text NAME", "label": "say --label NAME"}
CSV = "text,label\none,good\ntwo,bad\n"
QUOTED = CSV.replace("one", '"one"')
JSON = '{"text": "one", "label": "good"}\n{"text": "two", "label": "bad"}\n'


def read(path: Path, data: str | bytes, wanted: dict[str, str] = WANTED, encoding: str = "utf-8") -> Any:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return TableOptions(encoding=encoding).table(path, wanted)


def test_cells_stay_as_they_stand(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", 'id,text,label\n007,NA,1.0\n1,"a\nb, ""c""",TRUE\n\n', {"id": "", **WANTED}) == {
        "id": ["007", "1"],
        "text": ["NA", 'a\nb, "c"'],
        "label": ["1.0", "TRUE"],
    }


def test_values_of_json_stay_as_they_are_written(tmp_path: Path) -> None:
    written = ["7e0", "1.50", "-0", "1e400", "1" * 5000, "Infinity", "true", "false"]
    text = "".join(f'{{"text": {value}}}\n' for value in written)
    assert read(
        tmp_path / "a.jsonl", text + '\n{"text": null}\n{"text": NaN}\n{"text": "\\u00e9\\n"}', {"text": ""}
    ) == {"text": [*written, "", "", "é\n"]}


def test_the_keys_of_json_lines_may_differ_where_nobody_asks_for_them(tmp_path: Path) -> None:
    text = '{"label": "x", "text": "one", "id": [1]}\n{"text": "two", "label": "y"}\n{"text": "", "label": "", "n": 1}'
    assert read(tmp_path / "a.jsonl", text) == {"text": ["one", "two", ""], "label": ["x", "y", ""]}


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-le", "utf-32", "utf-8-sig", "UTF_8"])
def test_encodings_are_read_on_demand(tmp_path: Path, encoding: str) -> None:
    text = CSV.replace("one", "caf\xe9")
    assert read(tmp_path / "a.csv", text.encode(encoding), encoding=encoding)["text"] == ["caf\xe9", "two"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path / "a.csv", f"\ufeff{CSV}".encode(encoding), encoding=encoding)["text"] == ["one", "two"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("said", ["utf-8", "cp1252"])
def test_a_byte_order_mark_tells_the_encoding_whatever_is_said(tmp_path: Path, encoding: str, said: str) -> None:
    found = read(tmp_path / "a.csv", CSV.replace("one", "caf\xe9").encode(encoding), encoding=said)
    assert found["text"] == ["caf\xe9", "two"]
    assert found.notes.get("encoding", "utf-8") == encoding.removesuffix("-sig")


def test_an_encoding_that_is_named_is_noted_unless_it_is_utf_8(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", CSV, encoding="cp1252").notes == {"encoding": "cp1252"}
    assert read(tmp_path / "a.csv", CSV, encoding="UTF_8").notes == {}


SIGNS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
@pytest.mark.parametrize("name", SIGNS)
def test_the_separator_is_the_one_that_makes_the_header_whatever_the_suffix(
    tmp_path: Path, suffix: str, name: str
) -> None:
    one = "one" + "".join(sign for sign in SIGNS.values() if sign != SIGNS[name])
    rows = [["text", "id", "label"], [one, "1", "good"], ["two", "2", "bad"]]
    found = read(tmp_path / f"a{suffix}", "".join(SIGNS[name].join(row) + "\n" for row in rows))
    assert found == {"text": [one, "two"], "label": ["good", "bad"]}
    usual = {".csv": "comma", ".tsv": "tab", ".txt": "tab"}[suffix]
    assert found.notes == ({} if name == usual else {"separator": name})


def test_a_column_that_is_missing_is_told_with_the_names_that_another_separator_gives(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'text'; it has: 'body', 'label'; say --text NAME"):
        read(tmp_path / "a.csv", "body;label\none, two;good\n")


def test_a_separator_that_is_named_is_used_even_if_another_one_fits(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\na;b\n")
    assert TableOptions().table(tmp_path / "a.csv", {"text": ""}) == {"text": ["a;b"]}
    with pytest.raises(DataError, match=r"line 2: 2 cells where the header has 1"):
        TableOptions(separator="semicolon").table(tmp_path / "a.csv", {"text": ""})


@pytest.mark.parametrize("option", [{"separator": "tab"}, {"quotes": "csv"}])
def test_separators_and_quotes_are_refused_for_what_has_none(tmp_path: Path, option: Any) -> None:
    (tmp_path / "a.jsonl").write_text(JSON)
    with pytest.raises(DataError, match=r"a.jsonl is no CSV or TSV; leave out the options separator and quotes"):
        TableOptions(**option).table(tmp_path / "a.jsonl", WANTED)


LONE = "".join({0: f'"no {i}\tgood\n', 1: f"so so {i}\tbad\n", 2: f'yes {i}"\tgood\n'}[i % 3] for i in range(60))
"""Sixty rows; a reader for which quotes enclose cells finds twenty."""


@pytest.mark.parametrize("rows", [LONE, LONE.replace("so so", 'he said "no'), LONE + '"quoted"\tgood\n'])
def test_no_row_is_lost_between_lone_quotes(tmp_path: Path, rows: str) -> None:
    found = read(tmp_path / "a.tsv", "text\tlabel\n" + rows)
    assert found["text"] == [line.partition("\t")[0] for line in rows.splitlines()]
    assert list(found.places) == list(range(2, 2 + rows.count("\n")))
    assert found.notes == {"quotes": "letters"}


def test_the_names_of_a_header_may_be_quoted_where_quotes_are_letters(tmp_path: Path) -> None:
    assert read(tmp_path / "a.tsv", '"text"\t"label"\n' + LONE)["text"][0] == '"no 0'


@pytest.mark.parametrize("sign", SIGNS.values())
def test_quoted_names_and_cells_may_hold_other_separators(tmp_path: Path, sign: str) -> None:
    rows = [["text", "a;b,c|d"], ["one\t;,|", "x"]]
    quoted = "".join(sign.join(f'"{cell}"' for cell in row) + "\n" for row in rows)
    assert read(tmp_path / "a.csv", quoted, {"text": ""}) == {"text": ["one\t;,|"]}


def test_quotes_enclose_cells_where_both_readings_give_the_same_rows(tmp_path: Path) -> None:
    found = read(tmp_path / "a.tsv", 'text\tlabel\n"one ""1"""\tgood\nan inch: 1"\tbad\n')
    assert found["text"] == ['one "1"', 'an inch: 1"']
    assert found.notes == {}


def test_rows_over_several_lines_are_counted_and_keep_their_lines(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", 'text,label\n"a\n\nb",good\n\n"c, d",bad\n')
    assert found == {"text": ["a\n\nb", "c, d"], "label": ["good", "bad"]}
    assert found.notes == {"rows_over_several_lines": 1}
    assert [found.where(i).partition(", ")[2] for i in range(2)] == ["line 2", "line 6"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'text,label\n"no,good\nmaybe,bad\nyes",good\n'),
        ("a.tsv", 'text\tlabel\n"no\tgood\nmaybe\tbad\nyes"\tgood\n"a\nb"\tgood\n'),
    ],
)
def test_where_rows_may_lie_in_a_cell_it_is_asked_what_quotes_are(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(DataError, match=r"line 3: a double quote .* be a row; .*--quotes csv; .*--quotes letters"):
        read(tmp_path / name, text)
    assert TableOptions(quotes="csv").table(tmp_path / name, WANTED)["text"][0].count("\n") == 2
    if name == "a.csv":
        assert TableOptions(quotes="letters").table(tmp_path / name, WANTED)["text"] == ['"no', "maybe", 'yes"']
    else:
        with pytest.raises(DataError, match="line 5: 1 cells where the header has 2"):
            TableOptions(quotes="letters").table(tmp_path / name, WANTED)


CELL = st.text(st.sampled_from('ab ",;\t\n'), max_size=6)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5), st.sampled_from(["a.csv", "a.tsv"]))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_the_csv_module_writes_is_read_back_or_asked_about(
    tmp_path: Path, rows: list[tuple[str, str]], name: str
) -> None:
    file = io.StringIO()
    delimiter = "," if name == "a.csv" else "\t"
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows([("text", "label"), *rows])
    written = {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
    (tmp_path / name).write_text(file.getvalue())
    assert TableOptions(quotes="csv").table(tmp_path / name, WANTED) == written
    try:
        found = TableOptions().table(tmp_path / name, WANTED)
    except DataError as error:
        told = str(error)
    else:
        told = str(found.notes.get("quotes", ""))
        assert found == written or told == "letters"
    assert not told or "quotes csv" in told or told == "letters"


@given(st.binary(max_size=60), st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.parquet"]), st.booleans())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_there_are_the_fault_is_of_the_data(tmp_path: Path, data: bytes, name: str, head: bool) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    begin = {"a.csv": b"text,label\n", "a.tsv": b"text\tlabel\n", "a.jsonl": b'{"text": 1, "label": '}.get(
        name, b"PAR1"
    )
    told, columns = "", {"text": [""], "label": [""]}
    try:
        columns = read(tmp_path / name, begin + data if head else data)
    except DataError as error:
        told = str(error)
    assert "\n" not in told
    assert len(columns["text"]) == len(columns["label"]) > 0


MALFORMED: dict[str, tuple[str, str | bytes, str]] = {
    "empty file": ("a.csv", "", "a.csv is empty"),
    "blank lines": ("a.csv", "\n \n", "only blank lines"),
    "no suffix": ("table", CSV, "ends in nothing; a table ends in .csv"),
    "unknown suffix": ("a.xlsx", CSV, "ends in .xlsx; a table ends in .csv"),
    "header alone": ("a.csv", "text,label\n", "a header and no rows"),
    "same name twice": ("a.csv", "text,label,text\na,b,c\n", "two columns are called 'text'"),
    "column without a name": ("a.csv", "text,,label\na,b,c\n", "column 2 has no name"),
    "another column": ("a.csv", "body,label\na,b\n", "no column 'text'; it has: 'body', 'label'; say --text NAME"),
    "misspelt column": ("a.csv", "text,lable\na,b\n", "no column 'label'; did you mean 'lable'. .*say --label NAME"),
    "names of two lines": ("a.csv", '"a\nb",label\na,b\n', r"it has: 'a\\nb', 'label'; say"),
    "long names": ("a.csv", "x" * 999 + ",label\na,b\n", "it has: 'x{59}…', 'label'; say"),
    "many names": ("a.csv", ",".join(f"c{i}" for i in range(999)) + "\n", "'c18', 'c19' and 979 more; say"),
    "too few cells": ("a.csv", CSV + "alone\n", "line 4: 1 cells where the header has 2"),
    "too many cells": ("a.csv", CSV + "a,b,c\n", "line 4: 3 cells .* stand in double quotes"),
    "open quote": ("a.csv", QUOTED + '"open,good\n', "line 4: a double quote is opened and never closed"),
    "open quote in the header": (
        "a.csv",
        '"text,label\none,good\n',
        "line 1: a double quote is opened and never closed",
    ),
    "quote inside": (
        "a.csv",
        QUOTED + '"a" b,good\n',
        "line 4: a double quote stands where none.*--quotes letters",
    ),
    "10 MB cell": ("a.csv", CSV + f"{'x' * 10**7},good\n", "line 4: a cell is longer than 1,000,000"),
    "long cell of JSON": (
        "a.jsonl",
        JSON + f'{{"text": "{"x" * (LONGEST + 1)}", "label": "good"}}',
        "line 3: the cell 'text' holds 1,000,001 characters",
    ),
    "separators that cannot be told": (
        "a.csv",
        "body;a|b\nx;y|z\n",
        "by semicolon or bar; .*--separator semi",
    ),
    "no JSON": ("a.jsonl", JSON + "{oops}\n", "line 3 is no JSON: Expecting property name"),
    "JSON array": ("a.jsonl", "[1, 2]\n", r'line 1 is no object; write one such as {"text": "…", "label": "…"}$'),
    "nested too deeply": ("a.jsonl", "[" * 10**5, "line 1 is nested too deeply"),
    "JSON without a key": ("a.jsonl", JSON + '\n{"text": "x", "id": 1}\n', "line 4 lacks the key 'label'; write null"),
    "empty JSON object": ("a.jsonl", "{}\n" + JSON, "line 1 lacks the key 'text'"),
    "empty JSON objects": ("a.jsonl", "{}\n{}\n", "has no column 'text'; it has: no column at all; say"),
    "misspelt key": ("a.jsonl", JSON.replace("text", "txet"), "no column 'text'; did you mean 'txet'"),
    "repeated key": ("a.jsonl", '{"text": "a", "label": "b", "text": "c"}', "line 1 has the key 'text' twice"),
    "nested JSON": ("a.jsonl", '{"text": ["x"], "label": "y"}\n', "'text' is neither text nor number but list"),
    "half a character": ("a.jsonl", '{"text": "\\ud83d", "label": "y"}\n', "line 1: 'text' holds half of a surrogate"),
    "NUL bytes": (
        "a.csv",
        CSV.encode() + b"\0",
        "no text in UTF-8: it holds NUL characters, the first on line 4",
    ),
    "mixed encodings": ("a.csv", CSV.encode() + b"caf\xe9,good\n", "not UTF-8: line 4, byte 0xe9"),
    "no Parquet": ("a.parquet", b"PAR1 nothing PAR1", "is no Parquet file, or a damaged one"),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_what_is_malformed_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    name, data, words = MALFORMED[kind]
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=words) as told:
        read(tmp_path / name, data)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 600


@pytest.mark.parametrize(
    ("encoding", "data", "words"),
    [
        ("cp1252", CSV.encode() + b"\x81,good\n", "not CP1252: line 4, byte 0x81 at offset 28; name the encoding"),
        ("utf-9", CSV.encode(), "no encoding 'utf-9'; common ones"),
        ("hex", CSV.encode(), "no encoding 'hex'; common ones"),
        ("latin-1", CSV.encode() + b"a\0,b\n", "no text in ISO8859-1: it holds NUL characters, the first on line 4"),
        ("utf-8", CSV.encode("utf-16") + b"\0", "not UTF-16: line 4, byte 0x00 at offset 58"),
        ("cp1252", CSV.encode("utf-16-le"), "no text in CP1252: it holds NUL characters, the first on line 1"),
        ("cp1251", b" \n", "holds only blank lines"),
    ],
)
def test_another_encoding_than_the_named_one_is_told(tmp_path: Path, encoding: str, data: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(tmp_path / "a.csv", data, encoding=encoding)


def test_a_missing_file_is_told_before_its_suffix_and_a_folder_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file or folder .*nowhere$"):
        TableOptions().table(tmp_path / "nowhere", WANTED)
    with pytest.raises(DataError, match=r"is a folder; name a file in it"):
        TableOptions().table(tmp_path, WANTED)


def test_parquet_without_pyarrow_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r'pip install "seqbench\[parquet\]"'):
        read(tmp_path / "a.parquet", b"PAR1")


def parquet(path: Path, names: list[str], *columns: Any) -> Path:
    arrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(
        arrow.Table.from_arrays([arrow.array(c) if isinstance(c, list) else c for c in columns], names), path
    )
    return path


def test_cells_of_parquet_are_text_and_columns_nobody_asks_for_may_hold_anything(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "a.parquet", ["text", "label", "v", "v"], ["a", None], [True, False], [[1], [2]], [b"", b""]
    )
    assert TableOptions().table(path, WANTED) == {"text": ["a", ""], "label": ["true", "false"]}
    path = parquet(tmp_path / "b.parquet", ["text", "a.b", "a"], ["NA", "x"], [1, 2], [0.5, None])
    assert TableOptions().table(path, {"a.b": "", "a": ""}) == {"a.b": ["1", "2"], "a": ["0.5", ""]}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([b"x", b"y"], r"row 1: 'text' is neither text nor number but bytes"),
        ([None, [1]], r"row 2: 'text' is neither text nor number but list"),
        ([{"a": 1}, None], r"row 1: 'text' is neither text nor number but dict"),
        (["x", "x" * (LONGEST + 1)], r"row 2: the cell 'text' holds 1,000,001 characters"),
        ([], r"a header and no rows"),
    ],
)
def test_cells_of_parquet_that_are_no_text_are_refused(tmp_path: Path, cells: list[Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        TableOptions().table(parquet(tmp_path / "a.parquet", ["text"], cells), {"text": ""})


def test_parquet_strings_of_another_encoding_are_refused(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    offsets, data = arrow.py_buffer(b"\0\0\0\0\4\0\0\0"), arrow.py_buffer(b"caf\xe9")
    bad = arrow.StringArray.from_buffers(1, offsets, data)
    with pytest.raises(DataError, match=r"the column 'text' holds what is no text: .*0xe9.*; save it as text"):
        TableOptions().table(parquet(tmp_path / "a.parquet", ["text"], bad), {"text": ""})


def test_parquet_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"two columns are called 'text'; rename one of them"):
        TableOptions().table(parquet(tmp_path / "a.parquet", ["text", "text"], ["a"], ["b"]), {"text": ""})


def test_a_parquet_file_with_a_damaged_name_is_told(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", ["text"], ["a"])
    path.write_bytes(path.read_bytes().replace(b"text", b"t\xebxt"))
    with pytest.raises(DataError, match=r"is no Parquet file, or a damaged one: .*0xeb"):
        TableOptions().table(path, {"text": ""})


def test_an_index_of_pandas_without_a_name_is_no_column_unless_it_is_asked_for(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"text": ["a", "b"], "label": ["x", "y"]}, index=[7, 9])
    frame.to_parquet(tmp_path / "a.parquet")
    found = TableOptions().table(tmp_path / "a.parquet", WANTED)
    assert found.header == ["text", "label"]
    assert found.notes == {"ignored_index": "__index_level_0__"}
    asked = TableOptions().table(tmp_path / "a.parquet", {"__index_level_0__": "", "text": ""})
    assert asked == {"__index_level_0__": ["7", "9"], "text": ["a", "b"]}
    frame.to_csv(tmp_path / "a.csv")
    found = TableOptions().table(tmp_path / "a.csv", WANTED)
    assert found.header == ["text", "label"]
    assert found.notes == {"ignored_index": "the first column, which has no name"}
    frame.rename_axis("text_id").to_parquet(tmp_path / "b.parquet")
    assert TableOptions().table(tmp_path / "b.parquet", WANTED).header == ["text", "label", "text_id"]


def test_the_example_of_a_json_line_has_the_keys_that_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'no object; write one such as {"ds": "…", "größe": "…"}$'):
        read(tmp_path / "a.jsonl", "3\n", {"ds": "", "größe": ""})


def test_a_number_that_is_none_is_an_empty_cell(tmp_path: Path) -> None:
    decimal = __import__("decimal").Decimal
    path = parquet(tmp_path / "a.parquet", ["a", "b"], [0.5, float("nan")], [decimal("1.5"), None])
    assert TableOptions().table(path, {"a": "", "b": ""}) == {"a": ["0.5", ""], "b": ["1.5", ""]}


def test_places_are_lines_of_text_and_rows_of_parquet(tmp_path: Path) -> None:
    assert read(tmp_path / "a.jsonl", "\n" + JSON.replace("\n", "\n\n")).where(1) == f"{tmp_path / 'a.jsonl'}, line 4"
    path = parquet(tmp_path / "a.parquet", ["text"], ["a", "b"])
    assert TableOptions().table(path, {"text": ""}).where(1) == f"{path}, row 2"
