"""Compare our n-gram models with those of nltk.lm, on the same words, each in a fresh process.

    python benchmarks/ngram.py [--rounds 2]

Reads WikiText-2 from the folder in SEQBENCH_DATA, or otherwise the language reference inside CPython. The fit time is
from sentences in memory (nltk: words, ours: ids) to a model that can score. Ours scores through `predict`, in batches
of sentences of equal length; nltk scores word by word, on every n-th sentence. Two more differences change perplexities
a little: nltk does not smooth unigrams, so that a word not seen in training has probability 0, and it counts <s> as a
word that follows <s>. The models run in turn.
"""

import argparse
import multiprocessing
import os
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from seqbench.baselines.ngrams.models import KneserNey, Ngram, NgramConfig, WittenBell
from seqbench.interface import Budget
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import EOS, UNK, Vocab

SCORED_BY_NLTK = 10_000  # tokens, about
Sentences = list[list[str]]


@dataclass(frozen=True)
class Measured:
    fit_seconds: float
    tokens_per_second: float
    perplexity: float
    start_bytes: int
    """Peak of resident memory before the fit: Python, the libraries, the text."""
    peak_bytes: int


def text() -> tuple[str, Sentences, Sentences]:
    """Return name, training part, test part; `<eos>` ends sentences, test words not seen in training are `<unk>`."""
    folder = Path(os.environ.get("SEQBENCH_DATA", "")) / "wikitext2"
    if "SEQBENCH_DATA" in os.environ and folder.is_dir():
        parts = [(folder / f"{part}.txt").read_text(encoding="utf-8").split("\n") for part in ("train", "test")]
        name, train, test = "WikiText-2", *([[*line.split(), EOS] for line in part if line.strip()] for part in parts)
        return name, train, test
    from pydoc_data.topics import topics

    lines = [[*line.split(), EOS] for topic in topics.values() for line in topic.splitlines() if line.strip()]
    train, test = [line for i, line in enumerate(lines) if i % 10], lines[::10]
    known = {word for line in train for word in line}
    return "Python reference", train, [[word if word in known else UNK for word in line] for line in test]


def ours(model: Ngram) -> Measured:
    _, train, test = text()
    vocab = Vocab(tuple(dict.fromkeys([UNK, *(word for line in train for word in line)])))
    context = LanguageContext(seed=0, budget=Budget(), valid=[], vocab=vocab)
    documents = [vocab.encode(line) for line in train]
    lengths: dict[int, list[list[str]]] = {}
    for line in test:
        lengths.setdefault(len(line), []).append(line)
    batches = [np.stack([vocab.encode(line) for line in lines]) for lines in lengths.values()]
    start_bytes = peak()

    start = perf_counter()
    model.fit(documents, context)
    fit_seconds = perf_counter() - start
    start = perf_counter()
    nats = -sum(float(model.predict(batch)[0].sum()) for batch in batches)
    seconds = perf_counter() - start
    tokens = sum(batch.size for batch in batches)
    return Measured(fit_seconds, tokens / seconds, exp(nats / tokens), start_bytes, peak())


def our_witten_bell() -> Measured:
    return ours(WittenBell(NgramConfig(order=3)))


def our_kneser_ney() -> Measured:
    return ours(KneserNey(NgramConfig(order=5)))


def nltk_witten_bell() -> Measured:
    from nltk.lm import WittenBellInterpolated
    from nltk.util import everygrams

    _, train, test = text()
    tokens = sum(map(len, test))
    sample = test[:: max(1, tokens // SCORED_BY_NLTK)]
    known = {"<s>"}.union(*train)
    start_bytes = peak()

    def padded(line: list[str]) -> list[str]:
        return ["<s>", "<s>", *line]

    def grams() -> Iterator[Iterator[tuple[str, ...]]]:
        return (everygrams(padded(line), max_len=3) for line in train)

    start = perf_counter()
    model = WittenBellInterpolated(3)
    model.fit(grams(), vocabulary_text=known)
    fit_seconds = perf_counter() - start
    start = perf_counter()
    scores = [model.score(word, padded(line)[i : i + 2]) for line in sample for i, word in enumerate(line)]
    seconds = perf_counter() - start
    nats = -sum(log(score) if score else -np.inf for score in scores)
    return Measured(fit_seconds, len(scores) / seconds, exp(nats / len(scores)), start_bytes, peak())


def peak() -> int:
    """Return the peak resident memory of this process in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def alone(subject: Callable[[], Measured]) -> Measured:
    """Measure in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(subject)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2, help="number of times that each model is run")
    rounds = parser.parse_args().rounds

    name, train, test = text()
    print(f"{name}: {sum(map(len, train)):,} training and {sum(map(len, test)):,} test tokens, {os.cpu_count()} cores")
    subjects = {
        "Witten–Bell 3, ours": our_witten_bell,
        "Witten–Bell 3, nltk": nltk_witten_bell,
        "Kneser–Ney 5, ours": our_kneser_ney,
    }
    print(f"{'':22}{'fit s':>8}{'tokens/s':>12}{'perplexity':>12}{'peak MiB':>10}{'before fit':>12}")
    measured: dict[str, list[Measured]] = {label: [] for label in subjects}
    for _ in range(rounds):
        for label, subject in subjects.items():
            m = alone(subject)
            measured[label].append(m)
            print(
                f"{label:22}{m.fit_seconds:8.2f}{m.tokens_per_second:12,.0f}{m.perplexity:12.3f}"
                f"{m.peak_bytes / 2**20:10,.0f}{m.start_bytes / 2**20:12,.0f}",
                flush=True,
            )
    quick, slow, kneser_ney = measured.values()
    fit = median(b.fit_seconds / a.fit_seconds for a, b in zip(quick, slow, strict=True))
    scoring = median(a.tokens_per_second / b.tokens_per_second for a, b in zip(quick, slow, strict=True))
    print(
        f"Witten–Bell 3, ours against nltk: fit {fit:.0f} times faster (target: 20), scoring {scoring:.0f} (target: 50)"
    )
    print(
        f"Kneser–Ney 5, ours: fit {median(m.fit_seconds for m in kneser_ney):.2f} s (target: 2), "
        f"{median(m.tokens_per_second for m in kneser_ney):,.0f} tokens/s (target: 1,000,000)"
    )


if __name__ == "__main__":
    main()
