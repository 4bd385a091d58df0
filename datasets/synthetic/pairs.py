"""Pairs whose rule is known: each source has exactly one right target, and the true model knows it.

Copying and reversing are the usual first tests of sequence-to-sequence models (Graves, Wayne & Danihelka 2014, "Neural
Turing machines", section 4.1; Sutskever, Vinyals & Le 2014 show that reading backwards matters). Dates after the
demonstrations of attention, numbers as in text normalisation.
"""

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.pairs.sentences import SentencePairs
from seqbench.datasets.synthetic.number_words import ONES, SCALES, TENS, number_words
from seqbench.datasets.synthetic.processes import streams
from seqbench.interface import Floats
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.model import Pairs, Source, TranslationContext, Translator, Words

Rule = Callable[[Sequence[str]], list[str]]
NOISE = 1e-9
"""Probability of any other word where the right one is certain, so that every target has a finite score."""
TRIES = 100
"""Draws per pair, after which there are too few different sources."""


class RuleTranslator(Translator):
    """The true model: it applies the rule. What is no source of this data has an empty target.

    The right next word has the probability 1 − (V − 1) · `NOISE`; after a wrong word, all words are equally probable.
    """

    stochastic: ClassVar[bool] = False

    def __init__(self, rule: Rule, vocab: Vocab) -> None:
        super().__init__()
        self.rule, self.vocab = rule, vocab

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        """Do nothing, since the rule is known."""

    def predict(self, sources: Sequence[Source]) -> list[Words]:
        return [self._target([str(word) for word in source]) for source in sources]

    def _target(self, source: Sequence[str]) -> Words:
        try:
            return self.rule(source)
        except (ValueError, LookupError):
            return []

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats]:
        size, found = self.vocab.size, []
        for right, target in zip(self.predict(sources), targets, strict=True):
            known, asked = [*right, EOS], [*target, EOS]
            p = np.full(len(asked), 1 / size)
            for t, word in enumerate(asked):
                if t >= len(known):
                    break
                p[t] = 1 - (size - 1) * NOISE if word == known[t] else NOISE
                if word != known[t]:
                    break
            found.append(np.log(p))
        return found


class SyntheticPairs(SentencePairs):
    """Pairs of a known rule, in all parts different ones."""

    licence: ClassVar[str] = "none needed: generated"
    knows_truth: ClassVar[bool] = True
    name: ClassVar[str]

    train_pairs: int = Field(5000, ge=1, description="pairs of the training part")
    valid_pairs: int = Field(500, ge=1, description="pairs of the validation part")
    test_pairs: int = Field(1000, ge=1, description="pairs of the test part")
    seed: int = Field(0, ge=0, description="seed of the pairs")

    @abstractmethod
    def draw(self, part: str, rng: np.random.Generator) -> list[str]:
        """Return the words of a random source of a part."""

    @abstractmethod
    def rule(self) -> Rule:
        """Return the function that turns a source into its target."""

    @abstractmethod
    def symbols(self) -> tuple[Iterable[str], Iterable[str]]:
        """Return all words of sources, and all words of targets."""

    def sentence(self, text: str) -> list[str]:
        words = self.split(text.strip())
        if not words:
            raise DataError("the source is empty; write it, or remove it")
        return words

    def split(self, text: str) -> list[str]:
        """Return the symbols of a source as people write it."""
        return text.split()

    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.name} {self.model_dump_json()}".encode()).hexdigest()

    def load(self) -> TranslationData:
        rule, seen = self.rule(), set[tuple[str, ...]]()
        _, *generators = streams(self.seed)
        counts = {"train": self.train_pairs, "valid": self.valid_pairs, "test": self.test_pairs}
        parts = {}
        for (part, count), rng in zip(counts.items(), generators, strict=True):
            sources = self._different(part, count, rng, seen)
            parts[part] = Pairs(sources, [rule(source) for source in sources])
        of_sources, of_targets = self.symbols()
        target_vocab = Vocab((UNK, EOS, *of_targets))
        return TranslationData(
            name=self.name,
            source_vocab=Vocab((UNK, *of_sources)),
            target_vocab=target_vocab,
            train=parts["train"],
            valid=parts["valid"],
            test=parts["test"],
            convention="symbols",
            ranked_by="exact_match",
            truth=RuleTranslator(rule, target_vocab),
        )

    def _different(
        self, part: str, count: int, rng: np.random.Generator, seen: set[tuple[str, ...]]
    ) -> list[list[str]]:
        """Draw sources of a part that were not drawn before."""
        found: list[list[str]] = []
        for _ in range(TRIES * count):
            source = self.draw(part, rng)
            if tuple(source) not in seen:
                seen.add(tuple(source))
                found.append(source)
                if len(found) == count:
                    return found
        raise DataError(
            f"{self.name}: there are only about {len(seen):,} different sources, too few for {count:,} pairs in the "
            f"{part} part; ask for fewer pairs, or for longer sources"
        )


class PairsOfLengths(SyntheticPairs):
    """Pairs whose sources have uniform lengths. Those of the test part may all be longer than those of training."""

    shortest: ClassVar[int] = 1
    longest: int = Field(10, ge=1, description="the most words of a source in training and validation")
    test_longest: int | None = Field(
        None,
        ge=1,
        description="the most words of a source in the test part, all longer than `longest`; None: lengths as in "
        "training",
    )

    def length(self, part: str, rng: np.random.Generator) -> int:
        """Draw the length of a source of a part."""
        shortest, longest = self.shortest, self.longest
        if self.test_longest is not None and part == "test":
            if self.test_longest <= longest:
                raise DataError(
                    f"test_longest={self.test_longest} must exceed longest={longest}; enlarge it, or leave it out"
                )
            shortest, longest = longest + 1, self.test_longest
        return shortest + int(rng.random() * (longest - shortest + 1))


class _OfWords(PairsOfLengths):
    """Sources are independent words w01, w02, …"""

    words: int = Field(20, ge=2, le=10_000, description="number of different words")

    def draw(self, part: str, rng: np.random.Generator) -> list[str]:
        names, length = self._names(), self.length(part, rng)
        return [names[int(u * len(names))] for u in rng.random(length)]

    def symbols(self) -> tuple[Iterable[str], Iterable[str]]:
        return self._names(), self._names()

    def _names(self) -> list[str]:
        width = max(2, len(str(self.words)))
        return [f"w{i:0{width}}" for i in range(1, self.words + 1)]


class CopyWords(_OfWords):
    """The target is the source."""

    name: ClassVar[str] = "copy-words"

    def rule(self) -> Rule:
        return list


class Reverse(_OfWords):
    """The target is the source, read backwards."""

    name: ClassVar[str] = "reverse"

    def rule(self) -> Rule:
        return _reversed


class Sort(_OfWords):
    """The target holds the words of the source in alphabetical order, which is that of their numbers."""

    name: ClassVar[str] = "sort"

    def rule(self) -> Rule:
        return sorted


class Numbers(PairsOfLengths):
    """From the digits of a number to its English words: 1 0 5 → one hundred five. Numbers of digits are uniform."""

    name: ClassVar[str] = "numbers"

    longest: int = Field(6, ge=1, le=18, description="the most digits of a source in training and validation")
    test_longest: int | None = Field(
        None,
        ge=1,
        le=18,
        description="the most digits of a source in the test part, all longer than `longest`; None: as in training",
    )

    def draw(self, part: str, rng: np.random.Generator) -> list[str]:
        first, *others = rng.random(self.length(part, rng))
        return [str(int(first * 9) + 1 if others else int(first * 10)), *(str(int(u * 10)) for u in others)]

    def split(self, text: str) -> list[str]:
        return list("".join(text.split()))

    def rule(self) -> Rule:
        return _in_words

    def symbols(self) -> tuple[Iterable[str], Iterable[str]]:
        digits = max(self.longest, self.test_longest or 0)
        return map(str, range(10)), [*ONES, *TENS, "hundred", *SCALES[1 : -(-digits // 3)]]


MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
SPACE = "_"
"""Stands for a space in the symbols of a date."""
FORMS = (
    "{day} {month} {year}",
    "{month} {day}, {year}",
    "{day} {short} {year}",
    "{short} {day}, {year}",
    "{nth} of {month} {year}",
    "{month} the {nth}, {year}",
    "{day}.{number}.{year}",
    "{year}/{number}/{day}",
    "{weekday}, {day} {month} {year}",
)
"""Forms of dates: `nth` is 3rd, `short` the first three letters of the month. No text is two dates in two forms."""
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class Dates(SyntheticPairs):
    """From a date in one of nine forms to ISO 8601, letter by letter: 3 May 2021 → 2021-05-03."""

    name: ClassVar[str] = "dates"

    first_year: int = Field(1900, ge=1000, le=9999, description="the earliest year")
    last_year: int = Field(2099, ge=1000, le=9999, description="the latest year")

    def draw(self, part: str, rng: np.random.Generator) -> list[str]:
        if self.last_year < self.first_year:
            raise DataError(f"dates: last_year={self.last_year} is before first_year={self.first_year}; exchange them")
        first = date(self.first_year, 1, 1)
        days = (date(self.last_year, 12, 31) - first).days + 1
        form = FORMS[int(rng.random() * len(FORMS))]
        return self.split(written_date(first + timedelta(days=int(rng.random() * days)), form))

    def split(self, text: str) -> list[str]:
        return list(text.replace(" ", SPACE))

    def rule(self) -> Rule:
        return _iso

    def symbols(self) -> tuple[Iterable[str], Iterable[str]]:
        names = {*"".join((*MONTHS, *WEEKDAYS)), *"ofthestndrd"}
        return sorted({*names, *"0123456789.,/", SPACE}), "0123456789-"


def written_date(day: date, form: str) -> str:
    """Return a date in one of `FORMS`."""
    month = MONTHS[day.month - 1]
    ending = "th" if day.day // 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return form.format(
        day=day.day,
        nth=f"{day.day}{ending}",
        number=day.month,
        month=month,
        short=month[:3],
        year=day.year,
        weekday=WEEKDAYS[day.weekday()],
    )


def _iso(source: Sequence[str]) -> list[str]:
    """Read a date in any of `FORMS`."""
    text = "".join(source).replace(SPACE, " ")
    separated = "".join(letter if letter.isalnum() else " " for letter in text).split()
    named = [MONTHS.index(month) + 1 for word in separated for month in MONTHS if word in (month, month[:3])]
    numbers = [int("".join(filter(str.isdigit, word))) for word in separated if word[0].isdigit()]
    year = max(numbers)
    rest = [n for n in numbers if n != year]
    if named:
        month, day = named[0], rest[0]
    elif "/" in text:
        month, day = rest
    else:
        day, month = rest
    return list(date(year, month, day).isoformat())


def _reversed(source: Sequence[str]) -> list[str]:
    return list(source[::-1])


def _in_words(source: Sequence[str]) -> list[str]:
    return number_words(int("".join(source)))
