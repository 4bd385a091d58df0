"""Sequences of one's own: what a table must hold, what is refused and with which words, and how new files are read."""

from pathlib import Path

import numpy as np
import pytest

import seqbench
from seqbench.data import DataError
from seqbench.datasets.sequences.own import ClassFile, TargetFile

HEADER = "id,t,x,y,total,kind,part"


def rows(count: int = 30, seed: int = 0) -> list[str]:
    """Sequences of 1 to 5 steps of two values; `total` is the sum of x, and `kind` its sign."""
    rng, found = np.random.default_rng(seed), []
    for n in range(count):
        x, y = rng.integers(-9, 10, size=(2, 1 + n % 5))
        total = x.sum()
        part = ("train", "valid", "test")[0 if n < count - 10 else 1 + n % 2]
        for t in rng.permutation(len(x)):
            found.append(f"s{n},{t},{x[t]},{y[t]},{total},{'up' if n % 2 else 'down'},{part}")
    return found


def write(path: Path, lines: list[str], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def regress(path: Path, **options: object) -> TargetFile:
    given = {"id": "id", "time": "t", "value": "x,y", "target": "total", **options}
    return TargetFile.model_validate({"path": path, **given})


def recognise(path: Path, **options: object) -> ClassFile:
    given = {"id": "id", "time": "t", "value": "x,y", "label": "kind", **options}
    return ClassFile.model_validate({"path": path, **given})


def test_steps_are_ordered_by_time_and_every_sequence_keeps_its_target(tmp_path: Path) -> None:
    data = regress(write(tmp_path / "a.csv", rows())).load()
    assert (data.columns, data.names) == (("x", "y"), ("total",))
    assert [len(part) for part in (data.train, data.valid, data.test)] == [24, 3, 3]
    for part in (data.train, data.valid, data.test):
        for sequence, target in zip(part.sequences, part.targets, strict=True):
            assert sequence[:, 0].sum() == target


def test_the_order_of_the_rows_changes_nothing(tmp_path: Path) -> None:
    lines = rows()
    one = regress(write(tmp_path / "a.csv", lines)).load()
    two = regress(write(tmp_path / "b.csv", sorted(lines, reverse=True))).load()

    def content(data: object) -> list[bytes]:
        part = getattr(data, "test")  # noqa: B009
        return sorted(x.tobytes() + y.tobytes() for x, y in zip(part.sequences, part.targets, strict=True))

    assert content(one) == content(two)


def test_classes_have_the_same_shares_in_all_parts(tmp_path: Path) -> None:
    data = recognise(write(tmp_path / "a.csv", rows(60))).load()
    assert data.names == ("down", "up")
    assert [np.bincount(part.labels).tolist() for part in (data.train, data.valid, data.test)] == [
        [24, 24],
        [3, 3],
        [3, 3],
    ]


def test_a_column_of_parts_decides_the_split(tmp_path: Path) -> None:
    data = regress(write(tmp_path / "a.csv", rows()), split="part").load()
    assert [len(part) for part in (data.train, data.valid, data.test)] == [20, 5, 5]


def test_without_names_of_values_all_other_columns_are_values(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [line.rsplit(",", 2)[0] for line in rows()], "id,t,x,y,total")
    assert regress(path, value=None).load().columns == ("x", "y")


def test_several_targets_are_read(tmp_path: Path) -> None:
    lines = [",".join([*line.split(",")[:5], str(2 * int(line.split(",")[4]))]) for line in rows()]
    data = regress(write(tmp_path / "a.csv", lines, "id,t,x,y,total,twice"), target="total, twice").load()
    assert data.names == ("total", "twice")
    assert np.array_equal(data.train.targets[:, 1], 2 * data.train.targets[:, 0])


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda lines: lines, {"target": "sum"}, r"no column 'sum'; .*--target A,B"),
        (lambda lines: lines, {"id": "name"}, r"no column 'name'; .*--id NAME"),
        (lambda lines: lines, {"value": "x,z"}, r"no column 'z'; .*--value A,B"),
        (lambda lines: lines, {"value": "x,total"}, r"'total' cannot be a value too"),
        (
            lambda lines: ["s0,0,abc,1,5,up,train", *lines[1:]],
            {},
            r"line 2: the column 'x' holds 'abc', which is no number",
        ),
        (lambda lines: ["s0,0,,1,5,up,train", *lines[1:]], {}, r"line 2: the column 'x' holds no value; fill it in"),
        (lambda lines: [*lines, "s1,7,1,1,99,up,train"], {}, r"sequence 's1' has '99' in the column 'total' here, but"),
        (lambda lines: [*lines, "s1,7,1,1,,up,train"], {}, r"the column 'total' is empty; fill it in"),
        (lambda lines: [*lines, "n,7,1,1,high,up,train"], {}, r"the column 'total' holds 'high', which is no number"),
        (lambda lines: [*lines, lines[-1]], {}, r"has the time '\d' twice, first in line \d+; keep one"),
        (lambda lines: [*lines, ",7,1,1,99,up,train"], {}, r"the column 'id' is empty; say which sequence"),
        (lambda lines: lines[:1], {}, r"1 sequence, fewer than the 3 parts of the split; is 'id' the right column"),
        (lambda lines: [], {}, r"has a header and no rows"),
        (lambda lines: [f"s{i},0,1,1,5,up,train" for i in range(9)], {}, r"the target 'total' is 5 in all sequences"),
        (lambda lines: lines, {"split": "kind"}, r"the column 'kind' says '\w+' of sequence 's0'; it may say: train"),
        (
            lambda lines: [x.replace("test", "train") for x in lines],
            {"split": "part"},
            r"no sequence for the test part",
        ),
    ],
)
def test_a_wrong_table_is_refused_with_place_and_cure(tmp_path: Path, change, options, words) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=words):
        regress(write(tmp_path / "a.csv", change(rows())), **options).load()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([f"s{i},0,1,1,5,up,train" for i in range(9)], r"all sequences are of the class 'up'"),
        (
            [f"s{i},0,1,1,5,{'up' if i else 'odd'},train" for i in range(9)],
            r"the class 'odd' has 1 sequence, fewer than",
        ),
    ],
)
def test_classes_that_cannot_be_learned_are_refused(tmp_path: Path, lines: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        recognise(write(tmp_path / "a.csv", lines)).load()


def test_new_sequences_are_read_without_targets_as_the_training_data_was(tmp_path: Path) -> None:
    lines = [line.replace(",", ";") for line in rows()]
    old = regress(
        write(
            tmp_path / "a.csv",
            ["s0;9;0,5;1;" + lines[0].split(";")[4] + ";down;train", *lines],
            HEADER.replace(",", ";"),
        )
    )
    encoding = {"columns": ["x", "y"], "names": ["total"], "reading": old.load().reading}
    assert encoding["reading"] == {"decimal": "comma"}
    new = old.read(write(tmp_path / "b.csv", ["n1;1;2,5;3", "n1;0;1;4", "n2;0;7;7"], "id;t;x;y"), encoding)
    assert list(new.names) == ["n1", "n2"]
    assert np.array_equal(new.sequences[0], [[1, 4], [2.5, 3]])


def test_a_file_of_ones_own_runs_in_the_suite_in_the_part_that_its_options_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", rows(60))
    options = {"id": "id", "time": "t", "value": "x,y"}
    request = {"data": path, "store": tmp_path / "store", "models": ["mean", "majority", "bag"], "jobs": 1}
    frame = seqbench.run("longrange", data_options={**options, "target": "total"}, **request)
    assert list(frame["model"]) == ["mean", "bag"]
    assert set(frame["status"]) == {"ok"}
    frame = seqbench.run("longrange", data_options={**options, "label": "kind"}, **request)
    assert list(frame["model"]) == ["majority", "bag"]


def test_a_file_without_target_and_class_is_refused_in_a_suite_of_several_tasks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", rows())
    with pytest.raises(ValueError, match=r"needs the setting 'target'.*; or file needs the setting 'label'"):
        seqbench.run("longrange", data=path, data_options={"id": "id"}, store=tmp_path / "store")
