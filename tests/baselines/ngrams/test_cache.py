"""The cache model: by hand, by brute force, and by the laws."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.baselines.ngrams.cache import Cache, CacheConfig
from seqbench.interface import Budget, Documents, Floats, Ids
from seqbench.tasks.language.checks import check_class, check_fitted
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import Vocab

V = 4


def cache(size: int, decay: float, weight: float = 0.4, unigram: Floats | None = None) -> Cache:
    model = Cache(CacheConfig(size=size, decay=decay))
    static = np.array([0.4, 0.3, 0.2, 0.1]) if unigram is None else unigram
    model.restore({"unigram": static, "weight": np.array(weight)})
    return model


def context(valid: Documents, log: Callable[[str, float], None] = lambda name, value: None) -> LanguageContext:
    return LanguageContext(seed=0, budget=Budget(), valid=valid, vocab=Vocab(tuple("abcd")), log=log)


def by_definition(model: Cache, ids: Ids) -> Floats:
    """p (T,) of one document, each summed over its cache."""
    p = model.unigram[ids].copy()
    for t in range(1, len(ids)):
        lags = range(1, min(t, model.config.size) + 1)
        age = {i: model.config.decay ** (i - 1) for i in lags}
        share = sum(age[i] for i in lags if ids[t - i] == ids[t]) / sum(age.values())
        p[t] = model.weight * share + (1 - model.weight) * p[t]
    return p


def test_a_text_that_can_be_counted_by_hand() -> None:
    # a b a a: an empty cache, {a}, {a b}, and {b a} that has forgotten the first a
    scores, state = cache(size=2, decay=1.0, weight=0.5).predict(np.array([[0, 1, 0, 0]]))
    np.testing.assert_allclose(np.exp(scores[0]), [0.4, 0.5 * 0.3, 0.5 / 2 + 0.2, 0.5 / 2 + 0.2], rtol=1e-15)
    np.testing.assert_array_equal(state, [[0, 0]])


def test_decay_halves_what_lies_one_symbol_further_back() -> None:
    # after a b a: a weighs 1 and 1/4, b 1/2
    scores, _ = cache(size=3, decay=0.5, weight=0.9).predict(np.array([[0, 1, 0, 0], [0, 1, 0, 1]]))
    expected = [0.9 * 1.25 / 1.75 + 0.1 * 0.4, 0.9 * 0.5 / 1.75 + 0.1 * 0.3]
    np.testing.assert_allclose(np.exp(scores[:, 3]), expected, rtol=1e-15)


texts = st.lists(st.integers(0, V - 1), max_size=40).map(lambda ids: np.array(ids, np.int64))
sizes = st.integers(1, 12)
decays = st.sampled_from([1.0, 0.999, 0.7, 0.1])


@given(texts, sizes, decays)
def test_scores_are_those_of_the_definition(ids: Ids, size: int, decay: float) -> None:
    model = cache(size, decay)
    np.testing.assert_allclose(np.exp(model.predict(ids[None])[0][0]), by_definition(model, ids), rtol=1e-12)


@pytest.mark.parametrize("decay", [1.0, 0.9999, 0.9])
def test_long_caches_over_many_rows_keep_their_precision(decay: float) -> None:
    ids = np.random.default_rng(0).integers(40, size=(3, 600))
    model = cache(250, decay, weight=1 - 1e-9, unigram=np.full(40, 1 / 40))
    expected = np.stack([by_definition(model, row) for row in ids])
    np.testing.assert_allclose(np.exp(model.predict(ids)[0]), expected, rtol=1e-10)


@given(texts, sizes, decays, st.integers(0, 40))
def test_the_state_holds_all_that_matters_of_the_past(ids: Ids, size: int, decay: float, cut: int) -> None:
    model = cache(size, decay)
    head, state = model.predict(ids[None, :cut])
    tail, _ = model.predict(ids[None, cut:], state)
    np.testing.assert_allclose(np.concatenate([head, tail], axis=1), model.predict(ids[None])[0], rtol=1e-12)
    assert state.shape == (1, min(cut, len(ids), size))


@given(texts, sizes, decays)
def test_next_is_the_distribution_that_scores_are_read_from(ids: Ids, size: int, decay: float) -> None:
    model = cache(size, decay)
    _, state = model.predict(np.tile(ids, (V, 1)))
    scores, _ = model.predict(np.arange(V)[:, None], state)
    said = model.next(state, V)
    np.testing.assert_allclose(said.diagonal(), np.exp(scores[:, 0]), rtol=1e-12)
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-12)


def test_the_weight_is_the_one_that_suits_the_validation_text_best() -> None:
    rng = np.random.default_rng(1)
    valid = [
        np.repeat(rng.integers(V, size=60), rng.integers(1, 5, size=60)),
        rng.integers(V, size=30),
        np.zeros(0, np.int64),
    ]
    curves: dict[str, float] = {}
    model = Cache(CacheConfig(size=3, decay=0.8))
    model.fit([rng.integers(V, size=50)], context(valid, curves.__setitem__))
    assert curves == {"cache_weight": model.weight}

    def nats(weight: float) -> float:
        model.weight = weight
        return -sum(float(model.predict(d[None])[0].sum()) for d in valid)

    best = model.weight
    assert 0.2 < best < 0.9
    assert nats(best) < min(nats(best - 1e-3), nats(best + 1e-3))


def test_without_validation_cache_and_unigram_weigh_alike() -> None:
    model = Cache()
    model.fit([np.array([0, 0, 1])], context([]))
    assert model.weight == 0.5
    np.testing.assert_allclose(model.unigram, [3 / 7, 2 / 7, 1 / 7, 1 / 7])


@pytest.mark.parametrize("config", [CacheConfig(), CacheConfig(size=5, decay=0.8), CacheConfig(size=1, decay=1)])
def test_all_laws_hold_of_the_class(config: CacheConfig) -> None:
    assert not [check for check in check_class(lambda: Cache(config)) if not check.passed]


@pytest.mark.parametrize(("size", "decay"), [(1, 1.0), (6, 1.0), (300, 0.98)])
def test_all_laws_hold_where_the_cache_has_most_of_the_say(size: int, decay: float) -> None:
    """The corpus of `check_class` repeats nothing, so that the cache gets hardly any weight there."""
    rng = np.random.default_rng(0)
    unigram = rng.dirichlet(np.ones(20))
    model = cache(size, decay, weight=0.9, unigram=unigram)
    text = [rng.choice(20, size=2000, p=unigram)]
    checks = check_fitted(model, text, text, 20, unigram, seed=0)
    assert not [check for check in checks if not check.passed]
    assert "consistent" in {check.name for check in checks}


def test_symbols_outside_the_vocabulary_are_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.\.3"):
        cache(3, 1.0).predict(np.array([[4]]))
