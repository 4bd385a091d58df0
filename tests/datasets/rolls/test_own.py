"""Pieces of one's own: lists of pitches, piano rolls, MIDI files and folders, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqbench.data import DataError
from seqbench.datasets.rolls.formats import KEYS, LOWEST, read_csv, read_json, read_midi, write_midi
from seqbench.datasets.rolls.own import RollFile

SONG = [[60, 64], [62], [], [60]]
PIECES = [[[60 + i], [64, 67 + i]] for i in range(10)]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def midi(path: Path, messages: list[mido.Message], *, kind: int = 1, ticks: int = 480) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    file.tracks.append(mido.MidiTrack(messages))
    file.save(path)
    return path


def on(pitch: int, time: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", note=pitch, velocity=64, time=time, channel=channel)


def off(pitch: int, time: int) -> mido.Message:
    return mido.Message("note_off", note=pitch, time=time)


def line(*pitches: int, width: int = KEYS) -> str:
    first = LOWEST if width == KEYS else 0
    return ",".join("1" if first + i in pitches else "0" for i in range(width))


def pitches(roll: np.ndarray) -> list[list[int]]:
    return [(np.flatnonzero(frame) + LOWEST).tolist() for frame in roll]


def test_one_song_in_three_formats_is_one_roll(tmp_path: Path) -> None:
    found = read_json(write(tmp_path / "a.json", json.dumps([SONG])))
    assert isinstance(found, list)
    of_json = found[0]
    (of_csv,) = read_csv(write(tmp_path / "a.csv", "\n".join(line(*frame) for frame in SONG)))
    (of_all,) = read_csv(write(tmp_path / "b.csv", "\n".join(line(*frame, width=128) for frame in SONG)))
    of_midi = read_midi(
        midi(
            tmp_path / "a.mid",
            [on(60), on(64), off(60, 480), off(64, 0), on(62), off(62, 480), on(60, 480), off(60, 480)],
        ),
        1.0,
    )
    assert pitches(of_json) == SONG
    for roll in (of_csv, of_all, of_midi):
        np.testing.assert_array_equal(roll, of_json)


def test_a_blank_line_ends_a_piece_of_a_roll(tmp_path: Path) -> None:
    rolls = read_csv(write(tmp_path / "a.csv", f"{line(60)}\n\n\n{line(61)}\n{line(62)}\n\n"))
    assert [pitches(roll) for roll in rolls] == [[[60]], [[61], [62]]]


@given(arrays(np.int8, st.tuples(st.integers(1, 12), st.just(KEYS)), elements=st.integers(0, 1)))
def test_a_roll_that_is_written_as_midi_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, roll: np.ndarray
) -> None:
    path = tmp_path_factory.mktemp("midi") / "a.mid"
    roll[0, 0] = roll[-1, 1] = 1  # silence before the first note and after the last one is not kept
    for step in (1.0, 0.5):
        write_midi(roll, LOWEST, step, path)
        np.testing.assert_array_equal(read_midi(path, step), roll)


def test_notes_of_midi_go_to_the_nearest_frame_and_percussion_is_left_out(tmp_path: Path) -> None:
    late = [on(60, 30), on(40, 0, channel=9), off(60, 440), on(62, 20), off(62, 10)]
    assert pitches(read_midi(midi(tmp_path / "a.mid", late), 1.0)) == [[60], [62]]
    held = [on(60), on(60, 480), off(60, 480), on(64, 0)]  # struck again while it sounds; one that never ends
    assert pitches(read_midi(midi(tmp_path / "b.mid", held), 1.0)) == [[60], [60], [64]]


def test_parts_come_from_a_file_a_folder_of_folders_or_three_paths(tmp_path: Path) -> None:
    parts = {"train": PIECES[:4], "valid": PIECES[4:6], "test": PIECES[6:]}
    whole = RollFile(path=write(tmp_path / "a.json", json.dumps(parts))).load()
    for name, pieces in parts.items():
        write(tmp_path / "songs" / name / "own.json", json.dumps(pieces))
    folders = RollFile(path=tmp_path / "songs").load()
    paths = [tmp_path / "songs" / name for name in parts]
    three = RollFile(path=paths[0], valid=paths[1], test=paths[2]).load()
    for data in (whole, folders, three):
        for name, pieces in parts.items():
            assert [pitches(roll) for roll in getattr(data, name)] == pieces
    assert "warnings" not in whole.notes


def test_one_list_is_split_by_the_pieces_themselves(tmp_path: Path) -> None:
    forth = RollFile(path=write(tmp_path / "a.json", json.dumps(PIECES))).load()
    back = RollFile(path=write(tmp_path / "b.json", json.dumps(PIECES[::-1]))).load()
    for part in ("train", "valid", "test"):
        one, two = (sorted(map(str, map(pitches, getattr(data, part)))) for data in (forth, back))
        assert one == two
    assert (len(forth.train), len(forth.valid), len(forth.test)) == (8, 1, 1)


def test_pieces_of_training_in_the_test_part_are_told(tmp_path: Path) -> None:
    parts = {"train": PIECES, "valid": PIECES[:1], "test": PIECES[:3]}
    data = RollFile(path=write(tmp_path / "a.json", json.dumps(parts))).load()
    assert data.notes["warnings"] == ["3 of 3 test pieces stand in training too, so the scores are too good"]


def test_pieces_that_move_to_another_part_are_other_data(tmp_path: Path) -> None:
    for name in ("train/a", "train/b", "valid/c", "test/d"):
        write(tmp_path / "one" / f"{name}.json", json.dumps([[[60 + ord(name[-1]) - 97], [60]]]))
    one = RollFile(path=tmp_path / "one").fingerprint()
    (tmp_path / "one" / "train" / "b.json").rename(tmp_path / "one" / "valid" / "b.json")
    assert RollFile(path=tmp_path / "one").fingerprint() != one


def test_new_pieces_are_read_with_the_frames_of_the_data(tmp_path: Path) -> None:
    data = RollFile(path=write(tmp_path / "a.json", json.dumps(PIECES)), frame=0.5)
    file = midi(tmp_path / "new" / "b.mid", [on(60), off(60, 480)])
    new = data.read(file.parent, {"reading": {"frame": 0.5}})
    assert [pitches(roll) for roll in new.rolls] == [[[60], [60]]]
    assert list(new.names) == ["b.mid"]


TEXTS = [
    ("a.json", "", "is empty"),
    ("a.json", "[[", "is no JSON"),
    ("a.json", "[]", "holds no list of pieces"),
    ("a.json", "3", "holds no list of pieces"),
    ("a.json", "[3]", "piece 1 is no list of frames"),
    ("a.json", "[[]]", "piece 1 has no frames; leave out empty pieces"),
    ("a.json", "[[60]]", "piece 1, frame 1 is no list of pitches"),
    ("a.json", "[[[60.5]]]", "frame 1: '60.5' is no MIDI pitch"),
    ("a.json", '[[["C4"]]]', "frame 1: 'C4' is no MIDI pitch"),
    ("a.json", "[[[true]]]", "frame 1: 'True' is no MIDI pitch"),
    ("a.json", "[[[60], [20]]]", "frame 2: pitch 20 lies outside the piano, 21 to 108"),
    ("a.json", "[[[109]]]", "frame 1: pitch 109 lies outside the piano"),
    ("a.json", '{"train": [[[60]]]}', "has no 'valid'; give train, valid, test"),
    ("a.json", '{"training": [[[60]]]}', "has 'training'; its parts must be called train, valid, test"),
    ("a.json", '{"train": [[[60]]], "valid": [], "test": []}', "valid holds no list of pieces"),
    ("a.json", '{"train": [[[]]], "valid": [[[60]]], "test": [[[61]]]}', "no key sounds in any piece"),
    ("a.json", "[[[60]], [[60]]]", "holds 1 different piece, fewer than the 3 parts"),
    ("a.csv", "1,0,1\n", "line 1: 3 numbers; a frame has 88, one per key from A0, or 128"),
    ("a.csv", "a" + line()[1:], "line 1: 'a' is neither 0 nor 1"),
    ("a.csv", line()[1:], "line 1: '' is neither 0 nor 1"),
    ("a.csv", "2" + line()[1:], "line 1: '2' is neither 0 nor 1"),
    ("a.csv", f"{line(5, width=128)}\n", "pitch 5 lies outside the piano"),
    ("a.csv", " \n\n", "holds only blank lines"),
    ("a.mid", "MThd", "is no standard MIDI file: it ends too early"),
    ("a.mid", "hello", "is no standard MIDI file"),
    ("a.txt", "hello", "pieces are read from .csv, .json and .mid"),
]


@pytest.mark.parametrize(("name", "text", "words"), TEXTS)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        RollFile(path=write(tmp_path / name, text)).load()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: midi(path, []), "has no notes"),
        (lambda path: midi(path, [on(40, channel=9)]), r"has no notes \(percussion does not count\)"),
        (lambda path: midi(path, [on(10), off(10, 480)]), "pitch 10 lies outside the piano"),
        (lambda path: midi(path, [on(60), off(60, 480)], kind=2), "patterns that do not sound together"),
        (lambda path: path.write_bytes(midi(path, [on(60)]).read_bytes().replace(b"\x01\xe0", b"\xe7\x28")), "film"),
        (lambda path: path.write_bytes(midi(path, [on(60)]).read_bytes()[:27]), "it ends too early"),
    ],
)
def test_midi_that_cannot_be_used_is_refused(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    make(tmp_path / "a.mid")
    with pytest.raises(DataError, match=words):
        RollFile(path=tmp_path / "a.mid").load()


def test_folders_and_parts_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no pieces: no file"):
        RollFile(path=tmp_path / "empty").load()
    one = write(tmp_path / "one.json", json.dumps(PIECES))
    with pytest.raises(DataError, match="hold the same pieces; give different ones"):
        RollFile(path=one, valid=one, test=write(tmp_path / "two.json", json.dumps(PIECES[:2]))).load()
    with pytest.raises(ValueError, match="give valid and test both, or neither"):
        RollFile(path=one, valid=one)
    split = write(tmp_path / "parts.json", json.dumps({"train": PIECES, "valid": PIECES[:1], "test": PIECES[:1]}))
    with pytest.raises(DataError, match="is split into parts; give it alone"):
        RollFile(path=split, valid=one, test=one).load()
    with pytest.raises(DataError, match="there is no file"):
        RollFile(path=tmp_path / "none.mid").load()
