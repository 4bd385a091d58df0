"""Strings of the embedded Reber grammar, as one continual stream or apart, with their true model.

Reber 1967; embedded in Fahlman 1991 and Hochreiter & Schmidhuber 1997, experiment 1; as a continual stream, without
marks of the ends, in Gers, Schmidhuber & Cummins 2000, "Learning to forget", section 4.1.
"""

import hashlib
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from seqbench.data import Dataset
from seqbench.datasets.synthetic.processes import HiddenMarkovProcess, Process, streams
from seqbench.interface import Ids
from seqbench.tasks.language.data import TextData, TextSplit
from seqbench.tasks.language.vocab import Vocab

LETTERS = "BTPSXVE"
GRAMMAR = (
    (("T", 1), ("P", 2)),
    (("S", 1), ("X", 3)),
    (("T", 2), ("V", 4)),
    (("X", 2), ("S", 5)),
    (("P", 3), ("V", 5)),
)
"""The Reber grammar between B and E: the two moves out of each state, as a letter and the next state; 5 ends it."""
NOISE = 1e-6
"""Probability of a letter that the grammar forbids, so that every text has a finite score."""


def grammar() -> Process[Any]:
    """Return the embedded grammar, `B t B … E t E` with t = T or P, as a hidden Markov process that never ends.

    A state is a letter about to be emitted together with all that decides what follows: the place in the grammar and
    t. Of two moves, each is taken with probability ½.
    """
    after: dict[tuple[str, str], list[tuple[str, str]]] = {}

    def moves(outer: str, place: int) -> list[tuple[str, str]]:
        """Return the states that may follow a place of the inner grammar."""
        if place == len(GRAMMAR):
            return [(f"{outer} close", "E")]
        return [(f"{outer} {place} {letter}", letter) for letter, _ in GRAMMAR[place]]

    for outer in "TP":
        after[f"{outer} open", outer] = [(f"{outer} begin", "B")]
        after[f"{outer} begin", "B"] = moves(outer, 0)
        for place, choices in enumerate(GRAMMAR):
            for letter, following in choices:
                after[f"{outer} {place} {letter}", letter] = moves(outer, following)
        after[f"{outer} close", "E"] = [(f"{outer} again", outer)]
        after[f"{outer} again", outer] = [("end", "E")]
    after["begin", "B"] = [("T open", "T"), ("P open", "P")]
    after["end", "E"] = [("begin", "B")]
    states = list(after)
    transitions, emissions = np.zeros((len(states),) * 2), np.full((len(states), len(LETTERS)), NOISE)
    for i, state in enumerate(states):
        emissions[i, LETTERS.index(state[1])] = 1 - (len(LETTERS) - 1) * NOISE
        for other in after[state]:
            transitions[i, states.index(other)] = 1 / len(after[state])
    start = np.zeros(len(states))
    start[states.index(("begin", "B"))] = 1
    return HiddenMarkovProcess(start, transitions, emissions)


class Reber(Dataset[TextData]):
    """Embedded Reber strings: the last letter but one repeats the second, after a string of any length.

    continual: one stream of strings; a model must itself find where strings end, and forget. Otherwise each string is
    a document, and its state is reset.
    """

    task: ClassVar[str] = "lm"
    licence: ClassVar[str] = "none needed: generated"
    citation: ClassVar[str] = "Gers, Schmidhuber & Cummins 2000, Learning to forget: continual prediction with LSTM"
    knows_truth: ClassVar[bool] = True

    continual: bool = Field(False, description="whether the strings are one stream")
    train_strings: int = Field(5000, ge=1, description="strings of the training part")
    valid_strings: int = Field(500, ge=1, description="strings of the validation part")
    test_strings: int = Field(1000, ge=1, description="strings of the test part")
    seed: int = Field(0, ge=0, description="seed of the strings")

    def fingerprint(self) -> str:
        return hashlib.sha256(f"reber {self.model_dump_json()}".encode()).hexdigest()

    def load(self) -> TextData:
        _, *parts = streams(self.seed)
        counts = self.train_strings, self.valid_strings, self.test_strings
        train, valid, test = (self._split(count, rng) for count, rng in zip(counts, parts, strict=True))
        return TextData(
            name="reber",
            vocab=Vocab(tuple(LETTERS)),
            train=train,
            valid=valid,
            test=test,
            convention="stream" if self.continual else "sentence",
            unit="symbol",
            truth=grammar(),
        )

    def _split(self, count: int, rng: np.random.Generator) -> TextSplit:
        strings = [string(rng) for _ in range(count)]
        documents = [np.concatenate(strings)] if self.continual else strings
        return TextSplit(documents, [np.ones_like(ids) for ids in documents])


def string(rng: np.random.Generator) -> Ids:
    """Draw one string; its last letter but one is its second."""
    inner, place, outer = "", 0, "TP"[int(rng.random() * 2)]
    while place < len(GRAMMAR):
        letter, place = GRAMMAR[place][int(rng.random() * 2)]
        inner += letter
    return np.array([LETTERS.index(letter) for letter in f"B{outer}B{inner}E{outer}E"], dtype=np.int64)
