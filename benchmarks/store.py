"""How long a store of many records takes to be listed, and to be resumed from.

    python benchmarks/store.py --records 1000 --records 10000 --records 100000

A small run makes one record. Its copies, each with a seed, a model and a key of its own, make the stores. All times are
of a second reading, with the files in the memory of the system; `--cold` empties this memory first, which needs root.

The index is also measured in its parts: asking the system for the stamp of each record's file, and reading the lines.
Beside it, a table of SQLite gives the same lines: what a database would save.
"""

import argparse
import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from seqbench.api import ask
from seqbench.evidence.records import Identity, Record
from seqbench.runs import index
from seqbench.runs.store import ITEMS, RECORD, Store, key_of

MODELS, DATASETS = 100, 10
"""Of the made stores; the seeds are as many as it takes."""


def example(folder: Path) -> tuple[Store, Record]:
    """Return a store with one record."""
    asked = ask("lm", models=["unigram"], datasets=["synthetic-markov(train_tokens=2000)"], store=folder)
    for _ in asked.start():
        continue
    found = [record for record in asked.store.records() if isinstance(record, Record) and record.label == "unigram"]
    return asked.store, found[0]


def made(store: Store, record: Record, root: Path, number: int) -> list[Identity]:
    """Write a store of so many records, whose item columns are links to the same file; return their identities."""
    items, new = store.folder(record.identity, record.key) / ITEMS, Store(root)
    text = record.model_dump(mode="json")
    identities = []
    for i in range(number):
        place = i // MODELS
        named = {"model": f"model{i % MODELS}", "dataset": f"data{place % DATASETS}", "seed": place // DATASETS}
        identity = record.identity.model_copy(update=named)
        key = key_of(identity)
        folder = new.folder(identity, key)
        folder.mkdir(parents=True)
        changed = {"identity": {**text["identity"], **named}, "key": key, "label": named["model"]}
        (folder / RECORD).write_text(json.dumps({**text, **changed}, indent=1))
        (folder / ITEMS).hardlink_to(items)
        identities.append(identity)
    return identities


def seconds(work: Callable[[], object], cold: bool) -> tuple[float, float]:
    """Return the wall time and the processor time of work that is done for the second time."""
    work()
    if cold:
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
    return seconds_once(work)


def seconds_once(work: Callable[[], object]) -> tuple[float, float]:
    started, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - cpu


def measure(new: Store, identities: Sequence[Identity], cold: bool) -> None:
    """Tell each time as soon as it is known."""
    told("index made", *seconds_once(lambda: index.known(new)))
    lines = index.lines_of(new.root)
    with sqlite3.connect(new.root / "index.sqlite") as database:
        database.execute(
            "CREATE TABLE known (place, inode, size, changed, key, question, status, kept, seconds, finished)"
        )
        rows = [(place, *stamp, *vars(one).values()) for place, (stamp, one) in lines.items()]
        database.executemany(f"INSERT INTO known VALUES ({', '.join('?' * 10)})", rows)
    works: dict[str, Callable[[], object]] = {
        "index": lambda: index.known(new),
        "its stamps alone": lambda: list(index.stamps(new.root)),
        "its lines alone": lambda: index.lines_of(new.root),
        "the lines from SQLite": lambda: _from_database(new.root / "index.sqlite"),
        "all records": lambda: sum(isinstance(record, Record) for record in new.records(items=False)),
        "and their items": lambda: sum(isinstance(record, Record) for record in new.records()),
        "each found": lambda: [new.find(identity) for identity in identities],
    }
    for name, work in works.items():
        told(name, *seconds(work, cold))


def _from_database(path: Path) -> dict[str, tuple[index.Stamp, index.Known]]:
    rows = sqlite3.connect(path).execute("SELECT * FROM known")
    return {row[0]: (row[1:4], index.Known(*row[4:])) for row in rows}


def told(name: str, wall: float, cpu: float) -> None:
    print(f"  {name}: {wall:.2f} s ({cpu:.2f} s of the processor)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, action="append", help="size of a store; can be repeated")
    parser.add_argument("--cold", action="store_true", help="empty the memory of files before each measurement")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store, record = example(Path(folder) / "example")
        for number in given.records or [1000, 10_000]:
            root = Path(folder) / "made"
            print(f"{number:,} records", flush=True)
            measure(Store(root), made(store, record, root, number), given.cold)
            shutil.rmtree(root)


if __name__ == "__main__":
    main()
