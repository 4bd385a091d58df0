"""A cluster on this machine for one run, in a process of its own.

So the workers neither import the caller's script nor get the terminal's Ctrl-C, and the cluster ends with the process
that asked for it, however that ends: the pipe to it closes then. Nobody else can use it: its members prove themselves
to each other with keys that are made for this run alone.
"""

import io
import multiprocessing
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqbench.disk import CLUSTER, owned_folder, remove_abandoned
from seqbench.runs import family

PATIENCE = 15.0
"""Seconds that the workers have to end."""

SETTINGS = {
    "distributed.deploy.lost-worker-timeout": "1000 hours",  # else one that dies twice in 15 s may never come back
    "distributed.admin.system-monitor.gil.enabled": False,
}


@contextmanager
def started(workers: int) -> Iterator[tuple[str, Any]]:
    """Start a cluster of workers of one thread; yield the address of its scheduler, and the keys to it.

    Raises:
        OSError: it does not start.
    """
    temporary = Path(tempfile.gettempdir())
    remove_abandoned(temporary, CLUSTER)  # of runs that were killed
    with owned_folder(temporary, CLUSTER) as folder:
        yield from _started(workers, folder)


def _started(workers: int, folder: Path) -> Iterator[tuple[str, Any]]:
    log = folder / "log.txt"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, str(workers), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=written,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        told = process.stdout.read()
        if not told:
            last = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
            raise OSError(f"the local cluster does not start: {last or 'it ended without a word'}")
        yield pickle.loads(told)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the cluster to end; end its processes if it does not."""
    head = family.found(process.pid)
    members = [] if head is None else [head, *family.below(head)]
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        family.end_now([*members, *(family.below(members[0]) if members else [])])
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def main(workers: int, folder: Path) -> None:
    """Hold a cluster until stdin closes; tell of it on stdout."""
    import dask
    from distributed import LocalCluster

    if sys.platform == "linux":  # so that they are found if all is killed
        multiprocessing.current_process()._config["semprefix"] = f"/{folder.name}"  # type: ignore[attr-defined]
    told, sys.stdout = io.FileIO(os.dup(1), "wb"), sys.stderr
    os.dup2(2, 1)
    dask.config.set({**SETTINGS, "temporary-directory": str(folder)})
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers,
        threads_per_worker=1,
        host="tls://127.0.0.1",
        security=True,
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address=None,
        memory_limit=0,  # cells have limits of their own
    ) as cluster:
        told.write(pickle.dumps((cluster.scheduler_address, cluster.security)))
        told.close()
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
