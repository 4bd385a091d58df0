"""A monotone decoder: word by word from left to right, with a lexicon and a language model of the targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqbench.baselines.translation.lexicon import Candidates
from seqbench.baselines.translation.ngrams import TargetNgrams
from seqbench.interface import Floats, Ids

SENTENCES = 128
"""Sentences of one length that are decoded at once."""
NOTHING = -1
"""In place of a word: this step adds none."""
COPY = -2
"""In place of a word: the source word itself, which the lexicon does not know."""


class Weights(NamedTuple):
    """How the parts of a score are weighed."""

    language: float
    """of ln p of the language model"""
    word: float
    """added for each word"""
    drop: float
    """added for each source word that is not translated"""


class Beam(NamedTuple):
    """The B best beginnings of the translations of S sentences."""

    score: Floats
    """(S, B), falling; −∞ where there are fewer"""
    state: Ids
    """(S, B, width) states of the language model"""


class Choice(NamedTuple):
    """How each beginning came about."""

    parent: Ids
    """(S, B) its place in the beam before"""
    word: Ids
    """(S, B) the word added, or NOTHING or COPY"""


@dataclass(frozen=True)
class Decoder:
    r"""Finds the translation with the highest score among those that keep the order of the source.

        score(e) = Σ_i s_i + language · ln p(e_1 … e_m <eos>) + word · m

    Each source word f_i becomes one target word, s_i = ln t(e | f_i), or none, s_i = drop. Before each source word and
    at the end, the empty word may add one word, at ln t(e | f_0). A source word that the lexicon does not know is
    copied, as `<unk>` for the language model. Of several beginnings with the same last words, all but the best are left
    out, since nothing that follows can tell them apart.
    """

    lexicon: Candidates
    """of all source words, the empty word last"""
    ngrams: TargetNgrams
    weights: Weights
    beam: int
    insertions: int
    """the most words among which an insertion is chosen"""

    def __call__(self, sources: Sequence[Ids]) -> list[list[int]]:
        """Return the words of the translation of each source (l,); −2 − i stands for a copy of its word i."""
        lengths, said = np.array([len(f) for f in sources]), [list[int]()] * len(sources)
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            for start in range(0, len(rows), SENTENCES):
                piece = rows[start : start + SENTENCES]
                for row, words in zip(piece, self._decode(np.stack([sources[row] for row in piece])), strict=True):
                    said[row] = words
        return said

    def _decode(self, f: Ids) -> list[list[int]]:
        """Decode sources (S, l)."""
        (S, length), trail = f.shape, list[Choice]()
        beam = Beam(np.zeros((S, 1)), self.ngrams.start(S)[:, None])
        empty = np.full(S, len(self.lexicon.words) - 1)
        for i in range(length):
            beam = self._step(beam, empty, 0.0, trail, self.insertions)
            beam = self._step(beam, f[:, i], self.weights.drop, trail)
        beam = self._step(beam, empty, 0.0, trail, self.insertions)
        rows, width = beam.state.shape[:2]
        flat = beam.state.reshape(rows * width, -1)
        end, _ = self.ngrams.follow(flat, np.full(len(flat), self.ngrams.eos))
        place = (beam.score + self.weights.language * end.reshape(rows, width)).argmax(axis=1)
        return self._trace(place, trail)

    def _step(self, beam: Beam, f: Ids, nothing: float, trail: list[Choice], most: int | None = None) -> Beam:
        """Add a translation of source words (S,), or nothing; append to the trail what was chosen."""
        language, bonus, _ = self.weights
        words, log_t = self.lexicon.words[f, :most], self.lexicon.log_t[f, :most]  # (S, K)
        unknown = (log_t[:, 0] == -np.inf) & (f < len(self.lexicon.words) - 1)
        words[unknown], log_t[unknown, 0] = COPY, 0.0
        (S, B, width), K = beam.state.shape, words.shape[1]
        read = np.broadcast_to(np.where(words == COPY, self.ngrams.unk, words)[:, None], (S, B, K))
        said, after = self.ngrams.follow(np.repeat(beam.state.reshape(S * B, width), K, axis=0), read.ravel())
        spoken = beam.score[..., None] + log_t[:, None] + language * said.reshape(S, B, K) + bonus
        score = np.concatenate([beam.score[..., None] + nothing, spoken], axis=2).reshape(S, -1)
        state = np.concatenate([beam.state[:, :, None], after.reshape(S, B, K, width)], axis=2).reshape(S, -1, width)
        added = np.concatenate([np.full((S, 1), NOTHING), words], axis=1)
        kept = self._best(score, state)
        rows = np.arange(S)[:, None]
        trail.append(Choice(kept // (K + 1), added[rows, kept % (K + 1)]))
        return Beam(score[rows, kept], state[rows, kept])

    def _best(self, score: Floats, state: Ids) -> Ids:
        """Return the places (S, ≤ beam) of the best of scores (S, N), one of each state (S, N, width)."""
        rows = np.arange(len(score))[:, None]
        tried = np.argsort(-score, axis=1, kind="stable")[:, : 4 * self.beam]
        states = state[rows, tried]
        same = (states[:, :, None] == states[:, None]).all(axis=-1)  # (S, M, M)
        again = np.tril(same, -1).any(axis=2)
        best = np.where(again, -np.inf, score[rows, tried])
        order = np.argsort(-best, axis=1, kind="stable")[:, : self.beam]
        score[rows, tried] = best
        return np.take_along_axis(tried, order, axis=1)

    def _trace(self, place: Ids, trail: list[Choice]) -> list[list[int]]:
        """Return the words that led to the places (S,) of the last beam."""
        rows, steps = np.arange(len(place)), []
        for i, choice in reversed(list(enumerate(trail))):
            word = choice.word[rows, place]
            steps.append(np.where(word == COPY, COPY - i // 2, word))
            place = choice.parent[rows, place]
        spoken = np.stack(steps[::-1], axis=1)
        return [row[row != NOTHING].tolist() for row in spoken]
