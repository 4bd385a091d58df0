"""Measure how time and memory of n-grams grow with the text: in memory, with bounded memory, and KenLM's `lmplz`.

    python benchmarks/past_memory.py [--tokens 1e6 1e7 1e8] [--order 3] [--memory-gb 0.5] [--lmplz build/bin/lmplz]

The text comes from a source with Zipf's law: of 100,000 words, the one of rank r has probability proportional to
1 / (r + 2.7) (Mandelbrot 1953). A word is drawn anew, or, as often, relative to the word before it, so that n-grams
repeat. Each subject runs in a process of its own, one after the other; time is that of the fit, memory is the peak of
the fit above what the process held before. For `lmplz`, which reads text, it is the whole process. Texts are not
fitted in memory if that would take more than --most-gb. The exponent is that of a power law through the two largest
texts.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from growth import alone, peak, reset_peak, tell_growth

from seqbench.baselines.ngrams.interpolation import NgramConfig
from seqbench.baselines.ngrams.models import KneserNey
from seqbench.interface import Budget, Ids
from seqbench.long_arrays import Cut
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import Vocab

SYMBOLS = 100_000
LENGTH = 1_000
"""Symbols of a document; as many documents are made at once."""
IN_MEMORY = {3: 150, 5: 250}
"""Bytes per token of a fit in memory, about, by order."""


@dataclass(frozen=True)
class Measured:
    seconds: float
    cpu: float
    peak_bytes: int
    ngrams: int | None


def source(tokens: int) -> Iterator[Ids]:
    """Yield blocks (documents, LENGTH) of a text."""
    rng = np.random.default_rng(0)
    share = np.cumsum(1 / (np.arange(SYMBOLS) + 2.7))
    share /= share[-1]
    for start in range(0, tokens, LENGTH * LENGTH):
        rows = min(LENGTH, -(-(tokens - start) // LENGTH))
        drawn = np.searchsorted(share, rng.random((LENGTH, rows)))
        relative = rng.random((LENGTH, rows)) < 0.5
        relative[0] = False
        for t in range(1, LENGTH):
            drawn[t] = np.where(relative[t], (drawn[t - 1] * 31 + drawn[t]) % SYMBOLS, drawn[t])
        yield drawn.T


def ours(file: Path, order: int, memory_gb: float | None) -> Measured:
    text = np.load(file, mmap_mode="r")
    reset_peak()
    before, started, cpu = peak(), time.perf_counter(), time.process_time()
    model = KneserNey(NgramConfig(order=order, memory_gb=memory_gb))
    vocab = Vocab(tuple(map(str, range(SYMBOLS))))
    documents = Cut(text.reshape(-1), np.arange(LENGTH, text.size, LENGTH))
    model.fit(documents, LanguageContext(seed=0, budget=Budget(), valid=[], vocab=vocab))
    return Measured(
        time.perf_counter() - started, time.process_time() - cpu, peak() - before, len(model.arrays()["keys"]) - 1
    )


def lmplz(program: str, file: Path, order: int, memory_gb: float) -> Measured:
    """Measure `lmplz`; its memory is the peak that the system reports for it."""
    text = np.load(file, mmap_mode="r")
    words = file.with_suffix(".txt")
    with words.open("w", encoding="utf-8") as out:
        for line in text:
            out.write(" ".join(map(str, line.tolist())) + "\n")
    arpa = file.with_suffix(".arpa")
    command = [program, "-o", str(order), "-S", f"{int(memory_gb * 1e6)}K", "-T", str(file.parent), "--arpa", str(arpa)]
    try:
        with words.open("rb") as read:
            started = time.perf_counter()
            process = subprocess.Popen([*command, "--discount_fallback"], stdin=read, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
        if status:
            raise RuntimeError(f"{program} ended with status {status}")
        return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, None)
    finally:
        words.unlink()
        arpa.unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=float, nargs="+", default=[1e6, 1e7, 1e8])
    parser.add_argument("--order", type=int, default=3, choices=[3, 5])
    parser.add_argument("--memory-gb", type=float, default=0.5)
    parser.add_argument("--most-gb", type=float, default=6, help="memory that a fit in memory may take")
    parser.add_argument("--lmplz", help="path of KenLM's lmplz, if it is at hand")
    given = parser.parse_args()

    bounded = f"memory_gb={given.memory_gb:g}"
    found: dict[str, list[tuple[float, Measured]]] = {}
    print(f"order {given.order}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'tokens':>10}  {'subject':16}{'n-grams':>13}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'bytes/token':>13}")
    with tempfile.TemporaryDirectory() as folder:
        for tokens in sorted(map(int, given.tokens)):
            file = Path(folder) / "text.npy"
            rows = -(-tokens // LENGTH)
            text = np.lib.format.open_memmap(file, "w+", np.int64, (rows, LENGTH))
            end = 0
            for block in source(tokens):
                text[end : end + len(block)] = block
                end += len(block)
            del text
            subjects = {bounded: lambda file=file: alone(ours, file, given.order, given.memory_gb)}
            if tokens * IN_MEMORY[given.order] < given.most_gb * 1e9:
                subjects["in memory"] = lambda file=file: alone(ours, file, given.order, None)
            if given.lmplz:
                subjects["lmplz"] = lambda file=file: lmplz(given.lmplz, file, given.order, given.memory_gb)
            for name, subject in subjects.items():
                m = subject()
                found.setdefault(name, []).append((tokens, m))
                ngrams = f"{m.ngrams:,}" if m.ngrams else ""
                print(
                    f"{tokens:10.0e}  {name:16}{ngrams:>13}{m.seconds:9.1f}{m.cpu:9.1f}{m.peak_bytes / 1e6:9.0f}"
                    f"{m.peak_bytes / tokens:13.1f}",
                    flush=True,
                )
    tell_growth(found, "tokens")


if __name__ == "__main__":
    main()
