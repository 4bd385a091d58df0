"""The chorales have the published sizes; their keys and transpositions fit their notes."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from seqbench.datasets.captions.chorales import REST, MusicByKey
from seqbench.datasets.captions.keys import MODES, key_of
from seqbench.datasets.download import verify
from seqbench.tasks.frames.notes import PITCHES, note
from seqbench.tasks.translations.data import TranslationData

PITCH_OF = {note(pitch): pitch for pitch in range(20, 110)}


@pytest.fixture(autouse=True)
def _at_hand() -> None:
    if any(row.state != "good" for row in verify(["jsb-chorales"])):
        pytest.skip("jsb-chorales is not at hand: run `seqbench data fetch jsb-chorales`, or set SEQBENCH_DATA")


@cache
def load(**options: Any) -> TranslationData:
    return MusicByKey(**options).load()


def test_the_pieces_and_quarters_are_those_of_the_file() -> None:
    data = load(transposed=False)
    assert [len(part) for part in (data.train, data.valid, data.test)] == [229, 76, 77]
    assert [sum(map(len, part.targets)) for part in (data.train, data.valid, data.test)] == [13_807, 4602, 4725]
    assert data.notes["training_pieces_in_c_in_the_file"] == 180


def test_a_melody_is_the_highest_notes_of_the_chords() -> None:
    melodies, chords = load(), load(voices="chords")
    for melody, piece in zip(melodies.test.targets, chords.test.targets, strict=True):
        assert [chord.split("+")[-1] for chord in piece] == melody


def test_every_training_piece_comes_in_all_twelve_keys_and_its_chords_are_in_the_key_that_is_asked() -> None:
    data = load(voices="chords")
    assert len(data.train) == 229 * 12
    for start in range(0, len(data.train), 12 * 20):
        keys = [tuple(key) for key in data.train.sources[start : start + 12]]
        assert {tonic for tonic, _ in keys} == set(PITCHES)
        assert len({mode for _, mode in keys}) == 1
    for part in (data.valid, data.test):
        for key, piece in zip(part.sources, part.targets, strict=True):
            pitches = [PITCH_OF[name] for chord in piece if chord != REST for name in chord.split("+")]
            assert key_of(np.array(pitches)).words == key


def test_transposed_pieces_have_the_same_steps() -> None:
    written, moved = load(transposed=False), load()
    for i, (one, other) in enumerate(zip(written.test.targets, moved.test.targets, strict=True)):
        by = {PITCH_OF[b] - PITCH_OF[a] for a, b in zip(one, other, strict=True) if a != REST}
        assert by == {i % 12 if i % 12 <= 6 else i % 12 - 12}
    assert {mode for _, mode in map(tuple, moved.test.sources)} == set(MODES)


def test_rare_notes_may_be_left_out_of_the_vocabulary() -> None:
    assert MusicByKey(voices="chords", min_count=2).load().target_vocab.size < load(voices="chords").target_vocab.size
