"""Pieces of music in files: lists of pitches (JSON), piano rolls (CSV), and standard MIDI files."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqbench.data import DataError
from seqbench.datasets.files import Line, decode, read_bytes, unix_line_ends
from seqbench.tasks.frames.model import Roll

LOWEST, KEYS = 21, 88
"""MIDI pitch of the lowest key of a piano, A0, and the number of its keys."""
PITCHES = 128
"""Number of MIDI pitches."""
JSON, CSV, MIDI = ".json", ".csv", (".mid", ".midi")
PARTS = ("train", "valid", "test")
PERCUSSION = 9
"""The channel of MIDI, from 0, on which pitches are drums."""
LONGEST = 200_000
"""The most frames of a MIDI file: a few bytes of it can name a rest of years."""
TICKS = 480
"""Ticks per quarter note in files that are written."""
LOUD = 64

Frames = Sequence[Sequence[int]]
"""The MIDI pitches that sound in each frame."""


def roll_of(frames: Frames, where: str) -> Roll:
    """Return a piano roll (T, 88) of the pitches of each frame; where: the place of the piece, for messages.

    Raises:
        DataError: there are no frames, or a pitch lies outside the piano.
    """
    if not len(frames):
        raise DataError(f"{where} has no frames; leave out empty pieces")
    roll = np.zeros((len(frames), KEYS), dtype=np.int8)
    for t, frame in enumerate(frames):
        for pitch in frame:
            if not LOWEST <= pitch < LOWEST + KEYS:
                raise DataError(
                    f"{where}, frame {t + 1}: pitch {str(pitch)[:40]} lies outside the piano, "
                    f"{LOWEST} to {LOWEST + KEYS - 1}"
                )
            roll[t, pitch - LOWEST] = 1
    return roll


def read_json(path: Path) -> list[Roll] | dict[str, list[Roll]]:
    """Read pieces, each a list of frames, each a list of pitches; or an object of such lists by part.

    Raises:
        DataError: it is no such file.
    """
    try:
        found = json.loads(decode(path, read_bytes(path)))
    except (ValueError, RecursionError) as error:  # also of a number with too many digits
        raise DataError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, dict):
        return _pieces(found, str(path))
    if unknown := [name for name in found if name not in PARTS]:
        raise DataError(f"{path} has {unknown[0][:40]!r}; its parts must be called {', '.join(PARTS)}")
    if missing := [name for name in PARTS if name not in found]:
        raise DataError(f"{path} has no {missing[0]!r}; give {', '.join(PARTS)}, or one list of pieces")
    return {name: _pieces(found[name], f"{path}, {name}") for name in PARTS}


def _pieces(found: Any, where: str) -> list[Roll]:
    if not isinstance(found, list) or not found:
        raise DataError(f"{where} holds no list of pieces; a piece is a list of frames, as [[60, 64], [62]]")
    rolls = []
    for number, piece in enumerate(found, start=1):
        own = f"{where}, piece {number:,}"
        if not isinstance(piece, list):
            raise DataError(f"{own} is no list of frames, as [[60, 64], [62]]")
        for t, frame in enumerate(piece, start=1):
            if not isinstance(frame, list):
                raise DataError(f"{own}, frame {t} is no list of pitches, as [60, 64]")
            for pitch in frame:
                if not isinstance(pitch, int) or isinstance(pitch, bool):
                    raise DataError(f"{own}, frame {t}: {str(pitch)[:40]!r} is no MIDI pitch, a whole number")
        rolls.append(roll_of(piece, own))
    return rolls


def read_csv(path: Path) -> list[Roll]:
    """Read pieces with a frame per line, and 0 or 1 for each of the 88 keys or of all 128 pitches; blank lines stand
    between pieces.

    Raises:
        DataError: it is no such file.
    """
    pieces: list[list[list[int]]] = [[]]
    text = unix_line_ends(decode(path, read_bytes(path)))
    for number, row in enumerate(text.rstrip("\n").split("\n"), start=1):
        if not row.strip():
            if pieces[-1]:
                pieces.append([])
            continue
        line = Line(str(path), number, row)
        cells = [cell.strip() for cell in row.replace(";", ",").split(",")]
        if len(cells) not in (KEYS, PITCHES):
            raise line.fault(
                f"{len(cells)} numbers; a frame has {KEYS}, one per key from A0, or {PITCHES}, one per MIDI pitch"
            )
        strange = next((cell for cell in cells if cell not in ("0", "1")), None)
        if strange is not None:
            raise line.fault(f"{strange[:40]!r} is neither 0 nor 1; leave out headers, and write 1 for keys that sound")
        first = LOWEST if len(cells) == KEYS else 0
        pieces[-1].append([first + i for i, cell in enumerate(cells) if cell == "1"])
    return [roll_of(piece, f"{path}, piece {number:,}") for number, piece in enumerate(pieces, start=1) if piece]


def read_midi(path: Path, step: float) -> Roll:
    """Read a standard MIDI file as a roll of frames of `step` quarter notes.

    Notes begin and end at the nearest frame, and last one at least. All tracks sound together; percussion is left out,
    and so is silence before the first note.

    Raises:
        DataError: it is no such file, it has no notes, or a pitch lies outside the piano.
    """
    import mido

    data = read_bytes(path)
    try:
        file = mido.MidiFile(file=io.BytesIO(data))
    except EOFError:
        raise DataError(f"{path} is no standard MIDI file: it ends too early") from None
    except Exception as error:  # mido raises errors of many kinds
        raise DataError(f"{path} is no standard MIDI file: {str(error) or type(error).__name__}") from None
    if file.type == 2:
        raise DataError(f"{path} holds patterns that do not sound together (type 2); save it as type 0 or 1")
    if file.ticks_per_beat <= 0:
        raise DataError(f"{path} counts time in seconds of film, not in quarter notes; save it with ticks per quarter")
    notes = [note for track in file.tracks for note in _notes(track)]
    if not notes:
        raise DataError(f"{path} has no notes (percussion does not count)")
    ticks = step * file.ticks_per_beat
    places = [(round(on / ticks), round(off / ticks), pitch) for on, off, pitch in notes]
    first = min(on for on, _, _ in places)
    length = max(max(on + 1, off) for on, off, _ in places) - first
    if length > LONGEST:
        raise DataError(
            f"{path} lasts {length:,} frames of {step:g} quarter notes, more than {LONGEST:,}; choose longer frames, "
            "or cut the piece"
        )
    frames: list[list[int]] = [[] for _ in range(length)]
    for on, off, pitch in places:
        for t in range(on, max(on + 1, off)):
            frames[t - first].append(pitch)
    return roll_of(frames, str(path))


def _notes(track: Any) -> list[tuple[int, int, int]]:
    """Return start, end and pitch of the notes of a track, in ticks; one that never ends stops with the track."""
    found, sounding, now = list[tuple[int, int, int]](), dict[tuple[int, int], int](), 0
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off") or message.channel == PERCUSSION:
            continue
        key = (message.channel, message.note)
        if key in sounding:
            found.append((sounding.pop(key), now, message.note))
        if message.type == "note_on" and message.velocity:
            sounding[key] = now
    return found + [(on, now, pitch) for (_, pitch), on in sounding.items()]


def write_midi(roll: Roll, lowest: int, step: float, path: Path) -> None:
    """Write a roll as a standard MIDI file; a key that sounds in neighbouring frames is one long note.

    Args:
        lowest: MIDI pitch of the first key.
        step: length of a frame in quarter notes.
    """
    import mido

    track = mido.MidiTrack()
    padded = np.pad(roll.astype(np.int64), ((1, 1), (0, 0)))
    waited = 0
    for t, change in enumerate(np.diff(padded, axis=0)):
        for key in np.flatnonzero(change):
            kind, velocity = ("note_on", LOUD) if change[key] > 0 else ("note_off", 0)
            track.append(mido.Message(kind, note=lowest + int(key), velocity=velocity, time=waited))
            waited = 0
        if t < len(roll):
            waited += round(step * TICKS)
    file = mido.MidiFile(ticks_per_beat=TICKS)
    file.tracks.append(track)
    file.save(path)
