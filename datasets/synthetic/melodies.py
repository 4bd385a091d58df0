"""Made music: melodies by three composers in the keys that they are asked for, with their true model."""

import hashlib
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.data import Dataset
from seqbench.datasets.captions.keys import MODES, Key
from seqbench.datasets.synthetic.processes import bounds, streams
from seqbench.interface import Floats, Ids
from seqbench.tasks.frames.notes import PITCHES, note
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.model import Pairs, Source, TranslationContext, Translator, Words

SCALES = ((0, 2, 4, 5, 7, 9, 11, 12), (0, 2, 3, 5, 7, 8, 10, 12))
"""Semitones of the degrees of a major and a natural minor scale above the tonic, from the tonic to the octave."""
DEGREES = len(SCALES[0])
TONICS = ("C", "D", "E", "F", "G", "A")
LOWEST = 60
"""MIDI pitch of the tonic C."""
COMPOSERS = {
    "walking": (1.0, 8.0, 1.0, 0.5, 0.2, 0.1, 0.1, 0.2),
    "leaping": (0.5, 1.0, 6.0, 4.0, 3.0, 1.0, 0.5, 2.0),
    "lingering": (8.0, 3.0, 1.0, 0.3, 0.2, 0.1, 0.1, 0.2),
}
"""How much each composer likes a move by 0..7 degrees, up or down."""
TRIAD = (0, 2, 4, 7)
"""Degrees that all composers like twice as much as others, and one of which comes first."""
SHORTEST, LONGEST = 8, 32
"""The fewest and the most notes."""
NOISE = 1e-6
"""Probability of any other symbol, shared by all, so that every melody has a finite score."""


class MelodyProcess(Translator):
    r"""A melody is a Markov chain over the degrees of a scale, and ends on the tonic.

        p(d' | d) ∝ likes(|d' − d|) (2 if d' is in the triad, else 1)

    The first degree is one of the triad. After a tonic that is note 8 or later, the melody ends with probability ½;
    note 32 is always the last. A note of no degree of the key, which is never drawn, is followed by any degree.

    It is the true model of what it draws. What it predicts is the most probable melody.
    """

    stochastic: ClassVar[bool] = False

    def __init__(self, vocab: Vocab) -> None:
        super().__init__()
        self.vocab = vocab
        apart = np.abs(np.subtract.outer(np.arange(DEGREES), np.arange(DEGREES)))
        triad = np.isin(np.arange(DEGREES), TRIAD)
        self.moves = {}
        """By composer: (D + 2, D) p(degree | degree before); the last rows are for the start and a foreign note."""
        for composer, likes in COMPOSERS.items():
            rows = np.vstack([np.array(likes)[apart] * np.where(triad, 2.0, 1.0), triad, np.ones(DEGREES)])
            self.moves[composer] = rows / rows.sum(axis=1, keepdims=True)

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        """Do nothing, since the parameters are the true ones."""

    def draw(self, source: Words, rng: np.random.Generator) -> list[str]:
        """Draw a melody."""
        moves, notes = self._asked(source)
        limits, degree, melody = bounds(moves), DEGREES, list[str]()
        while rng.random() >= self._ends(len(melody), degree):
            degree = int(np.searchsorted(limits[degree], rng.random(), side="right"))
            melody.append(notes[degree])
        return melody

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats]:
        return [self._score(source, target) for source, target in zip(sources, targets, strict=True)]

    def predict(self, sources: Sequence[Source]) -> list[list[str]]:
        return [self._most_probable(source) for source in sources]

    def _score(self, source: Source, target: Words) -> Floats:
        moves, notes = self._asked(source)
        degrees = [notes.index(word) if word in notes else DEGREES + 1 for word in target]
        before = [DEGREES, *degrees]
        end = np.array([self._ends(t, degree) for t, degree in enumerate(before)])
        following = np.pad(moves, ((0, 0), (0, 2)))[before[:-1], degrees]  # 0 for a foreign note
        p = np.append((1 - end[:-1]) * following, end[-1])
        scores: Floats = np.log((1 - NOISE) * p + NOISE / self.vocab.size)
        return scores

    def _most_probable(self, source: Source) -> list[str]:
        """Return the most probable melody, by dynamic programming over the last degree (Viterbi 1967)."""
        moves, notes = self._asked(source)
        with np.errstate(divide="ignore"):
            score, step = np.log(moves[DEGREES]), np.log(moves[:DEGREES])
        parents, best, found = list[Ids](), -np.inf, list[int]()
        for length in range(1, LONGEST + 1):
            with np.errstate(divide="ignore"):
                end = np.log([self._ends(length, degree) for degree in range(DEGREES)])
                on = np.log1p([-self._ends(length, degree) for degree in range(DEGREES)])
            last = int((score + end).argmax())
            if score[last] + end[last] > best:
                best, found = float(score[last] + end[last]), _backwards(last, parents)
            reached = (score + on)[:, None] + step
            parents.append(reached.argmax(axis=0))
            score = reached.max(axis=0)
        return [notes[degree] for degree in found]

    def _ends(self, length: int, degree: int) -> float:
        """Return the probability that a melody of `length` notes, the last of which is `degree`, is complete."""
        if length >= LONGEST:
            return 1.0
        return 0.5 if length >= SHORTEST and degree in (0, DEGREES - 1) else 0.0

    def _asked(self, source: Source) -> tuple[Floats, list[str]]:
        """Return the composer's moves, and the note of each degree."""
        composer, tonic, mode = map(str, source[-3:])  # of several styles the last
        scale = SCALES[MODES.index(mode)]
        return self.moves[composer], [note(LOWEST + PITCHES.index(tonic) + semitones) for semitones in scale]


def _backwards(last: int, parents: Sequence[Ids]) -> list[int]:
    path = [last]
    for of_step in reversed(parents):
        path.append(int(of_step[path[-1]]))
    return path[::-1]


class MadeMusic(Dataset[TranslationData]):
    """The source is three words, composer and key: `leaping G minor`; the target, the notes: `G4 Bb4 D5 …`.

    36 sources are equally frequent. Melodies of a source differ, so that no translation can be right every time: judge
    models by perplexity.
    """

    task: ClassVar[str] = "translate"
    licence: ClassVar[str] = "none needed: generated"
    knows_truth: ClassVar[bool] = True

    train_melodies: int = Field(2000, ge=1, description="melodies of the training part")
    valid_melodies: int = Field(300, ge=1, description="melodies of the validation part")
    test_melodies: int = Field(500, ge=1, description="melodies of the test part")
    seed: int = Field(0, ge=0, description="seed of the melodies")

    def fingerprint(self) -> str:
        return hashlib.sha256(f"made-music {self.model_dump_json()}".encode()).hexdigest()

    def load(self) -> TranslationData:
        keys = [Key(PITCHES.index(tonic), mode) for tonic in TONICS for mode in range(len(MODES))]
        pitches = sorted({LOWEST + key.tonic + semitones for key in keys for semitones in SCALES[key.mode]})
        truth = MelodyProcess(Vocab((UNK, EOS, *map(note, pitches))))
        asked = [[composer, *key.words] for composer in COMPOSERS for key in keys]
        _, *parts = streams(self.seed)
        counts = self.train_melodies, self.valid_melodies, self.test_melodies
        train, valid, test = (_part(truth, asked, count, rng) for count, rng in zip(counts, parts, strict=True))
        return TranslationData(
            name="made-music",
            source_vocab=Vocab((UNK, *sorted({word for source in asked for word in source}))),
            target_vocab=truth.vocab,
            train=train,
            valid=valid,
            test=test,
            convention="notes, for a composer and a key",
            ranked_by="perplexity",
            truth=truth,
        )


def _part(truth: MelodyProcess, asked: Sequence[list[str]], count: int, rng: np.random.Generator) -> Pairs:
    sources = [asked[int(u * len(asked))] for u in rng.random(count)]
    return Pairs(sources, [truth.draw(source, rng) for source in sources])
