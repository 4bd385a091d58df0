"""Whatever a model does, its cell ends as a row, the other rows are unharmed, and nothing of it is left."""

import sys
import time
from collections.abc import Iterator, Mapping
from multiprocessing import forkserver
from pathlib import Path

import psutil
import pytest

from seqbench.api import ask
from seqbench.disk import OWNER, folder_of_process
from seqbench.evidence.records import Record
from seqbench.runs.runner import Finished
from seqbench.runs.store import Store
from seqbench.runs.suites import Limits

TOYS = Path(__file__).parents[2] / "toys"
COINS = f"{TOYS / 'toys.py'}:Coins(tokens=500)"
CHANNEL = "the model wrote to the harness's channel"

HARMS = {
    "Shares": ("ok", ""),
    "WritesGarbage": ("crashed", CHANNEL),
    "WritesALengthAndThenNothing": ("crashed", CHANNEL),
    "WritesAHugeLength": ("crashed", CHANNEL),
    "WritesLines": ("crashed", CHANNEL),
    "WritesAPickle": ("failed", "mkdir; return arrays, numbers"),
    "Prints": ("ok", ""),
    "Forks": ("ok", ""),
    "Daemon": ("ok", ""),
    "Daemon(end=exit)": ("crashed", "without a record"),
    "Brood": ("ok", ""),
    "ChangesItsSurroundings": ("ok", ""),
    "LeavesThreads": ("ok", ""),
    "ClosesAll": ("failed", "Bad file descriptor"),
    "ReplacesOutput": ("ok", ""),
    "ExitsQuietly": ("crashed", "without a record"),
    "ExitsAsIfTheStoreWereFull": ("crashed", "could not write its record"),
    "LimitsItsFiles": ("crashed", "could not write its record"),
    "Recurses": ("failed", "recursion"),
    "Interrupts": ("failed", "KeyboardInterrupt"),
    "LeavesAsAGenerator": ("failed", "GeneratorExit"),
    "RaisesTheUnspeakable": ("failed", "message cannot be written"),
    "RaisesALongMessage": ("failed", "long"),
    "LogsAnything": ("ok", ""),
    "ReplacesItsFiles": ("ok", ""),
    "WritesIntoTheStore": ("ok", ""),
    "SleepsForEver": ("timeout", "limits.seconds"),
    "Daemon(end=hang)": ("timeout", "limits.seconds"),
    "FillsMemory": ("out of memory", "limits.memory_gb"),
}
"""By model, the status and a part of the reason of its row."""


ENDLESS = [name for name, (status, _) in HARMS.items() if status == "timeout"]
PATIENT = 120
"""Seconds that a model may take that ends by itself, on a busy machine too."""


def _run(store: Path, names: list[str], seconds: float = PATIENT) -> Mapping[str, Record]:
    models = [f"{TOYS / 'hostile.py'}:{name}" for name in names]
    asked = ask(models=models, datasets=[COINS], store=store, jobs=2)
    object.__setattr__(asked.options, "limits", Limits(seconds=seconds, memory_gb=0.8))
    found = [event.record for event in asked.start() if isinstance(event, Finished)]
    return {record.label.rpartition(":")[2]: record for record in found}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "numbers").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOSTILE", str(folder / "numbers"))
        forkserver._forkserver._stop()  # type: ignore[attr-defined]  # it has the environment in which it was started
        yield folder


@pytest.fixture(scope="module")
def records(folder: Path) -> Mapping[str, Record]:
    return {
        **_run(folder / "store", [name for name in HARMS if name not in ENDLESS]),
        **_run(folder / "store", ENDLESS, seconds=8),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the models use what Linux has")
@pytest.mark.parametrize("name", HARMS)
def test_a_hostile_model_ends_as_a_row(name: str, records: Mapping[str, Record]) -> None:
    status, reason = HARMS[name]
    record = records[name]
    assert record.status == status, record.reason
    assert reason in record.reason
    assert len(record.reason) < 5000
    assert len(record.traceback) < 30_000
    if status == "ok":
        assert record.scores == records["Shares"].scores


def test_nothing_of_hostile_models_is_left(folder: Path, records: Mapping[str, Record]) -> None:
    numbers = {file.name: int(file.read_text()) for file in (folder / "numbers").iterdir()}
    assert sum(name.startswith("daemon") for name in numbers) == 3
    assert [name for name, number in numbers.items() if psutil.pid_exists(number)] == []
    assert [path.name for path in folder_of_process().iterdir()] == [OWNER]


def test_the_records_of_hostile_models_can_be_read(folder: Path, records: Mapping[str, Record]) -> None:
    store = Store(folder / "store")
    found = [record for record in store.records() if isinstance(record, Record)]
    assert {record.key for record in found} == {record.key for record in records.values()}
    assert len(store.unread_plans()) == 1


def test_of_a_gigabyte_of_output_the_first_and_the_last_part_is_kept(
    folder: Path, records: Mapping[str, Record]
) -> None:
    place = Store(folder / "store").folder(records["Prints"].identity, records["Prints"].key)
    log = (place / "log.txt").read_bytes()
    assert log.startswith(b"the first line\n")
    assert log.endswith(b"the last line\n")
    assert b"[the middle of the output is left out]" in log
    assert len(log) < 1e6


def test_a_code_that_a_model_sends_is_not_run(folder: Path, records: Mapping[str, Record]) -> None:
    assert records["WritesAPickle"].status == "failed"
    assert not Path("exploded").exists()


def test_the_files_of_a_model_that_changes_the_mode_of_new_files_can_be_read(
    folder: Path, records: Mapping[str, Record]
) -> None:
    mode = Store(folder / "store").folder(records["Shares"].identity, records["Shares"].key).stat().st_mode
    record = records["ChangesItsSurroundings"]
    assert Store(folder / "store").folder(record.identity, record.key).stat().st_mode == mode


@pytest.mark.skipif(sys.platform != "linux", reason="the models use what Linux has")
def test_a_model_that_kills_the_server_of_processes_costs_its_own_row_and_no_process_is_left(folder: Path) -> None:
    started = time.time() - 1
    records = _run(folder / "killed", ["KillsTheServer"])
    assert records["KillsTheServer"].status == "crashed"
    again = _run(folder / "killed", ["Shares"])
    assert again["Shares"].status == "ok"
    models = [p for p in psutil.process_iter(["cmdline", "create_time"]) if p.info["create_time"] > started]
    below = {p.pid for p in psutil.Process().children(recursive=True)}
    left = [p for p in models if "forkserver" in " ".join(p.info["cmdline"] or []) and p.pid not in below]
    assert [p for p in left if p.environ().get("HOSTILE") == str(folder / "numbers")] == []
