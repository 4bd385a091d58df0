"""Where a run works: few descriptors, closed streams, terminals of ASCII, no home, full disks, two at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seqbench.evidence.records import Record
from seqbench.runs.store import Plan, Store

TOYS = Path(__file__).parents[1] / "toys" / "toys.py"
SEQBENCH = f"{sys.executable} -m seqbench.cli"
RUN = f"{SEQBENCH} run --dataset '{TOYS}:Coins(tokens=300)' --model {TOYS}:Frequency --seeds 2 --quiet --format csv"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="commands of a POSIX shell")


def _shell(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=600
    )


def _statuses(store: Path) -> list[str]:
    return [record.status if isinstance(record, Record) else record.why for record in Store(store).records()]


@pytest.mark.parametrize(
    "command",
    [
        f"ulimit -n 64; {RUN} --jobs 2",
        f"{RUN} <&- >&- 2>&-",
        pytest.param(f"env -i PATH=/usr/bin:/bin {RUN}", marks=pytest.mark.slow),
        pytest.param(f"umask 777; {RUN}", marks=pytest.mark.slow),
    ],
)
def test_a_run_ends_well_where_little_is_there(command: str, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    done = _shell(f"{command} --store r/s", tmp_path)
    if "umask" in command and os.getuid():
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        return
    assert (done.returncode, done.stderr) == (0, "")
    assert _statuses(tmp_path / "r" / "s") == ["ok", "ok"]


def test_the_path_of_temporary_files_may_be_longer_than_that_of_a_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    done = _shell(f"{RUN} --store s", tmp_path, TMPDIR=str(deep))
    assert (done.returncode, done.stderr) == (0, "")
    assert _statuses(tmp_path / "s") == ["ok", "ok"]
    assert not [left for left in deep.iterdir() if left.name.startswith(("seqbench-", "pymp-"))]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert _shell(f"{RUN} --store s", folder).returncode == 0
    return folder


@pytest.mark.parametrize(
    "end",
    [">&- 2>&- <&-", "| head -1", *(pytest.param(end, marks=pytest.mark.slow) for end in (">&-", "2>&-", "| true"))],
)
def test_a_report_ends_quietly_where_nobody_listens(made: Path, end: str) -> None:
    done = _shell(f"{SEQBENCH} report s {end}", made)
    assert done.stderr == ""
    assert done.stdout.count("\n") <= 1 or end == "2>&-"


def test_a_terminal_of_ascii_does_not_stop_a_command(made: Path) -> None:
    for command in ("report s", "list suites"):
        done = _shell(f"{SEQBENCH} {command}", made, **ASCII)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_is_no_text_is_told_at_once(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.txt")
    (tmp_path / name).write_text("a b c d\n" * 100)
    done = _shell(f"{SEQBENCH} run --data $'\\xff.txt' --model unigram", tmp_path)
    assert done.returncode == 2
    assert r"'\udcff.txt' is no text in UTF-8" in done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_two_runs_on_one_store_at_once_leave_what_one_leaves(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as both:
        ends = list(both.map(lambda _: _shell(f"{RUN} --store s", tmp_path), range(2)))
    assert [(end.returncode, end.stderr) for end in ends] == [(0, "")] * 2
    assert _statuses(tmp_path / "s") == ["ok", "ok"]
    assert not list((tmp_path / "s").glob(".*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_run_on_a_full_disk_ends_in_one_line_and_goes_on_where_there_is_room(small_disk: Path) -> None:
    run = RUN.replace("tokens=300", "tokens=3000").replace("--seeds 2", "--seeds 3")
    done = _shell(f"{run} --store s", small_disk)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr
    assert set(_statuses(small_disk / "s")) <= {"ok"}
    assert not list((small_disk / "s").glob(".*"))
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    assert _shell(f"{run} --store s", small_disk).returncode == 0
    assert _statuses(small_disk / "s") == ["ok"] * 3


def test_a_full_disk_of_temporary_files_is_told_in_one_line(small_disk: Path, tmp_path: Path) -> None:
    run = RUN.replace("tokens=300", "tokens=300000")
    done = _shell(f"{run} --store {tmp_path / 's'}", small_disk, TMPDIR=str(small_disk))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_a_plan_is_the_latest_even_if_the_clock_was_set_back(tmp_path: Path) -> None:
    def plan(command: str, year: int) -> Plan:
        started = datetime(year, 1, 1, tzinfo=UTC).isoformat(timespec="microseconds")
        return Plan(command=command, suite="lm", preset="quick", margin=0.01, keys=[], started=started)

    for command, year in (("first", 2030), ("second", 2026), ("third", 2027), ("second", 2026)):
        Store(tmp_path).write_plan(plan(command, year))
    assert [plan.command for plan in Store(tmp_path).plans()] == ["first", "third", "second"]
