"""A run on a cluster gives the store of a run on one machine, whatever happens to its workers."""

import signal
from pathlib import Path

import psutil
import pytest
from clusters import COINS, TOYS, Dask, command, content, left, wait_for, wait_until_gone

from seqbench.api import ask
from seqbench.cluster.launcher import ClusterLost
from seqbench.cluster.members import Unlike
from seqbench.evidence.records import Record
from seqbench.runs.store import Store

HONEST = [f"{TOYS}/toys.py:Frequency(noise=0.1)", f"{TOYS}/toys.py:Unwritten", f"{TOYS}/misbehaving.py:Raises"]
"""With kept arrays, without them, and with no score."""

FULL = """
import os, resource
resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
os.environ["PYTHONPATH"] += ":{folder}"
"""
"""A worker whose cells can write small files alone, and whose disk has no free byte."""


def run(store: Path, models: list[str], cluster: str | None = None, **request: object) -> dict[str, Record]:
    asked = ask(models=models, datasets=[COINS], store=store, cluster=cluster, **request)  # type: ignore[arg-type]
    for _ in asked.start():
        pass
    found = [record for record in Store(store).records() if isinstance(record, Record)]
    assert len(found) == len(asked.cells)
    return {record.label.rpartition(":")[2].partition("(")[0]: record for record in found}


def signs(folder: Path, seconds: float) -> str:
    """A model whose cells leave signs in a folder."""
    return f"{TOYS}/fatal.py:Signs(signs={str(folder)!r}, seconds={seconds}, noise=0.1)"


def cells(folder: Path, remove: bool = False) -> list[int]:
    """The processes that have left a sign."""
    found = [path for path in folder.iterdir() if path.name.isdigit()]
    for path in found if remove else ():
        path.unlink()
    return [int(path.name) for path in found]


def worker_of(cell: int) -> psutil.Process:
    """The worker of dask for which a process fits a model."""
    parents = psutil.Process(cell).parents()
    bench = next(i for i, process in enumerate(parents) if "seqbench.cluster.workbench" in process.cmdline())
    return parents[bench + 1]


@pytest.mark.timeout(900)  # limits of waiting on a busy machine, not of the test
def test_the_store_is_that_of_one_machine_even_if_a_worker_is_killed_in_the_middle(
    tmp_path: Path, temporary: Path
) -> None:
    models = [word for model in [*HONEST, signs(tmp_path, 1)] for word in ("--model", model)]
    shared = ["--seeds", "2", "--keep", *models]
    with command(tmp_path / "alone", *shared, "--jobs", "2") as process:
        assert process.wait(150) == 1  # one model raises
    cells(tmp_path, remove=True)
    with command(tmp_path / "many", *shared, "--cluster", "local:2") as process:
        wait_for(lambda: cells(tmp_path))
        worker_of(cells(tmp_path)[0]).kill()
        assert process.wait(150) == 1
    assert len(cells(tmp_path)) == 3  # two seeds, and one again
    assert content(tmp_path / "many") == content(tmp_path / "alone")
    wait_until_gone(lambda: left(temporary))


@pytest.mark.slow
def test_a_cell_that_kills_its_worker_again_and_again_is_a_row_and_the_next_one_runs(
    tmp_path: Path, dask: Dask
) -> None:
    for _ in range(4):
        dask.worker()
    records = run(tmp_path / "store", [f"{TOYS}/fatal.py:KillsItsWorker", f"{TOYS}/toys.py:Still"], dask.cluster)
    assert records["KillsItsWorker"].status == "crashed"
    assert "3 workers died while they ran it" in records["KillsItsWorker"].reason
    assert records["Still"].status == "ok"


@pytest.mark.slow
def test_a_cell_that_kills_what_runs_it_in_its_worker_is_a_row_too(tmp_path: Path, dask: Dask) -> None:
    dask.worker()
    records = run(tmp_path / "store", [f"{TOYS}/fatal.py:KillsItsWorkbench", f"{TOYS}/toys.py:Still"], dask.cluster)
    assert records["KillsItsWorkbench"].status == "crashed"
    assert records["Still"].status == "ok"


@pytest.mark.slow
@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGINT, id="Ctrl-C"),
        pytest.param(signal.SIGKILL, id="kill -9", marks=pytest.mark.slow),
    ],
)
def test_whoever_ends_the_run_ends_its_cells_and_leaves_nothing(
    tmp_path: Path, temporary: Path, dask: Dask, how: signal.Signals
) -> None:
    dask.worker()
    words = ["--model", f"{TOYS}/toys.py:Still", "--model", signs(tmp_path, 60), "--cluster", dask.cluster]
    with command(tmp_path / "store", *words) as process:
        wait_for(lambda: cells(tmp_path))
        process.send_signal(how)
        _, errors = process.communicate(timeout=60)
    wait_for(lambda: not psutil.pid_exists(cells(tmp_path)[0]), 20)
    assert len(content(tmp_path / "store")) == 1
    wait_until_gone(lambda: list(temporary.glob("seqbench-worker*")))
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert b"the same command goes on from there" in errors
        wait_until_gone(lambda: list(temporary.glob("seqbench*")))


@pytest.mark.slow
def test_a_scheduler_that_vanishes_is_told_and_the_same_run_goes_on(tmp_path: Path, dask: Dask) -> None:
    dask.worker()
    models = [f"{TOYS}/toys.py:Still", signs(tmp_path, 3)]
    asked = ask(models=models, datasets=[COINS], store=tmp_path / "store", cluster=dask.cluster)
    events = asked.start()
    while not cells(tmp_path):
        next(events)
    dask.scheduler.kill()
    with pytest.raises(ClusterLost, match=r"has gone.*Finished cells are kept"):
        list(events)
    assert len(content(tmp_path / "store")) == 1
    run(tmp_path / "store", models)
    run(tmp_path / "alone", models)
    assert content(tmp_path / "store") == content(tmp_path / "alone")


def test_data_travels_to_workers_that_do_not_see_it(tmp_path: Path, dask: Dask) -> None:
    blind = tmp_path / "blind.py"
    blind.write_text("from seqbench.cluster.parcels import Parcel\nParcel.lies_here = lambda self: False\n")
    dask.worker("--preload", str(blind))
    record = run(tmp_path / "store", [f"{TOYS}/toys.py:Still"], dask.cluster)["Still"]
    assert record.status == "ok"
    assert record.provenance.host


def test_a_worker_with_other_software_is_refused_before_anything_runs(tmp_path: Path, dask: Dask) -> None:
    (tmp_path / "fake.py").write_text("import seqbench; seqbench.__version__ = '0.0.9'")
    dask.worker()
    dask.worker("--preload", str(tmp_path / "fake.py"))
    asked = ask(models=[f"{TOYS}/toys.py:Still"], datasets=[COINS], store=tmp_path / "store", cluster=dask.cluster)
    dask.workers(2)
    with pytest.raises(Unlike, match=r"has seqbench 0.0.9, not .*\nNothing was run"):
        list(asked.start())
    assert not content(tmp_path / "store")


@pytest.mark.slow
def test_a_worker_without_disk_gets_no_cells(tmp_path: Path, dask: Dask, caplog: pytest.LogCaptureFixture) -> None:
    full = tmp_path / "full.py"
    full.write_text(FULL.format(folder=tmp_path))
    (tmp_path / "sitecustomize.py").write_text(
        "import collections, shutil\nshutil.disk_usage = lambda path: collections.namedtuple('_', 'free')(0)\n"
    )
    dask.worker("--preload", str(full))
    asked = ask(models=[f"{TOYS}/toys.py:Still"], datasets=[COINS], store=tmp_path / "store", cluster=dask.cluster)
    with pytest.raises(Unlike, match=r"cannot run cells: .*too large.*\n.*Finished cells are kept"):
        list(asked.start())
    assert not content(tmp_path / "store")
    dask.worker()
    dask.workers(2)
    assert run(tmp_path / "store", [f"{TOYS}/toys.py:Still"], dask.cluster)["Still"].status == "ok"
    assert "its cells run elsewhere" in caplog.text


def test_no_cluster_where_there_is_none(tmp_path: Path) -> None:
    asked = ask(models=["unigram"], datasets=[COINS], store=tmp_path / "store", cluster="dask://127.0.0.1:1")
    with pytest.raises(ClusterLost, match=r"no scheduler of dask answers at dask://127.0.0.1:1"):
        list(asked.start())


def test_the_workers_say_how_many_cells_run_not_the_option_jobs(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"leave out jobs=2 \(--jobs\)"):
        ask(models=["unigram"], datasets=[COINS], store=tmp_path, cluster="local:2", jobs=2)


def test_a_run_whose_records_are_all_there_needs_no_cluster(tmp_path: Path) -> None:
    models = [f"{TOYS}/toys.py:Still", f"{TOYS}/toys.py:Frequency"]
    run(tmp_path / "store", models, seeds=2)
    records = content(tmp_path / "store")
    run(tmp_path / "store", models, cluster="dask://127.0.0.1:1", seeds=2)
    assert content(tmp_path / "store") == records
