"""Synthetic text from a process whose true probabilities are the bottom row of the table.

The process is drawn first, then the three splits. Each split is one document with its own start and its own random
stream, so that a longer training part does not change the test part. Only uniform random numbers are used, since NumPy
keeps their bit stream the same from release to release.
"""

import hashlib
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from seqbench.data import DataError, Dataset
from seqbench.datasets.files import decode, read_bytes
from seqbench.datasets.synthetic.processes import (
    BracketProcess,
    HiddenMarkovProcess,
    MarkovProcess,
    Process,
    distributions,
    streams,
)
from seqbench.interface import Ids
from seqbench.tasks.language.data import TextData, TextSplit
from seqbench.tasks.language.vocab import Vocab

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BRACKETS = ("([{<", ")]}>")
MOST_PROBABILITIES = 1_000_000


class Synthetic(Dataset[TextData]):
    """Streams over a closed vocabulary of one-character symbols, without `<unk>` and `<eos>`."""

    task: ClassVar[str] = "lm"
    licence: ClassVar[str] = "none needed: generated"
    name: ClassVar[str]
    knows_truth: ClassVar[bool] = True

    train_tokens: int = Field(100_000, ge=1, description="length of the training stream, symbols")
    valid_tokens: int = Field(20_000, ge=1, description="length of the validation stream, symbols")
    test_tokens: int = Field(30_000, ge=1, description="length of the test stream, symbols")
    seed: int = Field(0, ge=0, description="seed of the process and of the text")

    @abstractmethod
    def process(self, rng: np.random.Generator) -> Process[Any]:
        """Return the process, with parameters drawn from `rng`."""

    @abstractmethod
    def vocab(self) -> Vocab:
        """Return the symbols."""

    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.name} {self.model_dump_json()}".encode()).hexdigest()

    def load(self) -> TextData:
        parameters, *texts = streams(self.seed)
        truth = self.process(parameters)
        train, valid, test = (
            _stream(truth.draw(length, rng))
            for length, rng in zip((self.train_tokens, self.valid_tokens, self.test_tokens), texts, strict=True)
        )
        return TextData(
            name=self.name,
            vocab=self.vocab(),
            train=train,
            valid=valid,
            test=test,
            convention="stream",
            unit="symbol",
            truth=truth,
        )

    def read(self, path: Path, encoding: dict[str, Any]) -> TextSplit:
        """Read a file of symbols as one stream; white space between them is skipped."""
        symbols = "".join(decode(path, read_bytes(path)).split())
        try:
            return _stream(Vocab(tuple(encoding["symbols"])).encode(symbols))
        except ValueError as error:
            raise DataError(f"{path}: {error}") from None


class SyntheticMarkov(Synthetic):
    """A Markov chain: an n-gram of one order more can learn it completely, and a longer one is no better."""

    name: ClassVar[str] = "synthetic-markov"

    train_tokens: int = Field(150_000, ge=1, description="length of the training stream, symbols")
    symbols: int = Field(10, ge=2, le=len(LETTERS), description="number of symbols, V")
    order: int = Field(2, ge=1, description="number of symbols that the next one depends on")

    @field_validator("order")
    @classmethod
    def _table_fits(cls, order: int, info: ValidationInfo) -> int:
        symbols = info.data.get("symbols", 2)
        if (symbols + 1) ** order * symbols > MOST_PROBABILITIES:
            raise ValueError(f"{symbols} symbols at order {order} need more than {MOST_PROBABILITIES:,} probabilities")
        return order

    def process(self, rng: np.random.Generator) -> MarkovProcess:
        uneven = distributions((self.symbols,) * (self.order + 1), rng, power=2)
        return MarkovProcess(0.95 * uneven + 0.05 / self.symbols)

    def vocab(self) -> Vocab:
        return Vocab(tuple(LETTERS[: self.symbols]))


class SyntheticHMM(Synthetic):
    """Hidden states that last about ten symbols and share their symbols: only a long history tells which one it is."""

    name: ClassVar[str] = "synthetic-hmm"

    symbols: int = Field(12, ge=2, le=len(LETTERS), description="number of symbols, V")
    states: int = Field(4, ge=1, description="number of hidden states, K; at most V")
    stay: float = Field(0.9, ge=0, le=1, description="probability that a state continues")
    own: float = Field(0.6, ge=0, lt=1, description="share of a state's symbols that are drawn from its own V/K")

    @field_validator("states")
    @classmethod
    def _each_has_a_symbol(cls, states: int, info: ValidationInfo) -> int:
        if states > info.data.get("symbols", states):
            raise ValueError(f"{states} states need as many symbols to be told apart")
        return states

    def process(self, rng: np.random.Generator) -> HiddenMarkovProcess:
        k = self.states
        moves = distributions((k, k), rng)
        spread = distributions((k, self.symbols), rng)
        favourite = distributions((k, self.symbols), rng) * (np.arange(self.symbols) % k == np.arange(k)[:, None])
        favourite /= favourite.sum(axis=1, keepdims=True)
        return HiddenMarkovProcess(
            start=np.full(k, 1 / k),
            transitions=self.stay * np.eye(k) + (1 - self.stay) * moves,
            emissions=self.own * favourite + (1 - self.own) * spread,
        )

    def vocab(self) -> Vocab:
        return Vocab(tuple(LETTERS[: self.symbols]))


class SyntheticBrackets(Synthetic):
    """Nested brackets: what may close or open depends on the innermost open bracket, however far back it is.

    n-grams see it only within their order; if it is further back, a model needs memory.
    """

    name: ClassVar[str] = "synthetic-brackets"

    train_tokens: int = Field(150_000, ge=1, description="length of the training stream, symbols")
    types: int = Field(4, ge=2, le=len(BRACKETS[0]), description="number of bracket types, k; V = 2k")
    depth: int = Field(8, ge=1, description="the most open brackets")
    opening: float = Field(0.5, gt=0, lt=1, description="probability that a bracket opens rather than closes")
    noise: float = Field(0.02, gt=0, lt=1, description="probability of a random symbol")

    def process(self, rng: np.random.Generator) -> BracketProcess:
        types = distributions((self.types + 1, self.types), rng, power=2)
        return BracketProcess(types, self.opening, self.depth, self.noise)

    def vocab(self) -> Vocab:
        return Vocab(tuple(side[i] for side in BRACKETS for i in range(self.types)))


def _stream(ids: Ids) -> TextSplit:
    return TextSplit(documents=(ids,), characters=(np.ones_like(ids),))
