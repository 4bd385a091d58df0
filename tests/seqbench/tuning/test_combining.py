"""Greedy forward selection against brute force, and mixtures of columns against mixtures of models."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.evidence.metrics import Columns
from seqbench.interface import Floats
from seqbench.tuning.combining import forward_selection


def _loss(target: Floats, columns: Columns) -> float:
    return float(np.square(columns["y"] - target).mean())


def _mixed(columns: list[Columns], weights: list[float]) -> Columns:
    return {"y": np.tensordot(weights, np.stack([one["y"] for one in columns]), axes=1)}


def _parts(seed: int, count: int) -> tuple[Floats, list[Columns]]:
    rng = np.random.default_rng(seed)
    target = rng.normal(size=40)
    return target, [{"y": target + rng.normal(size=40) * rng.uniform(0.5, 2)} for _ in range(count)]


def _by_brute_force(target: Floats, parts: list[Columns], rounds: int) -> list[float]:
    """Caruana et al.: grow the bag by the addition that is best, computed from scratch; keep the best bag."""
    bags: list[tuple[float, int, list[int]]] = []
    bag: list[int] = []
    for number in range(rounds):
        tries = []
        for k in range(len(parts)):
            members = [*bag, k]
            mean = {"y": np.mean([parts[m]["y"] for m in members], axis=0)}
            tries.append((_loss(target, mean), k))
        loss, chosen = min(tries)
        bag = [*bag, chosen]
        bags.append((loss, number, list(bag)))
    _, _, best = min(bags, key=lambda one: (one[0], one[1]))
    return [best.count(k) / len(best) for k in range(len(parts))]


@pytest.mark.parametrize("seed", range(8))
def test_weights_are_those_of_the_bag_that_brute_force_grows(seed: int) -> None:
    target, parts = _parts(seed, 6)
    found = forward_selection(parts, _mixed, lambda columns: _loss(target, columns), rounds=8)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, _by_brute_force(target, parts, 8))


def test_two_additions_are_the_best_pair_if_its_first_is_the_best_part() -> None:
    target, parts = _parts(3, 5)
    found = forward_selection(parts, _mixed, lambda columns: _loss(target, columns), rounds=2)  # type: ignore[arg-type]
    best = min(range(5), key=lambda k: _loss(target, parts[k]))
    pairs = {
        pair: _loss(target, _mixed([parts[k] for k in pair], [0.5, 0.5]))
        for pair in itertools.combinations_with_replacement(range(5), 2)
        if best in pair
    }
    chosen = min(pairs, key=pairs.__getitem__)
    assert [k for k, weight in enumerate(found) if weight > 0] == sorted(set(chosen))


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_the_mixture_is_never_worse_than_the_best_part_and_weights_sum_to_one(seed: int, count: int) -> None:
    target, parts = _parts(seed, count)
    weights = forward_selection(parts, _mixed, lambda columns: _loss(target, columns))  # type: ignore[arg-type]
    assert sum(weights) == pytest.approx(1)
    assert min(weights) >= 0
    mixed = _mixed(parts, weights)
    assert _loss(target, mixed) <= min(_loss(target, part) for part in parts) + 1e-12


def test_a_part_without_a_score_is_left_out() -> None:
    target, parts = _parts(0, 2)
    broken = {"y": np.full(40, np.nan)}
    weights = forward_selection([broken, *parts], _mixed, lambda c: _loss(target, c))  # type: ignore[arg-type]
    assert weights[0] == 0
    with pytest.raises(ValueError, match="nothing to combine"):
        forward_selection([], _mixed, lambda c: 0.0)  # type: ignore[arg-type]
