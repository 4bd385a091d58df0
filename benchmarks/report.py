"""Measure how long the page of many runs takes, and how large it is.

    python benchmarks/report.py [--models 25] [--datasets 10] [--seeds 4] [--items 4000] [--store FOLDER]

Writes made-up records with item columns into a store: half of the data sets are documents of six classes, half are
text. Then times `seqbench report FOLDER --format html`, as a user would run it, and tells the processor time too, since
the machine may be busy.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import Comparability, Costs, Identity, Provenance, Record
from seqbench.runs.store import Store, key_of
from seqbench.spec import Spec
from seqbench.tasks import task
from seqbench.tasks.classes import class_detail, item_columns

CLASSES = ("news", "sport", "travel", "science", "music", "weather")
EPOCHS = 12
MACHINE = Provenance(
    seqbench="0.1.0",
    git_sha="0" * 40,
    git_dirty=False,
    python="3.11.9",
    packages={"numpy": "2.4.6", "torch": "2.13.0"},
    platform="Linux",
    cpu="a made-up processor",
    gpu=None,
    threads=1,
)


def documents(items: int, skill: float, rng: np.random.Generator, labels: np.ndarray) -> tuple[Columns, dict[str, Any]]:
    scores = rng.normal(size=(items, len(CLASSES)))
    scores[np.arange(items), labels % len(CLASSES)] += skill
    columns = item_columns(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), labels % len(CLASSES))
    return columns, class_detail(columns, CLASSES)


def text(items: int, skill: float, rng: np.random.Generator, labels: np.ndarray) -> tuple[Columns, dict[str, Any]]:
    nats = 6 - skill + 0.02 * labels + rng.normal(scale=0.3, size=items)
    unit = np.arange(items) // 64
    return {
        "nats": nats.astype(np.float32),
        "characters": np.full(items, 5, np.int32),
        "unit": unit.astype(np.int32),
    }, {}


KINDS = {"classify": (documents, "document", "documents"), "lm": (text, "word", "stream")}


def write(store: Store, models: int, datasets: int, seeds: int, items: int) -> None:
    for d in range(datasets):
        name = list(KINDS)[d % len(KINDS)]
        make, unit, convention = KINDS[name]
        kind = task(name)
        labels = np.random.default_rng(d).integers(60, size=items)
        basis = Comparability(
            task=name,
            dataset=f"data-{d}",
            data_sha256=f"{d:064x}",
            vocab_sha256="1" * 64,
            convention=convention,
            unit=unit,
            items=items,
        )
        for m in range(models):
            neural = m % 2 == 1
            label = f"{'network' if neural else 'classic'}-{m}(hidden_size={16 * m})"
            for seed in range(seeds):
                rng = np.random.default_rng([d, m, seed])
                columns, detail = make(items, 1 + 0.05 * m + 0.05 * rng.normal(), rng, labels)
                units = kind.units(columns, basis).columns
                scores = {metric.name: float(metric(units)[0]) for metric in kind.metrics}
                course = 3 * np.exp(-np.arange(1, EPOCHS + 1) / 4)
                identity = Identity(
                    task=name,
                    model=label.partition("(")[0],
                    target="made:Up",
                    config={"hidden_size": 16 * m, "dropout": 0.1},
                    model_source="a" * 64,
                    dataset=f"data-{d}",
                    options={},
                    data_sha256=f"{d:064x}",
                    data_source="b" * 64,
                    task_source="c" * 64,
                    seed=seed,
                    budget={"epochs": EPOCHS},
                    device="cpu",
                )
                record = Record(
                    key=key_of(identity),
                    identity=identity,
                    label=label,
                    model_spec=Spec(identity.model),
                    data_spec=Spec(f"data-{d}"),
                    kind="neural" if neural else "classic",
                    stochastic=True,
                    status="ok",
                    comparability=basis,
                    scores={"valid": scores, "test": scores},
                    detail=detail,
                    costs=Costs(
                        fit_seconds=0.1 * 1.3**m,
                        predict_seconds=0.01 * 1.2**m,
                        items_per_second=items / (0.01 * 1.2**m),
                        parameters=1000 * (m + 1),
                        peak_memory_bytes=200_000_000 + 10_000_000 * m,
                    ),
                    curves={
                        "train_nats": list(course + 0.5),
                        "valid_nats": list(course + 1 + 0.1 * rng.random(EPOCHS)),
                    }
                    if neural
                    else {},
                    provenance=MACHINE,
                    finished="2026-11-30T12:00:00+00:00",
                )
                store.write(record, columns)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--models", type=int, default=25)
    options.add_argument("--datasets", type=int, default=10)
    options.add_argument("--seeds", type=int, default=4)
    options.add_argument("--items", type=int, default=4000)
    options.add_argument("--store", type=Path, help="where the records are kept; by default they are removed")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = given.store or Path(folder)
        runs = given.models * given.datasets * given.seeds
        if not (root.is_dir() and sum(1 for _ in root.glob("*/*/*/record.json")) == runs):
            write(Store(root), given.models, given.datasets, given.seeds, given.items)
        page, start = Path(folder) / "report.html", time.perf_counter()
        command = [sys.executable, "-m", "seqbench.cli", "report", str(root), "--format", "html"]
        subprocess.run([*command, "--output", str(page)], check=True)
        wall, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"{runs:,} runs of {given.items:,} items: {wall:.1f} s, of it {used.ru_utime + used.ru_stime:.1f} s of the "
            f"processor; {used.ru_maxrss / 1024:,.0f} MB of memory; a page of {page.stat().st_size / 1e6:.2f} MB"
        )


if __name__ == "__main__":
    main()
