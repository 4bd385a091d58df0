"""Dense memories: energy falls, they store more than a Hopfield network, and one update is attention."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from seqbench.baselines.memories.dense import DenseMemory, DenseMemoryConfig
from seqbench.baselines.memories.hopfield import Hopfield, HopfieldConfig
from seqbench.interface import Budget
from seqbench.tasks.patterns.model import Memory, Probes, RecallContext


def patterns(count: int, units: int, seed: int = 0) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random((count, units)) < 0.5, 1, -1).astype(np.int8)


def stored(memory: Memory, whole: np.ndarray) -> Memory:
    part = Probes(whole.copy(), whole, np.arange(len(whole)))
    memory.fit(part, RecallContext(seed=0, budget=Budget(), valid=part))
    return memory


@pytest.mark.parametrize(
    "settings", [{"order": 2}, {"order": 3}, {"order": 4}, {"interaction": "exponential"}], ids=lambda s: str(s)
)
def test_energy_never_rises_and_a_state_at_rest_has_no_better_neighbour(settings: dict[str, object]) -> None:
    memory = stored(DenseMemory(DenseMemoryConfig.model_validate(settings)), patterns(12, 15))
    assert isinstance(memory, DenseMemory)
    start = patterns(40, 15, 1)
    settled = memory.predict(start)
    assert (np.asarray(settled.energy) <= memory.energy(start) + 1e-9).all()
    assert (np.asarray(settled.period) == 1).all()
    for i in range(15):
        flipped = settled.patterns.copy()
        flipped[:, i] *= -1
        assert (memory.energy(flipped) >= np.asarray(settled.energy) - 1e-9).all()


def test_order_two_has_the_minima_of_hebbs_rule() -> None:
    """−Σ (ξ·s)² is Hopfield's energy with self-connections, which add a constant."""
    whole = patterns(4, 60)
    start = patterns(20, 60, 3)
    dense = stored(DenseMemory(DenseMemoryConfig(order=2)), whole)
    hopfield = stored(Hopfield(HopfieldConfig()), whole)
    for begun in (whole, dense.predict(start).patterns, hopfield.predict(start).patterns):
        np.testing.assert_array_equal(dense.predict(begun).patterns == begun, hopfield.predict(begun).patterns == begun)


def test_order_three_stores_more_patterns_than_units_and_hebb_does_not() -> None:
    whole = patterns(150, 100)
    kept = stored(DenseMemory(DenseMemoryConfig(order=3)), whole).predict(whole).patterns
    assert (kept == whole).all(axis=1).mean() > 0.9
    lost = stored(Hopfield(HopfieldConfig()), whole).predict(whole).patterns
    assert (lost == whole).all(axis=1).mean() < 0.1


def test_one_update_of_the_softmax_form_is_attention() -> None:
    whole = patterns(30, 16)
    memory = stored(DenseMemory(DenseMemoryConfig(interaction="softmax")), whole)
    assert isinstance(memory, DenseMemory)
    queries = np.random.default_rng(4).normal(size=(7, 16))
    keys = torch.tensor(memory.patterns.astype(float))
    expected = F.scaled_dot_product_attention(torch.tensor(queries), keys, keys)
    np.testing.assert_allclose(memory.attended(queries), expected.numpy(), rtol=0, atol=1e-12)


def test_the_softmax_form_stores_thousands_of_patterns_in_few_units() -> None:
    whole = np.unique(patterns(4096, 32), axis=0)
    memory = stored(DenseMemory(DenseMemoryConfig(interaction="softmax", beta=1.0)), whole)
    settled = memory.predict(whole)
    assert (settled.patterns == whole).all(axis=1).mean() > 0.95
