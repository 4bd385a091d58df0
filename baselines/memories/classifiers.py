"""Memories as classifiers: a pattern is [words of the document ‖ class], and the class is its missing part."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix
from scipy.special import log_softmax

from seqbench.interface import Arrays, Config, Floats, Ids
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts

BETAS = tuple(np.geomspace(1, 1000, 19))
"""Inverse temperatures among which validation chooses."""
PRIORS = (1e-4, 1e-3, 1e-2, 0.1, 1.0)
"""Weights of the shares of the classes, among which validation chooses."""
ROWS = 1 << 24
"""Maximum number of documents times patterns that are compared at once."""


class MemoryClassifier(Classifier):
    """Documents as vectors of length 1, in which all words that occur are equal; the class is one-hot."""

    kind = "neural"
    stochastic: ClassVar[bool] = False
    prior: Floats
    """(C,) shares of the classes, one added to each count."""
    vocab_size: int

    @abstractmethod
    def store(self, vectors: csr_matrix, labels: Ids) -> int:
        """Store documents (N, V) with their classes (N,); return how many were stored."""

    @abstractmethod
    def choose(self, vectors: csr_matrix, labels: Ids) -> None:
        """Choose settings by the log-loss of validation documents (N, V) with their classes (N,)."""

    @abstractmethod
    def log_p(self, vectors: csr_matrix) -> Floats:
        """Return the log-probabilities (N, C) of documents (N, V)."""

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        """Store the documents; without validation documents, settings keep their default."""
        self.vocab_size = ctx.vocab.size
        counts = np.bincount(train.labels, minlength=len(ctx.classes)) + 1.0
        self.prior = counts / counts.sum()
        if left := len(train) - self.store(self.vectors(train.texts), train.labels):
            ctx.log("patterns_left_out", left)
        if len(ctx.valid):
            with ctx.validating():
                self.choose(self.vectors(ctx.valid.texts), ctx.valid.labels)

    def predict(self, texts: Texts) -> Floats:
        return self.log_p(self.vectors(texts))

    def vectors(self, texts: Texts) -> csr_matrix:
        """Return documents as rows (N, V) of length 1."""
        words = [np.unique(ids) for ids in texts.ids]
        counts = np.array([len(own) for own in words], dtype=np.int64)
        values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts)
        ends = np.concatenate([[0], np.cumsum(counts)])
        found = np.concatenate([np.zeros(0, np.int64), *words])
        return csr_matrix((values, found, ends), shape=(len(texts), self.vocab_size))


class HopfieldClassifier(MemoryClassifier):
    r"""The energy of a Hopfield network with covariance learning, with the words held and the class free.

        w_iy = Σ_μ (x_μi − x̄_i) (y_μ − ȳ) / P,        p(y | x) ∝ prior(y) exp(β Σ_i x_i w_iy)

    (Tsodyks & Feigel'man 1988, for units that are seldom on). One class is on, so that p is exact; β is chosen on
    validation.
    """

    beta: float = 100.0

    def store(self, vectors: csr_matrix, labels: Ids) -> int:
        classes = np.eye(len(self.prior))[labels]
        self.weights: Floats = vectors.T @ (classes - classes.mean(axis=0)) / len(labels)
        return len(labels)

    def choose(self, vectors: csr_matrix, labels: Ids) -> None:
        fields, rows = vectors @ self.weights, np.arange(len(labels))

        def loss(beta: float) -> float:
            return -float(self._of(fields, beta)[rows, labels].mean())

        self.beta = float(min((0.0, *np.geomspace(1, 1e5, 21)), key=loss))

    def log_p(self, vectors: csr_matrix) -> Floats:
        return self._of(vectors @ self.weights, self.beta)

    def _of(self, fields: Floats, beta: float) -> Floats:
        found: Floats = log_softmax(np.log(self.prior) + beta * fields, axis=1)
        return found

    def arrays(self) -> Arrays:
        return {"weights": self.weights, "prior": self.prior, "beta": np.array(self.beta)}

    def restore(self, arrays: Arrays) -> None:
        self.weights, self.prior, self.beta = arrays["weights"], arrays["prior"], float(arrays["beta"])
        self.vocab_size = len(self.weights)


class DenseClassifierConfig(Config):
    patterns: int = Field(50_000, ge=1, description="the most documents that are kept; of more, every n-th one")


class DenseClassifier(MemoryClassifier):
    r"""A dense memory of all documents, in the softmax form (Ramsauer et al. 2021).

        p(y | x) ∝ Σ_μ e^{β (x · x_μ − 1)} [y_μ = y] + κ prior(y)

    β and κ are chosen on validation.
    """

    config_class = DenseClassifierConfig
    config: DenseClassifierConfig
    beta: float = 10.0
    weight: float = 1e-2

    def store(self, vectors: csr_matrix, labels: Ids) -> int:
        every = -(-len(labels) // self.config.patterns)
        self.stored, self.labels = vectors[::every], labels[::every]
        return len(self.labels)

    def choose(self, vectors: csr_matrix, labels: Ids) -> None:
        rows = np.arange(len(labels))
        best = np.inf
        for beta in BETAS:
            sums = self._sums(vectors, float(beta))
            for weight in PRIORS:
                loss = -float(self._of(sums, weight)[rows, labels].mean())
                if loss < best:
                    best, self.beta, self.weight = loss, float(beta), weight

    def log_p(self, vectors: csr_matrix) -> Floats:
        return self._of(self._sums(vectors, self.beta), self.weight)

    def _sums(self, vectors: csr_matrix, beta: float) -> Floats:
        """Return Σ_μ e^{β (x · x_μ − 1)} [y_μ = y], (N, C)."""
        classes, size = np.eye(len(self.prior))[self.labels], max(1, ROWS // max(1, len(self.labels)))
        parts = [
            np.exp(beta * ((vectors[first : first + size] @ self.stored.T).toarray() - 1)) @ classes
            for first in range(0, vectors.shape[0], size)
        ]
        return np.concatenate([np.zeros((0, len(self.prior))), *parts])

    def _of(self, sums: Floats, weight: float) -> Floats:
        p = sums + weight * self.prior
        found: Floats = np.log(p) - np.log(p.sum(axis=1, keepdims=True))
        return found

    def arrays(self) -> Arrays:
        own = {name: getattr(self.stored, name) for name in ("data", "indices", "indptr")}
        chosen = np.array([self.beta, self.weight])
        return {**own, "labels": self.labels, "prior": self.prior, "chosen": chosen, "words": np.array(self.vocab_size)}

    def restore(self, arrays: Arrays) -> None:
        self.prior, self.labels, self.vocab_size = arrays["prior"], arrays["labels"], int(arrays["words"])
        parts = tuple(arrays[name] for name in ("data", "indices", "indptr"))
        self.stored = csr_matrix(parts, shape=(len(self.labels), self.vocab_size))
        self.beta, self.weight = map(float, arrays["chosen"])
