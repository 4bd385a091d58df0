"""Features of a word and its neighbours, from which a classifier predicts the tag of the word.

The choice follows Ratnaparkhi 1996, "A maximum entropy model for part-of-speech tagging", table 1: the word, its
beginnings and endings, its shape, and the words around it.
"""

import hashlib
import re
from itertools import chain, groupby

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from seqbench.interface import Arrays, Ids
from seqbench.tasks.tags.model import Sentences

Codes = NDArray[np.uint64]

PREFIXES, SUFFIXES = (1, 2, 3), (1, 2, 3, 4, 5)
WORD, LOWER, SHAPE, FIRST_AFFIX, SUFFIX = 0, 1, 2, 3, 3 + len(PREFIXES) + 2
ATTRIBUTES = FIRST_AFFIX + len(PREFIXES) + len(SUFFIXES)
TEMPLATES: tuple[tuple[tuple[int, int], ...], ...] = (
    *(((0, attribute),) for attribute in range(ATTRIBUTES)),
    *(((offset, attribute),) for offset in (-1, 1) for attribute in (LOWER, SHAPE, SUFFIX)),
    *(((offset, LOWER),) for offset in (-2, 2)),
    ((-1, LOWER), (0, LOWER)),
    ((0, LOWER), (1, LOWER)),
)
"""Each feature is one or two attributes of words at these distances."""
REACH = max(abs(offset) for template in TEMPLATES for offset, _ in template)
FEWEST = 2
"""Features that occur less often in training are left out."""
_ODD = np.uint64(0x9E3779B97F4A7C15)


class WindowFeatures:
    """Features of every word of sentences, as a sparse matrix of zeros and ones (M, F).

    Attributes are hashed once per distinct word to 64 bits, and the features of a place are arithmetic on these; that
    two of a million features have the same code has a probability of 3 in 10⁸.
    """

    known: Codes
    """(F,) codes of the features, in ascending order."""

    def fit(self, sentences: Sentences) -> csr_matrix:
        """Learn which features occur often enough; return those of the sentences."""
        codes = _codes(sentences)
        found, counts = np.unique(codes, return_counts=True)
        self.known = found[counts >= FEWEST]
        return self._matrix(codes)

    def __call__(self, sentences: Sentences) -> csr_matrix:
        return self._matrix(_codes(sentences))

    def _matrix(self, codes: Codes) -> csr_matrix:
        column = np.searchsorted(self.known, codes)
        met = np.append(self.known, 0)[column] == codes
        met &= column < len(self.known)
        ends = np.concatenate([[0], np.cumsum(met.sum(axis=1))])
        indices = column[met]
        return csr_matrix((np.ones(len(indices)), indices, ends), shape=(len(codes), len(self.known)))

    def arrays(self) -> Arrays:
        return {"known": self.known}

    @classmethod
    def restored(cls, arrays: Arrays) -> "WindowFeatures":
        """Restore from what `arrays` returned."""
        features = cls()
        features.known = arrays["known"]
        return features


def attributes(word: str) -> list[str]:
    """Return the attributes of a word: itself, in small letters, its shape, its beginnings and endings.

    An affix longer than the word is the whole word.
    """
    affixes = [*(word[:n] for n in PREFIXES), *(word[-n:].lower() for n in SUFFIXES)]
    return [word, word.lower(), shape(word), *affixes]


def shape(word: str) -> str:
    """Return the kinds of its letters, each run once: `McDonald's` is `AaAa'a`, `1980s` is `0a`."""
    kinds = re.sub(r"\d", "0", "".join("A" if c.isupper() else "a" if c.isalpha() else c for c in word))
    return "".join(kind for kind, _ in groupby(kinds))


def _codes(sentences: Sentences) -> Codes:
    """Return the codes (M, templates) of the features of all M words."""
    numbers: dict[str, int] = {}
    ids: Ids = np.fromiter(
        (numbers.setdefault(word, len(numbers)) for word in chain.from_iterable(sentences)), dtype=np.int64
    )
    edge = len(numbers)
    table = np.array(
        [[_hash(f"{k} {value}") for k, value in enumerate(attributes(word))] for word in numbers]
        + [[_hash(f"{k}") for k in range(ATTRIBUTES)]],
        dtype=np.uint64,
    )
    sentence = np.repeat(np.arange(len(sentences)), [len(s) for s in sentences])
    places = np.arange(len(ids)) + REACH * (sentence + 1)
    laid = np.full(len(ids) + REACH * (len(sentences) + 1), edge)
    laid[places] = ids
    codes = np.empty((len(ids), len(TEMPLATES)), dtype=np.uint64)
    for k, template in enumerate(TEMPLATES):
        code = np.full(len(ids), k, dtype=np.uint64)
        for offset, attribute in template:
            code = code * _ODD ^ table[laid[places + offset], attribute]
            code ^= code >> np.uint64(32)
        codes[:, k] = code * _ODD
    return codes


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
