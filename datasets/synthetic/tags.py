"""Synthetic tagged sentences from a hidden Markov source whose true posterior is the bottom row of the table.

The source is drawn first, then the three parts, each from its own random stream, so that a longer training part does
not change the test part. Only uniform random numbers are used, since NumPy keeps their bit stream the same.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import Dataset
from seqbench.datasets.synthetic.processes import bounds, distributions, streams
from seqbench.datasets.tagged.base import new_sentences
from seqbench.interface import Floats
from seqbench.tasks.tags.data import NewSentences, TaggedData
from seqbench.tasks.tags.model import Sentences, Tagged, Tagger, TaggingContext

CONSONANTS, VOWELS = "bcdfghjklmnprstvz", "aeiou"
STEM = 2
"""Syllables of the stem of a listed word; a rare word has one more, so no word is both."""
MOST_STATES = 1000


class HiddenMarkovTagger(Tagger):
    """The true posterior of tags that form a Markov chain of order n and emit a word each (Rabiner 1989).

    The state of the chain is its last n tags, the latest last; K = Cⁿ states. A word is one of a list, or a rare word:
    a random stem with the suffix of a list. So p(word | tag) is known save for a factor that is the same for all tags.

    Args:
        transitions: (C, …, C) with n + 1 axes; the last axis is the next tag, and sums to one.
        listed: the words of the list.
        words: (C, V) the probability of each listed word, given the tag; they sum to one.
        suffixes: the endings of rare words, all of one length.
        endings: (C, S) the probability of each suffix, given the tag; they sum to one.
        rare: the probability that a word is a rare one.
    """

    stochastic: ClassVar[bool] = False

    def __init__(
        self,
        transitions: Floats,
        listed: Sequence[str],
        words: Floats,
        suffixes: Sequence[str],
        endings: Floats,
        rare: float,
    ) -> None:
        super().__init__()
        self.order, self.tags = transitions.ndim - 1, transitions.shape[-1]
        self.transitions = transitions.reshape(-1, self.tags)
        self.listed, self.suffixes = tuple(listed), tuple(suffixes)
        self.words, self.endings, self.rare = words, endings, rare
        self._moves, self._listing, self._ending = (bounds(p) for p in (self.transitions, words, endings))
        self._listed = {word: (1 - rare) * words[:, i] for i, word in enumerate(self.listed)}
        self._endings = {suffix: rare * endings[:, i] for i, suffix in enumerate(self.suffixes)}

    def draw(self, length: int, rng: np.random.Generator) -> tuple[list[str], list[int]]:
        """Draw the words and tags of a sentence; the tags before its first are drawn uniformly."""
        tags: list[int] = []
        words: list[str] = []
        state = int(rng.random() * len(self.transitions))
        for _ in range(length):
            tag = _drawn(self._moves[state], rng)
            state = (state * self.tags + tag) % len(self.transitions)
            tags.append(tag)
            if rng.random() < self.rare:
                words.append(spelling(STEM + 1, rng) + self.suffixes[_drawn(self._ending[tag], rng)])
            else:
                words.append(self.listed[_drawn(self._listing[tag], rng)])
        return words, tags

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        """Do nothing, since the parameters are the true ones."""

    def predict(self, sentences: Sentences) -> list[Floats]:
        return [self._posterior(np.array([self.likelihood(word) for word in words])) for words in sentences]

    def likelihood(self, word: str) -> Floats:
        """Return p(word | tag) (C,) save for a factor that is the same for all tags; ones for a word of another
        source."""
        if word in self._listed:
            return self._listed[word]
        found = self._endings.get(word[-len(self.suffixes[0]) :])
        return np.ones(self.tags) if found is None else found

    def _posterior(self, likelihoods: Floats) -> Floats:
        """Return ln p(tag | all words) (T, C) by the forward-backward algorithm (Rabiner 1989, eqs. 19-27), scaled.

        likelihoods: (T, C). With the states s = (y_{t-n+1}, …, y_t), α_t(s) ∝ p(s_t = s, w_1 … w_t) and
        β_t(s) ∝ p(w_{t+1} … w_T | s_t = s).
        """
        k, c = self.transitions.shape
        same = k // c  # number of states without their earliest tag, which alone tell where a move leads
        alpha = np.empty((len(likelihoods), k))
        before = np.full(k, 1 / k)
        for t, emitted in enumerate(likelihoods):
            joint = (before[:, None] * self.transitions * emitted).reshape(c, same * c).sum(axis=0)
            alpha[t] = before = joint / joint.sum()
        beta = np.ones(k)
        log_p = np.empty_like(likelihoods)
        for t in range(len(likelihoods) - 1, -1, -1):
            joint = (alpha[t] * beta).reshape(same, c).sum(axis=0)
            with np.errstate(divide="ignore"):
                log_p[t] = np.log(joint / joint.sum())
            beta = (self.transitions * np.tile(likelihoods[t] * beta.reshape(same, c), (c, 1))).sum(axis=1)
            beta /= beta.max()
        return log_p


class SyntheticTags(Dataset[TaggedData]):
    """Tags form a Markov chain, and words hint at them by their list or by their suffix.

    A listed word has several tags, some of them rarely: its neighbours tell which. A rare word is spelled anew each
    time, so nearly all rare words of the test part are unknown; only the suffix, and the neighbours, tell their tags.
    """

    task: ClassVar[str] = "tag"
    licence: ClassVar[str] = "none needed: generated"
    knows_truth: ClassVar[bool] = True

    tags: int = Field(8, ge=2, le=50, description="number of tags, C")
    order: int = Field(1, ge=1, le=4, description="number of tags on which the next tag depends")
    words: int = Field(300, ge=2, le=3000, description="listed words, V")
    suffixes: int = Field(20, ge=2, le=80, description="suffixes of words, S")
    rare: float = Field(0.1, ge=0, lt=1, description="share of words that are rare")
    shortest: int = Field(3, ge=1, description="words of the shortest sentences")
    longest: int = Field(20, ge=1, validate_default=True, description="words of the longest sentences")
    train_sentences: int = Field(1500, ge=1, description="sentences of the training part")
    valid_sentences: int = Field(300, ge=1, description="sentences of the validation part")
    test_sentences: int = Field(1000, ge=1, description="sentences of the test part")
    seed: int = Field(0, ge=0, description="seed of the source and of the sentences")

    @field_validator("order")
    @classmethod
    def _states_fit(cls, order: int, info: ValidationInfo) -> int:
        tags = info.data.get("tags", 2)
        if tags**order > MOST_STATES:
            raise ValueError(f"{tags} tags at order {order} make more than {MOST_STATES:,} states; lower one of them")
        return order

    @field_validator("longest")
    @classmethod
    def _not_shorter(cls, longest: int, info: ValidationInfo) -> int:
        if longest < info.data.get("shortest", 1):
            raise ValueError("longest must be at least shortest")
        return longest

    def fingerprint(self) -> str:
        return hashlib.sha256(f"synthetic-tags {self.model_dump_json()}".encode()).hexdigest()

    def load(self) -> TaggedData:
        parameters, *parts = streams(self.seed)
        source = self.source(parameters)
        counts = self.train_sentences, self.valid_sentences, self.test_sentences
        train, valid, test = (self._part(source, count, rng) for count, rng in zip(counts, parts, strict=True))
        return TaggedData(
            name="synthetic-tags",
            tags=tuple(f"T{i}" for i in range(self.tags)),
            train=train,
            valid=valid,
            test=test,
            convention=f"words of a hidden Markov source with {self.tags} tags",
            truth=source,
        )

    def read(self, path: Path, encoding: dict[str, Any]) -> NewSentences:
        """Read a file with a word on each line, and blank lines between sentences."""
        return new_sentences(path)

    def source(self, rng: np.random.Generator) -> HiddenMarkovTagger:
        """Return the source, with parameters drawn from `rng`."""
        transitions = distributions((self.tags,) * (self.order + 1), rng, power=2)
        words = distributions((self.tags, self.words), rng, power=4)
        endings = distributions((self.tags, self.suffixes), rng, power=3)
        suffixes = _different(self.suffixes, lambda: spelling(1, rng) + _letter(CONSONANTS, rng))
        likely = bounds(endings)[words.argmax(axis=0)]  # a listed word has a suffix of its most probable tag
        chosen = [suffixes[_drawn(own, rng)] for own in likely]
        stems = _different(self.words, lambda: spelling(STEM, rng))
        return HiddenMarkovTagger(
            transitions, [a + b for a, b in zip(stems, chosen, strict=True)], words, suffixes, endings, self.rare
        )

    def _part(self, source: HiddenMarkovTagger, count: int, rng: np.random.Generator) -> Tagged:
        several = self.longest - self.shortest + 1
        drawn = [source.draw(self.shortest + int(rng.random() * several), rng) for _ in range(count)]
        return Tagged([words for words, _ in drawn], [np.array(tags, dtype=np.int64) for _, tags in drawn])


def spelling(syllables: int, rng: np.random.Generator) -> str:
    """Draw a consonant and a vowel for each syllable."""
    return "".join(_letter(CONSONANTS, rng) + _letter(VOWELS, rng) for _ in range(syllables))


def _letter(letters: str, rng: np.random.Generator) -> str:
    return letters[int(rng.random() * len(letters))]


def _drawn(upper: Floats, rng: np.random.Generator) -> int:
    """Draw an index; upper: the `bounds` of its distribution."""
    return int(np.searchsorted(upper, rng.random(), side="right"))


def _different(count: int, draw: Callable[[], str]) -> list[str]:
    """Draw until there are that many different texts."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[draw()] = None
    return list(found)
