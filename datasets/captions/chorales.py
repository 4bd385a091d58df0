"""Chorales by J. S. Bach for the name of their key: a composer that is asked for a piece in G major."""

import json
from collections import Counter
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from seqbench.data import Dataset
from seqbench.datasets import download
from seqbench.datasets.captions.keys import Key, key_of
from seqbench.interface import Ids
from seqbench.tasks.frames.notes import REST, note
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.model import Pairs

Frames = list[list[int]]
"""The MIDI pitches that sound in each quarter note of a piece, ascending."""
PARTS = ("train", "valid", "test")


class MusicByKey(download.Downloaded, Dataset[TranslationData]):
    """229 / 76 / 77 chorales in quarter notes; the source is the key of all voices, `G major`, as `key_of` finds it.

    A note that lasts several quarters is said again in each. The melody is the highest note that sounds. The makers of
    the file have moved most pieces to C major or C minor, so that only `transposed` pieces have all keys.
    """

    task: ClassVar[str] = "translate"
    name: ClassVar[str] = "music-by-key"
    source: ClassVar[str] = "jsb-chorales"

    voices: Literal["melody", "chords"] = Field(
        "melody", description="melody: the highest note, as E5; chords: all notes from the lowest, as C4+G4+E5"
    )
    transposed: bool = Field(
        True,
        description="whether training has every piece in all twelve transpositions, and other parts piece i moved by "
        "i mod 12 semitones; from 7 on, an octave lower",
    )
    min_count: int = Field(1, ge=1, description="a note or chord is kept if training has it at least this often")

    def load(self) -> TranslationData:
        (data,) = download.read(self.source)
        pieces: dict[str, list[Frames]] = json.loads(data)
        train, valid, test = (self._pairs(pieces[part], every=part == "train") for part in PARTS)
        counts = Counter(word for piece in train.targets for word in piece)
        keys = [key_of(_pitches(piece)) for piece in pieces["train"]]
        ends = [piece[-1][0] % 12 == key.tonic for piece, key in zip(pieces["train"], keys, strict=True)]
        return TranslationData(
            name=self.name,
            source_vocab=Vocab((UNK, *sorted({str(word) for key in train.sources for word in key}))),
            target_vocab=Vocab((UNK, EOS, *sorted(word for word in counts if counts[word] >= self.min_count))),
            train=train,
            valid=valid,
            test=test,
            convention=f"{self.voices} in quarter notes, {'all keys' if self.transposed else 'keys of the file'}",
            ranked_by="perplexity",
            notes={
                "training_pieces_in_c_in_the_file": sum(key.tonic == 0 for key in keys),
                "training_pieces_whose_last_bass_is_the_tonic": sum(ends),
            },
        )

    def _pairs(self, pieces: list[Frames], every: bool) -> Pairs:
        keys, melodies = list[list[str]](), list[list[str]]()
        for i, piece in enumerate(pieces):
            key = key_of(_pitches(piece))
            steps = (range(12) if every else [i % 12]) if self.transposed else [0]
            for step in steps:
                keys.append(Key((key.tonic + step) % 12, key.mode).words)
                melodies.append([self._word(frame, step if step <= 6 else step - 12) for frame in piece])
        return Pairs(keys, melodies)

    def _word(self, frame: list[int], step: int) -> str:
        sounding = frame[-1:] if self.voices == "melody" else frame
        return "+".join(note(pitch + step) for pitch in sounding) or REST


def _pitches(piece: Frames) -> Ids:
    return np.array([pitch for frame in piece for pitch in frame], dtype=np.int64)
