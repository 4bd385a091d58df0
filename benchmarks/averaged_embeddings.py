"""Compare averaged embeddings with bigrams with the C++ program of fastText's authors, on equal threads.

    python benchmarks/averaged_embeddings.py [--documents 120000] [--dimensions 10 100] [--threads 1 2] [--repeats 3]

The data sets are TREC and Reuters-R8, if they can be loaded, and random documents of the size of AG News: 120,000
documents of 40 words; one word in eight depends on the class. Both programs learn from the same words in 5 epochs
with a learning rate of 0.5 and the same number of buckets for bigrams, and run in turn. A time is the training time of
the best repeat. Ours starts from numbered words in memory and includes hashing the bigrams; theirs starts from a file
that the system has cached, and includes reading and numbering. Ours always trains on one thread. Accuracies are those
on the test part.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from seqbench.baselines.bags_of_words.averaged_embeddings import AveragedEmbeddings, AveragedEmbeddingsConfig
from seqbench.data import DataError
from seqbench.datasets.documents.reuters import ReutersR8
from seqbench.datasets.documents.trec import Trec
from seqbench.interface import Budget
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.language.vocab import UNK, Vocab

try:
    import fasttext
except ImportError:
    sys.exit('this benchmark needs fastText: pip install "seqbench[benchmarks]"')

EPOCHS, RATE, BUCKETS = 5, 0.5, 1 << 18


@dataclass(frozen=True)
class Documents:
    name: str
    train: Labelled
    test: Labelled
    vocab: Vocab
    classes: tuple[str, ...]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--documents", type=int, default=120_000)
    arguments.add_argument("--dimensions", type=int, nargs="+", default=[10, 100])
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments.add_argument("--repeats", type=int, default=3)
    chosen = arguments.parse_args()
    sets = [made(chosen.documents)]
    for source in (Trec(), ReutersR8()):
        try:
            data = source.load()
        except DataError as error:
            print(f"left out: {error}")
            continue
        sets.append(Documents(source.name, data.train, data.test, data.vocab, data.classes))
    for documents in sets:
        words = sum(map(len, documents.train.texts.ids))
        print(f"{documents.name}: {len(documents.train):,} documents of {words / len(documents.train):.0f} words")
        for dimension in chosen.dimensions:
            for threads in chosen.threads:
                compare(documents, dimension, threads, chosen.repeats)


def compare(documents: Documents, dimension: int, threads: int, repeats: int) -> None:
    torch.set_num_threads(threads)
    best, accuracy = {"ours": np.inf, "fastText": np.inf}, {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "train.txt"
        file.write_text("".join(f"__label__{y} {text}\n" for y, text in lines(documents.train)), encoding="utf-8")
        for _ in range(repeats):
            began = time.perf_counter()
            model = AveragedEmbeddings(
                AveragedEmbeddingsConfig(embedding_size=dimension, buckets=BUCKETS, learning_rate=RATE)
            )
            nothing = Labelled(Texts([], []), np.zeros(0, np.int64))
            model.fit(
                documents.train,
                ClassificationContext(
                    seed=0,
                    budget=Budget(epochs=EPOCHS),
                    valid=nothing,
                    vocab=documents.vocab,
                    classes=documents.classes,
                ),
            )
            best["ours"] = min(best["ours"], time.perf_counter() - began)
            began = time.perf_counter()
            theirs = fasttext.train_supervised(
                str(file),
                dim=dimension,
                epoch=EPOCHS,
                lr=RATE,
                wordNgrams=2,
                bucket=BUCKETS,
                thread=threads,
                minCount=1,
                verbose=0,
            )
            best["fastText"] = min(best["fastText"], time.perf_counter() - began)
        found = model.predict(documents.test.texts).argmax(axis=1)
        accuracy["ours"] = float((found == documents.test.labels).mean())
        # `predict` of the published wheels fails with NumPy 2, so this calls the function that it wraps.
        said = [theirs.f.predict(text + "\n", 1, 0.0, "strict")[0][1] for _, text in lines(documents.test)]
        right = [name == f"__label__{y}" for name, (y, _) in zip(said, lines(documents.test), strict=True)]
        accuracy["fastText"] = float(np.mean(right))
    speed = {name: EPOCHS * len(documents.train) / seconds for name, seconds in best.items()}
    print(
        f"  {dimension:3d} wide, {threads} thread(s): documents/s ours {speed['ours']:9,.0f}  "
        f"fastText {speed['fastText']:9,.0f}  ratio {speed['ours'] / speed['fastText']:.2f};  "
        f"accuracy ours {accuracy['ours']:.4f}  fastText {accuracy['fastText']:.4f}"
    )


def lines(part: Labelled) -> list[tuple[int, str]]:
    return [(int(y), " ".join(words)) for y, words in zip(part.labels, part.texts.words, strict=True)]


def made(count: int) -> Documents:
    """Return random documents of 4 classes: words follow Zipf's law, and one in eight is typical of the class."""
    rng = np.random.default_rng(0)
    size, classes = 40_000, 4
    frequency = 1 / np.arange(10, 10 + size)
    cumulative = np.cumsum(frequency / frequency.sum())
    vocab = Vocab((UNK, *(f"w{i}" for i in range(size))))

    def part(documents: int) -> Labelled:
        labels = rng.integers(classes, size=documents)
        words = np.searchsorted(cumulative, rng.random((documents, 40))).clip(max=size - 1)
        own = rng.random(words.shape) < 1 / 8
        words = np.where(own, (words // classes * classes + labels[:, None]) % size, words)
        ids = list((words + 1).astype(np.int64))
        return Labelled(Texts(ids, [vocab.decode(document) for document in ids]), labels)

    return Documents("made", part(count), part(count // 16), vocab, tuple("abcd"))


if __name__ == "__main__":
    main()
