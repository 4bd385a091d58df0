"""The copying problem as language modelling: symbols, a long delay, and the same symbols again.

Hochreiter & Schmidhuber 1997; in this form Arjovsky, Shah & Bengio 2016, "Unitary evolution recurrent neural networks",
section 5.1.
"""

import hashlib
import math
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from seqbench.data import Dataset
from seqbench.datasets.synthetic.processes import streams
from seqbench.interface import Documents, Floats, Ids
from seqbench.tasks.language.data import TextData, TextSplit
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.vocab import Vocab

LETTERS = "abcdefgh"
BLANK, DELIMITER = len(LETTERS), len(LETTERS) + 1
COPIED = 10
"""Number of symbols to remember."""
NOISE = 1e-9
"""Probability of any other symbol where the true one is certain, so that every text has a finite score."""


def memoryless(delay: int) -> float:
    """Return the nats per symbol of a model that knows the form of a document but remembers no symbol.

    It pays ln 8 for each of the 10 symbols twice; the true model pays it once. The difference is 10 ln 8 / (T + 20)
    per symbol.
    """
    return 2 * COPIED * math.log(len(LETTERS)) / (delay + 2 * COPIED)


class CopyingProcess(LanguageModel[Ids]):
    """The true model: the first 10 symbols are uniform among 8 letters, all others are certain.

    The state is (B, 11): the 10 symbols, and the place of the next symbol in its document.
    """

    stochastic: ClassVar[bool] = False

    def __init__(self, delay: int) -> None:
        """delay: T; after the symbols come T − 1 blanks and the delimiter."""
        super().__init__()
        self.delay, self.vocab_size = delay, len(LETTERS) + 2

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        """Do nothing, since the process is known."""

    def draw(self, count: int, rng: np.random.Generator) -> Ids:
        """Draw (count, T + 20) symbols of that many documents."""
        symbols = (rng.random((count, COPIED)) * len(LETTERS)).astype(np.int64)
        wait = np.full((count, self.delay), BLANK)
        wait[:, -1] = DELIMITER
        return np.concatenate([symbols, wait, symbols], axis=1)

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        after = self._start(len(ids)) if state is None else state.copy()
        scores = np.empty(ids.shape)
        for t, symbols in enumerate(ids.T):
            scores[:, t] = np.log(self.next(after)[np.arange(len(ids)), symbols])
            place = after[:, -1]
            early = np.flatnonzero(place < COPIED)
            after[early, place[early]] = symbols[early]
            after[:, -1] += 1
        return scores, after

    def next(self, state: Ids | None = None, batch: int = 1) -> Floats:
        state = self._start(batch) if state is None else state
        place, rows = state[:, -1], np.arange(len(state))
        certain = np.where(place == COPIED + self.delay - 1, DELIMITER, BLANK)
        copied = (place >= COPIED + self.delay) & (place < 2 * COPIED + self.delay)
        again = np.clip(place - COPIED - self.delay, 0, COPIED - 1)
        certain = np.where(copied, state[rows, again], certain)
        p = np.full((len(state), self.vocab_size), NOISE)
        p[rows, certain] = 1 - (self.vocab_size - 1) * NOISE
        uniform = np.full(self.vocab_size, NOISE)
        uniform[: len(LETTERS)] = (1 - 2 * NOISE) / len(LETTERS)
        p[place < COPIED] = uniform
        return p

    def _start(self, batch: int) -> Ids:
        return np.zeros((batch, COPIED + 1), np.int64)


class CopyMemory(Dataset[TextData]):
    """A document is 10 of 8 letters, T − 1 blanks, a delimiter, and the 10 letters again: T + 20 symbols.

    Documents are scored one by one. A model that remembers nothing pays 10 ln 8 nats more per document than the true
    model (`memoryless`).
    """

    task: ClassVar[str] = "lm"
    licence: ClassVar[str] = "none needed: generated"
    citation: ClassVar[str] = "Arjovsky, Shah & Bengio 2016, Unitary evolution recurrent neural networks"
    knows_truth: ClassVar[bool] = True

    delay: int = Field(100, ge=1, description="steps between the symbols and their copy, T")
    train_documents: int = Field(10_000, ge=1, description="documents of the training part")
    valid_documents: int = Field(500, ge=1, description="documents of the validation part")
    test_documents: int = Field(500, ge=1, description="documents of the test part")
    seed: int = Field(0, ge=0, description="seed of the documents")

    def fingerprint(self) -> str:
        return hashlib.sha256(f"copy-memory {self.model_dump_json()}".encode()).hexdigest()

    def load(self) -> TextData:
        _, *parts = streams(self.seed)
        process = CopyingProcess(self.delay)
        truth: LanguageModel[Any] = process
        counts = self.train_documents, self.valid_documents, self.test_documents
        train, valid, test = (documents_of(process.draw(count, rng)) for count, rng in zip(counts, parts, strict=True))
        return TextData(
            name="copy-memory",
            vocab=Vocab((*LETTERS, "_", ":")),
            train=train,
            valid=valid,
            test=test,
            convention="sentence",
            unit="symbol",
            truth=truth,
            notes={"memoryless_nats_per_symbol": f"{memoryless(self.delay):.6f}"},
        )


def documents_of(ids: Ids) -> TextSplit:
    """Return documents (N, T) of one-character symbols as a split."""
    return TextSplit(documents=list(ids), characters=list(np.ones_like(ids)))
