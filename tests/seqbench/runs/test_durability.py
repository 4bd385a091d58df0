"""Nothing that had finished is lost by a kill at any moment."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from seqbench.evidence.records import Record
from seqbench.runs.store import Store

TOYS = Path(__file__).parents[2] / "toys" / "toys.py"
MODELS = [f"{TOYS}:Frequency(seconds=0.1, noise=0.1)", f"{TOYS}:Unwritten(seconds=0.1)", f"{TOYS}:Still(seconds=0.1)"]
KILLS = 10


def _start(store: Path) -> subprocess.Popen[bytes]:
    models = [argument for model in MODELS for argument in ("--model", model)]
    command = [sys.executable, "-m", "seqbench.cli", "run", "--dataset", f"{TOYS}:Coins", *models]
    command += ["--seeds", "4", "--jobs", "2", "--keep", "--store", str(store), "--format", "csv"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def _content(store: Path) -> dict[str, Any]:
    """All that a store says, times and memory aside, with the bytes of the files beside the records."""
    content: dict[str, Any] = {}
    for record in Store(store).records():
        assert isinstance(record, Record), record
        folder = Store(store).folder(record.identity, record.key)
        said = record.model_dump(exclude={"costs", "finished"})
        content[record.key] = (
            said,
            record.costs.parameters,
            {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.name != "record.json"},
        )
    return content


def _finish(store: Path) -> None:
    process = _start(store)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors.decode()


def _family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def test_a_run_killed_at_ten_moments_and_resumed_gives_the_store_of_one_left_alone(tmp_path: Path) -> None:
    clock = time.monotonic()
    _finish(tmp_path / "alone")
    whole = time.monotonic() - clock
    moments, sizes = random.Random(7), []
    for _ in range(KILLS):
        process = _start(tmp_path / "killed")
        time.sleep(moments.uniform(0.3, 0.9) * whole)
        orphans = _family(process.pid) if process.poll() is None else []
        process.send_signal(signal.SIGKILL)
        process.communicate()
        _, alive = psutil.wait_procs(orphans, timeout=20)
        assert not alive, "cells must end with the run that started them"
        sizes.append(len(list((tmp_path / "killed").glob("*/*/*/record.json"))))
    assert sizes == sorted(sizes), "a kill must not lose a finished cell"
    _finish(tmp_path / "killed")
    assert _content(tmp_path / "killed") == _content(tmp_path / "alone")
    assert not list((tmp_path / "killed").glob(".partial-*"))


@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
def test_an_interrupt_ends_the_cells_and_says_how_to_go_on(tmp_path: Path) -> None:
    models = ["--model", f"{TOYS}:Still(seconds=0)", "--model", f"{TOYS}:Still(seconds=100)"]
    command = [sys.executable, "-m", "seqbench.cli", "run", "--dataset", f"{TOYS}:Coins", *models]
    process = subprocess.Popen(
        [*command, "--store", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("[!.]*/*/*/record.json")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    orphans = _family(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"the same command goes on" in errors
    _, alive = psutil.wait_procs(orphans, timeout=20)
    assert not alive
    (record,) = Store(tmp_path).records()
    assert isinstance(record, Record)
    assert record.status == "ok"
