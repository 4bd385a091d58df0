"""The predictive mixture against hmmlearn's filter, enumeration of paths, and numerical inversion."""

import itertools
import sys

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from scipy.stats import norm

from seqbench.baselines.hidden_markov.forecaster import HMMForecaster, HMMForecasterConfig
from seqbench.baselines.series.seasonal_standard import SeasonalBase
from seqbench.interface import Budget, Floats, MissingExtra
from seqbench.tasks.forecasts.model import ForecastContext, Panel

A = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.0, 0.3, 0.7]])
MEANS, SDS = np.array([-2.0, 0.0, 3.0]), np.array([0.5, 1.0, 0.3])
LEVELS = np.array([0.025, 0.3, 0.5, 0.975])


def known(memory: int = 200, base: SeasonalBase = "profile") -> HMMForecaster:
    model = HMMForecaster(HMMForecasterConfig(states=3, memory=memory, base=base))
    model.restore({"transitions": A, "means": MEANS, "sds": SDS})
    return model


def oracle(past: Floats, steps: int) -> Floats:
    """(K,) p(state) so many steps after a standardised past, by hmmlearn; the last smoothed state is the filtered."""
    theirs = GaussianHMM(3, covariance_type="diag")
    theirs.startprob_, theirs.transmat_ = np.full(3, 1 / 3), A
    theirs.means_, theirs.covars_ = MEANS[:, None], SDS[:, None] ** 2
    shares: Floats = theirs.predict_proba(past[:, None])[-1] @ np.linalg.matrix_power(A, steps)
    return shares


def test_mean_and_quantiles_are_those_of_the_mixture_after_hmmlearns_filter() -> None:
    rng = np.random.default_rng(0)
    pasts = [rng.normal(size=50) * 3 + 7, rng.normal(size=9)]
    said = known().predict(Panel(pasts, ["a", "b"], 1), 4, LEVELS)
    assert said.quantiles is not None
    for n, past in enumerate(pasts):
        z = (past - past.mean()) / past.std()
        for h in range(4):
            shares = oracle(z, h + 1)
            assert said.mean[n, h] == pytest.approx(past.mean() + past.std() * shares @ MEANS, rel=1e-9)
            quantiles = (said.quantiles[n, h] - past.mean()) / past.std()
            below = [shares @ norm.cdf(q, MEANS, SDS) for q in quantiles]
            np.testing.assert_allclose(below, LEVELS, atol=1e-9)


def test_the_filter_is_the_sum_over_all_paths_of_states() -> None:
    z = np.array([0.3, -1.2, 2.5])
    joint = np.zeros(3)
    for path in itertools.product(range(3), repeat=3):
        chain = A[path[0], path[1]] * A[path[1], path[2]] / 3
        joint[path[2]] += chain * np.prod(norm.pdf(z, MEANS[list(path)], SDS[list(path)]))
    np.testing.assert_allclose(known()._filtered([z])[0], joint / joint.sum(), rtol=1e-12)


def test_changes_since_the_last_season_add_up() -> None:
    """Means exactly; the quantiles of the second season are wider, and those of one regime are normal."""
    rng = np.random.default_rng(3)
    past = rng.normal(size=40)
    said = known(base="last").predict(Panel([past], ["a"], 3), 6, LEVELS)
    changes = past[3:] - past[:-3]
    sd = np.sqrt(np.mean(changes**2))
    mean = [sd * oracle(changes / sd, h + 1) @ MEANS for h in range(6)]
    np.testing.assert_allclose(
        said.mean[0], past[[-3, -2, -1] * 2] + mean + np.append(np.zeros(3), mean[:3]), rtol=1e-8
    )
    one = HMMForecaster(HMMForecasterConfig(states=1))
    one.restore({"transitions": np.ones((1, 1)), "means": np.array([0.2]), "sds": np.array([0.9])})
    quantiles = one.predict(Panel([past], ["a"], 3), 6, LEVELS).quantiles
    assert quantiles is not None
    normal = [
        past[-3 + h % 3] + sd * norm.ppf(LEVELS, 0.2 * n, 0.9 * np.sqrt(n)) for h in range(6) for n in [h // 3 + 1]
    ]
    np.testing.assert_allclose(quantiles[0], normal, atol=1e-9)


def test_only_the_memory_is_read() -> None:
    z = np.random.default_rng(1).normal(size=30)
    np.testing.assert_allclose(known(5)._filtered([z]), known()._filtered([z[-5:]]), rtol=1e-12)


def test_a_value_beyond_all_states_leaves_a_distribution() -> None:
    state = known()._filtered([np.array([0.0, 1e5, -1e5])])
    assert state.sum() == pytest.approx(1)


def test_em_finds_the_two_regimes_that_made_the_series() -> None:
    rng = np.random.default_rng(2)
    regime = np.cumsum(rng.random((2, 600)) < 0.05, axis=1) % 2
    values = 10 + 8 * regime + rng.normal(size=regime.shape)
    nats: list[float] = []
    ctx = ForecastContext(
        seed=0, budget=Budget(epochs=30), valid=Panel([], [], 1), horizon=3, log=lambda _, v: nats.append(v)
    )
    model = HMMForecaster(HMMForecasterConfig(states=2, base="profile"))
    model.fit(Panel(list(values), ["a", "b"], 1), ctx)
    assert (np.diff(nats) < 1e-9).all()  # EM never loses likelihood
    np.testing.assert_allclose(model.transitions.diagonal(), 0.95, atol=0.02)
    np.testing.assert_allclose(np.sort(model.means), [-1, 1], atol=0.1)
    again = HMMForecaster(model.config)
    written = model.arrays()
    again.restore(written)
    past = Panel([values[0, :100], np.full(4, 3.0)], ["a", "s"], 1)
    one, other = model.predict(past, 3, LEVELS), again.predict(past, 3, LEVELS)
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.mean[1], 3.0)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_there_are_no_more_states_than_values() -> None:
    ctx = ForecastContext(seed=0, budget=Budget(), valid=Panel([], [], 1), horizon=1)
    model = HMMForecaster()
    model.fit(Panel([np.array([0.0, 1.0, 3.0, 2.0])], ["a"], 1), ctx)
    assert model.arrays()["means"].shape == (3,)  # one for each change
    with pytest.raises(ValueError, match="longer series"):
        model.fit(Panel([np.ones(1)], ["a"], 1), ctx)


def test_without_hmmlearn_the_model_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hmmlearn", None)
    monkeypatch.delitem(sys.modules, "hmmlearn.hmm", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install 'seqbench\[hmmlearn\]'"):
        HMMForecaster()
