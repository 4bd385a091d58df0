"""Your own documents: every form is read as the same documents, and what makes no data set is told in one line."""

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
from pydantic import ValidationError
from typer.testing import CliRunner

from seqbench.cli import app
from seqbench.data import DataError
from seqbench.datasets import file_text, splits
from seqbench.datasets.documents import collection
from seqbench.datasets.documents.own import LabelledFile
from seqbench.tasks.documents.data import LabelledData
from seqbench.tasks.documents.model import Labelled

ROWS = [(f'word{i} is about thing{i % 7}, says "me"', "good" if i % 2 else "bad") for i in range(40)]

DATED = ("text", "label", "when")
GROUPED = ("text", "label", "author")


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


def test_the_folder_of_imdb_is_read_as_it_lies(tmp_path: Path) -> None:
    """A class without test documents, and lists and read-me files that lie in no folder of a class."""
    for i, (text, label) in enumerate(ROWS):
        file = tmp_path / ("test" if i >= 30 else "train") / label / f"{i}_7.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "train" / "unsup").mkdir()
    for i in range(4):
        (tmp_path / "train" / "unsup" / f"{i}_0.txt").write_text(f"unknown opinion {i}")
    for name in ("imdbEr.txt", "README", "train/urls_good.txt", "train/urls_unsup.txt", "test/urls_good.txt"):
        (tmp_path / name).write_text("a list")
    (tmp_path / "train" / "good" / "deeper").mkdir()
    (tmp_path / "train" / "good" / "deeper" / "1.txt").write_text("a list")
    (tmp_path / "extra" / "good").mkdir(parents=True)
    (tmp_path / "extra" / "good" / "1.txt").write_text("a list")
    data = load(tmp_path)
    assert data.classes == ("bad", "good", "unsup")
    assert sum(map(len, (data.train, data.valid, data.test))) == 44
    assert (data.notes["rows"], data.notes["files_outside_classes_left_out"]) == (44, 6)
    assert "list" not in data.vocab.index


def test_the_files_of_a_folder_may_be_empty_or_of_another_encoding(tmp_path: Path) -> None:
    for i, (text, label) in enumerate(ROWS):
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / f"{i}.txt").write_bytes(f"caf\xe9 {text}".encode("cp1252"))
    for name, nothing in (("none", b""), ("blank", b" \n"), ("mark", b"\xef\xbb\xbf")):
        (tmp_path / "good" / f"{name}.txt").write_bytes(nothing)
    data = load(tmp_path, encoding="cp1252")
    assert "caf\xe9" in data.vocab.index
    assert (data.notes["rows"], data.notes["left_out_without_text"]) == (43, 3)


def test_the_files_of_a_folder_may_have_byte_order_marks(tmp_path: Path) -> None:
    for i, (text, label) in enumerate(ROWS):
        (tmp_path / label).mkdir(exist_ok=True)
        encoding = "utf-16" if i < 3 else "utf-32" if i == 3 else "cp1252"
        (tmp_path / label / f"{i}.txt").write_bytes(f"caf\xe9 {text}".encode(encoding))
    data = load(tmp_path, encoding="cp1252")
    assert (
        sum(words[0] == "caf\xe9" for part in (data.train, data.valid, data.test) for words in part.texts.words) == 40
    )
    assert data.notes["encoding"] == "cp1252: 36, utf-16: 3, utf-32: 1 files"


def test_how_a_table_was_read_is_noted(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(table([*ROWS, ("two\nlines", "good")], delimiter=";").encode("utf-16"))
    notes = load(tmp_path / "a.tsv").notes
    assert (notes["encoding"], notes["separator"], notes["rows_over_several_lines"]) == ("utf-16", "semicolon", 1)


def test_the_fingerprint_of_a_folder_is_of_its_texts_and_their_places(tmp_path: Path) -> None:
    def fingerprint(name: str, files: dict[str, str]) -> str:
        for place, text in files.items():
            (tmp_path / name / place).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / place).write_text(text)
        return LabelledFile(path=tmp_path / name).fingerprint()

    files = {"a/1.txt": "one", "a/2.txt": "", "b/1.txt": "two"}
    assert fingerprint("first", files) == fingerprint("second", dict(reversed(files.items())))
    (tmp_path / "second" / "a" / "folder.txt").mkdir()
    assert fingerprint("second", {"a/no.text": "another"}) == fingerprint("first", {})
    others = [{"a/1.txt": "two", "b/1.txt": "one"}, {"a/2.txt": " "}, {"a/3.txt": ""}, {"c/1.txt": "three"}]
    whole = [files, {"a/1.txt": "one", "b/1.txt": "", "b/2.txt": "two"}, *(files | other for other in others)]
    assert len({fingerprint(f"other{i}", each) for i, each in enumerate(whole)}) == len(whole)


def test_a_thousand_classes_are_the_most(tmp_path: Path) -> None:
    rows = [(f"text {i} {j}", f"class{i}") for i in range(1001) for j in range(3)]
    (tmp_path / "a.csv").write_text(table(rows))
    with pytest.raises(DataError, match=r"1,001 classes in 3,003 documents; is 'label' the right column"):
        load(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text(table(rows[3:]))
    assert len(load(tmp_path / "b.csv").classes) == 1000


@given(st.text(min_size=1))
@settings(max_examples=200)
def test_every_text_that_is_not_blank_has_a_word(text: str) -> None:
    """So no row is left out for want of words that was not left out for want of text."""
    assert bool(LabelledFile(path=Path("a.csv")).words(text)) == bool(text.strip())


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    rows = [*ROWS, ("", "good"), ("  ", "bad"), ("no class", ""), ("…", "good")]
    (tmp_path / "a.csv").write_text(table(rows))
    data = load(tmp_path / "a.csv")
    assert data.notes["rows"] == 44
    assert (data.notes["left_out_without_text"], data.notes["left_out_without_label"]) == (2, 1)
    assert sum(len(part) for part in (data.train, data.valid, data.test)) == 41


@pytest.mark.parametrize("missing", ["", "NaN", " nan "])
def test_a_cell_that_holds_no_class_is_left_out_and_counted(tmp_path: Path, missing: str) -> None:
    (tmp_path / "a.csv").write_text(table([*ROWS, ("no class", missing)]))
    data = load(tmp_path / "a.csv")
    assert data.classes == ("bad", "good")
    assert data.notes["left_out_without_label"] == 1


def test_a_missing_class_is_the_same_in_every_format(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame(
        [*((text, i % 2) for i, (text, _) in enumerate(ROWS)), ("none", None)], columns=["text", "label"]
    )
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    lines = (json.dumps(row) + "\n" for row in frame.to_dict("records"))
    (tmp_path / "b.jsonl").write_text("".join(lines))
    frame.to_csv(tmp_path / "a.csv", na_rep="NaN")
    for name in ("a.parquet", "a.jsonl", "b.jsonl", "a.csv"):
        data = load(tmp_path / name)
        assert data.classes == ("0.0", "1.0")
        assert data.notes["left_out_without_label"] == 1


def test_names_that_may_mean_no_class_stay_classes_with_a_warning(tmp_path: Path) -> None:
    rows = [(f"{text} {label}", label) for text, _ in ROWS for label in ("NA", "None", "good")]
    (tmp_path / "a.csv").write_text(table(rows))
    data = load(tmp_path / "a.csv")
    assert data.classes == ("NA", "None", "good")
    assert data.notes["warnings"] == [
        f"'{name}' counts as a class; if it means that the class is not known, leave these cells empty"
        for name in ("NA", "None")
    ]


def test_classes_that_differ_in_case_spaces_or_unicode_form_alone_are_warned_of(tmp_path: Path) -> None:
    alike = ["Sport", "SPORT", "sp ort", "caf\xe9", "cafe\u0301"]
    (tmp_path / "a.csv").write_text(
        table([(f"{text} {i}", name) for text, _ in ROWS for i, name in enumerate([*alike, "other"])])
    )
    assert load(tmp_path / "a.csv").notes["warnings"] == [
        f"the classes {names} differ only in case, spaces or Unicode form, and count as {number} classes; "
        "give them one name if they are one"
        for names, number in (("'SPORT', 'Sport', 'sp ort'", 3), ("'cafe\u0301', 'caf\xe9'", 2))
    ]
    (tmp_path / "a.csv").write_text(table([*ROWS, ("one", " good"), ("two", "good ")]))
    notes = load(tmp_path / "a.csv").notes
    assert "warnings" not in notes
    assert notes["labels_without_their_outer_spaces"] == 2


def test_documents_of_classes_too_rare_to_split_are_dropped_on_demand_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table([*ROWS, ("one", "rare"), ("two", "rare"), ("three", "single")]))
    data = load(tmp_path / "a.csv", rare="drop")
    assert data.classes == ("bad", "good")
    assert (data.notes["left_out_rare"], data.notes["classes_rare"]) == (3, "rare, single")
    (tmp_path / "b.csv").write_text(table(ROWS))
    assert documents(data.test, data.classes) == documents(load(tmp_path / "b.csv").test, ("bad", "good"))
    assert "left_out_rare" not in load(tmp_path / "b.csv", rare="drop").notes


def test_documents_of_classes_that_the_training_part_lacks_are_dropped_on_demand(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(PARTED + "x,strange,test\n")
    data = load(tmp_path / "a.csv", split="part", rare="drop")
    assert data.classes == ("bad", "good")
    assert (data.notes["left_out_not_in_training"], data.notes["classes_not_in_training"]) == (1, "strange")


def test_texts_stay_in_their_unicode_form_and_those_not_composed_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table([*ROWS, *((f"caf\xe9 cafe\u0301 {i}", "good") for i in range(30))]))
    data = load(tmp_path / "a.csv")
    assert data.notes["texts_not_in_nfc"] == 30
    assert {"caf\xe9", "cafe\u0301"} <= set(data.vocab.symbols)


def test_documents_in_order_are_tested_on_the_latest(tmp_path: Path) -> None:
    rows = [(*row, f"2024-{1 + i // 28:02}-{1 + i % 28:02}") for i, row in enumerate(ROWS)]
    (tmp_path / "a.csv").write_text(table(random.Random(0).sample(rows, len(rows)), DATED))
    data = load(tmp_path / "a.csv", order="when")
    found = [{words[0] for words in part.texts.words} for part in (data.train, data.valid, data.test)]
    assert found == [{f"word{i}" for i in own} for own in (range(32), range(32, 36), range(36, 40))]
    assert {name: data.notes[name] for name in ("ordered_by", "valid_begins_at", "test_begins_at")} == {
        "ordered_by": "when",
        "valid_begins_at": "2024-02-05 00:00:00",
        "test_begins_at": "2024-02-09 00:00:00",
    }
    assert data.test.groups is None


def test_documents_may_be_dated_by_day_and_month(tmp_path: Path) -> None:
    rows = [(*row, f"{1 + i % 10}.{1 + i // 10}.2024") for i, row in enumerate(ROWS)]
    (tmp_path / "a.csv").write_text(table(rows, DATED))
    data = load(tmp_path / "a.csv", order="when", dates="day-first")
    assert (data.notes["times_read_as"], data.notes["test_begins_at"]) == ("day-first", "2024-04-07 00:00:00")
    with pytest.raises(DataError, match=r"'1\.1\.2024' may begin with the day or the month, .*say --dates day-first"):
        load(tmp_path / "a.csv", order="when")


def test_documents_of_one_group_are_in_one_part_and_keep_its_number(tmp_path: Path) -> None:
    rows = [(f"text {i} of thing{i % 7}", "good" if i % 2 else "bad", f"author {i // 4}") for i in range(400)]
    (tmp_path / "a.csv").write_text(table(rows, GROUPED))
    data = load(tmp_path / "a.csv", group="author")
    authors = sorted({author for *_, author in rows})
    parts = (data.train, data.valid, data.test)
    assert [len(part) for part in parts] == [320, 40, 40]
    for part in parts:
        assert part.groups is not None
        assert [authors[group] for group in part.groups] == [
            f"author {int(words[1]) // 4}" for words in part.texts.words
        ]
        assert np.array_equal(part.take(np.array([3, 1])).groups, part.groups[[3, 1]])
        assert np.bincount(part.labels).tolist() == [len(part) // 2] * 2
    assert not set(data.train.groups) & set(data.test.groups) | set(data.valid.groups) & set(data.test.groups)
    assert [data.notes[name] for name in ("grouped_by", "groups", "groups_train", "groups_test")] == [
        "author",
        100,
        80,
        10,
    ]
    assert data.notes["classes_test"] in ("bad 50.0%, good 50.0%", "good 50.0%, bad 50.0%")
    shuffled = random.Random(0).sample(rows, len(rows))
    (tmp_path / "b.csv").write_text(table(shuffled, GROUPED))
    assert everything(load(tmp_path / "b.csv", group="author")) == everything(data)


def test_a_validation_part_that_is_missing_is_cut_by_group_too(tmp_path: Path) -> None:
    rows = [
        (f"text {i}", "good" if i % 2 else "bad", f"author {i // 4}", "test" if i >= 160 else "train")
        for i in range(200)
    ]
    (tmp_path / "a.csv").write_text(table(rows, (*GROUPED, "part")))
    data = load(tmp_path / "a.csv", group="author", split="part")
    assert [len(part) for part in (data.train, data.valid, data.test)] == [144, 16, 40]
    assert data.train.groups is not None
    assert data.valid.groups is not None
    assert not set(data.train.groups) & set(data.valid.groups)


def test_how_documents_are_split_is_part_of_the_identity(tmp_path: Path) -> None:
    made = [
        LabelledFile(path=tmp_path, **options) for options in ({}, {"order": "a"}, {"group": "a"}, {"rare": "drop"})
    ]
    assert len({json.dumps(each.identity()) for each in made}) == 4


def test_the_options_of_the_command_line_are_those_of_the_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"encoding": "cp1252", "separator": "bar", "quotes": "letters", "rare": "drop", "group": "author"}
    asked: list[dict[str, str]] = []

    def ask(suite: str, *, data_options: dict[str, str], **others: object) -> None:
        asked.append(data_options)
        raise ValueError("asked")

    monkeypatch.setattr("seqbench.api.ask", ask)
    for each in (options, {"order": "when"}):
        arguments = [word for name, value in each.items() for word in (f"--{name}", value)]
        assert CliRunner().invoke(app, ["run", "--suite", "doc", "--data", "a.csv", *arguments]).exit_code == 2
        assert LabelledFile(path=tmp_path, **asked[-1]) == LabelledFile(path=tmp_path, **each)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "when", "split": "part"}, "order and split both say which part a document is in"),
        ({"order": "when", "group": "author"}, "give order or group, not both"),
    ],
)
def test_splits_that_contradict_each_other_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LabelledFile(path=Path("a.csv"), **options)


def parted(tmp_path: Path, **sizes: int) -> dict[str, Path]:
    """Files of their own for parts, with so many documents each, which no two share."""
    paths = {}
    for part, size in sizes.items():
        paths[part] = tmp_path / f"{part}.csv"
        rows = [(f"{part} {i} {'sun' if i % 2 else 'rain'}", "good" if i % 2 else "bad") for i in range(size)]
        paths[part].write_text(table(rows))
    return paths


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ({"path": 40, "valid": 6, "test": 8}, [40, 6, 8]),
        ({"path": 40, "test": 8}, [36, 4, 8]),
        ({"path": 40, "valid": 6}, [36, 6, 4]),
    ],
)
def test_parts_may_be_files_of_their_own(tmp_path: Path, sizes: dict[str, int], found: list[int]) -> None:
    paths = parted(tmp_path, **sizes)
    file = LabelledFile(**paths)
    data = file.load()
    assert [len(part) for part in (data.train, data.valid, data.test)] == found
    for name, part in (("valid", data.valid), ("test", data.test)):
        if name in paths:
            assert {words[0] for words in part.texts.words} == {name}
    assert data.notes["rows"] == sum(sizes.values())
    assert file.identity() == LabelledFile(path=paths["path"]).identity()
    assert file.fingerprint() != LabelledFile(path=paths["path"]).fingerprint()


def test_files_of_parts_are_those_of_a_column(tmp_path: Path) -> None:
    paths = parted(tmp_path, path=40, valid=6, test=8)
    rows = [
        line + ("" if i == 0 else f",{part.replace('path', 'train')}")
        for part, path in paths.items()
        for i, line in enumerate(path.read_text().splitlines())
        if i
    ]
    (tmp_path / "all.csv").write_text("text,label,part\n" + "".join(f"{row}\n" for row in rows))
    one, other = LabelledFile(**paths).load(), load(tmp_path / "all.csv", split="part")
    assert everything(one) == everything(other)
    assert one.notes == other.notes


def test_what_is_wrong_with_files_of_parts_is_told(tmp_path: Path) -> None:
    paths = parted(tmp_path, path=40, valid=6, test=8)
    with pytest.raises(ValidationError, match="split says which part a document is in, as the files valid and test"):
        LabelledFile(**paths, split="part")
    with pytest.raises(DataError, match=r"path.csv and .*path.csv hold the same; give different files"):
        load(paths["path"], valid=paths["path"])
    paths["test"].write_text(table([("", "good"), ("x", "")]))
    with pytest.raises(DataError, match=r"test.csv has no document for the test part; is it the right file"):
        LabelledFile(**paths).load()
    paths["test"].write_text(table([("a moss", "moss")]))
    with pytest.raises(DataError, match="the test part has the class 'moss', which the training part lacks"):
        LabelledFile(**paths).load()
    with pytest.raises(DataError, match=r"there is no file .*none.csv"):
        load(paths["path"], test=tmp_path / "none.csv")
    grouped = {part: tmp_path / f"{part}.csv" for part in ("path", "test")}
    for part, path in grouped.items():
        rows = [(f"{part} {i}", "good" if i % 2 else "bad", f"{part if i else 'same'}{i}") for i in range(40)]
        path.write_text(table(rows, GROUPED))
    with pytest.raises(DataError, match=r"test.csv, line 2: 'author' 'same0' is in the test part here, but in the tr"):
        LabelledFile(**grouped, group="author").load()


CELLS = st.tuples(
    st.sampled_from(["a b", "a, b", "b\n\nc", "café", "cafe\u0301", "", " ", 'say "a"', "<unk>", "a b a b a"]),
    st.sampled_from(["good", "bad", " bad", "", "nan"]),
    st.sampled_from(["train", "valid", "test", "Dev"]),
    st.sampled_from(["x", "y", "z"]),
)
READINGS: list[dict[str, Any]] = [
    {},
    {"split": "part"},
    {"split": "part", "overlap": "remove", "rare": "drop"},
    {"split": "part", "group": "author"},
    {"longest": 2, "rare": "drop", "vocab_size": 3},
]


def outcome(path: Path, options: dict[str, Any]) -> object:
    """All that is loaded, or the fault."""
    try:
        data = load(path, **options)
    except DataError as fault:
        return str(fault)
    parts = (data.train, data.valid, data.test)
    ids = [[document.tolist() for document in part.texts.ids] for part in parts]
    groups = [None if part.groups is None else part.groups.tolist() for part in parts]
    return everything(data), ids, groups, data.notes


@given(st.lists(CELLS, min_size=1, max_size=25), st.sampled_from(READINGS), st.integers(1, 40), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_loads_alike_in_pieces_of_any_size(
    tmp_path: Path, rows: list[tuple[str, ...]], options: dict[str, Any], size: int, as_json: bool
) -> None:
    names = ("text", "label", "part", "author")
    base = [(f"good rows {i}", ("good", "bad")[i % 2], "train", f"author {i}") for i in range(20)]
    path = tmp_path / ("a.jsonl" if as_json else "a.csv")
    made = [*base, *rows]
    objects = "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in made)
    path.write_text(objects if as_json else table(made, names))
    whole = outcome(path, options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_text, "BYTES", size)
        patch.setattr(collection, "TOGETHER", 1 + size % 3)
        patch.setattr(collection, "GATHERED", 1 + size % 5)
        patch.setattr(collection, "SHORT", 8 * size)
        patch.setattr(splits, "PIECE", 1 + size % 4)
        assert outcome(path, options) == whole


def test_new_documents_need_no_class(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(ROWS))
    (tmp_path / "new.csv").write_text("id,text\n1,thing3 about nothing\n")
    data = load(tmp_path / "a.csv")
    texts = LabelledFile(path=tmp_path / "a.csv").read(tmp_path / "new.csv", {"symbols": data.vocab.symbols})
    assert data.vocab.decode(texts.ids[0]) == ["thing3", "about", "<unk>"]
    (tmp_path / "bad.csv").write_text("id,body\n1,x\n")
    with pytest.raises(DataError, match=r"bad.csv has no column 'text'; it has: 'id', 'body'; give .* that name"):
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
    "no file": (lambda tmp: tmp / "none.csv", {}, "there is no file or folder .*none.csv"),
    "no folder": (lambda tmp: tmp / "nowhere", {}, "there is no file or folder .*nowhere"),
    "no label column": (
        _file("a.csv", table(ROWS, ("text", "kind"))),
        {},
        "no column 'label'; it has: 'text', 'kind'; .*--label NAME",
    ),
    "no text column": (_file("a.csv", table(ROWS, ("body", "label"))), {}, "no column 'text'; .*--text NAME"),
    "no split column": (_file("a.csv", GOOD), {"split": "part"}, "no column 'part'; .*--split NAME"),
    "one class": (_file("a.csv", table([(t, "good") for t, _ in ROWS])), {}, "all documents are of one class, 'good'"),
    "empty classes": (_file("a.csv", table([(t, " ") for t, _ in ROWS])), {}, "all 40 labels are empty; .*--label"),
    "a class of two": (
        _file("a.csv", table([*ROWS, ("one", "rare"), ("two", "rare")])),
        {},
        "the class 'rare' has 2 distinct texts, fewer than the 3 parts",
    ),
    "text as label": (_file("a.csv", GOOD), {"label": "text"}, "40 classes in 40 documents; is 'text' the right col"),
    "few texts as labels": (_file("a.csv", table(ROWS[:3])), {"label": "text"}, "3 classes in 3 doc.*--label NAME"),
    "repeated texts as labels": (
        _file("a.csv", table([("x", long + text) for text, _ in ROWS for long in ("x" * 9999,) * 2])),
        {},
        "the class 'x{59}…' has 10,[0-9]+ characters; is 'label' the right column",
    ),
    "empty texts": (
        _file("a.csv", table([("" if i % 3 else t, label) for i, (t, label) in enumerate(ROWS)])),
        {},
        "more than half of the 40 texts are empty; is 'text' the right column.*--text NAME",
    ),
    "unknown split": (
        _file("a.csv", PARTED.replace(",test", ",hold\\nout")),
        {"split": "part"},
        r"a.csv, line 32: the column 'part' says 'hold\\\\nout'; it may say: train",
    ),
    "no test rows": (_file("a.csv", PARTED.replace(",test", ",train")), {"split": "part"}, "the test part; is 'part'"),
    "no train rows": (_file("a.csv", PARTED.replace(",train", ",test")), {"split": "part"}, "the train part; is 'par"),
    "new class in test": (
        _file("a.csv", PARTED + "x,strange,test\n"),
        {"split": "part"},
        "the test part has the class 'strange', which the training part lacks",
    ),
    "a group in two parts": (
        _file("a.csv", PARTED),
        {"split": "part", "group": "label"},
        "line 32: 'label' 'bad' is in the test part here, but in the train part before .line 2.; correct the col",
    ),
    "no group": (
        _file("a.csv", table([*((*row, str(i)) for i, row in enumerate(ROWS)), ("x", "good", " ")], GROUPED)),
        {"group": "author"},
        "a.csv, line 42: the column 'author' is empty; say of which group the text is",
    ),
    "few groups": (_file("a.csv", GOOD), {"group": "label"}, "a.csv: there are 2 groups, fewer than 10"),
    "no order": (_file("a.csv", GOOD), {"order": "text"}, "a.csv, line 2: '.*' is no time; write 2024-03-31"),
    "few times": (_file("a.csv", table([(*r, "1") for r in ROWS], DATED)), {"order": "when"}, "have 1 different times"),
    "no column of the order": (_file("a.csv", GOOD), {"order": "when"}, "no column 'when'; .*--order NAME"),
    "no column of the group": (_file("a.csv", GOOD), {"group": "author"}, "no column 'author'; .*--group NAME"),
    "groups in a folder": (
        lambda tmp: _folder(tmp, {"a/1.txt": b"x", "b/2.txt": b"y"}),
        {"group": "author"},
        "is a folder, which has no columns; leave out the options order and group",
    ),
    "folder without texts": (lambda tmp: _folder(tmp, {}), {}, "holds no .txt file"),
    "texts outside classes": (
        lambda tmp: _folder(tmp, {"1.txt": b"x", "2.txt": b"y"}),
        {},
        "lay them as CLASS/NAME.txt, or train/CLASS/NAME.txt",
    ),
    "parts without classes": (
        lambda tmp: _folder(tmp, {"train/1.txt": b"x", "test/2.txt": b"y"}),
        {},
        "lay them as train/CLASS/NAME.txt and test/CLASS/NAME.txt$",
    ),
    "empty test folder": (
        lambda tmp: _folder(
            tmp, {"train/a/1.txt": b"x", "train/a/2.txt": b"z", "train/b/1.txt": b"y", "test/1.txt": b"x"}
        ),
        {},
        "no document for the test part; is it the right folder",
    ),
    "folder of one class": (
        lambda tmp: _folder(tmp, {"a/1.txt": b"x", "a/2.txt": b"y"}),
        {},
        "of one class, 'a'; there is nothing to tell apart; is it the right folder",
    ),
    "bytes in a folder": (lambda tmp: _folder(tmp, {"a/1.txt": b"\xff\xfd"}), {}, "1.txt is not UTF-8: line 1"),
    "folder of UTF-16 without a mark": (
        lambda tmp: _folder(tmp, {"a/1.txt": "x".encode("utf-16-le")}),
        {},
        "1.txt is no text in UTF-8: it holds NUL characters, the first on line 1; name the encoding",
    ),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_what_makes_no_data_set_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    make, options, words = MALFORMED[kind]
    with pytest.raises(DataError, match=words) as told:
        load(make(tmp_path), **options)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _folder(tmp_path, {"a/1.txt": b"x", "b/1.txt": b"y"})

    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    for read in (LabelledFile(path=folder).fingerprint, LabelledFile(path=folder).load):
        with pytest.raises(DataError, match=r"1.txt cannot be read: Permission denied"):
            read()
