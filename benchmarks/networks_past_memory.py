"""Measure memory and speed of training on a text in a file that grows, for language models other than n-grams.

    python benchmarks/networks_past_memory.py [--tokens 1e6 1e7 1e8] [--updates 20] [--models cbow tcn …]

The text is that of `past_memory.py`, its words numbered modulo 10,000, mapped into memory as it is in a run;
`/sentences` cuts it after every 25th word. Settings are the defaults, but `hmm` has 4 states. Each subject runs in a
process of its own and is fitted three times: to the first 100,000 tokens; to all, with one update; and to all, with
`--updates`. Memory is the peak of resident memory, of which mapped pages are a part: of the first fit, above what the
process held before, and by how much the last fit exceeds it. Speed is in tokens per second of processor time: of the
updates by which the last two fits differ; for `hmm`, whose unit is a pass, and the memories, which count, of the last
fit. Set-up is the processor time of the fit with one update.
"""

import argparse
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from growth import alone, peak, reset_peak
from past_memory import LENGTH, source

from seqbench import registry
from seqbench.interface import Budget, Ids
from seqbench.learning.column_language import ColumnLanguageConfig
from seqbench.learning.training import TrainingConfig
from seqbench.long_arrays import Cut
from seqbench.spec import parse
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import Vocab

SUBJECTS = (
    "cbow",
    "bengio",
    "window-mlp",
    "tcn",
    "lstm",
    "lstm/sentences",
    "hmm(states=4)",
    "hopfield",
    "dense-memory",
)
WORDS = 10_000
SENTENCE = 25
FIRST = 100_000


@dataclass(frozen=True)
class Measured:
    first_bytes: int
    more_bytes: int
    setup: float
    tokens_per_second: float


def measured(file: Path, subject: str, updates: int) -> Measured:
    torch.set_num_threads(1)
    spec, _, cut = subject.partition("/")
    text = np.asarray(np.load(file, mmap_mode="c")).reshape(-1)
    tokens, every = len(text), SENTENCE if cut else len(text)
    kind = registry.find_model(parse(spec), "lm").attribute
    config = registry.configured(kind.config_class, parse(spec), "lm")
    vocab = Vocab(tuple(map(str, range(WORDS))))

    def fit(whole: Ids, updates: int) -> tuple[int, float]:
        """Return the peak of resident memory in bytes, and the processor time in seconds."""
        reset_peak()
        train, started = Cut(whole, np.arange(every, len(whole), every)), time.process_time()
        kind(config).fit(train, LanguageContext(seed=0, budget=Budget(updates=updates), valid=[], vocab=vocab))
        return peak(), time.process_time() - started

    before = peak()
    first, _ = fit(text[:FIRST].copy(), updates)
    one, setup = fit(text, 1)
    most, seconds = (one, setup)
    if isinstance(config, TrainingConfig):
        most, seconds = fit(text, updates)
        steps = min(config.bptt, SENTENCE if cut else config.bptt) if isinstance(config, ColumnLanguageConfig) else 1
        seconds -= setup
        tokens = (updates - 1) * config.batch_size * steps  # type: ignore[attr-defined]
    return Measured(first - before, max(one, most) - first, setup, tokens / seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=float, nargs="+", default=[1e6, 1e7, 1e8])
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--models", nargs="+", default=SUBJECTS)
    given = parser.parse_args()

    print(f"{given.updates} updates, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'tokens':>10}  {'subject':16}{'first MB':>10}{'more MB':>10}{'set-up s':>10}{'tokens/s':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for tokens in sorted(map(int, given.tokens)):
            file = Path(folder) / "text.npy"
            text = np.lib.format.open_memmap(file, "w+", np.int64, (-(-tokens // LENGTH), LENGTH))
            end = 0
            for block in source(tokens):
                text[end : end + len(block)] = block % WORDS
                end += len(block)
            del text
            for subject in given.models:
                m = alone(measured, file, subject, given.updates)
                print(
                    f"{tokens:10.0e}  {subject:16}{m.first_bytes / 1e6:10.0f}{m.more_bytes / 1e6:10.0f}{m.setup:10.1f}"
                    f"{m.tokens_per_second:10,.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
