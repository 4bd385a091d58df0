"""Made chorales: four voices over a hidden chain of chords, with their true model."""

import hashlib
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from seqbench.data import Dataset
from seqbench.datasets.rolls.formats import KEYS, LOWEST
from seqbench.datasets.synthetic.processes import distributions, streams
from seqbench.interface import Floats, Ids
from seqbench.tasks.frames.data import FrameData
from seqbench.tasks.frames.model import FrameModel, FramesContext, Roll, Rolls

DEGREES = (0, 2, 4, 5, 7, 9, 11)
"""The major scale, in semitones above C; a chord is a degree with the third and the fifth above it."""
RANGES = ((43, 55), (55, 63), (63, 70), (70, 82))
"""MIDI pitches of bass, tenor, alto and soprano, from the first up to but without the last; no two overlap."""
LEAP = 4.0
"""A voice moves by d semitones with a probability that falls as exp(−d / LEAP)."""
PASSING = 0.1
"""Probability that a voice sings any pitch of its range, whether of the chord or not."""
STRONG, WEAK = 0.9, 0.2
"""Probability that the chord moves before an even frame (from 0), and before an odd one."""
SILENT, STRAY = 0.02, 0.01
"""Probability that a frame is silent, and that each key sounds at random in it."""
DENSITY = 4 / KEYS
"""Probability of each key in such a frame."""


class Moment(NamedTuple):
    """What the next frame depends on."""

    chords: Floats
    """(C,) probabilities of the chord of the next frame, given all frames so far."""
    pitches: Ids
    """(4,) where each voice was last, from the lowest pitch of its range; −1: it has not sung yet."""
    frame: int
    """Number of the next frame, from 0."""


class ChoraleProcess(FrameModel):
    """A Markov chain of chords, hidden; given its chord, each voice moves from where it was, by itself.

    A frame in which exactly one key of each range sounds moves the voices, whatever it came from; so where they are is
    a function of the frames, and the probability of a frame is a sum over the chords (the forward filter of a hidden
    Markov model).
    """

    stochastic: ClassVar[bool] = False

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__()
        count = len(DEGREES)
        moves = distributions((count, count), rng, power=2)
        np.fill_diagonal(moves, 0)
        self.moves = moves / moves.sum(axis=1, keepdims=True)
        chords = [{DEGREES[(degree + k) % count] for k in (0, 2, 4)} for degree in range(count)]
        self.steps: list[Floats] = []
        """Of each voice, (C, R + 1, R): probabilities of its pitch, by the chord and the pitch before; the last of
        those is for none."""
        for low, high in RANGES:
            pitches = np.arange(low, high)
            fits = np.array([[pitch % 12 in chord for pitch in pitches] for chord in chords])
            near = np.exp(-np.abs(pitches[:, None] - pitches) / LEAP)
            weights = fits[:, None] * np.vstack([near, np.ones(len(pitches))])
            likely = weights / weights.sum(axis=2, keepdims=True)
            self.steps.append((1 - PASSING) * likely + PASSING / len(pitches))

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        """Do nothing, since the parameters are the true ones."""

    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        return [self._score(roll)[0] for roll in rolls]

    def draw(self, roll: Roll, rng: np.random.Generator) -> Roll:
        return self._frame(self._score(roll)[1], rng)

    def piece(self, frames: int, rng: np.random.Generator) -> Roll:
        """Draw a piece (frames, 88)."""
        roll, now = np.zeros((frames, KEYS), dtype=np.int8), self._start()
        for t in range(frames):
            chord = int(np.searchsorted(now.chords.cumsum(), rng.random() * now.chords.sum(), side="right"))
            known = now._replace(chords=np.eye(len(DEGREES))[chord])
            roll[t] = self._frame(known, rng)
            now = self._read(roll[t], known)[1]
        return roll

    def _start(self) -> Moment:
        return Moment(np.full(len(DEGREES), 1 / len(DEGREES)), np.full(len(RANGES), -1), 0)

    def _score(self, roll: Roll) -> tuple[Floats, Moment]:
        now, scores = self._start(), np.empty(len(roll))
        for t, frame in enumerate(roll):
            p, now = self._read(frame, now)
            scores[t] = np.log(p)
        return scores, now

    def _read(self, frame: Roll, now: Moment) -> tuple[float, Moment]:
        """Return the probability of a frame (88,), and the moment after it."""
        sounding = int(frame.sum())
        stray = STRAY * DENSITY**sounding * (1 - DENSITY) ** (KEYS - sounding)
        likely = np.full(len(DEGREES), stray + (SILENT if not sounding else 0.0))
        sung = _voices(frame)
        pitches = now.pitches
        if sung is not None:
            together = np.ones(len(DEGREES))
            for steps, before, pitch in zip(self.steps, pitches, sung, strict=True):
                together *= steps[:, before, pitch]
            likely += (1 - SILENT - STRAY) * together
            pitches = sung
        joint = now.chords * likely
        moving = STRONG if (now.frame + 1) % 2 == 0 else WEAK
        after = joint / joint.sum()
        chords = (1 - moving) * after + moving * (after @ self.moves)
        return float(joint.sum()), Moment(chords, pitches, now.frame + 1)

    def _frame(self, now: Moment, rng: np.random.Generator) -> Roll:
        """Draw a frame (88,)."""
        frame, kind = np.zeros(KEYS, dtype=np.int8), rng.random()
        if kind < SILENT:
            return frame
        if kind < SILENT + STRAY:
            return (rng.random(KEYS) < DENSITY).astype(np.int8)
        chord = int(np.searchsorted(now.chords.cumsum(), rng.random() * now.chords.sum(), side="right"))
        for (low, _), steps, before in zip(RANGES, self.steps, now.pitches, strict=True):
            bounds = steps[chord, before].cumsum()
            pitch = int(np.searchsorted(bounds, rng.random() * bounds[-1], side="right"))
            frame[low - LOWEST + pitch] = 1
        return frame


def _voices(frame: Roll) -> Ids | None:
    """Return the pitch of each voice (4,), from the lowest of its range; None: it is no frame of four voices."""
    keys = np.flatnonzero(frame) + LOWEST
    if len(keys) != len(RANGES):
        return None
    if any(not low <= key < high for key, (low, high) in zip(keys, RANGES, strict=True)):
        return None
    pitches: Ids = keys - np.array([low for low, _ in RANGES])
    return pitches


class MadeChorales(Dataset[FrameData]):
    """Pieces of 24 to 48 frames for four voices."""

    task: ClassVar[str] = "frames"
    name: ClassVar[str] = "made-chorales"
    licence: ClassVar[str] = "none needed: generated"
    knows_truth: ClassVar[bool] = True

    train_pieces: int = Field(150, ge=1, description="pieces of the training part")
    valid_pieces: int = Field(40, ge=1, description="pieces of the validation part")
    test_pieces: int = Field(60, ge=1, description="pieces of the test part")
    seed: int = Field(0, ge=0, description="seed of the chain and of the pieces")

    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.name} {self.model_dump_json()}".encode()).hexdigest()

    def load(self) -> FrameData:
        parameters, *parts = streams(self.seed)
        truth = ChoraleProcess(parameters)
        counts = self.train_pieces, self.valid_pieces, self.test_pieces
        train, valid, test = (
            [truth.piece(int(rng.integers(24, 49)), rng) for _ in range(count)]
            for count, rng in zip(counts, parts, strict=True)
        )
        return FrameData(
            name=self.name,
            train=train,
            valid=valid,
            test=test,
            lowest=LOWEST,
            convention="frames of four voices, 88 keys",
            truth=truth,
        )
