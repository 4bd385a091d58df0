"""Kill seqbench at random moments, go on, and compare what is there with what an undisturbed command leaves.

    python benchmarks/kills.py --of run --kills 100
    python benchmarks/kills.py --of cluster --kills 100
    python benchmarks/kills.py --of tune --kills 10 --data trec --trials 30
    python benchmarks/kills.py --of report --kills 50
    python benchmarks/kills.py --of download --kills 50

Each kill is a SIGKILL at a moment drawn evenly over the time that the command takes: of the whole tree of processes,
or, in half of the cases, of the first process alone. After each kill no process may be left, and nothing that had
finished may be lost. Then the same command goes on, and is killed again, until it has ended by itself: then the result
must be that of the undisturbed command, times aside, and no temporary folder, semaphore, lock or part of a file may be
left.

`run` runs five small cells, with stored fits, two at a time; `cluster` runs them on a cluster of two workers. `tune`
searches the settings of two models; its result are the trials, in their order, and the rows. `report` writes a page
over an older one. `download` fetches a file of 8 MiB from a server on this machine that sends it in a second, and
breaks off now and then. Linux only.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from seqbench.datasets.remote import RemoteFile
from seqbench.datasets.transfer import transfer
from seqbench.disk import SEMAPHORES
from seqbench.evidence.records import Record
from seqbench.runs.store import Store
from seqbench.tuning.journal import Journal
from seqbench.tuning.sampling import optuna

TOYS = Path(__file__).parents[1] / "tests" / "toys" / "toys.py"
MODELS = [f"{TOYS}:Frequency(seconds=0.1, noise=0.1)", f"{TOYS}:Unwritten(seconds=0.1)", f"{TOYS}:Still(seconds=0.1)"]
TUNED = ["naive-bayes", "averaged-embeddings"]
MARK = "SEQBENCH_KILLED"
"""The variable by which all processes of a command are found."""
PATIENCE = 120.0
"""Seconds in which processes must have ended after the first one was killed: the server of processes hears of it once
its imports, such as that of torch, are done."""
FILE = random.Random(0).randbytes(2**23)
SECONDS = 1.0
"""How long the server takes to send the file."""


@dataclass(frozen=True)
class Kind:
    """A command that is killed."""

    command: Callable[[Path], list[str]]
    content: Callable[[Path], Any]
    """All that counts in its result."""
    finished: Callable[[Path], int]
    """How much of it is done; a kill must not lower it."""


def _seqbench(name: str, folder: Path, data: str, models: Sequence[str], *options: str) -> list[str]:
    named = [word for model in models for word in ("--model", model)]
    store = str(folder / "store")
    command = [sys.executable, "-m", "seqbench.cli", name, "--dataset", data, *named, "--store", store]
    return [*command, "--format", "csv", *options]


def _run(folder: Path) -> list[str]:
    return _seqbench("run", folder, f"{TOYS}:Coins", MODELS, "--seeds", "2", "--keep", "--jobs", "2")


def _cluster(folder: Path) -> list[str]:
    return _seqbench("run", folder, f"{TOYS}:Coins", MODELS, "--seeds", "2", "--keep", "--cluster", "local:2")


def _tune(folder: Path) -> list[str]:
    data, trials = os.environ["SEQBENCH_KILLS_DATA"], os.environ["SEQBENCH_KILLS_TRIALS"]
    return _seqbench("tune", folder, data, TUNED, "--suite", "doc", "--trials", trials, "--jobs", "1")


def _studies(folder: Path) -> Mapping[str, Any]:
    """The rows, and each study's trials in their order: settings, key of the record, score; without times."""
    journal = Journal(folder / "store" / "tuning")
    storages = optuna().storages
    storage = storages.JournalStorage(storages.journal.JournalFileBackend(str(journal.path)))
    content = dict(_records(folder))
    for name in sorted(optuna().get_all_study_names(storage)):
        held = journal.trials(name)
        content[name] = [(n, held[n].params, held[n].user_attrs["key"], held[n].value) for n in sorted(held)]
    return content


def _records(folder: Path) -> Mapping[str, Any]:
    """All that a store says, times and memory aside, with the bytes of the files beside the records."""
    store, content = Store(folder / "store"), dict[str, Any]()
    for record in store.records():
        assert isinstance(record, Record), record
        place = store.folder(record.identity, record.key)
        files = {file.name: file.read_bytes() for file in sorted(place.iterdir()) if file.name != "record.json"}
        content[record.key] = record.model_dump(exclude={"costs", "finished"}), record.costs.parameters, files
    unfinished = [str(path) for path in (folder / "store").rglob("*") if path.name.startswith(".") or path.is_symlink()]
    assert not unfinished, unfinished
    return content


def _count(folder: Path) -> int:
    records = (folder / "store").rglob("record.json")
    return sum(not any(part.startswith(".") for part in path.parts) for path in records)


def _report(folder: Path) -> list[str]:
    store = Path(os.environ["SEQBENCH_KILLS_STORE"])
    command = [sys.executable, "-m", "seqbench.cli", "report", str(store), "--format", "html"]
    return [*command, "--output", str(_page(folder))]


def _page(folder: Path) -> Path:
    return folder / "page.html"


def _page_or_older(folder: Path) -> int:
    text = _page(folder).read_text() if _page(folder).exists() else ""
    assert not text or text.rstrip().endswith("</html>"), f"a page of {len(text):,} characters is cut"
    return 0


def _pages(folder: Path) -> Any:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _download(folder: Path) -> list[str]:
    return [sys.executable, __file__, "--fetch", os.environ["SEQBENCH_KILLS_URL"], str(folder / "cache")]


def _cached(folder: Path) -> Any:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in (folder / "cache").rglob("*") if path.is_file()
    }


def _held(folder: Path) -> int:
    files = [path for path in (folder / "cache").rglob("file*") if path.is_file()]
    return max((path.stat().st_size for path in files), default=0)


KINDS = {
    "run": Kind(_run, _records, _count),
    "cluster": Kind(_cluster, _records, _count),
    "tune": Kind(_tune, _studies, _count),
    "report": Kind(_report, _pages, _page_or_older),
    "download": Kind(_download, _cached, _held),
}


class Slow(BaseHTTPRequestHandler):
    """Sends the file from where it was asked for, in pieces, and breaks off once in five times."""

    def do_GET(self) -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(FILE) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(FILE) - 1}/{len(FILE)}")
        self.end_headers()
        end = len(FILE) if random.random() < 0.8 else random.randint(start, len(FILE))
        try:
            for place in range(start, end, 2**17):
                self.wfile.write(FILE[place : min(place + 2**17, end)])
                time.sleep(SECONDS * 2**17 / len(FILE))
        except OSError:
            return

    def log_message(self, format: str, *arguments: Any) -> None:
        """Be silent."""


def _start(kind: Kind, folder: Path, mark: str) -> subprocess.Popen[bytes]:
    temporary = folder.with_name(f"{folder.name}-tmp")
    for one in (folder, temporary):
        one.mkdir(exist_ok=True)
    environment = {**os.environ, MARK: mark, "TMPDIR": str(temporary)}
    errors = (folder.with_name(f"{folder.name}-errors")).open("wb")
    return subprocess.Popen(kind.command(folder), stdout=subprocess.DEVNULL, stderr=errors, env=environment)


def _marked(mark: str) -> list[psutil.Process]:
    """The living processes of a command, wherever they are in the tree."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def _kill(process: subprocess.Popen[bytes], mark: str, tree: bool) -> None:
    if tree:
        for one in _marked(mark):
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue
    process.send_signal(signal.SIGKILL)
    process.wait()
    end = time.monotonic() + PATIENCE
    while left := _marked(mark):
        assert time.monotonic() < end, f"still alive after {PATIENCE:g} s: {[one.cmdline() for one in left]}"
        time.sleep(0.02)


def _whole(kind: Kind, folder: Path) -> tuple[Any, float]:
    """Run a command undisturbed; return the result and the seconds."""
    started = time.monotonic()
    process = _start(kind, folder, f"{os.getpid()}-whole")
    assert process.wait() == 0, (folder.with_name(f"{folder.name}-errors")).read_text()
    return kind.content(folder), time.monotonic() - started


def _nothing_left(name: str, folder: Path) -> None:
    left = [path for path in folder.with_name(f"{folder.name}-tmp").iterdir() if not path.name.startswith("torch")]
    if name == "cluster":  # no other command has semaphores
        left += [path for path in SEMAPHORES.glob("sem.*") if str(path) not in _mapped() and path.exists()]
    assert not left, f"left: {[str(path) for path in left]}"


def _mapped() -> str:
    """Return the maps of all processes, in which the semaphores are that somebody uses."""
    found = []
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with suppress(OSError):
            found.append(maps.read_text())
    return "".join(found)


def killed(name: str, kills: int, seed: int, folder: Path) -> tuple[int, int]:
    """Kill a command; return the number of kills, and of undisturbed ends that were compared."""
    kind, rng = KINDS[name], random.Random(seed)
    expected, seconds = _whole(kind, folder / "alone")
    _whole(kind, folder / "alone")  # the second start removes what the first one left, if anything
    _nothing_left(name, folder / "alone")
    print(f"{name}: undisturbed {seconds:.1f} s", flush=True)
    done = ends = 0
    started = time.monotonic()
    while done < kills:
        place, before = folder / f"{ends}", 0
        if name == "report":
            place.mkdir()
            _page(place).write_text("<html>an older page</html>\n")
        process = _start(kind, place, f"{os.getpid()}-{done}")
        while done < kills:
            try:
                code = process.wait(rng.uniform(0, seconds))
            except subprocess.TimeoutExpired:
                code = None
            if code is not None:
                assert code == 0, (place.with_name(f"{place.name}-errors")).read_text()
                break
            _kill(process, f"{os.getpid()}-{done}", tree=rng.random() < 0.5)
            done += 1
            before, earlier = kind.finished(place), before
            assert before >= earlier, "something that had finished is lost"
            process = _start(kind, place, f"{os.getpid()}-{done}")
            if done % 25 == 0:
                print(f"{name}: {done} kills, {ends} ends, {time.monotonic() - started:.0f} s", flush=True)
        assert process.wait() == 0, (place.with_name(f"{place.name}-errors")).read_text()
        assert kind.content(place) == expected, f"{place} differs from {folder / 'alone'}"
        _nothing_left(name, place)
        ends += 1
    return done, ends


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", choices=list(KINDS), default="run", help="the command that is killed")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", default="synthetic-words(train_documents=300)", help="of `tune`")
    parser.add_argument("--trials", default="8", help="of `tune`")
    parser.add_argument("--fetch", nargs=2, metavar=("URL", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fetch:
        url, folder = given.fetch
        transfer(RemoteFile("file", url, hashlib.sha256(FILE).hexdigest(), len(FILE)), Path(folder))
        return
    with tempfile.TemporaryDirectory() as temporary, ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        os.environ["SEQBENCH_KILLS_URL"] = f"http://127.0.0.1:{server.server_address[1]}/file"
        os.environ["SEQBENCH_KILLS_STORE"] = str(Path(temporary) / "reported" / "store")
        os.environ |= {"SEQBENCH_KILLS_DATA": given.data, "SEQBENCH_KILLS_TRIALS": given.trials}
        if given.of == "report":
            _whole(KINDS["run"], Path(temporary) / "reported")
        started = time.monotonic()
        kills, ends = killed(given.of, given.kills, given.seed, Path(temporary))
        server.shutdown()
    print(f"{given.of}: {kills} kills, {ends} results equal to the undisturbed one, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
