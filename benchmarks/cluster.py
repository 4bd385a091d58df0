"""What it costs to give cells to a cluster: seconds per cell, their growth with the cells, memory of the scheduler.

    python benchmarks/cluster.py --cells 100 --cells 1000 --cells 10000        # the way of a cell alone
    python benchmarks/cluster.py --real 40                                     # real cells, beside local processes

The way of a cell alone: everything happens as in a run, from the order to the record on the disk of the store. But on
the worker a stub answers at once, with a record and the item columns of 1,000 items. So what is measured is neither a
fit nor the start of a process. `--real` runs real small cells on a cluster of two workers and in two local processes in
turn.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from seqbench.api import Asked, ask
from seqbench.runs.runner import Finished
from seqbench.runs.store import Store

WORKERS = 2
DATA = "synthetic-markov(train_tokens=2000, valid_tokens=300, test_tokens=300)"
STUB = """
import dataclasses, pathlib, tempfile
import numpy as np
from seqbench.cluster import worker
from seqbench.cluster.workbench import Made
from seqbench.runs.cell import Outcome, record_of
from seqbench.runs.store import Store

COLUMNS = {"nats": np.ones(1000, np.float32), "characters": np.ones(1000, np.int32), "unit": np.ones(1000, np.int32)}


class Stub:
    works = True

    def __init__(self, folder, preload):
        self.folder, self.store, self.answers = folder, Store(folder / "store"), {}
        self.files = None

    def run(self, job, tell, cancelled):
        if self.files is None:
            made = self.store.write(record_of(job.cell, "ok", "", job.options, Outcome()), COLUMNS)
            self.files, self.sha256 = self.store.files(made), made.items_sha256
        record = record_of(job.cell, "ok", "", job.options, Outcome()).model_copy(update={"items_sha256": self.sha256})
        return Made({**self.files, "record.json": (record.model_dump_json(indent=1) + "\\n").encode()})

    def close(self):
        import shutil
        shutil.rmtree(self.folder, ignore_errors=True)


worker.Workbench = Stub
"""


def asked(store: Path, number: int, cluster: str | None) -> Asked:
    """Return a run of so many cells of one model, which differ in the seed alone."""
    found = ask(
        "lm", models=["unigram"], datasets=[DATA], store=store, cluster=cluster, jobs=None if cluster else WORKERS
    )
    first = next(cell for cell in found.cells if cell.kind == "classic")
    return replace(found, cells=[first.repeated(seed) for seed in range(number)])


def followed(run: Asked) -> dict[str, float]:
    """Run cells; return what was measured."""
    moments: list[float] = []
    scheduler: psutil.Process | None = None
    highest, theirs = 0, [0.0, 0.0]
    began, cpu, start = time.perf_counter(), time.process_time(), [0.0, 0.0]
    for event in run.start():
        if isinstance(event, Finished):
            assert event.record.status == "ok"
            moments.append(time.perf_counter())
        if scheduler is None and moments:
            scheduler = _scheduler()
            start = [] if scheduler is None else _processor(scheduler)
            cpu = time.process_time()
        if scheduler is not None and len(moments) % 20 == 0:
            highest = max(highest, scheduler.memory_info().rss)
            theirs = _processor(scheduler)
    between = moments[-1] - moments[0]
    return {
        "whole": time.perf_counter() - began,
        "until the first": moments[0] - began,
        "per cell": between / (len(moments) - 1),
        "first tenth": (moments[len(moments) // 10] - moments[0]) / (len(moments) // 10),
        "last tenth": (moments[-1] - moments[-1 - len(moments) // 10]) / (len(moments) // 10),
        "processor": (time.process_time() - cpu) / len(moments),
        "of the scheduler": (theirs[0] - start[0]) / len(moments) if start else 0.0,
        "of the workers": (theirs[1] - start[1]) / len(moments) if start else 0.0,
        "scheduler": highest / 1e6,
        "this process": psutil.Process().memory_info().rss / 1e6,
    }


def _scheduler() -> psutil.Process | None:
    children = psutil.Process().children()
    return next((child for child in children if "seqbench.cluster.local" in child.cmdline()), None)


def _processor(scheduler: psutil.Process) -> list[float]:
    """Return the seconds of processor time of the scheduler, and of its workers."""
    used = [sum(process.cpu_times()[:2]) for process in (scheduler, *scheduler.children())]
    return [used[0], sum(used[1:])]


def told(number: int, found: dict[str, float]) -> str:
    return (
        f"{number:,} cells: {found['whole']:.1f} s, of which {found['until the first']:.1f} s until the first; then "
        f"{1e3 * found['per cell']:.1f} ms per cell ({1e3 * found['first tenth']:.1f} in the first tenth, "
        f"{1e3 * found['last tenth']:.1f} in the last); processor time per cell: command "
        f"{1e3 * found['processor']:.1f} ms, scheduler {1e3 * found['of the scheduler']:.1f} ms, workers "
        f"{1e3 * found['of the workers']:.1f} ms; scheduler with its nannies {found['scheduler']:.0f} MB, "
        f"the command {found['this process']:.0f} MB"
    )


def way_alone(sizes: Sequence[int], folder: Path) -> None:
    stub = folder / "stub.py"
    stub.write_text(STUB)
    os.environ["DASK_DISTRIBUTED__WORKER__PRELOAD"] = f'["{stub}"]'
    for number in sizes:
        print(told(number, followed(asked(folder / f"stub-{number}", number, f"local:{WORKERS}"))), flush=True)
    del os.environ["DASK_DISTRIBUTED__WORKER__PRELOAD"]


def writing(number: int, folder: Path) -> None:
    """Tell how long the store alone takes, which is a part of the way."""
    record = next(iter(Store(folder / f"stub-{number}").records()))
    files = Store(folder / f"stub-{number}").files(record)  # type: ignore[arg-type]
    new, began = Store(folder / "alone"), time.perf_counter()
    for _ in range(200):
        new.take(record.key, files)  # type: ignore[union-attr]
    print(f"of this, the store writes a record in {1e3 * (time.perf_counter() - began) / 200:.1f} ms", flush=True)


def beside_local_processes(number: int, folder: Path) -> None:
    for turn in range(2):
        for name, cluster in (("cluster", f"local:{WORKERS}"), ("local processes", None)):
            found = followed(asked(folder / f"{name}-{turn}", number, cluster))
            print(
                f"{name}, {number} real cells: {found['whole']:.1f} s, of which {found['until the first']:.1f} s until "
                f"the first; then {found['per cell']:.2f} s per cell",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, action="append", help="number of cells with a stub; can be repeated")
    parser.add_argument("--real", type=int, help="number of real cells")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = given.cells or ([] if given.real else [100, 1000])
        way_alone(sizes, Path(folder))
        if sizes:
            writing(sizes[0], Path(folder))
        if given.real:
            beside_local_processes(given.real, Path(folder))


if __name__ == "__main__":
    main()
