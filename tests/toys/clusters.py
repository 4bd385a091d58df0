"""Clusters of dask as a user starts them, and what they leave behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from seqbench.evidence.records import Record
from seqbench.runs.store import Store

TOYS = Path(__file__).parent
COINS = f"{TOYS / 'toys.py'}:Coins"


class Dask:
    """A scheduler, with workers, each a command of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.light = light(folder)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        self.address = self._address()
        self.cluster = self.address.replace("tcp", "dask")

    def worker(self, *options: str) -> subprocess.Popen[bytes]:
        """Start a worker of one thread."""
        words = [self.address, "--nthreads", "1", "--no-dashboard", "--memory-limit", "0", "--no-nanny", *options]
        return self._start("worker", *words)

    def workers(self, number: int) -> None:
        """Wait until so many workers are there."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(number, timeout=60)

    def end(self) -> None:
        for process in reversed(self.processes):
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dask", *words],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(self.light)},
            )
        self.processes.append(process)
        return process

    def _address(self) -> str:
        for _ in range(300):
            for line in (self.folder / "0.log").read_text().splitlines():
                if "Scheduler at:" in line:
                    return line.rpartition(" ")[2]
            time.sleep(0.1)
        raise AssertionError((self.folder / "0.log").read_text())


def content(store: Path) -> dict[str, Any]:
    """All that a store says, times and memory aside, with the bytes of the files beside the records."""
    said: dict[str, Any] = {}
    for record in Store(store).records():
        assert isinstance(record, Record), record
        files = {name: data for name, data in Store(store).files(record).items() if name != "record.json"}
        said[record.key] = (record.model_dump(exclude={"costs", "finished"}), record.costs.parameters, files)
    return said


def light(folder: Path) -> Path:
    """Make a folder for PYTHONPATH in which torch cannot be imported: these models do without, and start sooner."""
    path = folder / "light"
    path.mkdir(exist_ok=True)
    (path / "torch.py").write_text("raise ImportError('not needed')\n")
    return path


@contextmanager
def command(store: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a run of the command line; end it if it has not ended."""
    whole = [sys.executable, "-m", "seqbench.cli", "run", "--dataset", COINS, "--store", str(store), *words]
    environment = {**os.environ, "PYTHONPATH": str(light(store.parent))}
    process = subprocess.Popen(whole, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(what: Callable[[], object], seconds: float = 200) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.05)


def wait_until_gone(what: Callable[[], Sequence[object]], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while found := what():
        assert time.monotonic() < end, found
        time.sleep(0.1)


def left(folder: Path) -> list[str]:
    """What is left of clusters that used a temporary folder: files, and processes beside those of this one."""
    files = [str(path) for path in folder.iterdir()]
    own = {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))}
    processes = []
    for process in psutil.process_iter():
        try:
            if process.pid not in own and process.environ().get("TMPDIR") == str(folder):
                processes.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return files + processes
