"""Logistic regression over hashed n-grams, learned in pieces, with scikit-learn.

The documents are read piece by piece in each pass, and there is a fixed number of weights, so memory depends neither on
the number of documents nor on the vocabulary (Langford, Li & Strehl 2007, Vowpal Wabbit).
"""

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix
from scipy.special import log_expit, logsumexp
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import normalize

from seqbench.baselines.bags_of_words.hashing import hashed_ngrams
from seqbench.interface import Arrays, Config, Documents, Floats
from seqbench.tasks.documents.laid import joined, lengths_of
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts

PIECE = 1 << 14
"""Documents whose vectors are in memory at the same time."""


class HashedLogisticConfig(Config):
    ngrams: int = Field(
        2, ge=1, le=5, description="words of the longest n-gram", json_schema_extra={"search": {"choices": [1, 2, 3]}}
    )
    buckets: int = Field(
        1 << 18,
        ge=1,
        description="number of features, into which all n-grams are hashed",
        json_schema_extra={"search": {"choices": [1 << 18, 1 << 20, 1 << 22]}},
    )
    alpha: float = Field(
        1e-5,
        gt=0,
        description="strength of the L2 penalty, scikit-learn's alpha, which also sets the learning rate",
        json_schema_extra={"search": {"low": 1e-7, "high": 1e-4, "log": True}},
    )


class HashedLogisticRegression(Classifier):
    r"""p(c | x) ∝ σ(w_c · x + b_c), one class against the rest, by stochastic gradient descent (Bottou 2010).

    x counts the n-grams of the document, hashed with signs (Weinberger et al. 2009) and scaled to length 1. A pass over
    the documents is an epoch of the budget, and each document is an update. The rate of update t is about
    1 / (alpha t); the seed sets the order of the documents within a piece.
    """

    config_class = HashedLogisticConfig
    config: HashedLogisticConfig
    weights: Floats
    """(C, buckets); (1, buckets) for the second of two classes."""
    biases: Floats
    """(C,) or (1,)"""

    def fit(self, train: Labelled, ctx: ClassificationContext) -> None:
        """Train until the end of the budget; validation is logged, and changes nothing.

        Raises:
            ValueError: there are no documents, or fewer than two classes.
        """
        if not len(train) or len(ctx.classes) < 2:
            raise ValueError("there is nothing to train on: the training data has no documents, or one class")
        classes, order = np.arange(len(ctx.classes)), np.random.RandomState(ctx.seed % 2**32)
        model = SGDClassifier(loss="log_loss", alpha=self.config.alpha, random_state=order)
        left = ctx.budget.epochs * len(train)
        if ctx.budget.updates is not None:
            left = min(left, ctx.budget.updates)
        self.weights, self.biases = np.zeros((len(classes), self.config.buckets)), np.zeros(len(classes))
        while left > 0:
            for start in range(0, min(left, len(train)), PIECE):
                rows = slice(start, min(start + PIECE, start + left, len(train)))
                model.partial_fit(self._vectors(train.texts.ids[rows]), train.labels[rows], classes=classes)
                left -= rows.stop - rows.start
            self.weights, self.biases = model.coef_, model.intercept_
            if len(ctx.valid):
                with ctx.validating():
                    self._validate(ctx)

    def predict(self, texts: Texts) -> Floats:
        scores = self._vectors(texts.ids) @ self.weights.T + self.biases
        log_p = log_expit(scores if scores.shape[1] > 1 else np.concatenate([-scores, scores], axis=1))
        found: Floats = log_p - logsumexp(log_p, axis=1, keepdims=True)
        return found

    def arrays(self) -> Arrays:
        return {"weights": self.weights, "biases": self.biases}

    def restore(self, arrays: Arrays) -> None:
        self.weights, self.biases = arrays["weights"], arrays["biases"]

    def _vectors(self, documents: Documents) -> csr_matrix:
        """Return documents as rows (N, buckets) of length 1; one whose n-grams cancel each other is zero."""
        lengths, buckets = lengths_of(documents), self.config.buckets
        hashes, rows = hashed_ngrams(joined(documents), lengths, self.config.ngrams)
        signs = np.where(hashes >> np.uint64(63), -1.0, 1.0)
        columns = (hashes % np.uint64(buckets)).astype(np.int64)
        return csr_matrix(normalize(csr_matrix((signs, (rows, columns)), shape=(len(lengths), buckets))))

    def _validate(self, ctx: ClassificationContext) -> None:
        nats, wrong = 0.0, 0
        for start in range(0, len(ctx.valid), PIECE):
            part = ctx.valid.take(np.arange(start, min(start + PIECE, len(ctx.valid))))
            log_p = self.predict(part.texts)
            nats -= float(log_p[np.arange(len(part)), part.labels].sum())
            wrong += int((log_p.argmax(axis=1) != part.labels).sum())
        ctx.log("valid_log_loss", nats / len(ctx.valid))
        ctx.log("valid_error", wrong / len(ctx.valid))
