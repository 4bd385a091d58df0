"""Tags of new words, guessed from how words end. Brants 2000, "TnT", section 2.3, after Samuelsson 1993."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqbench.interface import Arrays, Floats
from seqbench.packing import packed, unpacked

LONGEST = 10
"""Letters of the longest suffix."""
RARE = 10
"""Suffixes are counted over words that occur at most this often: new words resemble rare words."""
LEAST = 0.01
"""The smallest θ, so that no tag is impossible. Brants 2000 reports values of 0.03 to 0.1."""


class Suffixes(NamedTuple):
    r"""p(t | suffix) by successive abstraction, from the shortest suffix to the longest one that is known:

        p(t | l_{n−i+1}…l_n) = (p̂(t | l_{n−i+1}…l_n) + θ p(t | l_{n−i+2}…l_n)) / (1 + θ)

    Before the empty suffix stands p(t) of all words. θ is the standard deviation of p(t) over the tags. Words with and
    without a capital letter have suffixes of their own.
    """

    rows: dict[str, int]
    """Suffixes, each with its case before it."""
    log_p: Floats
    """(S, C); the last row, S − 1, is p(t)."""

    @classmethod
    def of(cls, words: Sequence[str], counts: Floats) -> "Suffixes":
        """counts: (V, C) how often each of the words has each tag."""
        p = (counts.sum(axis=0) + 1 / counts.shape[1]) / (counts.sum() + 1)
        θ = max(LEAST, float(p.std(ddof=1)) if len(p) > 1 else 0.0)
        often = counts.sum(axis=1)
        rare = np.flatnonzero((often > 0) & (often <= RARE)).tolist()
        rows: dict[str, int] = {}
        levels = [p[None]]
        parents = np.zeros(len(rare), np.int64)  # the row of the next shorter suffix of each word, in the last level
        for length in range(LONGEST + 1):
            kept = [k for k, i in enumerate(rare) if len(words[i]) >= length]
            rare, parents = [rare[k] for k in kept], parents[kept]
            if not rare:
                break
            own, where = np.unique([_key(words[i], length) for i in rare], return_inverse=True)
            found = np.zeros((len(own), len(p)))
            np.add.at(found, where, counts[rare])
            above = np.zeros(len(own), np.int64)
            above[where] = parents
            rows |= {key: len(rows) + i for i, key in enumerate(own.tolist())}
            levels.append((found / found.sum(axis=1, keepdims=True) + θ * levels[-1][above]) / (1 + θ))
            parents = where
        return cls(rows, np.log(np.concatenate([*levels[1:], levels[0]])))

    def __call__(self, words: Sequence[str]) -> Floats:
        """Return log p(t | suffix) (N, C) of words."""
        return self.log_p[[self._row(word) for word in words]] if len(words) else self.log_p[:0]

    def _row(self, word: str) -> int:
        """Return the row of the longest known suffix."""
        for length in range(min(LONGEST, len(word)), -1, -1):
            row = self.rows.get(_key(word, length))
            if row is not None:
                return row
        return len(self.rows)

    def arrays(self) -> Arrays:
        return {"keys": packed(self.rows), "log_p": self.log_p}

    @classmethod
    def restored(cls, arrays: Arrays) -> "Suffixes":
        """Restore from what `arrays` returned."""
        known = len(arrays["log_p"]) > 1
        return cls({key: i for i, key in enumerate(unpacked(arrays["keys"]) if known else ())}, arrays["log_p"])


def _key(word: str, length: int) -> str:
    return ("A" if word[:1].isupper() else "a") + word[len(word) - length :]
