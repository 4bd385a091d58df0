"""A task of somebody else's package is one folder: `tests/parity` joins through entry points alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqbench.evidence.records import Record
from seqbench.runs.store import Store
from seqbench.tasks import TASKS

PARITY = Path(__file__).with_name("parity")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PARITY)}


def seqbench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seqbench.cli", *map(str, arguments)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parity") / "results"


@pytest.fixture(scope="module")
def table(store: Path) -> str:
    done = seqbench("run", "--suite", PARITY / "parity.toml", "--store", store, "--keep", "--format", "csv")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_suite_runs_into_a_table_with_a_true_model_and_a_verdict(table: str) -> None:
    names, *rows = (line.split(",") for line in table.strip().splitlines())
    found = {row[names.index("model")]: dict(zip(names, row, strict=True)) for row in rows}
    assert list(found) == ["mean-parity", "tally", "true model"]
    assert {row["status"] for row in found.values()} == {"ok"}
    assert float(found["true model"]["mse"]) == 0
    assert float(found["mean-parity"]["mse"]) == pytest.approx(0.25, abs=0.01)
    assert float(found["tally"]["mse"]) < 0.01
    assert found["tally"]["verdict"] == "better"


def test_its_laws_are_measured_on_every_row(table: str, store: Path) -> None:
    records = [record for record in Store(store).records() if isinstance(record, Record)]
    assert len(records) == 3
    for record in records:
        assert [check.name for check in record.checks] == ["frozen", "repeatable", "batched"]
        assert all(check.passed for check in record.checks)


def test_a_second_start_runs_nothing_again(table: str, store: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in store.rglob("record.json")}
    again = seqbench("run", "--suite", PARITY / "parity.toml", "--store", store, "--keep", "--format", "csv")
    assert again.stdout == table
    assert len(before) == 3
    assert {path: path.stat().st_mtime_ns for path in store.rglob("record.json")} == before


@pytest.mark.parametrize("format", ["terminal", "markdown", "latex", "html", "csv"])
def test_it_is_reported_in_every_format(format: str, table: str, store: Path) -> None:
    done = seqbench("report", store, "--format", format, "--output", "-")
    assert done.returncode == 0, done.stderr
    assert "tally" in done.stdout
    assert "above the true model" not in done.stdout  # whose squared error is 0: no share of it is defined


def test_a_model_that_mixes_its_batch_is_caught_by_the_laws_of_the_task() -> None:
    broken = seqbench("check", f"{PARITY / 'seqbench_parity' / 'models.py'}:Peeking")
    assert broken.returncode == 1
    assert "BROKEN   batched" in broken.stdout
    assert "BROKEN" not in seqbench("check", "tally").stdout


def test_a_model_that_writes_nothing_says_so_when_it_is_asked_for_text(store: Path) -> None:
    suite = PARITY / "parity.toml"
    done = seqbench("sample", "tally", "--suite", suite, "--dataset", "bits", "--store", store)
    assert done.returncode == 2
    assert "models of the task parity write no text" in done.stderr


def test_a_task_that_is_not_installed_is_named(tmp_path: Path) -> None:
    suite = tmp_path / "alien.toml"
    suite.write_text((PARITY / "parity.toml").read_text().replace('task = "parity"', 'task = "alien"'))
    done = seqbench("run", "--suite", suite, "--store", tmp_path / "store")
    assert done.returncode == 2
    assert f"there is no task 'alien'; there are: {', '.join(TASKS)}, parity" in done.stderr
