"""Documents as sparse vectors: counts of words and n-grams, TF-IDF, or hashed letter trigrams."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer

from seqbench.interface import Documents, Ids
from seqbench.tasks.documents.laid import joined, lengths_of
from seqbench.tasks.documents.model import Texts

Features = Literal["counts", "tfidf", "characters"]

LETTERS = 3
"""Letters per piece of a word: the lecture uses letter trigrams."""
PIECE = 1 << 14
"""Documents whose vectors are made at the same time, where not all are needed at once."""
BUCKETS = 2**17
"""Number of buckets for hashed pieces of words."""


class DocumentFeatures:
    """Turns documents into vectors (N, F), float64; it is fitted only on the training part.

    - `counts`: how often each word of the vocabulary, or each n-gram of up to `ngrams` words, occurs.
    - `tfidf`: 1 + ln count, times ln((1 + N) / (1 + documents with it)) + 1, each document scaled to length 1 (the
      smoothed variant of scikit-learn, with sublinear counts: Salton & Buckley 1988).
    - `characters`: letter trigrams of words with boundary marks, `#word#` → `#wo wor ord rd#`, hashed to 2¹⁷ buckets
      (Weinberger et al. 2009, without signs), 1 + ln count, each document scaled to length 1, so that long words and
      documents have the same weight as short ones. Unknown words can consist of known trigrams.

    F is the number of features that occur in training; other features are ignored.
    """

    def __init__(self, features: Features, ngrams: int = 1) -> None:
        self._features = features
        self._counts: Any = WordCounts()
        if ngrams > 1:
            self._counts = CountVectorizer(analyzer=_Ngrams(ngrams), dtype=np.float64)
        self._hashing = HashingVectorizer(
            analyzer=_pieces, n_features=BUCKETS, alternate_sign=False, norm=None, dtype=np.float64
        )
        self._scaling = TfidfTransformer(use_idf=features == "tfidf", sublinear_tf=True)

    def fit(self, texts: Texts) -> csr_matrix:
        """Fit to the training documents and return their vectors."""
        if self._features == "characters":
            counted = csr_matrix(self._hashing.transform(texts.words))
            self._met = np.flatnonzero(counted.getnnz(axis=0))
            counted = counted[:, self._met]
        else:
            counted = csr_matrix(self._counts.fit_transform(texts.ids))
        return counted if self._features == "counts" else csr_matrix(self._scaling.fit_transform(counted))

    def pieces(self, texts: Texts) -> Iterator[tuple[slice, csr_matrix]]:
        """Fit to the training documents, and yield their vectors in pieces if features are counts of words.

        Then at most PIECE vectors are in memory. Others are yielded all at once.
        """
        if self._features != "counts" or not isinstance(self._counts, WordCounts):
            yield slice(0, len(texts)), self.fit(texts)
            return
        self._counts.fit(texts.ids)
        for start in range(0, max(1, len(texts)), PIECE):
            rows = slice(start, start + PIECE)
            yield rows, self._counts.transform(texts.ids[rows])

    def __call__(self, texts: Texts) -> csr_matrix:
        if self._features == "characters":
            counted = csr_matrix(self._hashing.transform(texts.words))[:, self._met]
        else:
            counted = csr_matrix(self._counts.transform(texts.ids))
        return counted if self._features == "counts" else csr_matrix(self._scaling.transform(counted))

    def collisions(self, texts: Texts) -> int | None:
        """Return how many distinct pieces of words share a bucket with another piece, or None if nothing is hashed."""
        if self._features != "characters":
            return None
        found = sorted({piece for words in texts.words for piece in _pieces(words)})
        one_each = HashingVectorizer(analyzer=_whole, n_features=BUCKETS, alternate_sign=False, norm=None)
        counts = np.bincount(one_each.transform(found).indices, minlength=BUCKETS)
        return int(counts[counts > 1].sum())


class WordCounts:
    """How often each word occurs in a document; words that do not occur in training are ignored.

    `CountVectorizer` of scikit-learn, whose vectors are equal, has texts of a document as a list of strings or tuples.
    """

    def fit(self, documents: Documents) -> "WordCounts":
        met = np.zeros(0, dtype=np.bool_)
        for start in range(0, len(documents), PIECE):
            words = joined(documents[start : start + PIECE])
            met = np.append(met, np.zeros(max(0, int(words.max(initial=-1)) + 1 - len(met)), dtype=np.bool_))
            met[words] = True
        self._column = np.append(np.where(met, np.cumsum(met) - 1, -1), -1)
        return self

    def transform(self, documents: Documents) -> csr_matrix:
        """Return vectors (N, F), float64."""
        columns = self._column[np.minimum(joined(documents), len(self._column) - 1)]
        lengths, known = lengths_of(documents), columns >= 0
        before = np.append(0, np.cumsum(known))[np.append(0, np.cumsum(lengths))]
        shape = len(lengths), int(self._column.max()) + 1
        counted = csr_matrix((np.ones(int(before[-1])), columns[known], before), shape=shape)
        counted.sum_duplicates()
        return counted

    def fit_transform(self, documents: Documents) -> csr_matrix:
        """Fit, and return vectors (N, F) whose entries are in the order in which words first occur in the documents.

        Sums over a document depend on it in their last digits.
        """
        counted = self.fit(documents).transform(documents)
        words = self._column[joined(documents)]
        place = np.empty(counted.shape[1], dtype=np.int64)
        place[words[::-1]] = np.arange(len(words))[::-1]
        rows = np.repeat(np.arange(counted.shape[0]), np.diff(counted.indptr))
        order = np.lexsort((place[counted.indices], rows))
        counted.indices, counted.data = counted.indices[order], counted.data[order]
        return counted


class _Ngrams:
    """Yields the n-grams of a document's word ids, up to the longest, as tuples of ids."""

    def __init__(self, longest: int) -> None:
        self._longest = longest

    def __call__(self, ids: Ids) -> Iterator[tuple[int, ...]]:
        words = ids.tolist()
        for n in range(1, self._longest + 1):
            for start in range(len(words) - n + 1):
                yield tuple(words[start : start + n])


def _pieces(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        marked = f"#{word}#"
        for start in range(max(1, len(marked) - LETTERS + 1)):
            yield marked[start : start + LETTERS]


def _whole(piece: str) -> list[str]:
    return [piece]
