"""Every cell ends as a record, whatever its model does, and the rest of the table is unharmed."""

import re
from pathlib import Path

import numpy as np
import pytest

from seqbench.api import ask
from seqbench.data import DataError
from seqbench.disk import OWNER, folder_of_process
from seqbench.evidence.records import Record
from seqbench.runs.cell import UNWRITTEN
from seqbench.runs.runner import Event, Finished, Progress, Recomputed
from seqbench.runs.store import RECORD, Store, Unwritable
from seqbench.runs.suites import Limits

HERE = Path(__file__).parents[2] / "toys"
TOYS, MISBEHAVING = HERE / "toys.py", HERE / "misbehaving.py"
COINS = f"{TOYS}:Coins"


def _run(store: Path, models: list[str], limits: Limits | None = None, **request: object) -> list[Event]:
    asked = ask(models=models, datasets=request.pop("datasets", [COINS]), store=store, **request)  # type: ignore[arg-type]
    if limits is not None:
        object.__setattr__(asked.options, "limits", limits)
    return list(asked.start())


def _records(events: list[Event]) -> dict[str, Record]:
    return {e.cell.label.rpartition(":")[2]: e.record for e in events if isinstance(e, Finished)}


@pytest.mark.parametrize(
    ("model", "status", "reason"),
    [
        ("Raises", "failed", r"ValueError: .*\(misbehaving.py:\d+\)"),
        ("ReturnsNaN", "failed", r"predict returned NaN for [\d,]+ of"),
        ("WrongShape", "failed", r"predict returned scores of shape"),
        ("Exits", "crashed", r"the process left with exit code 3"),
    ],
)
def test_a_model_that_breaks_leaves_a_record_and_the_rest_unharmed(
    tmp_path: Path, model: str, status: str, reason: str
) -> None:
    records = _records(_run(tmp_path, [f"{MISBEHAVING}:{model}", f"{TOYS}:Still"]))
    assert records[model].status == status
    assert re.search(reason, records[model].reason), records[model].reason
    assert records["Still"].status == "ok"
    assert {r.label for r in Store(tmp_path).records() if isinstance(r, Record)} == {
        f"{MISBEHAVING}:{model}",
        f"{TOYS}:Still",
    }


def test_a_model_that_hangs_is_stopped_at_the_limit(tmp_path: Path) -> None:
    limits = Limits(seconds=3, memory_gb=4)
    records = _records(_run(tmp_path, [f"{MISBEHAVING}:Hangs"], limits))
    assert records["Hangs"].status == "timeout"
    assert "limits.seconds" in records["Hangs"].reason


def test_a_model_that_eats_memory_is_stopped_at_the_limit(tmp_path: Path) -> None:
    limits = Limits(seconds=60, memory_gb=1)
    record = _records(_run(tmp_path, [f"{MISBEHAVING}:EatsMemory"], limits))["EatsMemory"]
    assert record.status == "out of memory"
    assert record.costs.peak_memory_bytes is not None
    assert 1e9 < record.costs.peak_memory_bytes < 4e9


@pytest.mark.parametrize(
    ("model", "law"),
    [
        ("Peeks", "causal"),
        ("Unnormalised", "normalised"),
        ("InflatesScores", "normalised"),
        ("LearnsFromTest", "frozen"),
    ],
)
def test_a_model_that_cheats_is_scored_and_marked_by_the_law_that_it_breaks(
    tmp_path: Path, model: str, law: str
) -> None:
    record = _records(_run(tmp_path, [f"{MISBEHAVING}:{model}"]))[model]
    assert record.status == "ok"
    assert law in {check.name for check in record.checks if not check.passed}


def test_an_honest_model_passes_every_law_and_its_scores_are_those_of_its_columns(tmp_path: Path) -> None:
    record = _records(_run(tmp_path, [f"{TOYS}:Frequency"]))["Frequency"]
    assert [check.name for check in record.checks if not check.passed] == []
    heads = record.curves["heads"][0]
    columns = Store(tmp_path).columns(record)
    assert columns is not None
    assert record.scores["test"]["perplexity"] == pytest.approx(
        float(np.exp(columns["nats"].astype(float).mean())), rel=1e-9
    )
    assert 0.75 < heads < 0.85
    assert record.provenance.threads >= 1
    assert record.costs.fit_seconds is not None
    assert record.costs.items_per_second is not None


def test_a_second_start_runs_only_what_is_missing(tmp_path: Path) -> None:
    first = _run(tmp_path, [f"{TOYS}:Still"])
    second = _run(tmp_path, [f"{TOYS}:Still", f"{TOYS}:Frequency"])
    reused = {e.cell.label: e.reused for e in second if isinstance(e, Finished)}
    assert reused == {f"{TOYS}:Still": True, f"{TOYS}:Frequency": False}
    assert _records(first)["Still"] == _records(second)["Still"]


def test_a_failed_cell_is_run_again_only_when_asked_to(tmp_path: Path) -> None:
    model = [f"{MISBEHAVING}:Raises"]
    _run(tmp_path, model)
    again = [e.reused for e in _run(tmp_path, model) if isinstance(e, Finished)]
    retried = [e.reused for e in _run(tmp_path, model, retry=True) if isinstance(e, Finished)]
    assert (again, retried) == ([True], [False])


def test_a_damaged_record_is_reported_and_computed_anew(tmp_path: Path) -> None:
    events = _run(tmp_path, [f"{TOYS}:Still"])
    record = _records(events)["Still"]
    path = Store(tmp_path).folder(record.identity, record.key) / RECORD
    path.write_text(path.read_text()[:100])
    again = _run(tmp_path, [f"{TOYS}:Still"])
    assert [type(e) for e in again if isinstance(e, Recomputed)] == [Recomputed]
    assert _records(again)["Still"].scores == record.scores


def test_neither_order_nor_parallelism_changes_a_result(tmp_path: Path) -> None:
    models = [f"{TOYS}:Frequency(noise=0.1)", f"{TOYS}:Still"]
    one = _run(tmp_path / "one", models, seeds=2, jobs=1)
    two = _run(tmp_path / "two", models[::-1], seeds=2, jobs=2)
    scores = [{e.record.key: e.record.scores for e in run if isinstance(e, Finished)} for run in (one, two)]
    assert len(scores[0]) == 3
    assert scores[0] == scores[1]


def test_a_network_scores_the_same_however_many_cells_run_at_the_same_time(tmp_path: Path) -> None:
    request = {
        "models": ["lstm(hidden_size=16)", "tcn"],
        "datasets": ["synthetic-hmm(train_tokens=4000, valid_tokens=1000, test_tokens=1000)"],
        "seeds": 1,
    }
    items = []
    for jobs in (1, 2, None):
        asked = ask("lm", **request, store=tmp_path / str(jobs), jobs=jobs)
        records = _records(list(asked.start()))
        items.append({label: asked.store.columns(record) for label, record in records.items()})
        assert {record.status for record in records.values()} == {"ok"}
    for label, columns in items[0].items():
        for other in items[1:]:
            np.testing.assert_array_equal(other[label]["nats"], columns["nats"])


def test_threads_are_part_of_the_key_and_one_is_the_usual_number(tmp_path: Path) -> None:
    asked = [ask("lm", models=["uniform"], datasets=["synthetic-hmm"], **threads) for threads in ({}, {"threads": 2})]
    assert [[cell.identity.threads for cell in request.cells] for request in asked] == [[1, 1], [2, 2]]
    assert {cell.key for cell in asked[0].cells}.isdisjoint(cell.key for cell in asked[1].cells)


def test_a_record_tells_validation_and_early_stopping_from_training(tmp_path: Path) -> None:
    costs = _records(_run(tmp_path, [f"{TOYS}:Stopped"]))["Stopped"].costs
    assert costs.early_stopping_seconds == 0.25
    assert costs.validation_seconds is not None
    assert costs.fit_seconds is not None
    assert costs.fit_cpu_seconds is not None
    assert 0.05 <= costs.validation_seconds <= costs.fit_seconds
    assert costs.busy  # it slept, so its wall time is far above its processor time


def test_curves_are_heard_while_a_cell_runs(tmp_path: Path) -> None:
    events = _run(tmp_path, [f"{TOYS}:Frequency"])
    assert [(e.name, round(e.value, 1)) for e in events if isinstance(e, Progress)] == [("heads", 0.8)]


def test_data_that_is_not_at_hand_is_told_once_and_nothing_starts(tmp_path: Path) -> None:
    events = ask(models=[f"{TOYS}:Still"], datasets=[f"{TOYS}:Lost", COINS], store=tmp_path).start()
    with pytest.raises(DataError, match=r"^coins are lost: put some into the purse$"):
        next(events)
    assert list(Store(tmp_path).records()) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Unreadable", r"^OSError: the purse is torn \(toys.py:\d+\)$"),
        ("Exploding", "its loader ended with exit code 7"),
    ],
)
def test_a_loader_that_breaks_is_told_once(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        list(ask(models=[f"{TOYS}:Still"], datasets=[f"{TOYS}:{name}"], store=tmp_path).start())


def test_data_is_loaded_once_for_all_cells_and_its_files_are_removed(tmp_path: Path) -> None:
    purse = tmp_path / "purse.txt"
    source = f"{TOYS}:Counted(purse='{purse}')"
    records = _records(_run(tmp_path / "store", [f"{TOYS}:Still", f"{TOYS}:Frequency"], datasets=[source], seeds=2))
    assert {record.status for record in records.values()} == {"ok"}
    assert purse.read_text() == "opened\n"
    assert [path.name for path in folder_of_process().iterdir()] == [OWNER]
    _run(tmp_path / "store", [f"{TOYS}:Still"], datasets=[source])  # all in the store: nothing to load
    assert purse.read_text() == "opened\n"


def test_what_a_model_prints_lies_beside_its_record(tmp_path: Path) -> None:
    record = _records(_run(tmp_path, [f"{TOYS}:Frequency"]))["Frequency"]
    assert (Store(tmp_path).folder(record.identity, record.key) / "log.txt").read_text() == "counting\n"


def test_a_full_disk_ends_the_run_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "full.py").write_text(
        "import os, toys\n"
        "class Full(toys.Frequency):\n"
        f"    fit = lambda self, train, ctx: os._exit({UNWRITTEN})  # as a cell whose record cannot be written\n"
    )
    monkeypatch.setattr("seqbench.runs.runner.WRITABLE", 10**18)
    with pytest.raises(Unwritable):
        _run(tmp_path / "store", [f"{tmp_path}/full.py:Full"])
