"""Patterns in a record are those of the data, as the memory left them."""

from typing import Any

import numpy as np
import pytest
from memories import Nearest

from seqbench.evidence.exhibits import Bars, Images
from seqbench.interface import Budget
from seqbench.tasks.base import Scored
from seqbench.tasks.items import Witness
from seqbench.tasks.patterns.data import PatternData
from seqbench.tasks.patterns.exhibits import SHOWN, Fit, nearly_square, outcomes, pattern_exhibits, restored
from seqbench.tasks.patterns.metrics import OUTCOMES
from seqbench.tasks.patterns.model import Probes
from seqbench.tasks.patterns.task import Recall

KIND = Recall()


def fit(patterns: int, units: int, shape: tuple[int, int] | None = None) -> Fit:
    rng = np.random.default_rng(0)
    whole = rng.choice([-1, 1], size=(patterns, units)).astype(np.int8)
    damaged = np.where(rng.random(whole.shape) < 0.3, rng.choice([-1, 0], size=whole.shape), whole).astype(np.int8)
    train = Probes(whole, whole, np.arange(patterns))
    test = Probes(damaged, whole, np.arange(patterns))
    data = PatternData("toy", train, test, test, "3 of 10 are lost", shape)
    model, witness = Nearest(), Witness()
    model.fit(train, KIND.context(data, "test", 0, Budget(), "cpu", lambda name, value: None))
    columns = KIND.score(model, data, "test", None, witness)
    return Scored(model, data, columns, KIND.detail(columns, data, columns), witness, frozenset(), 0)


def test_pictures_are_the_patterns_before_and_after(record: Any) -> None:
    of = fit(40, 12, (3, 4))
    (images,) = pattern_exhibits(record({"restored": restored(of)}))
    assert isinstance(images, Images)
    rows = np.unique(np.linspace(0, 39, SHOWN).round().astype(int))
    states = of.model.predict(of.data.test.damaged).patterns
    for name, expected in (
        ("stored", of.data.test.whole),
        ("damaged", of.data.test.damaged),
        ("restored", states),
    ):
        for picture, row in zip(images.rows[name], rows, strict=True):
            np.testing.assert_array_equal(picture, expected[row].reshape(3, 4))
    assert list(images.names) == [OUTCOMES[i] for i in of.columns["outcome"][rows]]


@pytest.mark.parametrize(("units", "shown"), [(64, 8), (1500, 2), (9000, 1)])
def test_large_patterns_are_fewer(units: int, shown: int) -> None:
    assert len(restored(fit(10, units))["stored"]) == shown


@pytest.mark.parametrize(("units", "shape"), [(500, (20, 25)), (13, (1, 13)), (64, (8, 8)), (1, (1, 1))])
def test_patterns_without_a_shape_are_nearly_square(units: int, shape: tuple[int, int]) -> None:
    assert nearly_square(units) == shape


def test_outcomes_of_models_stand_side_by_side(record: Any) -> None:
    of = fit(40, 12)
    (bars,) = outcomes({"nearest": (record(of.detail), None), "old": (record({}), None)})
    assert isinstance(bars, Bars)
    assert list(bars.names) == list(OUTCOMES)
    counts = np.bincount(of.columns["outcome"], minlength=len(OUTCOMES))
    np.testing.assert_allclose(bars.values["nearest"], 100 * counts / 40)
    assert list(bars.values) == ["nearest"]
    assert pattern_exhibits(record({})) == []
    assert outcomes({}) == []
