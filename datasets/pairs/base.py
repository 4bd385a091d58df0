"""Pairs of sentences as a data set: how they are cut into words and split into parts, and what is left out."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.pairs.sentences import SentencePairs
from seqbench.datasets.splits import assign
from seqbench.datasets.text.tokens import words_and_marks
from seqbench.interface import Ids
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.model import Pairs

Notes = dict[str, int | str]
PARTS = ("train", "valid", "test")
CUT = 0.1
"""Share of the pairs for each part that is cut from the training part."""
MOST = 1000
"""The most words of a sentence: a longer one is a whole text in one line, or a table that is read in the wrong way."""


@dataclass(frozen=True)
class Lines:
    """Pairs of sentences as they are in a file."""

    sources: Sequence[str]
    targets: Sequence[str]
    where: Callable[[int], str]
    """Returns the place of a pair, given its number, for messages."""

    def __len__(self) -> int:
        return len(self.sources)

    def take(self, rows: Ids) -> Self:
        return type(self)(
            [self.sources[i] for i in rows],
            [self.targets[i] for i in rows],
            lambda i: self.where(int(rows[i])),
        )


@dataclass(frozen=True)
class PairParts:
    """The pairs of each part; None: the part is cut from the training part by a hash of the source."""

    train: Lines
    valid: Lines | None = None
    test: Lines | None = None
    notes: Notes = field(default_factory=dict)
    """What was done and what was left out."""


class PairDataset(SentencePairs):
    """Pairs of sentences. The options set how they become words; subclasses provide the pairs."""

    tokens: Literal["whitespace", "words"] = Field(
        "words",
        description="whitespace: words are separated by white space only; words: punctuation marks are words too, "
        "and a run of one mark is one word",
    )
    lowercase: bool = Field(True, description="whether to convert sentences to lower case, references too")
    min_count: int = Field(
        2, ge=1, description="a word is kept if it occurs at least this often on its side of the training part"
    )
    longest: int = Field(
        100, ge=1, description="pairs of the training part with more words on a side are left out; others are kept"
    )

    @abstractmethod
    def parts(self) -> PairParts:
        """Return the pairs of each part.

        Raises:
            DataError: as in `load`.
        """

    @abstractmethod
    def title(self) -> str:
        """Return the name of the data in errors and tables."""

    def directed(self) -> str:
        """Return the languages for the convention, such as `de to en`; empty: not known."""
        return ""

    def words(self, text: str) -> list[str]:
        """Return the words of a sentence."""
        cased = self._cased(text)
        return cased.split() if self.tokens == "whitespace" else words_and_marks(cased)

    def sentence(self, text: str) -> list[str]:
        return self._checked(text, "source")

    def load(self) -> TranslationData:
        parts = self.parts()
        notes: Notes = dict(parts.notes)
        lines = _split(parts, self.title())
        pairs = {part: self._pairs(of_part) for part, of_part in lines.items()}
        train = self._short(pairs["train"], notes)
        source_vocab = self._vocab(train.sources, (UNK,), "source")
        target_vocab = self._vocab(train.targets, (UNK, EOS), "target")
        pairs["train"] = train
        notes |= {"vocabulary_source": source_vocab.size, "vocabulary_target": target_vocab.size}
        for part, of_part in pairs.items():
            notes[f"pairs_{part}"] = len(of_part)
            for side, vocab, told in (
                ("source", source_vocab, of_part.sources),
                ("target", target_vocab, of_part.targets),
            ):
                notes[f"unknown_{side}_{part}"] = sum(word not in vocab.index for words in told for word in words)
        notes |= _shared(pairs)
        return TranslationData(
            name=self.title(),
            source_vocab=source_vocab,
            target_vocab=target_vocab,
            train=pairs["train"],
            valid=pairs["valid"],
            test=pairs["test"],
            convention=self._convention(),
            notes={**notes},
        )

    def _cased(self, text: str) -> str:
        return text.lower() if self.lowercase else text

    def _pairs(self, lines: Lines) -> Pairs:
        sources, targets = [], []
        for i, (source, target) in enumerate(zip(lines.sources, lines.targets, strict=True)):
            try:
                sources.append(self._checked(source, "source"))
                targets.append(self._checked(target, "target"))
            except DataError as error:
                raise DataError(f"{lines.where(i)}: {error}") from None
        return Pairs(sources, targets, [" ".join(self._cased(text).split()) for text in lines.targets])

    def _checked(self, text: str, side: str) -> list[str]:
        """Return the words of one side of a pair, which the message names."""
        words = self.words(text)
        if not words:
            raise DataError(f"the {side} is empty; write it, or remove it")
        if len(words) > MOST:
            raise DataError(
                f"the {side} has {len(words):,} words; a sentence may have {MOST:,}; divide it, or remove it"
            )
        if EOS in words:
            raise DataError(f"the {side} holds the word {EOS}, which ends a target here; remove this word")
        return words

    def _short(self, train: Pairs, notes: Notes) -> Pairs:
        """Return the pairs of which neither side is too long; note how many were left out."""
        sizes = zip(train.sources, train.targets, strict=True)
        kept = np.flatnonzero([max(len(a), len(b)) <= self.longest for a, b in sizes])
        if not len(kept):
            raise DataError(f"{self.title()}: longest={self.longest} leaves no training pair; give a larger one")
        if left_out := len(train) - len(kept):
            notes["longer_left_out_train"] = left_out
        return train.take(kept)

    def _vocab(self, sentences: Iterable[Iterable[Any]], special: tuple[str, ...], side: str) -> Vocab:
        """Return the special words, then words by frequency, ties in alphabetical order."""
        counts = Counter(chain.from_iterable(sentences))
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        kept = [word for word in ranked if counts[word] >= self.min_count and word not in special]
        if not kept:
            raise DataError(
                f"{self.title()}: min_count={self.min_count} leaves no word of the {side}s; the most frequent one "
                f"occurs {max(counts.values())} times; give a smaller min_count or more pairs"
            )
        return Vocab((*special, *kept))

    def _convention(self) -> str:
        units = "words between white space" if self.tokens == "whitespace" else "words and marks"
        cased = f"{'lower-case ' if self.lowercase else ''}{units}"
        return f"{self.directed()}, {cased}" if self.directed() else cased


def _split(parts: PairParts, title: str) -> dict[str, Lines]:
    """Return the pairs of train, valid and test; equal sources that are split here stay in one part."""
    given = {"train": parts.train, "valid": parts.valid, "test": parts.test}
    missing = [part for part in PARTS[1:] if given[part] is None]
    if missing:
        whole = parts.train
        try:
            cut = assign(whole.sources, [""] * len(whole), [1 - CUT * len(missing)] + [CUT] * len(missing))
        except DataError:
            distinct = len(set(whole.sources))
            raise DataError(
                f"{title} has {distinct} different source{'s' if distinct != 1 else ''}, fewer than the "
                f"{1 + len(missing)} parts of the split; give more pairs"
            ) from None
        for number, part in enumerate(["train", *missing]):
            given[part] = whole.take(np.flatnonzero(cut == number))
    return {part: of_part for part, of_part in given.items() if of_part is not None}


def _shared(pairs: dict[str, Pairs]) -> Notes:
    """Count the distinct sources that two parts share."""
    distinct = {part: {tuple(source) for source in of_part.sources} for part, of_part in pairs.items()}
    return {f"shared_{a}_{b}": len(distinct[a] & distinct[b]) for a, b in combinations(PARTS, 2)}
