"""fastText's classifier: a softmax over the mean of the vectors of a document's words and hashed bigrams.

Joulin, Grave, Bojanowski & Mikolov 2016, "Bag of tricks for efficient text classification".
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from seqbench.baselines.bags_of_words.hashing import bucket
from seqbench.interface import Arrays, Config, Documents, Floats, Ids
from seqbench.learning.classifier import balanced_weights
from seqbench.learning.padding import laid_end_to_end
from seqbench.learning.schedules import updates_within
from seqbench.learning.training import DivergenceError, seeded
from seqbench.long_arrays import Collected, forget, occurrences
from seqbench.tasks.documents.laid import taken
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts

CPU = torch.device("cpu")
PIECE = 1 << 14
"""Documents whose features are made, or which are scored, at the same time."""
REMEMBERED = 1 << 6
"""Batches that are read from a file before their memory is free again; for each, the system may map 2 MB."""


class AveragedEmbeddingsConfig(Config):
    learning_rate: float = Field(
        0.5,
        gt=0,
        description="initial learning rate; it falls linearly to zero at the end of the budget",
        json_schema_extra={"search": {"low": 0.05, "high": 0.5, "log": True}},
    )
    embedding_size: int = Field(
        10,
        ge=1,
        description="width of a word's or bigram's vector",
        json_schema_extra={"search": {"choices": [10, 30, 100]}},
    )
    buckets: int = Field(
        1 << 18,
        ge=0,
        description="number of vectors for hashed bigrams; 0: only words",
        json_schema_extra={"search": {"choices": [0, 1 << 18]}},
    )
    batch_size: int = Field(
        32,
        ge=1,
        description="documents per update; large batches with a high learning rate overshoot",
        json_schema_extra={"search": {"choices": [4, 16, 32]}},
    )
    class_weight: Literal["none", "balanced"] = Field(
        "none", description="weights of documents; none: equal; balanced: all classes have the same total weight"
    )


class AveragedEmbeddings(Classifier):
    r"""log p = log softmax(A x̄), where x̄ is the mean of the vectors of a document's features.

    Features are words and hashed pairs of neighbouring words. Features that do not occur in training have a vector of
    zeros. As in the original, the initial vectors are uniform within ±1/embedding_size and A starts at zero. Each
    document of a batch contributes the step of plain gradient descent that it would take alone, so the gradients are
    *summed*, not averaged (the linear scaling of Krizhevsky 2014 and Goyal et al. 2017).

    The model does not use `training.train`: its gradient is one line, and without autograd, sparse gradient tensors and
    their norm, an update takes a third of the time (`benchmarks/averaged_embeddings.py` compares its speed with the C++
    of its authors). It always runs on the CPU, since an update is too little work for a GPU.
    """

    kind = "neural"
    config_class = AveragedEmbeddingsConfig
    config: AveragedEmbeddingsConfig
    vectors: Tensor
    """(V + buckets, D)"""
    output: Tensor
    """A, (C, D)"""

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        """Train until the end of the budget, when the learning rate reaches zero.

        As in the original, validation scores are logged but not used to choose an epoch: before the end of the budget,
        the learning rate is too high for the best weights.

        Raises:
            ValueError: there are no documents, or a document has no words or words that are not in 0..V-1.
            DivergenceError: training diverged.
        """
        if len(train) == 0:
            raise ValueError("there is nothing to train on: the training data has no documents")
        config, classes, documents = self.config, len(ctx.classes), len(train)
        valid = self._bags([ctx.valid.texts.ids], ctx.vocab.size)
        weights = np.ones(classes, dtype=np.float32)
        if config.class_weight == "balanced":
            weights = balanced_weights(train.labels, classes).astype(np.float32)
        with seeded(ctx.seed, CPU), _one_thread(), torch.no_grad():
            # Each batch keeps its documents; the order of the batches is drawn again in every epoch.
            rows = torch.randperm(documents).numpy()
            pieces = (taken(train.texts.ids, rows[start : start + PIECE]) for start in range(0, documents, PIECE))
            bags = self._bags(pieces, ctx.vocab.size)
            batches = Batches(bags, train.labels[rows], weights, config.batch_size)
            features, width = ctx.vocab.size + config.buckets, config.embedding_size
            self.vectors = torch.empty(features, width).uniform_(-1 / width, 1 / width)
            self.vectors[torch.from_numpy(occurrences([bags.ids], features) == 0)] = 0.0
            self.output = torch.zeros(classes, width)
            update, updates = 0, updates_within(ctx.budget, len(batches))
            while update < updates:
                total, seen = torch.zeros(()), 0
                for b in torch.randperm(len(batches))[: updates - update].tolist():
                    rate, batch = decayed(config.learning_rate, update, updates), batches[b]
                    total += step(self.vectors, self.output, batch, rate)
                    seen += len(batch.labels)
                    update += 1
                loss = float(total) / seen
                ctx.log("train_nats", loss)
                # A starts at zero, so the initial loss is log C; a much larger loss means that steps overshoot.
                if not loss < 10 * math.log(classes + 1):
                    raise DivergenceError(
                        f"the training loss is {loss:.3g} after update {update}: lower learning_rate "
                        f"(now {config.learning_rate:g}) or batch_size (now {config.batch_size})"
                    )
                if len(ctx.valid):
                    with ctx.validating():
                        scores, truth = self._scores(valid), ctx.valid.labels
                    ctx.log("valid_log_loss", float(-scores[np.arange(len(truth)), truth].mean()))
                    ctx.log("valid_error", float((scores.argmax(1) != truth).mean()))

    def predict(self, texts: Texts) -> Floats:
        """See `Classifier.predict`; it computes in float32.

        Raises:
            ValueError: a document has no words, or words that are not in 0..V-1.
        """
        return self._scores(self._bags([texts.ids], len(self.vectors) - self.config.buckets))

    def arrays(self) -> Arrays:
        return {"vectors": self.vectors.numpy().copy(), "output": self.output.numpy().copy()}

    def restore(self, arrays: Arrays) -> None:
        self.vectors, self.output = torch.tensor(arrays["vectors"]), torch.tensor(arrays["output"])

    def _bags(self, groups: Iterable[Documents], vocab_size: int) -> "Bags":
        pieces = (group[start : start + PIECE] for group in groups for start in range(0, len(group), PIECE))
        return joined(bags(piece, vocab_size, self.config.buckets) for piece in pieces)

    @torch.no_grad()
    def _scores(self, bags: "Bags") -> Floats:
        scores = [np.zeros((0, len(self.output)))]
        for start in range(0, len(bags.sizes), PIECE):
            ids, starts, sizes = bags.part(start, start + PIECE).tensors()
            mean = F.embedding_bag(ids, self.vectors, starts, mode="sum") / sizes[:, None]
            scores.append(F.log_softmax((mean @ self.output.T).double(), dim=-1).numpy())
        return np.concatenate(scores)


class Bags(NamedTuple):
    """The features of N documents, one document after the other."""

    ids: NDArray[np.signedinteger[Any]]
    """(M,) ids of features: 0..V-1 for words, V plus the bucket for bigrams."""
    starts: Ids
    """(N,) index of each document's first feature."""
    sizes: Ids
    """(N,) number of each document's features."""

    def part(self, start: int, stop: int) -> "Bags":
        """Return the features of the documents `start:stop`."""
        starts, sizes = self.starts[start:stop], self.sizes[start:stop]
        first = int(starts[0])
        return Bags(self.ids[first : int(starts[-1] + sizes[-1])].astype(np.int64), starts - first, sizes)

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        ids, starts, sizes = map(torch.from_numpy, self)
        return ids, starts, sizes


class Batch(NamedTuple):
    bags: Bags
    labels: Tensor
    """(B,)"""
    weights: Tensor
    """(B,) weights of the documents."""


def bags(documents: Documents, vocab_size: int, buckets: int) -> Bags:
    """Return the words of each document, followed by its hashed bigrams (none if `buckets` is 0).

    Raises:
        ValueError: a document has no words, or words that are not in 0..vocab_size-1.
    """
    words, lengths = laid_end_to_end(documents, vocab_size)
    pairs = lengths - 1 if buckets else np.zeros_like(lengths)
    sizes = lengths + pairs
    starts = np.cumsum(sizes) - sizes
    # A word comes after the earlier words of its document, and after all words and bigrams of earlier documents.
    where = np.arange(len(words)) + np.repeat(np.cumsum(pairs) - pairs, lengths)
    ids = np.empty(sizes.sum(), np.int64)
    ids[where] = words
    if buckets:
        inside = np.ones(len(words), dtype=bool)
        inside[np.cumsum(lengths) - 1] = False
        first = np.flatnonzero(inside)
        ids[where[first] + np.repeat(lengths, pairs)] = vocab_size + bucket(words[first], words[first + 1], buckets)
    return Bags(ids, starts, sizes)


def decayed(rate: float, update: int, updates: int) -> float:
    """Return the learning rate of an update in 0..`updates` - 1; it falls linearly from `rate` to zero at `updates`."""
    return rate * (1 - update / updates)


def step(vectors: Tensor, output: Tensor, batch: Batch, rate: float) -> Tensor:
    """Update the weights in place by gradient descent; all documents of a batch start from the same weights.

    If x̄ is the mean of the document's n vectors, p = softmax(A x̄), y its class as a unit vector and w its weight:

        -∂(w log p_y)/∂A = w (y - p) x̄ᵀ        -∂(w log p_y)/∂v = w Aᵀ (y - p) / n, for each occurrence of v

    Returns:
        The sum of -log p_y before the step, a scalar.
    """
    (ids, starts, sizes), labels, weights = batch.bags.tensors(), batch.labels, batch.weights
    mean = F.embedding_bag(ids, vectors, starts, mode="sum") / sizes[:, None]
    log_p = F.log_softmax(mean @ output.T, dim=-1)
    loss = F.nll_loss(log_p, labels, reduction="sum")
    error = log_p.exp_().neg_()
    error[torch.arange(len(labels)), labels] += 1.0
    error *= rate * weights[:, None]
    gradient = (error @ output) / sizes[:, None]
    output.addmm_(error.T, mean)
    vectors.index_add_(0, ids, gradient.repeat_interleave(sizes, 0, output_size=len(ids)))
    return loss


def joined(parts: Iterable[Bags]) -> Bags:
    """Return the bags of all parts; those of many documents lie in files."""
    ids, sizes = Collected(np.int32), [np.zeros(0, np.int64)]
    for part in parts:
        ids.append(part.ids)
        sizes.append(part.sizes)
    whole = np.concatenate(sizes)
    return Bags(ids.array(), np.cumsum(whole) - whole, whole)


class Batches:
    """Documents in order, in batches of about equal size, at most `size` documents each."""

    def __init__(self, bags: Bags, labels: Ids, weights: NDArray[np.float32], size: int) -> None:
        """labels: (N,). weights: (C,) of the classes."""
        self.bags, self.labels, self.weights = bags, labels, weights
        self._batches = -(-len(labels) // size)
        self._read = 0

    def __len__(self) -> int:
        return self._batches

    def __getitem__(self, b: int) -> Batch:
        self._read += 1
        if self._read % REMEMBERED == 0:
            forget(self.bags.ids)
        each, more = divmod(len(self.labels), self._batches)
        start, stop = (i * each + min(i, more) for i in (b, b + 1))
        labels = self.labels[start:stop]
        return Batch(self.bags.part(start, stop), torch.from_numpy(labels), torch.from_numpy(self.weights[labels]))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute on one thread inside the context.

    An update is so short that a second thread gains little. If other work uses the second thread's core, each operation
    of the update waits for that thread; in measurements this made training 15 to 60 times slower.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
