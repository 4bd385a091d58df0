"""A stored fit that cannot be used is refused in one line, and code that a record names is compared before it runs."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

import seqbench
from seqbench import registry
from seqbench.cli import app
from seqbench.evidence.records import Record
from seqbench.runs.store import ENCODING, MODEL, RECORD, Store
from seqbench.spec import parse

TOYS = Path(__file__).parents[2] / "toys" / "toys.py"
LSTM = "lstm(hidden_size=4, embedding_size=4)"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fits")
    book = folder / "book.txt"
    book.write_text("\n".join("a x b y c z a x" for _ in range(60)) + "\n")
    seqbench.run("lm", models=["unigram", LSTM], data=book, store=folder / "results", keep=True, device="cpu", seeds=1)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def _place(folder: Path, label: str) -> Path:
    store = Store(folder / "results")
    (record,) = [r for r in store.records() if isinstance(r, Record) and r.label == label]
    assert record.status == "ok", record.reason
    assert set(record.kept_sha256) == {MODEL, ENCODING}
    return store.folder(record.identity, record.key)


def _ask(*arguments: object) -> str:
    """Return what a command says, which must be an error of one line."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 2, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert done.output.count("\n") == 1
    assert done.output.startswith("seqbench: ")
    return done.output


def _unsigned(place: Path) -> None:
    """Make the record one of an earlier version, which had no hashes of stored fits."""
    record = json.loads((place / RECORD).read_text())
    del record["kept_sha256"]
    (place / RECORD).write_text(json.dumps(record))


def _flipped(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])


def _with_arrays(change: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]) -> Callable[[Path], None]:
    def changed(file: Path) -> None:
        save_file({name: change(array) for name, array in load_file(file).items()}, file)

    return changed


def _header(file: Path, content: dict[str, Any], length: int | None = None) -> None:
    head = json.dumps(content).encode()
    file.write_bytes(struct.pack("<Q", len(head) if length is None else length) + head)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


HUGE = {"p": {"dtype": "F64", "shape": [10**9, 10**9], "data_offsets": [0, 8]}}
UNKNOWN = {"p": {"dtype": "F3", "shape": [0], "data_offsets": [0, 0]}}
PICKLE = b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94."

DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "a folder": _folder,
    "cut": _cut,
    "a header of 10¹⁸": lambda file: _header(file, {}, 10**18),
    "a shape of 10¹⁸": lambda file: _header(file, HUGE),
    "an unknown type": lambda file: _header(file, UNKNOWN),
    "a pickle": lambda file: file.write_bytes(PICKLE),
    "other names": lambda file: save_file({"strange": np.zeros(3)}, file),
    "no arrays": lambda file: save_file({}, file),
    "another shape": _with_arrays(lambda array: np.zeros((2, *array.shape), array.dtype)),
    "another type": _with_arrays(lambda array: np.full(array.shape, 300, dtype=np.int16)),
    "fewer rows": _with_arrays(lambda array: array[:1].copy() if array.ndim else array),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("label", ["unigram", LSTM])
def test_a_damaged_fit_is_refused_in_one_line(folder: Path, label: str, damage: str) -> None:
    place = _place(folder, label)
    DAMAGES[damage](place / MODEL)
    said = _ask("predict", place, "--data", folder / "book.txt")
    assert str(place / MODEL) in said


@pytest.mark.parametrize("damage", [damage for damage in DAMAGES if damage != "another type"])
def test_so_it_is_if_the_record_has_no_hash_of_it(folder: Path, damage: str) -> None:
    place = _place(folder, LSTM)
    _unsigned(place)
    DAMAGES[damage](place / MODEL)
    assert str(place / MODEL) in _ask("predict", place, "--data", folder / "book.txt")


def test_weights_with_one_bit_flipped_do_not_predict(folder: Path) -> None:
    place = _place(folder, "unigram")
    _flipped(place / MODEL)
    assert "its sha256 is not the one in the record" in _ask("predict", place, "--data", folder / "book.txt")


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"[" * 10**5, b'{"symbols": 3}', b"\xff"])
def test_a_damaged_encoding_is_refused_in_one_line(folder: Path, content: bytes, signed: bool) -> None:
    place = _place(folder, "unigram")
    if not signed:
        _unsigned(place)
    (place / ENCODING).write_bytes(content)
    said = _ask("predict", place, "--data", folder / "book.txt")
    assert str(place / ENCODING) in said or (not signed and content.startswith(b"{"))


def test_the_other_commands_refuse_it_as_well(folder: Path) -> None:
    place, book = _place(folder, "unigram"), folder / "book.txt"
    _cut(place / MODEL)
    commands = [
        ["sample", "unigram", "--data", book, "--store", folder / "results", "--device", "cpu"],
        ["translate", place, "a x"],
        ["answer", place, "--story", book, "--question", "a?"],
        ["recall", place, "--data", book],
        ["inspect", "cells", place, "--text", "a x", "--output", folder / "cells.html"],
    ]
    for command in commands:
        assert str(place / MODEL) in _ask(*command)


def test_a_run_with_keep_makes_a_damaged_fit_again(folder: Path) -> None:
    place = _place(folder, "unigram")
    sound = (place / MODEL).read_bytes()
    _flipped(place / MODEL)
    seqbench.run("lm", models=["unigram"], data=folder / "book.txt", store=folder / "results", keep=True, device="cpu")
    assert (place / MODEL).read_bytes() == sound


MINE = "from toys import Still as Mine\nfrom toys import Coins as Source\n"


@pytest.mark.parametrize("what", ["model", "a model in a sum", "data set"])
def test_code_that_has_changed_is_refused_before_it_runs(tmp_path: Path, what: str) -> None:
    shutil.copy(TOYS, tmp_path / "toys.py")
    mine, trap = tmp_path / "mine.py", tmp_path / "trap"
    mine.write_text(MINE)
    model = {"model": f"{mine}:Mine", "a model in a sum": f"unigram+{mine}:Mine"}.get(what, "unigram")
    data = f"{mine}:Source" if what == "data set" else f"{TOYS}:Coins"
    seqbench.run("lm", models=[model], datasets=[data], store=tmp_path / "r", keep=True, device="cpu")
    (record,) = [r for r in Store(tmp_path / "r").records() if isinstance(r, Record)]
    assert record.status == "ok", record.reason
    mine.write_text(f"{MINE}open({str(trap)!r}, 'w').close()\n")
    assert "changed since that run" in _ask("predict", record.key[:8], "--data", mine, "--store", tmp_path / "r")
    assert not trap.exists()
    for content in (b"def broken(:", b"\0", b"(" * 10**5):
        mine.write_bytes(content)
        _ask("predict", record.key[:8], "--data", mine, "--store", tmp_path / "r")
    mine.unlink()
    assert "there is no file" in _ask("predict", record.key[:8], "--data", TOYS, "--store", tmp_path / "r")


@pytest.mark.parametrize(
    ("model", "task"),
    [
        ("unigram", "lm"),
        ("unigram", "classify"),
        ("unigram+uniform", "lm"),
        ("unigram+uniform", "classify"),
        (f"{TOYS}:Still", "lm"),
        (f"{TOYS}:Still", "classify"),
        (f"{TOYS}:Still+unigram", "lm"),
        (f"{TOYS}:Still+unigram", "classify"),
        ("naive+theta", "forecast"),
    ],
)
def test_the_hash_of_a_model_is_among_those_that_are_possible(model: str, task: str) -> None:
    spec = parse(model)
    assert registry.find_model(spec, task).source_sha256 in registry.possible_sources(spec, task)
