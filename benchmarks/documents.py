"""Measure how time and memory grow with a table of documents: reading it, and fitting classifiers that learn in pieces.

    python benchmarks/documents.py [--documents 1e5 1e6 1e7] [--model naive-bayes …] [--folder DIR]

The table is a CSV file of made documents in four classes, 10 to 30 words each, with a comma in every third one, whose
cell is then quoted. Words have Zipf's law: of 100,000 words, the one of rank r has probability proportional to
1 / (r + 2.7) (Mandelbrot 1953); a fifth of the words is drawn from those of the class. Validation and test part are
files of their own, with a hundredth of the documents each.

Each subject runs in a process of its own, one after the other. Reading ends when the data lies in the files from which
the processes of a run read it. A fit is one epoch. Memory is the peak of resident memory above what the process held
before, mapped files included. The exponent is that of a power law through the two largest tables.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from growth import alone, peak, reset_peak, tell_growth

from seqbench import registry
from seqbench.datasets.documents.own import LabelledFile
from seqbench.interface import Budget
from seqbench.runs import contents
from seqbench.spec import parse
from seqbench.tasks.documents.model import ClassificationContext

SYMBOLS, CLASSES = 100_000, 4
BLOCK = 100_000
"""Documents that are made at once."""
MODELS = ("naive-bayes", "averaged-embeddings", "hashed-logistic-regression")
PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Measured:
    seconds: float
    cpu: float
    peak_bytes: int
    said: str


def make(file: Path, documents: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    share = np.cumsum(1 / (np.arange(SYMBOLS) + 2.7))
    share /= share[-1]
    words = np.array([_word(rank) for rank in range(SYMBOLS)], dtype=object)
    with file.open("w", encoding="utf-8") as out:
        out.write("category,body\n")
        for start in range(0, documents, BLOCK):
            count = min(BLOCK, documents - start)
            lengths, labels = rng.integers(10, 31, size=count), rng.integers(CLASSES, size=count)
            drawn, of_class = np.searchsorted(share, rng.random(lengths.sum())), np.repeat(labels, lengths)
            typical = rng.random(len(drawn)) < 0.2
            drawn = np.where(typical, drawn // CLASSES * CLASSES + of_class, drawn)
            spelled, first = words[drawn].tolist(), 0
            lines = []
            for i, (label, length) in enumerate(zip(labels.tolist(), lengths.tolist(), strict=True)):
                own = spelled[first : first + length]
                first += length
                lines.append(f"class{label},{' '.join(own)}\n" if i % 3 else f'class{label},"{", ".join(own)}"\n')
            out.writelines(lines)


def _word(rank: int) -> str:
    """Return a word of letters, shorter for a smaller rank."""
    letters = ""
    while True:
        letters += chr(ord("a") + rank % 26)
        rank = rank // 26 - 1
        if rank < 0:
            return letters


def read(folder: Path) -> Measured:
    """Read the table of a folder, and write what the processes of a run read."""
    paths = {part: folder / f"{part}.csv" for part in PARTS}
    table = LabelledFile(path=paths["train"], valid=paths["valid"], test=paths["test"], text="body", label="category")
    clock = _Clock()
    data = table.load()
    writer = contents.Writer()
    writer.write(folder / "scoring.pickle", data)
    return clock.read(f"{data.vocab.size:,} words")


def fit(folder: Path, model: str) -> Measured:
    spec = parse(model)
    kind = registry.find_model(spec, "classify").attribute
    fitted = kind(kind.config_class(**dict(spec.settings)))
    clock = _Clock()
    data = contents.read(folder / "scoring.pickle")
    context = ClassificationContext(seed=0, budget=Budget(), valid=data.valid, vocab=data.vocab, classes=data.classes)
    fitted.fit(data.train, context)
    measured = clock.read("")
    some = data.test.take(np.arange(1000))
    right = (fitted.predict(some.texts).argmax(axis=1) == some.labels).mean()
    return Measured(measured.seconds, measured.cpu, measured.peak_bytes, f"{right:.1%} right")


class _Clock:
    def __init__(self) -> None:
        reset_peak()
        self.before, self.started, self.cpu = peak(), time.perf_counter(), time.process_time()

    def read(self, said: str) -> Measured:
        seconds, cpu = time.perf_counter() - self.started, time.process_time() - self.cpu
        return Measured(seconds, cpu, peak() - self.before, said)


def size_of(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=float, nargs="+", default=[1e5, 1e6, 1e7])
    parser.add_argument("--model", nargs="*", default=MODELS)
    parser.add_argument("--folder", help="where the tables lie while they are used")
    given = parser.parse_args()

    found: dict[str, list[tuple[int, Measured]]] = {}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'documents':>10}  {'subject':28}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'bytes/document':>16}")
    for documents in sorted(map(int, given.documents)):
        with tempfile.TemporaryDirectory(dir=given.folder) as place:
            folder = Path(place)
            for seed, part in enumerate(PARTS):
                make(folder / f"{part}.csv", documents if seed == 0 else max(1000, documents // 100), seed)
            table = size_of(list(folder.glob("*.csv")))
            for name in ("reading", *given.model):
                m = alone(read, folder) if name == "reading" else alone(fit, folder, name)
                found.setdefault(name, []).append((documents, m))
                print(
                    f"{documents:10.0e}  {name:28}{m.seconds:9.1f}{m.cpu:9.1f}{m.peak_bytes / 1e6:9.0f}"
                    f"{m.peak_bytes / documents:16.1f}  {m.said}",
                    flush=True,
                )
            files = size_of([file for file in folder.iterdir() if file.suffix != ".csv"])
            print(f"{documents:10.0e}  the table has {table / 1e6:,.0f} MB, the files of the run {files / 1e6:,.0f} MB")
    tell_growth(found, "documents")


if __name__ == "__main__":
    main()
