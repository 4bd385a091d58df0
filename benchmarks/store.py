"""How long a store of many records takes to be listed, and to be resumed from.

    python benchmarks/store.py --records 1000 --records 10000 --records 100000

A small run makes one record. Its copies, each with a seed, a model and a key of its own, make the stores. All times are
of a second reading, with the files in the memory of the system; `--cold` empties this memory first, which needs root.
"""

import argparse
import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from seqbench.api import ask
from seqbench.evidence.records import Record
from seqbench.runs.index import known
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


def made(store: Store, record: Record, root: Path, number: int) -> list[Record]:
    """Write a store of so many records; return them."""
    items = (store.folder(record.identity, record.key) / ITEMS).read_bytes()
    text, new = record.model_dump_json(indent=1), Store(root)
    records = []
    for i in range(number):
        named = {
            "model": f"model{i % MODELS}",
            "dataset": f"data{i // MODELS % DATASETS}",
            "seed": i // (MODELS * DATASETS),
        }
        identity = record.identity.model_copy(update=named)
        one = record.model_copy(update={"identity": identity, "key": key_of(identity), "label": f"model{i % MODELS}"})
        folder = new.folder(identity, one.key)
        folder.mkdir(parents=True)
        (folder / RECORD).write_text(one.model_dump_json(indent=1) + "\n")
        (folder / ITEMS).write_bytes(items)
        records.append(one)
    assert hashlib.sha256(items).hexdigest() == record.items_sha256
    assert len(text) > 1000
    return records


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


def measured(new: Store, records: Sequence[Record], cold: bool) -> dict[str, tuple[float, float]]:
    first = seconds_once(lambda: known(new))
    return {
        "index made": first,
        "index": seconds(lambda: known(new), cold),
        "paths": seconds(lambda: sum(1 for _ in new.root.glob("*/*/*/record.json")), cold),
        "records": seconds(lambda: sum(1 for _ in new.records(items=False)), cold),
        "records and items": seconds(lambda: sum(1 for _ in new.records()), cold),
        "find": seconds(lambda: [new.find(one.identity) for one in records], cold),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, action="append", help="size of a store; can be repeated")
    parser.add_argument("--cold", action="store_true", help="empty the memory of files before each measurement")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store, record = example(Path(folder) / "example")
        for number in given.records or [1000, 10_000]:
            root = Path(folder) / "made"
            started = time.perf_counter()
            records = made(store, record, root, number)
            written = time.perf_counter() - started
            times = measured(Store(root), records, given.cold)
            told = ", ".join(f"{name} {wall:.2f} s ({cpu:.2f} of the processor)" for name, (wall, cpu) in times.items())
            print(f"{number:,} records (written in {written:.0f} s): {told}", flush=True)
            shutil.rmtree(root)


if __name__ == "__main__":
    main()
