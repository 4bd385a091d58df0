"""A piece in a record is what the model draws, and its roll shows its notes."""

from typing import Any

import numpy as np
from composers import Shares

from seqbench.interface import Budget
from seqbench.tasks.base import Sampling, Scored
from seqbench.tasks.frames.data import FrameData
from seqbench.tasks.frames.exhibits import FRAMES, Fit, piece, rolls
from seqbench.tasks.frames.model import FrameModel, Roll
from seqbench.tasks.frames.task import Frames

KIND = Frames()


class Draws(Shares):
    """Its frames are independent of each other."""

    def draw(self, roll: Roll, rng: np.random.Generator) -> Roll:
        return (rng.random(len(self.p)) < self.p).astype(np.int8)


class Silent(Shares):
    def draw(self, roll: Roll, rng: np.random.Generator) -> Roll:
        return np.zeros(len(self.p), np.int8)


def fit(model: FrameModel) -> Fit:
    rng = np.random.default_rng(0)
    pieces = [(rng.random((6, 5)) < 0.3).astype(np.int8) for _ in range(4)]
    data = FrameData("toy", pieces, pieces, pieces, 60, "a quarter")
    model.fit(data.train, KIND.context(data, "test", 0, Budget(), "cpu", lambda name, value: None))
    return Scored(model, data, KIND.score(model, data, "test"), {}, None, frozenset(), seed=3)


def test_the_roll_has_a_black_point_for_each_note_that_the_command_would_draw(record: Any) -> None:
    of = fit(Draws())
    told = piece(of)
    assert told is not None
    text = KIND.sample(of.model, of.data, Sampling(FRAMES, seed=3))
    names = {60: "C4", 61: "C#4", 62: "D4", 63: "Eb4", 64: "E4"}
    assert ["+".join(names[pitch] for pitch in frame) or "rest" for frame in told["frames"]] == text.split("\n")
    (images,) = rolls(record({"piece": told}))
    ((name, (roll,)),) = images.rows.items()
    assert name == "C4 to E4"
    for time, frame in enumerate(told["frames"]):
        assert [64 - key for key in np.flatnonzero(roll[:, time] == 1)][::-1] == frame
    assert set(np.unique(roll)) == {-1, 1}


def test_a_model_that_draws_nothing_has_no_piece_and_a_silent_piece_no_roll(record: Any) -> None:
    assert piece(fit(Shares())) is None
    told = piece(fit(Silent()))
    assert told == {"frames": [[]] * FRAMES}
    assert rolls(record({"piece": told})) == []
    assert rolls(record({})) == []
