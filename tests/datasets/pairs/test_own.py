"""Pairs of one's own: what a file must hold, what is refused and with which words, and how new sources are read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from seqbench.cli import app
from seqbench.data import DataError
from seqbench.datasets.pairs.own import PairFile
from seqbench.tasks.language.vocab import EOS, UNK

HEADER = "source\ttarget\tpart"


def rows(count: int = 40) -> list[str]:
    parts = ["train"] * (count - 10) + ["valid", "test"] * 5
    return [f"Ein Mann {i % 7}, {i} .\tA man {i % 7} , {i}.\t{parts[i]}" for i in range(count)]


def write(path: Path, lines: list[str], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def pairs(path: Path, **options: Any) -> PairFile:
    return PairFile.model_validate({"path": path, **options})


def test_words_and_marks_are_cut_and_the_reference_stays_as_it_was_written(tmp_path: Path) -> None:
    data = pairs(write(tmp_path / "a.tsv", ["Der  Mann, 3.5 !\tThe man,  3.5!\t", *rows()]), split=None).load()
    whole = [*zip(data.train.sources, data.train.targets, data.train.written or (), strict=True)]
    whole += zip(data.valid.sources, data.valid.targets, data.valid.written or (), strict=True)
    whole += zip(data.test.sources, data.test.targets, data.test.written or (), strict=True)
    assert (["der", "mann", ",", "3.5", "!"], ["the", "man", ",", "3.5", "!"], "the man, 3.5!") in whole
    assert len(whole) == 41


def test_the_order_of_the_rows_changes_nothing_and_equal_sources_stay_in_one_part(tmp_path: Path) -> None:
    twice = [*rows(), *(line.replace("A man", "The man") for line in rows())]
    one = pairs(write(tmp_path / "a.tsv", twice)).load()
    two = pairs(write(tmp_path / "b.tsv", twice[::-1])).load()
    for part in ("train", "valid", "test"):
        assert sorted(getattr(one, part).sources) == sorted(getattr(two, part).sources)
    assert [one.notes[f"shared_{a}_{b}"] for a, b in (("train", "valid"), ("train", "test"))] == [0, 0]
    assert [len(part) for part in (one.train, one.valid, one.test)] == [64, 8, 8]


def test_a_column_of_parts_decides_the_split_and_a_missing_part_is_cut_from_training(tmp_path: Path) -> None:
    data = pairs(write(tmp_path / "a.tsv", rows()), split="part").load()
    assert [len(part) for part in (data.train, data.valid, data.test)] == [30, 5, 5]
    data = pairs(write(tmp_path / "b.tsv", [x.replace("valid", "train") for x in rows()]), split="part").load()
    assert [len(part) for part in (data.train, data.valid, data.test)] == [32, 3, 5]


def test_two_files_are_read_line_by_line(tmp_path: Path) -> None:
    write(tmp_path / "a.de", rows(12)[1:], rows(12)[0])
    (tmp_path / "a.en").write_text("".join(f"sentence number {i}\r\n" for i in range(12)))
    data = pairs(tmp_path / "a.de", targets=tmp_path / "a.en").load()
    assert sum(map(len, (data.train, data.valid, data.test))) == 12
    before = pairs(tmp_path / "a.de", targets=tmp_path / "a.en").fingerprint()
    (tmp_path / "a.en").write_text("".join(f"sentence no {i}\n" for i in range(12)))
    assert pairs(tmp_path / "a.de", targets=tmp_path / "a.en").fingerprint() != before


def test_rare_words_are_unknown_and_targets_have_an_end(tmp_path: Path) -> None:
    data = pairs(write(tmp_path / "a.tsv", [*rows(), "selten x\trare x\ttrain"]), split="part").load()
    assert data.source_vocab is not None
    assert data.source_vocab.symbols[0] == UNK
    assert data.target_vocab.symbols[:2] == (UNK, EOS)
    assert "selten" not in data.source_vocab.index
    assert "selten" in pairs(tmp_path / "a.tsv", min_count=1, split="part").load().source_vocab.index  # type: ignore[union-attr]


def test_long_pairs_are_left_out_of_training_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", [*rows(), "w " * 50 + "\tv\ttrain", "u " * 50 + "\tv\ttest"])
    data = pairs(path, split="part", longest=20).load()
    assert data.notes["longer_left_out_train"] == 1
    assert max(map(len, data.train.sources)) <= 20
    assert max(map(len, data.test.sources)) == 50


def test_case_and_white_space_are_kept_if_asked_for(tmp_path: Path) -> None:
    data = pairs(write(tmp_path / "a.tsv", rows()), lowercase=False, tokens="whitespace").load()
    assert data.train.sources[0][:2] == ["Ein", "Mann"]
    assert data.train.targets[0][:2] == ["A", "man"]
    assert data.convention == "words between white space"


Change = Callable[[list[str]], list[str]]


def same(lines: list[str]) -> list[str]:
    return lines


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (same, {"source": "de"}, r"no column 'de'; .*it has: 'source', 'target', 'part'; name .*--source NAME"),
        (same, {"target": "targt"}, r"no column 'targt'; did you mean 'target'\?.*--target NAME"),
        (same, {"target": "source"}, r"source and target are both the column 'source'; name two columns"),
        (same, {"split": "where"}, r"no column 'where'; .*--split NAME"),
        (same, {"split": "target"}, r"line 2: the column 'target' says 'A man 0 , 0\.'; it may say: train, valid"),
        (lambda x: [y.replace("train", "test") for y in x], {"split": "part"}, r"no pair for the train part; correct"),
        (lambda x: ["\tA man.\ttrain", *x], {}, r"line 2: the source is empty; write it, or remove it"),
        (lambda x: [*x, "Ein Mann.\t \ttrain"], {}, r"line 42: the target is empty; write it, or remove it"),
        (lambda x: ["Ein Mann.\tA man.", *x], {}, r"line 2: 2 cells where the header has 3"),
        (lambda x: ["Ein\tMann\tA man.\ttrain", *x], {}, r"line 2: 4 cells where the header has 3"),
        (lambda x: ["Ein Mann.", *x], {}, r"line 2: 1 cells where the header has 3"),
        (lambda x: ["x " * 10_000 + "\ty\ttrain", *x], {}, r"line 2: the source has 10,000 words; .*divide it"),
        (lambda x: ["y\t" + "x " * 10_000 + "\ttrain", *x], {}, r"line 2: the target has 10,000 words"),
        (lambda x: [*x, f"a {EOS} b\tc\ttrain"], {"tokens": "whitespace"}, r"line 42: the source holds the word <eos>"),
        (lambda x: [*x, f"c\ta {EOS}\ttrain"], {"tokens": "whitespace"}, r"line 42: the target holds the word <eos>"),
        (lambda x: [], {}, r"has a header and no rows; add some rows"),
        (lambda x: x[:2], {}, r"a\.tsv has 2 different sources, fewer than the 3 parts of the split; give more pairs"),
        (lambda x: [x[0]] * 9, {}, r"a\.tsv has 1 different source, fewer than the 3 parts"),
        (same, {"min_count": 99}, r"a\.tsv: min_count=99 leaves no word of the sources; the most frequent one occurs"),
        (same, {"longest": 1}, r"a\.tsv: longest=1 leaves no training pair; give a larger one"),
        (same, {"encoding": "klingon"}, r"there is no encoding 'klingon'"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_with_place_and_cure(
    tmp_path: Path, change: Change, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        pairs(write(tmp_path / "a.tsv", change(rows())), **options).load()


def _files(folder: Path, sources: bytes, targets: bytes | None) -> PairFile:
    (folder / "a.de").write_bytes(sources)
    if targets is not None:
        (folder / "a.en").write_bytes(targets)
    return pairs(folder / "a.de", targets=folder / "a.en")


LINES = b"".join(b"ein wort %d\n" % i for i in range(9))


@pytest.mark.parametrize(
    ("sources", "targets", "words"),
    [
        (LINES, LINES + b"ein\n", r"a\.de has 9 lines, but .*a\.en has 10; each line of one must be the translation"),
        (LINES, LINES + b"\n", r"a\.de has 9 lines, but .*a\.en has 10"),
        (LINES, LINES.replace(b"ein wort 3", b""), r"a\.de and .*a\.en, line 4: the target is empty"),
        (LINES.replace(b"wort", "wört".encode("cp1252")), LINES, r"a\.de is not UTF-8: line 1, byte 0xf6.*--encoding"),
        (LINES, LINES.replace(b"wort 5", b"w\0rt"), r"a\.en is no text in UTF-8: it holds NUL.* line 6"),
        (LINES, b"", r"a\.en is empty"),
        (LINES, b"\n\n\n", r"a\.en holds only blank lines"),
        (LINES, None, r"there is no file .*a\.en"),
    ],
)
def test_wrong_files_of_two_sides_are_refused_with_place_and_cure(
    tmp_path: Path, sources: bytes, targets: bytes | None, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        _files(tmp_path, sources, targets).load()


def test_options_that_do_not_fit_two_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.de").write_bytes(LINES)
    with pytest.raises(DataError, match=r"a\.de ends in \.de, so it is no table; .*--targets FILE"):
        pairs(tmp_path / "a.de").load()
    with pytest.raises(DataError, match=r"is the file of the sources and of the targets"):
        pairs(tmp_path / "a.de", targets=tmp_path / "a.de").load()
    with pytest.raises(DataError, match=r"is a text, which has no columns; leave out --split"):
        pairs(tmp_path / "a.de", targets=tmp_path / "a.en", split="part").load()
    with pytest.raises(ValidationError):
        pairs(tmp_path / "a.de", longest=0)


TOYS = Path(__file__).parents[2] / "toys" / "translators.py"
SUITE = f"""
name = "toys"
task = "translate"
summary = "toys"
datasets = ["reverse"]
models = ["{TOYS}:Dictionary"]

[presets.quick]
budget = {{ epochs = 1 }}
limits = {{ seconds = 60, memory_gb = 4 }}
"""


@pytest.mark.parametrize("form", ["table", "two files"])
def test_the_command_line_takes_a_table_or_two_files(tmp_path: Path, form: str) -> None:
    (tmp_path / "toys.toml").write_text(SUITE)
    (tmp_path / "a.en").write_bytes(LINES)
    (tmp_path / "a.de").write_bytes(LINES)
    table = write(tmp_path / "a.tsv", rows(), "de\ten\tpart")
    given = {
        "table": ["--data", str(table), "--source", "de", "--target", "en", "--split", "part"],
        "two files": ["--data", str(tmp_path / "a.de"), "--targets", str(tmp_path / "a.en")],
    }
    options = ["--suite", str(tmp_path / "toys.toml"), "--store", str(tmp_path / "results"), "--dry-run"]
    done = CliRunner().invoke(app, ["run", *given[form], *options])
    assert done.exit_code == 0, done.output
    assert ("a.tsv" if form == "table" else "a.de") in done.output


def test_new_sources_are_read_as_the_training_data_was(tmp_path: Path) -> None:
    table = pairs(write(tmp_path / "a.tsv", rows()))
    new = table.read(write(tmp_path / "new.csv", ['"Ein Hund, hier."', "Zwei"], "source"), {})
    assert new.sources == [["ein", "hund", ",", "hier", "."], ["zwei"]]
    with pytest.raises(DataError, match=r"no column 'source'; .*give the column of sources that name"):
        table.read(write(tmp_path / "bad.csv", ["x"], "text"), {})
    two = _files(tmp_path, LINES, LINES)
    (tmp_path / "new.txt").write_text("Ein Hund\n\nZwei\n")
    with pytest.raises(DataError, match=r"new\.txt, line 2: the source is empty"):
        two.read(tmp_path / "new.txt", {})
    (tmp_path / "new.txt").write_text("Ein Hund\nZwei\n")
    assert two.read(tmp_path / "new.txt", {}).sources == [["ein", "hund"], ["zwei"]]
