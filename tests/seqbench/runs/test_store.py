"""The store: whole records or none, held against their own hashes."""

import errno
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from seqbench.disk import owned_folder
from seqbench.evidence.records import Identity, Provenance, Record
from seqbench.runs import store as store_module
from seqbench.runs.store import ITEMS, RECORD, Damaged, Plan, Store, Unwritable, key_of
from seqbench.spec import Spec


def _record(**changes: object) -> Record:
    identity = Identity(
        task="lm",
        model="kneser-ney",
        target="seqbench.baselines.ngrams.models:KneserNey",
        config={"order": 3},
        model_source="a" * 64,
        dataset="wikitext2(convention=sentence)",
        options={"convention": "sentence"},
        data_sha256="b" * 64,
        data_source="c" * 64,
        task_source="d" * 64,
        seed=0,
        budget={"epochs": 1, "updates": None},
        device="cpu",
    ).model_copy(update=changes)
    return Record(
        key=key_of(identity),
        identity=identity,
        label="kneser-ney(order=3)",
        model_spec=Spec("kneser-ney", {"order": 3}),
        data_spec=Spec("wikitext2", {"convention": "sentence"}),
        kind="classic",
        stochastic=False,
        status="ok",
        scores={"test": {"perplexity": 230.886}},
        provenance=Provenance(
            seqbench="0",
            git_sha=None,
            git_dirty=None,
            python="3",
            packages={},
            platform="here",
            cpu="one",
            gpu=None,
            threads=1,
        ),
        finished="2026-01-01T00:00:00+00:00",
    )


COLUMNS = {"nats": np.arange(5, dtype=np.float32), "unit": np.array([0, 0, 1, 1, 2], dtype=np.int32)}


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    written = store.write(
        _record(), COLUMNS, {"weights": np.eye(2), "size": np.array(3)}, {"symbols": ["а", "b"]}, b"hello\n"
    )
    assert store.find(written.identity) == written
    assert list(store.records()) == [written]
    found = store.columns(written)
    assert found is not None
    assert {name: column.tolist() for name, column in found.items()} == {k: v.tolist() for k, v in COLUMNS.items()}
    assert store.arrays(written)["weights"].tolist() == np.eye(2).tolist()
    assert store.arrays(written)["size"].shape == ()
    assert store.encoding(written) == {"symbols": ["а", "b"]}
    assert not list(tmp_path.glob(".partial*"))


def test_an_infinite_perplexity_survives(tmp_path: Path) -> None:
    store = Store(tmp_path)
    written = store.write(_record().model_copy(update={"scores": {"test": {"perplexity": float("inf")}}}))
    assert store.find(written.identity) == written


@pytest.mark.parametrize(
    "changes",
    [
        {"config": {"order": 5}},
        {"model_source": "e" * 64},
        {"data_sha256": "e" * 64},
        {"data_source": "e" * 64},
        {"task_source": "e" * 64},
        {"task": "classify"},
        {"seed": 1},
        {"budget": {"epochs": 2, "updates": None}},
        {"schema_version": 2},
        {"options": {"convention": "stream"}},
    ],
)
def test_a_changed_question_is_not_answered_with_an_old_result(tmp_path: Path, changes: dict[str, object]) -> None:
    store = Store(tmp_path)
    store.write(_record(), COLUMNS)
    assert store.find(_record(**changes).identity) is None


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _flip_the_score(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"order": 3', b'"order": 4'))


def _flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        (RECORD, _cut),
        (RECORD, _empty),
        (RECORD, _flip_the_score),
        (ITEMS, _cut),
        (ITEMS, _empty),
        (ITEMS, _flip_a_byte),
        (ITEMS, Path.unlink),
    ],
)
def test_damage_is_reported_and_mended_by_writing_anew(tmp_path: Path, file: str, damage: object) -> None:
    store = Store(tmp_path)
    record = store.write(_record(), COLUMNS)
    assert callable(damage)
    damage(store.folder(record.identity, record.key) / file)
    found = store.find(record.identity)
    assert isinstance(found, Damaged)
    assert found.why
    assert [type(r) for r in store.records()] == [Damaged]
    store.write(_record(), COLUMNS)
    assert store.find(record.identity) == record


def test_a_record_of_another_schema_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record = store.write(_record())
    path = store.folder(record.identity, record.key) / RECORD
    content = json.loads(path.read_text())
    content["identity"]["schema_version"] = 99
    path.write_text(json.dumps(content))
    found = store.find(record.identity)
    assert isinstance(found, Damaged)
    assert "schema 99" in found.why


def test_leftovers_of_a_dead_process_are_swept_and_those_of_a_living_one_stay(tmp_path: Path) -> None:
    dead = tmp_path / ".partial-dead"
    (dead / "written").mkdir(parents=True)
    with owned_folder(tmp_path, ".partial-") as living:
        Store(tmp_path).sweep()
        assert not dead.exists()
        assert living.exists()
    assert not living.exists()


def test_a_run_is_found_by_its_folder_or_the_beginning_of_its_key(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record = store.write(_record())
    folder = store.folder(record.identity, record.key)
    assert store.run(str(folder)) == folder
    assert store.run(record.key[:6]) == folder
    with pytest.raises(ValueError, match="no one run"):
        store.run("zzzz")


def test_names_of_models_and_data_become_single_parts_of_a_path(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record = store.write(_record(model="../my model.py:Mine", dataset="a/b: c"))
    assert store.folder(record.identity, record.key).relative_to(tmp_path).parts[:2] == ("a-b-c", "my-model.py-Mine")
    assert list(store.records()) == [record]


def test_the_same_question_again_takes_the_place_of_the_earlier_plan(tmp_path: Path) -> None:
    store = Store(tmp_path)
    plan = Plan(command="seqbench run", suite="lm", preset="quick", margin=0.01, keys=["a"], started="2026-01-01")
    store.write_plan(plan)
    store.write_plan(plan.model_copy(update={"keys": ["b"], "started": "2026-01-02"}))
    store.write_plan(plan.model_copy(update={"command": "seqbench run --seeds 3", "started": "2026-01-03"}))
    assert [(p.command, p.keys) for p in store.plans()] == [("seqbench run", ["b"]), ("seqbench run --seeds 3", ["a"])]


PLAN = Plan(command="seqbench run", suite="lm", preset="quick", margin=0.01, keys=["a"], started="2026-01-01")


@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_full_disk_leaves_the_earlier_record_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    store = Store(tmp_path / "results")
    earlier = store.write(_record(), COLUMNS)
    before = sorted(tmp_path.rglob("*"))
    write, calls = store_module._write, []

    def full(path: Path, data: bytes) -> None:
        calls.append(path)
        if len(calls) == fails_at:
            path.write_bytes(data[:3])
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr(store_module, "_write", full)
    with pytest.raises(Unwritable, match=r"results cannot be written: No space left.*same command again.*--store"):
        store.write(_record(), COLUMNS)
    assert len(calls) == fails_at
    assert sorted(tmp_path.rglob("*")) == before
    assert list(store.records()) == [earlier]
    calls.clear()
    with pytest.raises(Unwritable, match="No space left"):
        [store.write_plan(PLAN) for _ in range(2)]
    assert not list(store.root.glob(".partial*"))


def test_a_store_that_is_a_file_or_lies_below_one_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Unwritable, match=r"file cannot be written: it is a file"):
        Store(tmp_path / "file").write_plan(PLAN)
    with pytest.raises(Unwritable, match=r"file/below cannot be written: Not a directory"):
        Store(tmp_path / "file" / "below").write_plan(PLAN)
    assert (tmp_path / "file").read_text() == "mine"


def test_the_share_of_the_training_part_is_part_of_the_key_unless_it_is_the_whole() -> None:
    """The key of a record of an earlier version, whose identity had no such field."""
    identity = _record().identity
    earlier = json.dumps(identity.model_dump(mode="json", exclude={"share", "threads"}), sort_keys=True).encode()
    assert key_of(identity) == hashlib.sha256(earlier).hexdigest()
    keys = {key_of(identity.model_copy(update={"share": share})) for share in (1.0, 0.5, 0.25)}
    assert len(keys) == 3
