"""Your own documents: every form is read as the same documents, and everything malformed is told in one line."""

import csv
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqbench.data import DataError, LabelledData
from seqbench.datasets.own_documents import LabelledFile
from seqbench.datasets.tables import LONGEST, read_table
from seqbench.interface import Labelled, MissingExtra

ROWS = [(f'word{i} is about thing{i % 7}, says "me"', "good" if i % 2 else "bad") for i in range(40)]


def table(rows: list[tuple[str, ...]], header: tuple[str, ...] = ("text", "label"), delimiter: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return file.getvalue()


def lines(rows: list[tuple[str, str]]) -> str:
    return "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows)


def load(path: Path, **options: Any) -> LabelledData:
    return LabelledFile(path=path, **options).load()


def documents(part: Labelled, classes: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    return [(tuple(words), classes[label]) for words, label in zip(part.texts.words, part.labels, strict=True)]


def everything(data: LabelledData) -> object:
    parts = (data.train, data.valid, data.test)
    return data.classes, data.vocab, [documents(part, data.classes) for part in parts]


def test_every_form_holds_the_same_documents(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(ROWS))
    (tmp_path / "a.tsv").write_text(table(ROWS, delimiter="\t"))
    (tmp_path / "a.jsonl").write_text(lines(ROWS))
    (tmp_path / "b.csv").write_bytes(b"\xef\xbb\xbf" + table(ROWS).replace("\n", "\r\n").encode())
    for i, (text, label) in enumerate(ROWS):
        file = tmp_path / "folder" / label / f"{i}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    found = [everything(load(tmp_path / name)) for name in ("a.csv", "a.tsv", "a.jsonl", "b.csv", "folder")]
    assert all(one == found[0] for one in found)


def test_parquet_holds_the_same_documents(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pandas.DataFrame(ROWS, columns=["text", "label"]).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text(table(ROWS))
    assert everything(load(tmp_path / "a.parquet")) == everything(load(tmp_path / "a.csv"))


def test_parquet_without_pyarrow_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(MissingExtra, match=r'pip install "seqbench\[parquet\]"'):
        load(tmp_path / "a.parquet")


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shuffled_rows_change_nothing(tmp_path: Path, seed: int) -> None:
    shuffled = random.Random(seed).sample(ROWS, len(ROWS))
    (tmp_path / "a.csv").write_text(table(ROWS))
    (tmp_path / "b.csv").write_text(table(shuffled))
    assert everything(load(tmp_path / "a.csv")) == everything(load(tmp_path / "b.csv"))


def test_parts_are_stratified_and_hold_every_document_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(ROWS))
    data = load(tmp_path / "a.csv")
    assert [len(part) for part in (data.train, data.valid, data.test)] == [32, 4, 4]
    assert all((np.bincount(part.labels) * 2 == len(part)).all() for part in (data.train, data.valid, data.test))


def test_a_column_of_splits_is_followed(tmp_path: Path) -> None:
    said = ["train"] * 20 + ["dev"] * 10 + ["Test"] * 10
    rows = [(*row, split) for row, split in zip(ROWS, said, strict=True)]
    (tmp_path / "a.csv").write_text(table(rows, ("text", "label", "part")))
    data = load(tmp_path / "a.csv", split="part")
    assert [len(part) for part in (data.train, data.valid, data.test)] == [20, 10, 10]
    assert {words[0] for words in data.test.texts.words} == {f"word{i}" for i in range(30, 40)}
    (tmp_path / "b.csv").write_text(table([r for r in rows if r[2] != "dev"], ("text", "label", "part")))
    data = load(tmp_path / "b.csv", split="part")
    assert [len(part) for part in (data.train, data.valid, data.test)] == [18, 2, 10]


def test_a_folder_with_train_and_test_is_split_as_it_lies(tmp_path: Path) -> None:
    for i, (text, label) in enumerate(ROWS):
        file = tmp_path / ("test" if i >= 30 else "train") / label / f"{i}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    data = load(tmp_path)
    assert len(data.test) == 10
    assert {words[0] for words in data.test.texts.words} == {f"word{i}" for i in range(30, 40)}


def test_a_folder_may_hold_files_of_no_class_and_be_of_another_encoding(tmp_path: Path) -> None:
    """As the IMDB reviews lie: lists beside the folders of the classes."""
    for i, (text, label) in enumerate(ROWS):
        file = tmp_path / ("test" if i >= 30 else "train") / label / f"{i}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f"caf\xe9 {text}".encode("cp1252"))
    (tmp_path / "train" / "urls.txt").write_text("a list")
    (tmp_path / "README.txt").write_text("read me")
    (tmp_path / "train" / "good" / "folder.txt").mkdir()
    (tmp_path / "train" / "good" / "empty.txt").touch()
    data = load(tmp_path, encoding="cp1252")
    assert data.classes == ("bad", "good")
    assert sum(map(len, (data.train, data.valid, data.test))) == 40
    assert (data.notes["left_out_without_label"], data.notes["left_out_without_text"]) == (2, 1)
    assert "caf\xe9" in data.vocab.index
    before = LabelledFile(path=tmp_path).fingerprint()
    (tmp_path / "train" / "good" / "1.txt").write_text("another text")
    assert LabelledFile(path=tmp_path).fingerprint() != before


def test_a_thousand_classes_are_the_most(tmp_path: Path) -> None:
    rows = [(f"text {i} {j}", f"class{i}") for i in range(1001) for j in range(3)]
    (tmp_path / "a.csv").write_text(table(rows))
    with pytest.raises(DataError, match=r"holds 1,001 classes in 3,003 rows"):
        load(tmp_path / "a.csv")


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    rows = [*ROWS, ("", "good"), ("  ", "bad"), ("no class", "")]
    (tmp_path / "a.csv").write_text(table(rows))
    data = load(tmp_path / "a.csv")
    assert data.notes["rows"] == 43
    assert (data.notes["left_out_without_text"], data.notes["left_out_without_label"]) == (2, 1)
    assert sum(len(part) for part in (data.train, data.valid, data.test)) == 40


def test_cells_stay_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text,label\n007,NA,1.0\n1,"a\nb, ""c""",TRUE\n\n')
    assert read_table(tmp_path / "a.csv") == {
        "id": ["007", "1"],
        "text": ["NA", 'a\nb, "c"'],
        "label": ["1.0", "TRUE"],
    }


def test_another_encoding_is_read_on_demand(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(table([(f"caf\xe9 {text}", label) for text, label in ROWS]).encode("cp1252"))
    assert "caf\xe9" in load(tmp_path / "a.csv", encoding="cp1252").vocab.index


def test_new_documents_need_no_class(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(ROWS))
    (tmp_path / "new.csv").write_text("id,text\n1,thing3 about nothing\n")
    data = load(tmp_path / "a.csv")
    texts = LabelledFile(path=tmp_path / "a.csv").read(tmp_path / "new.csv", {"symbols": data.vocab.symbols})
    assert data.vocab.decode(texts.ids[0]) == ["thing3", "about", "<unk>"]
    (tmp_path / "bad.csv").write_text("id,body\n1,x\n")
    with pytest.raises(DataError, match=r"bad.csv has no column 'text'; it has: id, body; .*--text NAME"):
        LabelledFile(path=tmp_path / "a.csv").read(tmp_path / "bad.csv", {"symbols": data.vocab.symbols})


def test_the_fingerprint_is_of_the_bytes_and_the_identity_forgets_the_place(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(table(ROWS))
    a, b = (LabelledFile(path=tmp_path / name) for name in ("a.csv", "b.csv"))
    assert (a.fingerprint(), a.identity()) == (b.fingerprint(), b.identity())
    (tmp_path / "b.csv").write_text(table(ROWS[1:]))
    assert a.fingerprint() != b.fingerprint()


def _folder(tmp_path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (tmp_path / "f" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "f" / name).write_bytes(data)
    (tmp_path / "f").mkdir(exist_ok=True)
    return tmp_path / "f"


def _file(name: str, data: str | bytes) -> Callable[[Path], Path]:
    def make(tmp_path: Path) -> Path:
        (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return tmp_path / name

    return make


GOOD = table(ROWS)
PARTED = table([(*row, "train" if i < 30 else "test") for i, row in enumerate(ROWS)], ("text", "label", "part"))
MALFORMED: dict[str, tuple[Callable[[Path], Path], dict[str, Any], str]] = {
    "no file": (lambda tmp: tmp / "none.csv", {}, "there is no file .*none.csv"),
    "empty file": (_file("a.csv", ""), {}, "a.csv is empty"),
    "blank lines": (_file("a.csv", "\n \n"), {}, "only blank lines"),
    "no suffix": (_file("table", GOOD), {}, "ends in nothing; a table ends in .csv"),
    "unknown suffix": (_file("a.xlsx", GOOD), {}, "ends in .xlsx; a table ends in .csv"),
    "header alone": (_file("a.csv", "text,label\n"), {}, "a header and no rows"),
    "same name twice": (_file("a.csv", "text,label,text\na,b,c\n"), {}, "two columns are called 'text'"),
    "column without a name": (_file("a.csv", "text,,label\na,b,c\n"), {}, "column 2 has no name"),
    "no text column": (
        _file("a.csv", table(ROWS, ("body", "label"))),
        {},
        "no column 'text'; it has: body, label; .*--text",
    ),
    "no label column": (_file("a.csv", table(ROWS, ("text", "kind"))), {}, "no column 'label'; .*--label NAME"),
    "misspelt column": (_file("a.csv", GOOD), {"label": "lable"}, "no column 'lable'; did you mean 'label'"),
    "no split column": (_file("a.csv", GOOD), {"split": "part"}, "no column 'part'; .*--split NAME"),
    "too few cells": (_file("a.csv", GOOD + "alone\n"), {}, "line 42: 1 cells where the header has 2"),
    "too many cells": (_file("a.csv", GOOD + "a,b,c\n"), {}, "line 42: 3 cells .* stand in double quotes"),
    "open quote": (_file("a.csv", GOOD + '"open,good\n'), {}, "line 42: a double quote is opened and never closed"),
    "quote inside": (_file("a.csv", GOOD + '"a" b,good\n'), {}, "line 42: a double quote stands where none may"),
    "semicolons": (_file("a.csv", table(ROWS, delimiter=";")), {}, "divided by semicolons; write commas"),
    "tabs in a .csv": (_file("a.csv", table(ROWS, delimiter="\t")), {}, "divided by tabs; name it a.tsv"),
    "commas in a .tsv": (_file("a.tsv", GOOD), {}, "divided by commas; name it a.csv"),
    "10 MB cell": (_file("a.csv", GOOD + f"{'x' * 10**7},good\n"), {}, "line 42: a cell is longer than 1,000,000"),
    "10 MB row of JSON": (
        _file("a.jsonl", lines([*ROWS, ("x" * (LONGEST + 1), "good")])),
        {},
        "row 41: the cell 'text' holds 1,000,001 characters",
    ),
    "no JSON": (_file("a.jsonl", lines(ROWS) + "{oops}\n"), {}, "line 41 is no JSON"),
    "JSON array": (_file("a.jsonl", "[1, 2]\n"), {}, "line 1 is no object"),
    "JSON without a key": (_file("a.jsonl", lines(ROWS) + '{"text": "x"}\n'), {}, "line 41 lacks 'label'"),
    "JSON with another key": (
        _file("a.jsonl", lines(ROWS) + '{"text": "x", "label": "y", "id": 1}\n'),
        {},
        "line 41 has 'id'",
    ),
    "nested JSON": (_file("a.jsonl", '{"text": ["x"], "label": "y"}\n'), {}, "'text' is neither text nor number"),
    "UTF-16": (_file("a.csv", GOOD.encode("utf-16")), {}, "is UTF-16; convert it"),
    "NUL bytes": (_file("a.csv", GOOD.encode() + b"\0"), {}, "holds NUL bytes"),
    "mixed encodings": (
        _file("a.csv", GOOD.encode() + "caf\xe9,good\n".encode("cp1252")),
        {},
        "not UTF-8: line 42, byte 0xe9",
    ),
    "wrong encoding": (_file("a.csv", GOOD.encode() + b"\x81,good\n"), {"encoding": "cp1252"}, "not cp1252: line 42"),
    "no such encoding": (_file("a.csv", GOOD), {"encoding": "utf-9"}, "no encoding 'utf-9'; common ones"),
    "one class": (_file("a.csv", table([(t, "good") for t, _ in ROWS])), {}, "all rows are of one class, 'good'"),
    "empty classes": (_file("a.csv", table([(t, " ") for t, _ in ROWS])), {}, "the column 'label' is empty"),
    "a class of two": (
        _file("a.csv", table([*ROWS, ("one", "rare"), ("two", "rare")])),
        {},
        "the class 'rare' has 2 distinct texts, fewer than the 3 parts",
    ),
    "text as label": (_file("a.csv", GOOD), {"label": "text"}, "holds 40 classes in 40 rows; is it the right one"),
    "empty texts": (
        _file("a.csv", table([("" if i % 3 else t, label) for i, (t, label) in enumerate(ROWS)])),
        {},
        "empty in more than half of the 40 rows",
    ),
    "unknown split": (
        _file("a.csv", PARTED.replace(",test", ",holdout")),
        {"split": "part"},
        "row 31: .* 'holdout'; it may",
    ),
    "no test rows": (_file("a.csv", PARTED.replace(",test", ",train")), {"split": "part"}, "'part' says 'test'"),
    "no train rows": (_file("a.csv", PARTED.replace(",train", ",test")), {"split": "part"}, "'part' says 'train'"),
    "new class in test": (
        _file("a.csv", PARTED + "x,strange,test\n"),
        {"split": "part"},
        "the test part has the class 'strange', which the training part lacks",
    ),
    "folder without texts": (lambda tmp: _folder(tmp, {}), {}, "holds no .txt file"),
    "no such folder": (lambda tmp: tmp / "nowhere", {}, "there is no file .*nowhere"),
    "texts outside classes": (
        lambda tmp: _folder(tmp, {"1.txt": b"x", "2.txt": b"y"}),
        {},
        "lay them as CLASS/NAME.txt",
    ),
    "empty JSON object": (_file("a.jsonl", "{}\n" + lines(ROWS)), {}, "line 1 is no object with keys"),
    "endless number": (
        _file("a.jsonl", '{"text": ' + "1" * 5000 + "}\n"),
        {},
        "line 1 is no JSON: a number of too many",
    ),
    "bytes in a folder": (lambda tmp: _folder(tmp, {"a/1.txt": b"\xff\xfe\xfd"}), {}, "1.txt is (not UTF-8|UTF-16)"),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_what_is_malformed_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    make, options, words = MALFORMED[kind]
    with pytest.raises(DataError, match=words) as told:
        load(make(tmp_path), **options)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400


def test_a_damaged_parquet_file_is_told(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(DataError, match="is no Parquet file, or a damaged one"):
        load(tmp_path / "a.parquet")


def test_at_least_thirty_kinds_are_known() -> None:
    assert len(MALFORMED) >= 30
