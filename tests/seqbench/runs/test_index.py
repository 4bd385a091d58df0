"""The index says what the folders say, whatever happened to it or to them."""

import json
import os
import shutil
from pathlib import Path

import pytest

from seqbench.api import ask
from seqbench.evidence.records import Record, question
from seqbench.runs import index
from seqbench.runs.index import INDEX, Known, known, named
from seqbench.runs.store import RECORD, Store, key_of


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Record:
    folder = tmp_path_factory.mktemp("example")
    asked = ask("lm", models=["unigram"], datasets=["synthetic-markov(train_tokens=500)"], store=folder)
    from seqbench.runs.cell import Outcome, record_of

    return record_of(asked.cells[0], "ok", "", asked.options, Outcome(costs={"wall_seconds": 2.0}))


@pytest.fixture
def store(tmp_path: Path, example: Record, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Five records, of which an index is made as of many."""
    monkeypatch.setattr(index, "MANY", 1)
    made = Store(tmp_path)
    for seed in range(5):
        identity = example.identity.model_copy(update={"seed": seed})
        made.write(example.model_copy(update={"identity": identity, "key": key_of(identity)}))
    return made


def by_reading(store: Store) -> set[Known]:
    return {Known.of(record) for record in store.records(items=False) if isinstance(record, Record)}


def read(store: Store, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many records are read to know all, which must be known as they are."""
    paths: list[Path] = []
    reads = Store.read
    monkeypatch.setattr(Store, "read", lambda self, path, **how: paths.append(path) or reads(self, path, **how))
    found = known(store)
    monkeypatch.setattr(Store, "read", reads)
    assert set(found) == by_reading(store)
    assert len(found) == len(set(found))
    return len(paths)


def test_each_record_is_read_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(store, monkeypatch) == 5
    assert read(store, monkeypatch) == 0
    (store.root / INDEX).unlink()
    assert read(store, monkeypatch) == 5


def test_what_is_known_answers_the_question_of_a_cell(store: Store, example: Record) -> None:
    assert {one.seconds for one in known(store) if one.question == named(question(example))} == {2.0}


def test_a_record_that_was_written_anew_removed_or_damaged_is_seen(
    store: Store, example: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(store)
    store.write(example.model_copy(update={"status": "failed", "reason": "it was hot"}))
    assert read(store, monkeypatch) == 1
    assert [one.status for one in known(store) if one.key == example.key] == ["failed"]
    others = [path for path in store.root.glob(f"*/*/*/{RECORD}") if path.parent.name[0] != "0"]
    shutil.rmtree(others[0].parent)
    others[1].write_text("{")
    assert read(store, monkeypatch) == 1
    assert len(known(store)) == 3


def test_a_record_of_another_file_of_the_same_size_and_time_is_seen(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(store)
    path = next(store.root.glob(f"*/*/*/{RECORD}"))
    state, text = path.stat(), path.read_text()
    path.with_name("new").write_text(text.replace('"ok"', '"no"'))
    path.with_name("new").replace(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert path.stat().st_size == state.st_size
    assert read(store, monkeypatch) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-7],
        lambda text: "\n\0\0\0" + text,
        lambda text: text + "\n[1, 2]\n{}\nnull\n[]\n" + json.dumps(["a/b/c", 1, 2, 3, *"abcdefghij"]),
        lambda text: text + text,
        lambda text: "[" * 100_000,
    ],
    ids=["torn", "zeros", "strange lines", "twice", "nested"],
)
def test_a_damaged_index_costs_reading_and_nothing_else(
    store: Store, damage: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(store)
    path = store.root / INDEX
    path.write_text(damage(path.read_text()))  # type: ignore[operator]
    assert read(store, monkeypatch) <= 5
    assert read(store, monkeypatch) == 0


def test_lines_of_records_that_are_gone_do_not_pile_up(store: Store) -> None:
    known(store)
    lines = (store.root / INDEX).read_text().splitlines()
    with (store.root / INDEX).open("a") as file:
        file.writelines("\n" + lines[-1].replace('["', f'["gone{i}') for i in range(50))
    (next(store.root.glob("*/*/4-*")) / RECORD).touch()
    known(store)
    assert len(known(store)) == 5
    known(store)
    assert len((store.root / INDEX).read_text().split()) < 50 * 11


def test_few_records_get_no_index_and_a_store_that_is_missing_none(store: Store, tmp_path: Path) -> None:
    index.MANY = 6
    assert len(known(store)) == 5
    assert not (store.root / INDEX).exists()
    assert known(Store(tmp_path / "nowhere")) == []
    assert not (tmp_path / "nowhere").exists()
