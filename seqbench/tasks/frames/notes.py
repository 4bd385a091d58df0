"""Names of notes by their MIDI pitch, and frames in words."""

from functools import cache

import numpy as np

from seqbench.tasks.frames.model import Roll

PITCHES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
REST = "rest"


@cache
def note(pitch: int) -> str:
    """Return the name of a MIDI pitch: 60 is C4."""
    return f"{PITCHES[pitch % 12]}{pitch // 12 - 1}"


def as_text(roll: Roll, lowest: int) -> str:
    """Return a line per frame with the names of its notes: `C3+E4+G4`; lowest: MIDI pitch of the first key."""
    return "\n".join("+".join(note(lowest + int(key)) for key in np.flatnonzero(frame)) or REST for frame in roll)
