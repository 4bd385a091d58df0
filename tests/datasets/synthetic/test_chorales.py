"""The true model of made chorales: its probabilities sum to one, and the pieces have its frequencies."""

from itertools import product

import numpy as np
import pytest

from seqbench.datasets.rolls.formats import KEYS, LOWEST
from seqbench.datasets.synthetic.chorales import (
    DEGREES,
    DENSITY,
    RANGES,
    SILENT,
    STRAY,
    STRONG,
    WEAK,
    ChoraleProcess,
    MadeChorales,
)
from seqbench.interface import Floats
from seqbench.tasks.frames.model import Roll


@pytest.fixture(scope="module")
def process() -> ChoraleProcess:
    return ChoraleProcess(np.random.default_rng(3))


def chord_frames() -> Roll:
    pitches = np.array(list(product(*(range(low, high) for low, high in RANGES))))
    frames = np.zeros((len(pitches), KEYS), dtype=np.int8)
    frames[np.arange(len(pitches))[:, None], pitches - LOWEST] = 1
    return frames


def test_all_frames_of_four_voices_and_silence_have_the_probability_that_is_left_by_stray_frames(
    process: ChoraleProcess,
) -> None:
    rng = np.random.default_rng(0)
    frames = np.concatenate([chord_frames(), np.zeros((1, KEYS), dtype=np.int8)])
    stray = STRAY * DENSITY**4 * (1 - DENSITY) ** (KEYS - 4) * (len(frames) - 1) + STRAY * (1 - DENSITY) ** KEYS
    for length in (0, 1, 5):
        before = process.piece(length, rng) if length else np.zeros((0, KEYS), dtype=np.int8)
        assert _probabilities(process, before, frames).sum() == pytest.approx(1 - STRAY + stray, abs=1e-9)


def _probabilities(process: ChoraleProcess, before: Roll, frames: Roll) -> Floats:
    now = process._score(before)[1]
    return np.array([process._read(frame, now)[0] for frame in frames])


def test_the_filter_agrees_with_a_sum_over_all_paths_of_chords(process: ChoraleProcess) -> None:
    roll = process.piece(4, np.random.default_rng(5))
    count = len(DEGREES)
    total = 0.0
    for path in product(range(count), repeat=len(roll)):
        p, pitches = 1 / count, np.full(len(RANGES), -1)
        for t, chord in enumerate(path):
            if t:
                moving = STRONG if t % 2 == 0 else WEAK
                p *= (1 - moving) * (chord == path[t - 1]) + moving * process.moves[path[t - 1], chord]
            sounding = int(roll[t].sum())
            own = STRAY * DENSITY**sounding * (1 - DENSITY) ** (KEYS - sounding) + SILENT * (not sounding)
            keys = np.flatnonzero(roll[t]) + LOWEST
            if len(keys) == 4 and all(low <= key < high for key, (low, high) in zip(keys, RANGES, strict=True)):
                sung = keys - np.array([low for low, _ in RANGES])
                steps = zip(process.steps, pitches, sung, strict=True)
                own += (1 - SILENT - STRAY) * np.prod([step[chord, a, b] for step, a, b in steps])
                pitches = sung
            p *= own
        total += p
    assert float(process.predict([roll])[0].sum()) == pytest.approx(np.log(total), abs=1e-9)


def test_drawn_frames_have_their_probabilities(process: ChoraleProcess) -> None:
    """The mean of −ln p over drawn frames is their entropy: it agrees with drawing each next frame again."""
    rng = np.random.default_rng(1)
    before = process.piece(6, rng)
    frames = chord_frames()
    p = _probabilities(process, before, frames)
    likely = p > 0.002
    drawn = [process.draw(before, rng) for _ in range(4000)]
    for frame, expected in zip(frames[likely], p[likely], strict=True):
        found = float(np.mean([np.array_equal(frame, one) for one in drawn]))
        assert abs(found - expected) < 5 * np.sqrt(expected / len(drawn))


def test_the_same_seed_gives_the_same_pieces_and_another_one_does_not() -> None:
    one, same, other = (MadeChorales(seed=seed, train_pieces=3).load() for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(one.train, same.train, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one.train, other.train, strict=True))
    assert MadeChorales(seed=1).fingerprint() != MadeChorales(seed=0).fingerprint()
