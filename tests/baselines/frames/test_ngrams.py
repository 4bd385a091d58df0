"""n-grams of notes and of chords against sums by hand, and the sum of all probabilities."""

from itertools import product

import numpy as np
import pytest

from seqbench import Budget, FrameModel
from seqbench.baselines.frames.chords import ChordNgram, ChordNgramConfig
from seqbench.baselines.frames.notes import NoteNgram, NoteNgramConfig
from seqbench.tasks.frames.model import FramesContext, Roll

TRAIN: list[Roll] = [np.array([[1, 0], [1, 1], [1, 0], [0, 0]], np.int8), np.array([[1, 1], [1, 0]], np.int8)]
CONTEXT = FramesContext(seed=0, budget=Budget(), valid=[], keys=2)


def fitted(model: FrameModel) -> FrameModel:
    model.fit(TRAIN, CONTEXT)
    return model


def p(model: FrameModel, *frames: list[int]) -> float:
    """Return the probability of the last frame after the others."""
    return float(np.exp(model.predict([np.array(frames, np.int8)])[0][-1]))


def test_order_one_adds_one_to_each_count() -> None:
    assert p(fitted(NoteNgram()), [1, 0]) == pytest.approx((5 + 1) / 8 * (1 - (2 + 1) / 8))


def test_order_two_shrinks_each_context_towards_order_one() -> None:
    model = fitted(NoteNgram(NoteNgramConfig(order=2, strength=2.0)))
    first, second = 6 / 8, 3 / 8  # of both keys, by order 1
    # Key 0 sounded 4 times before a frame, and then 3 times; key 1 sounded twice, and never then.
    after = (3 + 2 * first) / (4 + 2), (0 + 2 * second) / (2 + 2)
    assert p(model, [1, 1], [1, 1]) == pytest.approx(after[0] * after[1])
    start = (2 + 2 * first) / (2 + 2), (1 + 2 * second) / (2 + 2)  # both pieces begin with key 0, one with key 1
    assert p(model, [1, 0]) == pytest.approx(start[0] * (1 - start[1]))


def test_a_chord_is_smoothed_by_the_number_of_kinds_after_its_context() -> None:
    model = fitted(ChordNgram(ChordNgramConfig(order=2, note_order=1)))
    notes = 6 / 8 * (1 - 3 / 8)
    unigram = (3 + 3 * notes) / (6 + 3)  # [1, 0] stands in 3 of 6 frames of 3 kinds
    assert p(model, [1, 1], [1, 0]) == pytest.approx((2 + 1 * unigram) / (2 + 1))
    silent = (1 + 3 * (2 / 8 * 5 / 8)) / (6 + 3)
    assert p(model, [0, 1], [0, 0]) == pytest.approx(silent)  # nothing is known after [0, 1]


@pytest.mark.parametrize(
    "model",
    [
        NoteNgram(NoteNgramConfig(order=3)),
        ChordNgram(ChordNgramConfig(order=1)),
        ChordNgram(ChordNgramConfig(order=3)),
    ],
)
def test_the_probabilities_of_all_frames_sum_to_one_after_any_past(model: FrameModel) -> None:
    fitted(model)
    for past in ([], [[1, 0]], [[1, 0], [1, 1]], [[0, 1], [0, 1], [1, 1]]):
        assert sum(p(model, *past, list(frame)) for frame in product((0, 1), repeat=2)) == pytest.approx(1)


def test_frames_unlike_all_others_keep_a_probability() -> None:
    held = [np.tile(np.array([[1] + [0] * 87], np.int8), (1000, 1))]
    for model in (NoteNgram(NoteNgramConfig(order=8)), ChordNgram()):
        model.fit(held, FramesContext(seed=0, budget=Budget(), valid=[], keys=88))
        strange = np.tile(np.ones((1, 88), np.int8), (3, 1))
        assert np.isfinite(model.predict([strange])[0]).all()
        silent = np.vstack([held[0][:20], np.zeros((1, 88), np.int8)])
        assert np.isfinite(model.predict([silent])[0]).all()


@pytest.mark.parametrize("model", [NoteNgram(NoteNgramConfig(order=2)), ChordNgram(ChordNgramConfig(order=2))])
def test_drawn_frames_have_their_probabilities(model: FrameModel) -> None:
    fitted(model)
    rng, past = np.random.default_rng(0), np.array([[1, 1]], np.int8)
    drawn = np.array([model.draw(past, rng) for _ in range(4000)])
    for frame in product((0, 1), repeat=2):
        expected = p(model, *past.tolist(), list(frame))
        assert abs((drawn == frame).all(axis=1).mean() - expected) < 5 * np.sqrt(expected * (1 - expected) / 4000)
