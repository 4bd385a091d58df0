"""Influences, blocks, ways and tails against definitions, closed forms and worlds of known dependence."""

from functools import partial

import numpy as np
import pytest
from scipy import signal, stats

from seqbench.evidence.metrics import Metric, mean_of, totals
from seqbench.evidence.spread import FEWEST, UNSEEN, Spread, block_length, hall, influences, spread, tail_index
from seqbench.evidence.units import Way, numbered
from seqbench.interface import Floats, Ids
from seqbench.tasks.language.metrics import PERPLEXITY

MEAN = Metric("mean", "mean", partial(totals, name="x"), mean_of, lower_is_better=True)


def of_mean(x: Floats, *ways: Way) -> Spread:
    def influence(groups: Ids | None) -> Floats:
        return influences(MEAN.on_scale, MEAN.of_items({"x": x}), groups)

    return spread(influence, ways or (Way("items"),))


def autoregression(rng: np.random.Generator, length: int, memory: float) -> Floats:
    """(N,) x_t = memory · x_{t−1} + e_t with unit noise, from the middle of its life."""
    drawn: Floats = signal.lfilter([1], [1, -memory], rng.normal(size=length + 200))[200:]
    return drawn


def test_the_influence_on_a_mean_is_the_distance_from_it() -> None:
    x = np.random.default_rng(0).normal(size=40)
    psi = influences(MEAN.on_scale, MEAN.of_items({"x": x}))
    np.testing.assert_allclose(psi, x - x.mean(), atol=1e-12)
    assert of_mean(x).variance == pytest.approx(x.var(ddof=1) / 40)


def test_an_influence_is_what_the_score_would_be_without_the_group_whatever_the_metric() -> None:
    rng = np.random.default_rng(1)
    columns = {"nats": rng.gamma(2, size=12), "tokens": rng.integers(1, 9, size=12).astype(float)}
    groups = np.repeat(np.arange(4), 3)
    psi = influences(PERPLEXITY.on_scale, PERPLEXITY.of_items(columns), groups)
    for g in range(4):
        left = {name: column[groups != g] for name, column in columns.items()}
        wanted = 3 * (np.log(PERPLEXITY(columns)[0]) - np.log(PERPLEXITY(left)[0]))
        assert psi[g] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_one_document_with_most_of_the_tokens_is_no_evidence(share: float) -> None:
    """All others are equal: the standard error is the whole difference that this document makes."""
    tokens = np.array([share / (1 - share) * 99] + [1.0] * 99)
    nats = tokens * np.where(np.arange(100) == 0, 3.0, 2.0)
    psi = influences(PERPLEXITY.on_scale, PERPLEXITY.of_items({"nats": nats, "tokens": tokens}))
    found = spread(lambda groups: psi, (Way("documents"),))
    assert np.sqrt(found.variance) == pytest.approx(share, rel=0.02)
    assert found.dof == pytest.approx(2, abs=0.1)
    assert found.heavy[0] == 0


@pytest.mark.parametrize(
    ("length", "overlap", "block"), [(1, 1, 1), (10, 1, 1), (100, 1, 10), (3837, 1, 384), (50, 8, 8)]
)
def test_an_ordered_sample_is_cut_into_about_ten_blocks(length: int, overlap: int, block: int) -> None:
    assert block_length(length, overlap) == block


def test_the_variance_of_white_noise_in_order_is_that_of_items_and_costs_nine_degrees_of_freedom() -> None:
    rng = np.random.default_rng(2)
    found = [of_mean(rng.normal(size=400), Way("steps", ordered=True)) for _ in range(400)]
    assert np.median([one.variance for one in found]) * 400 == pytest.approx(1.0, rel=0.15)
    assert np.mean([one.variance for one in found]) * 400 < 1.25  # a slope above −1 by chance widens
    assert {round(one.dof) for one in found} == {9}


@pytest.mark.parametrize(("length", "memory"), [(50, 0.6), (400, 0.6), (100, 0.9)])
def test_the_variance_of_a_dependent_sample_is_not_below_the_true_one(length: int, memory: float) -> None:
    rng = np.random.default_rng(3)
    found = [of_mean(autoregression(rng, length, memory), Way("steps", ordered=True)).variance for _ in range(400)]
    gamma = memory ** np.arange(length) / (1 - memory**2)
    k = np.arange(1, length)
    true = (gamma[0] + 2 * ((1 - k / length) * gamma[1:]).sum()) / length
    assert 0.9 < np.median(found) / true < 5


def test_likeness_that_the_sample_is_too_short_to_show_widens_by_what_is_stated() -> None:
    x = np.random.default_rng(4).normal(size=200)
    plain, alike = (of_mean(x, Way("steps", ordered=True, alike=a)).variance for a in (0, 50))
    assert alike == pytest.approx(plain * (1 + UNSEEN * 50 / 200))


def test_too_few_blocks_are_no_evidence() -> None:
    assert of_mean(np.arange(9.0), Way("steps", ordered=True, overlap=5)).variance == np.inf
    assert of_mean(np.ones(1)).variance == np.inf
    assert of_mean(np.arange(9.0), Way("steps", ordered=True, overlap=5)).sides(0.95) == (np.inf, np.inf)


def test_variances_of_two_ways_are_added_without_what_both_count() -> None:
    """Cameron, Gelbach & Miller 2011, with each part of the sum by hand."""
    rng = np.random.default_rng(5)
    series, time = np.repeat(np.arange(12), 7), np.tile(np.arange(7), 12)
    x = rng.normal(size=12)[series] + rng.normal(size=7)[time] + rng.normal(size=84)

    def clustered(groups: Ids) -> float:
        sums = np.bincount(groups, x - x.mean())
        count = len(sums)
        return float(np.square(sums).sum()) / len(x) ** 2 * count / (count - 1)

    found = of_mean(x, Way("series", series), Way("times", time))
    wanted = clustered(series) + clustered(time) - clustered(np.arange(84))
    assert found.variance == pytest.approx(max(wanted, clustered(series), clustered(time)))
    assert found.groups == 7
    assert found.fixed == ()


def test_a_way_with_too_few_groups_is_named_and_left_out() -> None:
    x = np.random.default_rng(6).normal(size=60)
    series, time = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20)
    found = of_mean(x, Way("series", series), Way("times", time))
    assert (found.fixed, found.way, found.groups) == (("times",), "series", 20)
    assert found.variance == pytest.approx(of_mean(x, Way("series", series)).variance)
    few = of_mean(x[:8], Way("series", np.repeat(np.arange(4), 2)), Way("times", np.tile(np.arange(2), 4)))
    assert (few.way, few.fixed) == ("series", ("times",))
    assert FEWEST == 5


def test_few_units_with_most_of_the_variance_leave_few_degrees_of_freedom() -> None:
    x = np.zeros(200)
    x[:6] = [1, -1, 1, -1, 1, -1]
    assert of_mean(x).dof == pytest.approx(2 * 200 / (200 / 6 - 1), rel=0.01)
    assert of_mean(np.tile([1.0, -1.0], 100)).dof == 199


@pytest.mark.parametrize("skewness", [-0.4, -0.05, 0.0, 0.05, 0.4])
@pytest.mark.parametrize("quantile", [-2.0, 2.0])
def test_halls_transformation_is_undone(quantile: float, skewness: float) -> None:
    t = hall(quantile, skewness)
    assert t + skewness * (t**2 / 3 + 1 / 6) + skewness**2 * t**3 / 27 == pytest.approx(quantile, abs=1e-6)


def test_the_tail_index_of_a_pareto_sample_is_near_its_own_and_that_of_normal_ones_is_large() -> None:
    rng = np.random.default_rng(7)
    assert np.median([tail_index(rng.pareto(1.5, 2000) + 1) for _ in range(50)]) == pytest.approx(1.5, rel=0.1)
    assert np.median([tail_index(rng.normal(size=2000)) for _ in range(50)]) > 4
    assert tail_index(np.ones(50)) == np.inf


def test_skewed_heavy_tails_are_named_and_symmetric_or_light_ones_are_not() -> None:
    rng = np.random.default_rng(8)
    x = rng.pareto(1.5, size=300)
    assert of_mean(x).heavy == tuple(np.argsort(-np.abs(x - x.mean()))[:3])
    assert of_mean(rng.normal(size=300)).heavy == ()
    assert of_mean(np.concatenate([x, -x])).heavy == ()


def test_the_interval_of_skewed_units_reaches_further_on_their_long_side() -> None:
    below, above = of_mean(stats.expon.ppf((np.arange(60) + 0.5) / 60)).sides(0.95)
    assert above > 1.1 * below
    symmetric = of_mean(stats.norm.ppf((np.arange(60) + 0.5) / 60)).sides(0.95)
    assert symmetric[0] == pytest.approx(symmetric[1], rel=1e-6)


def test_labels_become_numbers() -> None:
    np.testing.assert_array_equal(numbered(np.array([7, 3, 7, 9])), [1, 0, 1, 2])
