"""Words as bags of letter n-grams, so that similar word forms share parameters, which helps rare words.

`word` becomes `#wo wor ord rd#`: the n-grams of the word with a boundary at each end. They are hashed into a fixed
number of codes.
Wickelgren 1969 (context-sensitive coding); the letter trigrams of Huang et al. 2013, "Learning deep structured
semantic models", section 3.2; hashed as in Bojanowski, Grave, Joulin & Mikolov 2017.
"""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqbench.interface import Arrays, Ids

LETTERS = 3
"""n of the n-grams."""
BOUNDARY = "#"


class Spelling(NamedTuple):
    """The codes of V words, and the numbers of n-grams and words that hashing makes indistinguishable."""

    codes: Ids
    """(M,) codes of all words, concatenated."""
    lengths: Ids
    """(V,) number of codes of each word, at least one."""
    ngrams: int = 0
    """Number of distinct n-grams in the words."""
    colliding: int = 0
    """Number of n-grams that share their code with another n-gram."""
    alike: int = 0
    """Number of words that have the same multiset of codes as another word."""

    @classmethod
    def of(cls, words: Sequence[str], buckets: int) -> "Spelling":
        """Hash the n-grams of words into codes 0..buckets-1."""
        spelled = [ngrams(word) for word in words]
        code = {ngram: zlib.crc32(ngram.encode()) % buckets for ngram in sorted(set().union(*spelled))}
        coded = [[code[ngram] for ngram in word] for word in spelled]
        met = np.bincount(list(code.values()), minlength=buckets)
        _, times = np.unique([" ".join(map(str, sorted(word))) for word in coded], return_counts=True)
        return cls(
            codes=np.array([c for word in coded for c in word], dtype=np.int64),
            lengths=np.array([len(word) for word in coded], dtype=np.int64),
            ngrams=len(code),
            colliding=int(met[met > 1].sum()),
            alike=int(times[times > 1].sum()),
        )

    @classmethod
    def restored(cls, arrays: Arrays) -> "Spelling":
        """Restore from what `arrays` returned."""
        return cls(arrays["spelling.codes"], arrays["spelling.lengths"])

    def arrays(self) -> dict[str, Ids]:
        """Return the arrays that a fitted model needs."""
        return {"spelling.codes": self.codes, "spelling.lengths": self.lengths}


def ngrams(word: str) -> list[str]:
    """Return the n-grams of a word with its boundaries, in order; if it is shorter than n, return it whole."""
    bounded = f"{BOUNDARY}{word}{BOUNDARY}"
    return [bounded[i : i + LETTERS] for i in range(max(1, len(bounded) - LETTERS + 1))]
