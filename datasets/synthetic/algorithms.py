"""Small programs to be learned from inputs and outputs: words are bits (Graves, Wayne & Danihelka 2014, section 4)."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from seqbench.datasets.synthetic.pairs import PairsOfLengths, Rule

MOST_BITS = 10


def repeated(source: Sequence[str]) -> list[str]:
    """Return the words of a source as often as the last one says."""
    *words, count = source
    return [word[1:] for word in words] * int(count[1:], 2)


def recalled(source: Sequence[str], item: int) -> list[str]:
    """Return the words of the item after the one that is asked for; items have so many words."""
    words = [word[2:] for word in source]
    *known, asked = (words[i : i + item] for i in range(0, len(words), item))
    return known[known.index(asked) + 1]


def by_priority(source: Sequence[str], levels: int) -> list[str]:
    """Return the words of a source by their priority of so many bits, the highest first."""
    return [word[levels:] for word in sorted(source, reverse=True)]


class _OfBits(PairsOfLengths):
    """Words are random bits."""

    bits: int = Field(8, ge=2, le=MOST_BITS, description="bits of a word")
    longest: int = Field(20, ge=1, description="the most words of a source in training and validation")

    def draw(self, part: str, rng: np.random.Generator) -> list[str]:
        return self.words(self.length(part, rng), rng)

    def words(self, count: int, rng: np.random.Generator) -> list[str]:
        """Draw so many words."""
        return [self.word(int(u * 2**self.bits)) for u in rng.random(count)]

    def word(self, number: int) -> str:
        """Return the bits of a number, the highest first."""
        return f"{number:0{self.bits}b}"

    def symbols(self) -> tuple[Iterable[str], Iterable[str]]:
        every = [self.word(number) for number in range(2**self.bits)]
        return every, every


class BitCopy(_OfBits):
    """Writes the words that it has read (section 4.1)."""

    name: ClassVar[str] = "bit-copy"

    def rule(self) -> Rule:
        return list


class RepeatCopy(_OfBits):
    """Writes the words as often as the last one says, in binary (section 4.2)."""

    name: ClassVar[str] = "repeat-copy"

    longest: int = Field(10, ge=1, description="the most words to repeat in training and validation")
    repeats: int = Field(10, ge=1, le=1000, description="how often at most")

    @model_validator(mode="after")
    def _check_repeats(self) -> Self:
        if self.repeats >= 2**self.bits:
            raise ValueError(
                f"repeats={self.repeats} is no number of {self.bits} bits: give fewer repeats or more bits"
            )
        return self

    def draw(self, part: str, rng: np.random.Generator) -> list[str]:
        return [*super().draw(part, rng), self.number(1 + int(rng.random() * self.repeats))]

    def number(self, count: int) -> str:
        """Return a count as a word with a bit before it that tells it from others."""
        return f"1{self.word(count)}"

    def words(self, count: int, rng: np.random.Generator) -> list[str]:
        return [f"0{word}" for word in super().words(count, rng)]

    def symbols(self) -> tuple[Iterable[str], Iterable[str]]:
        every = [self.word(number) for number in range(2**self.bits)]
        return [f"{flag}{word}" for flag in "01" for word in every], every

    def rule(self) -> Rule:
        return repeated


class AssociativeRecall(_OfBits):
    """Reads items of three words and then one of them again; writes the item after it (section 4.3)."""

    name: ClassVar[str] = "associative-recall"

    bits: int = Field(6, ge=2, le=MOST_BITS, description="bits of a word")
    shortest: ClassVar[int] = 2
    longest: int = Field(6, ge=2, description="the most items of a source in training and validation")
    test_longest: int | None = Field(
        None,
        ge=2,
        description="the most items of a source in the test part, all more than `longest`; None: as in training",
    )
    item: int = Field(3, ge=1, description="words per item")

    def draw(self, part: str, rng: np.random.Generator) -> list[str]:
        count = self.length(part, rng)
        items = [self.words(self.item, rng) for _ in range(count)]
        asked = items[int(rng.random() * (count - 1))]
        marked = [f"{'1' if place == 0 else '0'}0{word}" for item in items for place, word in enumerate(item)]
        return [*marked, *(f"01{word}" for word in asked)]

    def symbols(self) -> tuple[Iterable[str], Iterable[str]]:
        every = [self.word(number) for number in range(2**self.bits)]
        return [f"{flags}{word}" for flags in ("00", "10", "01") for word in every], every

    def rule(self) -> Rule:
        return partial(recalled, item=self.item)


class PrioritySort(_OfBits):
    """Writes words by their priority, which is in binary before each (section 4.5, with whole numbers)."""

    name: ClassVar[str] = "priority-sort"

    longest: int = Field(10, ge=1, description="the most words of a source in training and validation")
    levels: int = Field(6, ge=1, le=10, description="bits of a priority; all priorities of a source are different")

    @model_validator(mode="after")
    def _check_levels(self) -> Self:
        if max(self.longest, self.test_longest or 0) > 2**self.levels:
            raise ValueError(f"{self.levels} bits make {2**self.levels} priorities, fewer than words: give more levels")
        return self

    def draw(self, part: str, rng: np.random.Generator) -> list[str]:
        words = super().draw(part, rng)
        ranks = np.argsort(rng.random(2**self.levels))[: len(words)]
        return [f"{rank:0{self.levels}b}{word}" for rank, word in zip(ranks.tolist(), words, strict=True)]

    def symbols(self) -> tuple[Iterable[str], Iterable[str]]:
        every = [self.word(number) for number in range(2**self.bits)]
        ranks = [f"{rank:0{self.levels}b}" for rank in range(2**self.levels)]
        return [rank + word for rank in ranks for word in every], every

    def rule(self) -> Rule:
        return partial(by_priority, levels=self.levels)
