"""The lexicon of IBM model 1: t(e | f), the probability that source word f is translated as target word e, by EM.

Brown, Della Pietra, Della Pietra & Mercer 1993, "The mathematics of statistical machine translation: parameter
estimation", section 4.1; there, f and e are called e and f.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqbench.interface import Floats, Ids


class Candidates(NamedTuple):
    """The most probable translations of each source word, the best first."""

    words: Ids
    """(F, K) target words; 0 where a source word has fewer."""
    log_t: Floats
    """(F, K) ln t; −∞ where a source word has fewer."""


@dataclass(frozen=True)
class Lexicon:
    """t(e | f) for all pairs that occur in a pair of sentences; it is 0 for all others."""

    keys: Ids
    """(P,) f · E + e, ascending."""
    t: Floats
    """(P,)"""
    targets: int
    """E, the number of target words."""

    def __call__(self, f: Ids, e: Ids) -> Floats:
        """Return t(e | f) of source and target words whose shapes broadcast."""
        sought = f * self.targets + e
        place = np.minimum(np.searchsorted(self.keys, sought), len(self.keys) - 1)
        found: Floats = np.where(self.keys[place] == sought, self.t[place], 0.0)
        return found

    def mean(self, f: Ids, unknown: Floats) -> Floats:
        """Return Σ_i t(e | f_i) / L of all target words, (E,), over source words (L,).

        Args:
            unknown: (E,) in place of t of a source word that has no translations.
        """
        words, count = np.unique(f, return_counts=True)
        first, end = np.searchsorted(self.keys, np.stack([words, words + 1]) * self.targets)
        size = end - first
        place = np.arange(size.sum()) + np.repeat(end - size.cumsum(), size)
        total = np.bincount(self.keys[place] % self.targets, self.t[place] * np.repeat(count, size), self.targets)
        mean: Floats = (total + count[size == 0].sum() * unknown) / len(f)
        return mean

    def candidates(self, sources: int, count: int, without: Sequence[int]) -> Candidates:
        """Return the `count` most probable translations of source words 0..sources-1, leaving out some target words.

        Of equally probable words the one with the lowest index comes first.
        """
        kept = ~np.isin(self.keys % self.targets, without)
        (f, e), t = np.divmod(self.keys[kept], self.targets), self.t[kept]
        order = np.lexsort((e, -t, f))
        f, e, t = f[order], e[order], t[order]
        rank = np.arange(len(f)) - np.searchsorted(f, f)
        best = (rank < count) & (t > 0)
        words, log_t = np.zeros((sources, count), np.int64), np.full((sources, count), -np.inf)
        words[f[best], rank[best]], log_t[f[best], rank[best]] = e[best], np.log(t[best])
        return Candidates(words, log_t)


class Step(NamedTuple):
    lexicon: Lexicon
    log_likelihood: float
    """Σ ln p(target | source), of all pairs, under the lexicon before this step; without ln ε of the length."""


def expectation_maximisation(sources: Sequence[Ids], targets: Sequence[Ids], target_words: int) -> Iterator[Step]:
    r"""Yield the lexicon after each step of EM, without end. The first step starts from equal probabilities.

        p(e_1 … e_m | f) = Π_j Σ_i t(e_j | f_i) / (l + 1)                                  likelihood, without ε
        c(e | f) = Σ over pairs, Σ_j Σ_i [e_j = e] [f_i = f] t(e | f) / Σ_k t(e | f_k)     expected counts
        t(e | f) ← c(e | f) / Σ_e' c(e' | f)

    The likelihood is concave, so EM finds its maximum from any start. All places (j, i) of all pairs are one array.

    Args:
        sources: source words (l + 1,) of each pair, the empty word f_0 included.
        targets: target words (m,) of each pair, 0..target_words-1.
    """
    lengths = np.array([len(f) for f in sources], dtype=np.int64)
    width = np.repeat(lengths, [len(e) for e in targets])  # source words of each target word
    first = np.repeat(np.cumsum(lengths) - lengths, [len(e) for e in targets])
    starts = np.cumsum(width) - width
    i = np.repeat(first - starts, width) + np.arange(width.sum())
    f, e = np.concatenate([*sources, i[:0]])[i], np.repeat(np.concatenate([*targets, i[:0]]), width)
    keys, cell = np.unique(f * target_words + e, return_inverse=True)
    word = keys // target_words
    _, entries = np.unique(word, return_counts=True)
    t = 1 / np.repeat(entries, entries).astype(np.float64)
    while True:
        joint = t[cell]
        total = np.add.reduceat(joint, starts) if len(starts) else joint
        log_likelihood = float(np.log(total / width).sum())
        joint /= np.repeat(total, width)
        count = np.bincount(cell, joint, len(keys))
        mass = np.bincount(word, count)
        t = count / mass[word]
        yield Step(Lexicon(keys, t, target_words), log_likelihood)


def posterior(lexicon: Lexicon, source: Ids, target: Ids) -> Floats:
    """Return p(a_j = i | source, target), (m, l + 1): which source word a target word translates.

    Each row sums to one; it is 0 for a target word that no source word translates.
    """
    t = lexicon(source[None, :], target[:, None])
    total = t.sum(axis=1, keepdims=True)
    said: Floats = t / np.where(total > 0, total, 1.0)
    return said
