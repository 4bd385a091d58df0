"""Names of keys, and the key of a piece of music by its notes.

Krumhansl 1990, "Cognitive foundations of musical pitch", chapter 4: the key is that whose profile correlates best with
the durations of the twelve pitch classes. The profiles are those that listeners gave in Krumhansl & Kessler 1982.
"""

from typing import NamedTuple

import numpy as np

from seqbench.interface import Floats, Ids
from seqbench.tasks.frames.notes import PITCHES

MODES = ("major", "minor")
PROFILES = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)
"""How well each pitch class fits a major and a minor key, from the tonic upwards in semitones."""


class Key(NamedTuple):
    tonic: int
    """Pitch class, 0..11: C is 0."""
    mode: int
    """0: major; 1: minor."""

    @property
    def words(self) -> list[str]:
        """Two words: `G major`."""
        return [PITCHES[self.tonic], MODES[self.mode]]


def key_of(pitches: Ids) -> Key:
    """Return the key of a piece from the MIDI pitches (N,) of its notes, once for each unit of time that they last.

    Of equally good keys it is the first: major before minor, and from C upwards. A piece without notes is in C major.
    """
    durations = np.bincount(pitches % 12, minlength=12)
    rows = np.array([np.roll(profile, tonic) for profile in PROFILES for tonic in range(12)])
    mode, tonic = divmod(int((_standardised(rows) @ _standardised(durations)).argmax()), 12)
    return Key(tonic, mode)


def _standardised(values: Floats | Ids) -> Floats:
    """Return values with mean 0 and variance 1 over the last axis: products are correlations. Equal values become 0."""
    centred = values - values.mean(axis=-1, keepdims=True)
    spread = centred.std(axis=-1, keepdims=True)
    standard: Floats = centred / np.where(spread > 0, spread, 1.0)
    return standard
