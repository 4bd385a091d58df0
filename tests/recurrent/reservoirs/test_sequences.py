"""Echo state networks on whole sequences: what the read-out sees, and what it can and cannot learn from it."""

from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax

from seqbench.interface import Budget, Floats
from seqbench.recurrent.reservoirs.reservoir import Reservoir
from seqbench.recurrent.reservoirs.sequences import (
    PENALTIES,
    EchoStateRecogniser,
    EchoStateRegressor,
    EchoStateSequenceConfig,
    pooled,
)
from seqbench.tasks.sequences.model import (
    LabelledSequences,
    RecognitionContext,
    RegressionContext,
    TargetedSequences,
)


def noise(count: int, seed: int = 0, columns: int = 2) -> list[Floats]:
    rng = np.random.default_rng(seed)
    return [rng.normal(3, 2, size=(length, columns)) for length in rng.integers(1, 12, count)]


def adding(count: int, length: int, seed: int) -> TargetedSequences:
    """Hochreiter & Schmidhuber 1997, experiment 4: the sum of the two values that are marked."""
    rng = np.random.default_rng(seed)
    values, marks = rng.random((count, length)), np.zeros((count, length))
    for row in marks:
        row[rng.choice(length, 2, replace=False)] = 1
    return TargetedSequences(list(np.stack([values, marks], axis=2)), (values * marks).sum(axis=1, keepdims=True))


def config(**settings: object) -> EchoStateSequenceConfig:
    return EchoStateSequenceConfig.model_validate({"hidden_size": 80} | settings)


def regressor(train: TargetedSequences, valid: TargetedSequences, **settings: object) -> EchoStateRegressor:
    model = EchoStateRegressor(config(**settings))
    model.fit(train, RegressionContext(seed=0, budget=Budget(), valid=valid, targets=("sum",)))
    return model


def test_each_sequence_is_read_to_its_own_end() -> None:
    reservoir = Reservoir.draw(9, 2, np.random.default_rng(0), spectral_radius=0.9, bias_scaling=0.4, leak=0.6)
    some = noise(12)
    last, mean = pooled(reservoir, some)
    for n, one in enumerate(some):
        states = reservoir.run(one[None])[0]
        np.testing.assert_allclose(last[n], states[-1], rtol=0, atol=1e-13)
        np.testing.assert_allclose(mean[n], states.mean(axis=0), rtol=0, atol=1e-13)


@pytest.mark.parametrize("pooling", ["last", "mean", "both"])
def test_the_prediction_for_a_sequence_does_not_depend_on_the_others(pooling: str) -> None:
    some = noise(40)
    data = TargetedSequences(some, np.array([[one.sum()] for one in some]))
    model = regressor(data, data, pooling=pooling)
    together = model.predict(some)
    alone = np.concatenate([model.predict([one]) for one in some])
    np.testing.assert_allclose(alone, together, rtol=1e-9)


def test_a_linear_function_of_the_mean_state_is_learned_exactly() -> None:
    some = noise(200)
    reservoir = config().reservoir(2, 0)
    values = np.concatenate(some)
    scaled = [(one - values.mean(axis=0)) / values.std(axis=0) for one in some]
    weight = np.random.default_rng(1).normal(size=(160, 2))
    targets = 4 + np.concatenate(pooled(reservoir, scaled), axis=1) @ weight
    data = TargetedSequences(some, targets)
    model = regressor(data.take(np.arange(180)), data.take(np.arange(180, 190)))
    # The scales differ slightly, since the model sees 180 sequences.
    assert np.abs(model.predict(some)[190:] - targets[190:]).max() < 0.05 * targets.std()


def test_a_mean_over_steps_adds_what_the_last_state_has_forgotten() -> None:
    """The adding problem over 60 steps: chance is 1/6, and a fading memory does little better."""
    train, valid, test = (adding(n, 60, seed) for n, seed in ((600, 0), (100, 1), (200, 2)))
    errors = {}
    for pooling in ("last", "mean"):
        model = regressor(train, valid, pooling=pooling)
        errors[pooling] = float(((model.predict(test.sequences) - test.targets) ** 2).mean())
    assert errors["mean"] < 0.01
    assert errors["last"] > 0.1


def frequencies(count: int, seed: int) -> LabelledSequences:
    """Noisy waves of three frequencies and random phases."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    waves = [np.sin((0.3 + 0.5 * c) * np.arange(40) + 6 * rng.random()) + 0.3 * rng.normal(size=40) for c in labels]
    return LabelledSequences([wave[:, None] for wave in waves], labels)


def test_classes_are_recognised_and_the_temperature_maximises_the_likelihood_of_validation() -> None:
    train, valid, test = (frequencies(n, seed) for n, seed in ((200, 0), (80, 1), (100, 2)))
    curves: dict[str, Any] = {}
    model = EchoStateRecogniser(config(hidden_size=20))
    ctx = RecognitionContext(
        seed=0, budget=Budget(), valid=valid, classes=("low", "middle", "high"), log=curves.__setitem__
    )
    model.fit(train, ctx)
    log_p = model.predict(test.sequences)
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, rtol=1e-12)
    assert (log_p.argmax(axis=1) == test.labels).mean() > 0.9
    assert curves["penalty"] in PENALTIES
    scores = model.readout(model.features(valid.sequences))[0]
    nats = [
        -log_softmax(scores / (model.temperature * f), axis=1)[np.arange(80), valid.labels].mean()
        for f in (0.97, 1.0, 1.03)
    ]
    assert nats[1] == min(nats)


def test_a_stored_fit_predicts_the_same() -> None:
    train, valid = frequencies(60, 0), frequencies(30, 1)
    model = EchoStateRecogniser(config(pooling="mean"))
    model.fit(train, RecognitionContext(seed=3, budget=Budget(), valid=valid, classes=("a", "b", "c")))
    again = EchoStateRecogniser(model.config)
    again.restore(model.arrays())
    np.testing.assert_array_equal(again.predict(valid.sequences), model.predict(valid.sequences))
    assert again.parameter_count() == (80 + 1) * 3
