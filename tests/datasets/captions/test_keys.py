"""Keys of music: profiles, transposition, names."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.datasets.captions.keys import PROFILES, Key, key_of
from seqbench.tasks.frames.notes import note


def scale(tonic: int, mode: int) -> list[int]:
    steps = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11))[mode]
    return [60 + tonic + step for step in (*steps, 0, 7, 12)]


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("tonic", range(12))
def test_a_scale_with_its_tonic_and_fifth_again_is_in_its_key(tonic: int, mode: int) -> None:
    assert key_of(np.array(scale(tonic, mode))) == Key(tonic, mode)


@settings(max_examples=40)
@given(st.lists(st.integers(36, 96), min_size=1, max_size=20), st.integers(-11, 11))
def test_a_moved_piece_is_in_the_moved_key(pitches: list[int], by: int) -> None:
    durations = np.bincount(np.array(pitches) % 12, minlength=12)
    rows = [np.roll(profile, tonic) for profile in PROFILES for tonic in range(12)]
    fits = sorted(np.corrcoef(row, durations)[0, 1] for row in rows) if durations.std() else [0.0, 0.0]
    if fits[-1] - fits[-2] < 1e-9:  # two keys fit equally well
        return
    key = key_of(np.array(pitches))
    assert key_of(np.array(pitches) + by) == Key((key.tonic + by) % 12, key.mode)


def test_the_key_has_the_highest_correlation_of_numpys_coefficients() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        pitches = rng.integers(40, 90, size=30)
        durations = np.bincount(pitches % 12, minlength=12)
        fit = {
            Key(tonic, mode): np.corrcoef(np.roll(PROFILES[mode], tonic), durations)[0, 1]
            for mode in range(2)
            for tonic in range(12)
        }
        assert key_of(pitches) == max(fit, key=lambda key: fit[key])


def test_middle_c_is_c4_and_flats_are_written_where_usual() -> None:
    assert [note(pitch) for pitch in (60, 59, 70, 66, 21)] == ["C4", "B3", "Bb4", "F#4", "A0"]
    assert Key(3, 1).words == ["Eb", "minor"]
