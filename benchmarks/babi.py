"""Compare end-to-end memory networks on bAbI, tasks 1 to 3, with published accuracies: the best of ten fits by training
loss, the mean and the spread.

    seqbench run --suite qa --preset paper --model memn2n --store results/babi
    python benchmarks/babi.py --store results/babi

Published: Sukhbaatar et al. 2015, 3 hops, position encoding, linear start, random noise, 1,000 questions, best of ten
fits by training error.
"""

import argparse
from pathlib import Path

import numpy as np

from seqbench.evidence.records import Record
from seqbench.runs.store import Store

PUBLISHED = {1: 99.9, 2: 78.4, 3: 35.8}


def training_loss(record: Record) -> float:
    """Return the training loss of the epoch whose weights were kept: the one with the best score on validation."""
    curves = record.curves
    kept = int(np.argmin(curves["valid_error"]))
    return curves["train_nats"][kept]


def _reproduces(record: Record) -> bool:
    return record.identity.model == "memn2n" and record.data_spec.name == "babi"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path("results/babi"))
    asked = parser.parse_args()
    fits: dict[int, list[Record]] = {}
    for record in Store(asked.store).records():
        if isinstance(record, Record) and record.status == "ok" and _reproduces(record):
            fits.setdefault(int(record.identity.options["facts"]), []).append(record)
    if not fits:
        parser.exit(2, f"{asked.store} holds no fit of memn2n; make some as the help says\n")
    print("task  fits   best by training loss   mean ± SD       range   published")
    for facts, records in sorted(fits.items()):
        accuracy = np.array([100 * record.scores["test"]["accuracy"] for record in records])
        best = accuracy[int(np.argmin([training_loss(record) for record in records]))]
        spread = accuracy.std(ddof=1) if len(accuracy) > 1 else 0.0
        print(
            f"{facts:4}  {len(records):4}   {best:21.1f}   {accuracy.mean():5.1f} ± {spread:<4.1f}"
            f"  {accuracy.min():.1f}–{accuracy.max():.1f}   {PUBLISHED[facts]:.1f}"
        )


if __name__ == "__main__":
    main()
