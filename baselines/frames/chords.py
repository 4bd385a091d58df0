"""n-grams of chords: frames as symbols of an unlimited vocabulary."""

from collections import Counter
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.baselines.frames.notes import NoteNgram, NoteNgramConfig
from seqbench.interface import Config, Floats
from seqbench.tasks.frames.model import FrameModel, FramesContext, Roll, Rolls

Chord = bytes
"""The keys of a frame."""
START: Chord = b"start"


class ChordNgramConfig(Config):
    order: int = Field(
        3,
        ge=1,
        le=7,
        description="chords of the longest n-gram, including the predicted one",
        json_schema_extra={"search": {"choices": [1, 2, 3, 4]}},
    )
    note_order: int = Field(
        4,
        ge=1,
        le=8,
        description="order of the n-grams of single notes that predict new chords",
        json_schema_extra={"search": {"choices": [1, 2, 4]}},
    )


class ChordNgram(FrameModel):
    r"""Witten–Bell smoothing (Witten & Bell 1991), with n-grams of notes at its end in place of a uniform distribution.

        p(c | h) = (n(h c) + t(h) p(c | h')) / (n(h) + t(h)),        p(c | nothing) at last by the notes of c

    n counts, t(h) is the number of different chords after h. A frame that never occurred so has a probability too.
    """

    stochastic: ClassVar[bool] = False
    config_class = ChordNgramConfig
    config: ChordNgramConfig

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        self.notes = NoteNgram(NoteNgramConfig(order=self.config.note_order))
        self.notes.fit(train, ctx)
        self.after: dict[tuple[Chord, ...], Counter[Chord]] = {}
        for roll in train:
            chords = _chords(roll)
            for t, chord in enumerate(chords):
                for context in self._contexts(chords[:t]):
                    self.after.setdefault(context, Counter())[chord] += 1
        self.totals = {context: sum(found.values()) for context, found in self.after.items()}

    def predict(self, rolls: Rolls) -> list[Floats]:
        return [self._scores(roll) for roll in rolls]

    def _scores(self, roll: Roll) -> Floats:
        scores, chords = self.notes.scores(roll), _chords(roll)
        for t, chord in enumerate(chords):
            for context in self._contexts(chords[:t]):
                if (found := self.after.get(context)) is not None:
                    kinds, total = len(found), self.totals[context]
                    counted = np.log(found[chord]) if found[chord] else -np.inf
                    scores[t] = np.logaddexp(counted, np.log(kinds) + scores[t]) - np.log(total + kinds)
        return scores

    def draw(self, roll: Roll, rng: np.random.Generator) -> Roll:
        for context in reversed(self._contexts(_chords(roll))):
            if (found := self.after.get(context)) is None:
                continue
            kinds, total = len(found), self.totals[context]
            place = rng.random() * (total + kinds)
            if place < total:
                chords, counts = zip(*found.items(), strict=True)
                chosen = chords[int(np.searchsorted(np.cumsum(counts), place, side="right"))]
                return np.frombuffer(chosen, dtype=np.int8).copy()
        return self.notes.draw(roll, rng)

    def _contexts(self, before: list[Chord]) -> list[tuple[Chord, ...]]:
        """Return the contexts that the chords before a frame give, from none to order − 1 chords."""
        last = [START, *before][-(self.config.order - 1) :] if self.config.order > 1 else []
        return [tuple(last[len(last) - length :]) for length in range(len(last) + 1)]

    def parameter_count(self) -> int:
        return sum(map(len, self.after.values())) + (self.notes.parameter_count() or 0)


def _chords(roll: Roll) -> list[Chord]:
    return [frame.tobytes() for frame in np.ascontiguousarray(roll, dtype=np.int8)]
