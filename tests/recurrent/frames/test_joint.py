"""RTRBM, RNN-RBM and RNN-NADE: the past against plain NumPy, shared weights, estimates against exact scores."""

import numpy as np
import pytest
import torch

from seqbench import Budget
from seqbench.baselines.memories.boltzmann.frames import SCALE
from seqbench.learning.frames import NeuralFrameModel
from seqbench.recurrent.frames.joint import RNNNADE, RNNRBM, RTRBM
from seqbench.registry import configured, find_model
from seqbench.spec import parse
from seqbench.tasks.frames.model import FramesContext


def fitted(spec: str, keys: int = 5) -> NeuralFrameModel:
    kind = find_model(parse(spec), "frames").attribute
    model: NeuralFrameModel = kind(configured(kind.config_class, parse(spec), "frames"))
    rng = np.random.default_rng(0)
    rolls = [(rng.random((length, keys)) < 0.4).astype(np.int8) for length in (6, 3, 9)]
    model.fit(rolls, FramesContext(seed=0, budget=Budget(epochs=3), valid=rolls, keys=keys))
    return model


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_the_states_of_rtrbm_are_the_mean_field_of_its_machine() -> None:
    """r_t = σ(v_t W + c + U r_{t−1}), and the biases of frame t are b + A r_{t−1} and c + U r_{t−1}."""
    model = fitted("rtrbm(hidden_size=4)")
    arrays = {name: value.astype(np.float64) for name, value in model.arrays().items()}
    W, U, c = (arrays[f"network.head.{name}"] for name in ("W", "c.weight", "c.bias"))
    W = SCALE * W
    A, b, r = (arrays[name] for name in ("network.head.b.weight", "network.head.b.bias", "network.past.first"))
    roll = (np.random.default_rng(1).random((7, 5)) < 0.5).astype(np.int8)
    scores, states = [], (np.arange(32)[:, None] >> np.arange(5)) & 1
    for frame in roll:
        own_b, own_c = b + A @ r, c + U @ r
        energy = -(states @ own_b) - np.logaddexp(0, states @ W + own_c).sum(axis=1)
        here = -(frame @ own_b) - np.logaddexp(0, frame @ W + own_c).sum()
        scores.append(-here - np.logaddexp.reduce(-energy))
        r = sigmoid(frame @ W + own_c)
    np.testing.assert_allclose(model.predict([roll])[0], scores, atol=1e-5)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [("rtrbm(hidden_size=4)", RTRBM), ("rnn-rbm(boltzmann_size=4)", RNNRBM), ("rnn-nade(nade_size=4)", RNNNADE)],
)
def test_a_network_that_is_read_back_predicts_the_same_and_counts_each_weight_once(
    spec: str, kind: type[NeuralFrameModel]
) -> None:
    model = fitted(spec)
    assert isinstance(model, kind)
    twin = kind(model.config)
    twin.restore(model.arrays())
    roll = np.eye(5, dtype=np.int8)
    np.testing.assert_array_equal(model.predict([roll])[0], twin.predict([roll])[0])
    stored = sum(array.size for name, array in model.arrays().items() if name != "keys")
    assert model.parameter_count() == stored


def test_an_estimate_and_enumeration_agree_within_the_error() -> None:
    """The same machine, whose states are enumerated, and sampled as if there were too many."""
    model = fitted("rnn-rbm(boltzmann_size=6, steps=200, chains=50)", keys=8)
    roll = (np.random.default_rng(2).random((20, 8)) < 0.4).astype(np.int8)
    exact = model.predict([roll])[0]
    model.network.head.exact = False
    estimated = model.predict([roll])[0]
    assert estimated.shape == (20, 2)
    strays = np.abs(estimated[:, 0] - exact) / estimated[:, 1]
    assert (strays < 3.5).all()
    assert (estimated[:, 1] > 0).all()
    np.testing.assert_allclose(model.predict([roll[:7]])[0], estimated[:7], atol=1e-9)


def test_drawing_leaves_torchs_random_numbers_as_they_were() -> None:
    model = fitted("rnn-rbm(boltzmann_size=4)")
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    one = model.draw(np.eye(5, dtype=np.int8), np.random.default_rng(0))
    assert torch.equal(torch.rand(3), expected)
    assert np.array_equal(one, model.draw(np.eye(5, dtype=np.int8), np.random.default_rng(0)))
