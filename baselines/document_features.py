"""Documents as sparse vectors: counts of words and n-grams, TF-IDF, hashed letters."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer

from seqbench.interface import Texts

Features = Literal["counts", "tfidf", "characters"]
Words = Sequence[str]

LETTERS = 3
"""In a piece of a word: the lecture's letter trigrams."""
BUCKETS = 2**17
"""That pieces of words are hashed to."""


class DocumentFeatures:
    """From documents to vectors (N, F), float64; what is fitted is fitted on the training part alone.

    - `counts`: how often each word, or n-gram up to `ngrams` words, occurs.
    - `tfidf`: 1 + ln count, times ln((1 + N) / (1 + documents with it)) + 1, each document of length 1 (the
      smoothed variant of scikit-learn, with sublinear counts: Salton & Buckley 1988).
    - `characters`: letter trigrams of words between marks, `#word#` → `#wo wor ord rd#`, hashed to 2¹⁷ buckets
      (Weinberger et al. 2009, without signs), 1 + ln count, each document of length 1, so that long words and
      documents weigh as much as short ones. Words that training lacks have pieces that it knows.

    `counts` and `tfidf` pass over what training lacks.
    """

    def __init__(self, features: Features, ngrams: int = 1) -> None:
        shared: dict[str, Any] = {"analyzer": _analyser(features, ngrams)}
        if features == "counts":
            self._vectoriser = CountVectorizer(**shared, dtype=np.float64)
        elif features == "tfidf":
            self._vectoriser = TfidfVectorizer(**shared, sublinear_tf=True)
        else:
            hashing = HashingVectorizer(**shared, n_features=BUCKETS, alternate_sign=False, norm=None)
            self._vectoriser = _Lengthened(hashing)
        self._features = features

    def fit(self, texts: Texts) -> csr_matrix:
        """The vectors of the training documents."""
        return csr_matrix(self._vectoriser.fit_transform(texts.words))

    def __call__(self, texts: Texts) -> csr_matrix:
        return csr_matrix(self._vectoriser.transform(texts.words))

    def collisions(self, texts: Texts) -> int | None:
        """Distinct pieces of these documents' words that share a bucket with another; None: nothing is hashed."""
        if self._features != "characters":
            return None
        found = sorted({piece for words in texts.words for piece in _pieces(words)})
        one_each = HashingVectorizer(analyzer=_as_is, n_features=BUCKETS, alternate_sign=False, norm=None)
        buckets = one_each.transform([[piece] for piece in found]).indices
        counts = np.bincount(buckets, minlength=BUCKETS)
        return int(counts[counts > 1].sum())


class _Lengthened:
    """Hashed counts → 1 + ln count, each document of length 1."""

    def __init__(self, hashing: HashingVectorizer) -> None:
        self._hashing = hashing
        self._scaled = TfidfTransformer(use_idf=False, sublinear_tf=True)

    def fit_transform(self, documents: Sequence[Words]) -> csr_matrix:
        return csr_matrix(self._scaled.fit_transform(self._hashing.transform(documents)))

    def transform(self, documents: Sequence[Words]) -> csr_matrix:
        return csr_matrix(self._scaled.transform(self._hashing.transform(documents)))


def _analyser(features: Features, ngrams: int) -> Callable[[Words], Any]:
    if features == "characters":
        return _pieces
    return _as_is if ngrams == 1 else _Ngrams(ngrams)


def _as_is(words: Words) -> Words:
    return words


def _pieces(words: Words) -> Iterator[str]:
    for word in words:
        marked = f"#{word}#"
        for start in range(max(1, len(marked) - LETTERS + 1)):
            yield marked[start : start + LETTERS]


class _Ngrams:
    def __init__(self, longest: int) -> None:
        self._longest = longest

    def __call__(self, words: Words) -> Iterator[str]:
        for n in range(1, self._longest + 1):
            for start in range(len(words) - n + 1):
                yield " ".join(words[start : start + n])
