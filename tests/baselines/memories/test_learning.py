"""Learning rules against their formulas, term by term; weights are symmetric and no unit acts on itself."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.baselines.memories.dynamics import settle
from seqbench.baselines.memories.learning import RULES, hebbian, hebbian_of, pseudo_inverse_of, storkey_of


def patterns(count: int, units: int, seed: int = 0) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random((count, units)) < 0.5, 1, -1).astype(np.int8)


@given(st.integers(1, 8), st.integers(2, 12), st.integers(0, 1000))
@settings(max_examples=40)
def test_weights_are_symmetric_and_without_self_connections(count: int, units: int, seed: int) -> None:
    for rule in RULES.values():
        weights = rule(patterns(count, units, seed)).weights()
        assert np.abs(weights - weights.T).max() < 1e-12
        assert (np.diag(weights) == 0).all()


def test_hebb_is_the_mean_of_products_and_patterns_can_be_stored_one_by_one() -> None:
    x = patterns(5, 9)
    weights = np.zeros((9, 9))
    for pattern in x:
        weights = hebbian(weights, pattern)
    np.testing.assert_allclose(weights, hebbian_of(x).weights(), rtol=0, atol=1e-15)
    for i in range(9):
        for j in range(9):
            expected = 0 if i == j else sum(int(p[i]) * int(p[j]) for p in x) / 9
            assert weights[i, j] == pytest.approx(expected, abs=1e-15)


def test_storkeys_rule_is_the_papers_term_by_term() -> None:
    x, n = patterns(4, 7).astype(float), 7
    weights = np.zeros((n, n))
    for p in x:
        new = weights.copy()
        for i in range(n):
            for j in range(n):
                if i != j:
                    h_ij = sum(weights[i, k] * p[k] for k in range(n) if k not in (i, j))
                    h_ji = sum(weights[j, k] * p[k] for k in range(n) if k not in (i, j))
                    new[i, j] += (p[i] * p[j] - p[i] * h_ji - h_ij * p[j]) / n
        weights = new
    np.testing.assert_allclose(storkey_of(patterns(4, 7)).weights(), weights, rtol=0, atol=1e-14)


def test_the_pseudo_inverse_projects_onto_the_patterns_whatever_their_order_and_however_often() -> None:
    x = patterns(6, 20)
    projection = np.linalg.pinv(x.astype(float)) @ x
    np.fill_diagonal(projection, 0)
    np.testing.assert_allclose(pseudo_inverse_of(x).weights(), projection, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        pseudo_inverse_of(np.concatenate([x[::-1], x])).weights(), projection, rtol=0, atol=1e-12
    )


def test_the_pseudo_inverse_keeps_patterns_that_hebb_confuses() -> None:
    rng = np.random.default_rng(1)
    template = patterns(1, 100)[0]
    alike = np.where(rng.random((20, 100)) < 0.8, template, -template).astype(np.int8)
    kept = settle(pseudo_inverse_of(alike), alike, "asynchronous", 10).patterns
    assert (kept == alike).all()
    confused = settle(hebbian_of(alike), alike, "asynchronous", 10).patterns
    assert not (confused == alike).all(axis=1).any()


@pytest.mark.parametrize("rule", ["hebbian", "storkey"])
def test_weights_that_no_memory_holds_are_refused_before_they_are_made(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=8 * 20**2 - 1))
    whole = np.where(np.random.default_rng(0).random((15, 20)) < 0.5, 1, -1).astype(np.int8)
    with pytest.raises(MemoryError, match=r"weights between 20 units need 0\.0 GB of memory, and 0\.0 GB are"):
        RULES[rule](whole)
