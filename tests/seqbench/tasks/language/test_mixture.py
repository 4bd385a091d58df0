"""Mixtures: the weights against a direct optimum, the scores against the sum."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from seqbench.baselines.hidden_markov.language import HMM, HMMConfig
from seqbench.baselines.ngrams.models import KneserNey, NgramConfig, Uniform, Unigram
from seqbench.combination import CombinationConfig
from seqbench.interface import Arrays, Budget, Config, Documents, Floats, Ids
from seqbench.recurrent.language.lstm import LSTMLanguageConfig, LSTMLanguageModel
from seqbench.tasks.language.checks import check_class
from seqbench.tasks.language.laws import Asked
from seqbench.tasks.language.mixture import Mixture, learn_weights, mixture
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.vocab import Vocab

V = 5


def documents(seed: int, *lengths: int) -> list[Ids]:
    """Of one Markov chain, whatever the seed."""
    rng = np.random.default_rng(seed)
    steps = np.random.default_rng(9).dirichlet(np.full(V, 0.4), size=V)
    made = []
    for length in lengths:
        ids = [0]
        while len(ids) < length:
            ids.append(int(rng.choice(V, p=steps[ids[-1]])))
        made.append(np.array(ids))
    return made


TRAIN, VALID, TEST = documents(0, 300, 40), documents(1, 200, 7, 1), documents(2, 60)[0]


def context(valid: Documents = VALID, **changes: Any) -> LanguageContext:
    vocab = Vocab(tuple("abcde"))
    return LanguageContext(**{"seed": 0, "budget": Budget(epochs=4), "valid": valid, "vocab": vocab} | changes)


def three() -> Mixture:
    configs = NgramConfig(order=5), HMMConfig(states=3), NgramConfig(order=1)
    return mixture([KneserNey, HMM, KneserNey])(CombinationConfig(parts=configs))


@pytest.fixture(scope="module")
def fitted() -> Mixture:
    model = three()
    model.fit(TRAIN, context())
    return model


def nats(w: Floats, p: Floats) -> float:
    return -float(np.log(p @ w).mean())


def direct(p: Floats) -> float:
    """The least nats on the simplex, by a solver that knows nothing of mixtures."""
    K = p.shape[1]
    found = minimize(
        nats,
        np.full(K, 1 / K),
        args=(p,),
        jac=lambda w, p: -(p / (p @ w)[:, None]).mean(axis=0),
        method="SLSQP",
        bounds=[(1e-12, 1)] * K,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones_like(w)},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return nats(np.abs(found.x) / np.abs(found.x).sum(), p)


@settings(max_examples=60)
@given(st.integers(2, 5), st.integers(1, 80), st.integers(0, 10**6))
def test_em_reaches_the_optimum_and_never_loses_on_the_way(K: int, N: int, seed: int) -> None:
    p = np.random.default_rng(seed).gamma(0.5, size=(N, K)) + 1e-9
    w, curve = learn_weights(p)
    assert w.min() >= 0
    assert w.sum() == pytest.approx(1, abs=1e-12)
    assert np.diff(curve).max(initial=-1) <= 1e-12
    assert abs(nats(w, p) - direct(p)) < 1e-6


def test_two_coins_get_the_weights_of_the_closed_form() -> None:
    """p(heads) is 0.9 in one part and 0.2 in the other; with 60 heads of 100, w solves 0.9 w + 0.2 (1 − w) = 0.6."""
    p = np.where(np.arange(100)[:, None] < 60, [0.9, 0.2], [0.1, 0.8])
    np.testing.assert_allclose(learn_weights(p)[0], [4 / 7, 3 / 7], atol=1e-4)


def test_a_part_that_is_worse_everywhere_loses_all_weight() -> None:
    p = np.random.default_rng(0).uniform(0.2, 1, size=(50, 1)) * [1.0, 0.5]
    np.testing.assert_allclose(learn_weights(p)[0], [1, 0], atol=1e-7)


def test_a_factor_of_a_symbol_changes_no_weight() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(size=(40, 3))
    np.testing.assert_allclose(learn_weights(p * rng.uniform(1, 9, size=(40, 1)))[0], learn_weights(p)[0], rtol=1e-9)


def test_the_fitted_weights_are_the_best_for_the_validation_text(fitted: Mixture) -> None:
    scores = [[part.predict(d[None])[0][0] for d in VALID] for part in fitted.parts]
    p = np.exp(np.stack([np.concatenate(s) for s in scores], axis=1))
    assert abs(nats(fitted.weights, p) - direct(p)) < 1e-6
    assert nats(fitted.weights, p) < min(nats(w, p) for w in np.eye(3))


def test_scores_and_next_are_the_weighted_sums_of_the_parts(fitted: Mixture) -> None:
    scores, state = fitted.predict(TEST[None])
    parts = [np.exp(part.predict(TEST[None])[0]) for part in fitted.parts]
    np.testing.assert_allclose(
        scores, np.log(sum(w * p for w, p in zip(fitted.weights, parts, strict=True))), rtol=1e-12
    )
    said = [part.next(s) for part, s in zip(fitted.parts, state, strict=True)]
    np.testing.assert_allclose(
        fitted.next(state), sum(w * p for w, p in zip(fitted.weights, said, strict=True)), rtol=1e-12
    )


def test_a_mixture_of_a_model_with_itself_is_the_model() -> None:
    model, alone = mixture([KneserNey, KneserNey])(), KneserNey()
    model.fit(TRAIN, context())
    alone.fit(TRAIN, context())
    np.testing.assert_allclose(model.predict(TEST[None])[0], alone.predict(TEST[None])[0], rtol=1e-12)


def test_all_laws_hold_of_kneser_ney_and_an_hmm() -> None:
    checks = check_class(mixture([KneserNey, HMM]))
    assert not [check for check in checks if not check.passed]
    assert {"consistent", "normalised", "saved", "unseen", "short"} <= {check.name for check in checks}


@pytest.mark.parametrize("kinds", [[KneserNey, HMM, KneserNey], [Unigram, LSTMLanguageModel]])
def test_a_mixture_restored_from_its_arrays_says_the_same(kinds: list[type[LanguageModel[Any]]]) -> None:
    model, twin = mixture(kinds)(), mixture(kinds)()
    model.fit(TRAIN, context())
    written = model.arrays()
    assert written is not None
    twin.restore(written)
    np.testing.assert_array_equal(model.predict(TEST[None])[0], twin.predict(TEST[None])[0])
    assert twin.vocab_size == V
    assert twin.parameter_count() == model.parameter_count()


class Unwritten(Unigram):
    def arrays(self) -> Arrays:
        return None  # type: ignore[return-value]

    def parameter_count(self) -> int | None:
        return None


class Never(LanguageModel[None]):
    """Thinks symbol 0 impossible and has no `next` of its own."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size = ctx.vocab.size

    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        return np.where(ids == 0, -np.inf, -np.log(self.vocab_size - 1)), None


def test_a_mixture_with_a_part_that_writes_no_arrays_writes_none() -> None:
    model = mixture([Unigram, Unwritten])()
    model.fit(TRAIN, context())
    assert model.arrays() is None
    assert model.parameter_count() is None


def test_a_part_may_think_impossible_what_happens() -> None:
    model = mixture([Uniform, Never])()
    model.fit(TRAIN, context([np.array([0, 1, 2, 3, 4, 1, 2, 3, 4, 0])]))
    w = model.weights[0]  # of 1/5 everywhere beside 1/4 at 8 of 10 symbols: ln(w/5) · 2 + ln(w/5 + (1 − w)/4) · 8
    assert w == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(np.exp(model.predict(np.array([[0, 1]]))[0]), [[w / 5, w / 5 + (1 - w) / 4]], rtol=1e-12)


def test_what_every_part_thinks_impossible_is_impossible_and_moves_no_weight() -> None:
    model = mixture([Never, Never])()
    model.fit(TRAIN, context([np.array([0, 1, 0, 2])]))
    np.testing.assert_array_equal(model.weights, [0.5, 0.5])
    assert model.predict(np.array([[0]]))[0][0, 0] == -np.inf


def test_the_mixture_answers_next_itself_where_all_parts_do() -> None:
    def answers(*kinds: type[LanguageModel[Any]]) -> bool:
        return Asked(mixture(kinds)()).has_next

    assert answers(KneserNey, HMM)
    assert not answers(KneserNey, Never)
    model = mixture([Uniform, Never])()
    model.fit(TRAIN, context())
    assert model.next().sum() == pytest.approx(1, abs=1e-12)


def test_without_a_validation_text_all_parts_weigh_alike() -> None:
    model = three()
    model.fit(TRAIN, context([]))
    np.testing.assert_allclose(model.weights, 1 / 3)


def test_parts_are_fitted_on_their_budgets_with_seeds_of_their_own() -> None:
    lent: list[LanguageContext] = []

    class Recording(Unigram):
        def fit(self, train: Documents, ctx: LanguageContext) -> None:
            lent.append(ctx)
            ctx.log("curve", 7.0)
            super().fit(train, ctx)

    curves: dict[str, float] = {}
    budgets = Budget(epochs=2), Budget(epochs=9)
    mixed = mixture([Recording, Recording])
    mixed(CombinationConfig(parts=(Config(), Config()), budgets=budgets)).fit(TRAIN, context(log=curves.__setitem__))
    assert tuple(c.budget for c in lent) == budgets
    assert curves == {"1.curve": 7.0, "2.curve": 7.0, "1.weight": 0.5, "2.weight": 0.5}
    mixed().fit(TRAIN, context(seed=0))
    mixed().fit(TRAIN, context(seed=1))
    seeds = [c.seed for c in lent]
    assert seeds[:2] == seeds[2:4]
    assert len(set(seeds)) == 4
    assert all(c.budget == Budget(epochs=4) for c in lent[2:])


@pytest.mark.parametrize(
    ("kinds", "kind", "stochastic"),
    [
        ([KneserNey, Unigram], "classic", False),
        ([KneserNey, HMM], "classic", True),
        ([LSTMLanguageModel, KneserNey], "neural", True),
    ],
)
def test_a_mixture_is_neural_or_stochastic_if_a_part_is(
    kinds: list[type[LanguageModel[Any]]], kind: str, stochastic: bool
) -> None:
    mixed = mixture(kinds)
    assert (mixed.kind, mixed.stochastic) == (kind, stochastic)


def test_the_configuration_holds_every_setting_of_every_part() -> None:
    parts = NgramConfig(order=5), LSTMLanguageConfig(hidden_size=7)
    dumped = CombinationConfig(parts=parts, budgets=(Budget(), Budget(epochs=3))).model_dump(mode="json")
    assert dumped["parts"] == [part.model_dump(mode="json") for part in parts]
    assert dumped["budgets"][1]["epochs"] == 3


def test_without_settings_every_part_has_its_defaults() -> None:
    assert mixture([KneserNey, HMM])().config.parts == (NgramConfig(), HMMConfig())


def test_a_mixture_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="two parts or more"):
        mixture([KneserNey])
