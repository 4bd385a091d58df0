"""The hidden Markov model of frames against a sum over all paths of states."""

from itertools import pairwise, product

import numpy as np
import pytest

from seqbench import Budget
from seqbench.baselines.hidden_markov.frames import FrameHMM, FrameHMMConfig
from seqbench.datasets.synthetic.chorales import MadeChorales
from seqbench.tasks.frames.model import FramesContext


def random_model(states: int, keys: int) -> FrameHMM:
    rng, model = np.random.default_rng(2), FrameHMM(FrameHMMConfig(states=states))
    model.start, model.moves = rng.dirichlet(np.ones(states)), rng.dirichlet(np.ones(states), size=states)
    model.sounds = rng.uniform(0.05, 0.95, (states, keys))
    return model


def test_scores_are_those_of_all_paths_together() -> None:
    model, rng = random_model(3, 4), np.random.default_rng(0)
    rolls = [(rng.random((length, 4)) < 0.5).astype(np.int8) for length in (5, 1, 3)]
    for roll, scores in zip(rolls, model.predict(rolls), strict=True):
        total = 0.0
        for path in product(range(3), repeat=len(roll)):
            p = model.start[path[0]] * np.prod([model.moves[a, b] for a, b in pairwise(path)])
            for state, frame in zip(path, roll, strict=True):
                p *= np.prod(np.where(frame == 1, model.sounds[state], 1 - model.sounds[state]))
            total += p
        assert scores.sum() == pytest.approx(np.log(total), abs=1e-10)


def test_frames_that_no_state_expects_keep_a_finite_score() -> None:
    model = random_model(2, 88)
    model.sounds = np.full((2, 88), 1e-6)
    assert np.isfinite(model.predict([np.ones((3, 88), np.int8)])[0]).all()


def test_each_step_of_em_raises_the_likelihood_with_the_prior() -> None:
    data, log = MadeChorales(train_pieces=20, valid_pieces=4, test_pieces=4).load(), list[float]()

    def keep(name: str, value: float) -> None:
        if name == "train_nats":
            log.append(value)

    model = FrameHMM(FrameHMMConfig(states=6, pseudo_count=1e-6))
    model.fit(data.train, FramesContext(seed=0, budget=Budget(epochs=15), valid=[], keys=88, log=keep))
    assert len(log) == 15
    assert (np.diff(log) <= 1e-9).all()


def test_drawn_frames_follow_the_state() -> None:
    model, rng = random_model(2, 3), np.random.default_rng(0)
    past = np.array([[1, 0, 1], [0, 0, 1]], np.int8)
    drawn = np.array([model.draw(past, rng) for _ in range(4000)])
    for frame in product((0, 1), repeat=3):
        longer = np.vstack([past, frame]).astype(np.int8)
        expected = float(np.exp(model.predict([longer])[0][-1]))
        assert abs((drawn == frame).all(axis=1).mean() - expected) < 5 * np.sqrt(expected * (1 - expected) / 4000)
