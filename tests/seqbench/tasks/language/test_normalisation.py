"""Sums of probabilities against sums that are known, and their errors against simulation."""

from dataclasses import replace

import numpy as np
import pytest

from seqbench.interface import Documents, Floats, Ids
from seqbench.tasks.language.normalisation import (
    ALARM,
    GUIDED,
    SAMPLED,
    Site,
    Total,
    followers,
    judge,
    proposal,
    redrawn,
    total_probability,
    wealth,
)

V = 5_000
EMPTY: Ids = np.empty(0, np.int64)
RNG = np.random.default_rng(0)
ZIPF: Floats = 1 / np.arange(1, V + 1) / np.sum(1 / np.arange(1, V + 1))
PEAKED: Floats = 0.5 * ZIPF + 0.5 * RNG.permutation(ZIPF)
"""What a model says that knows more than frequencies do."""


def _sum(p: Floats, control: Floats | None, size: tuple[int, int], seed: int) -> Total:
    def ask(ids: Ids) -> Floats:
        with np.errstate(divide="ignore"):
            return np.log(p[ids])

    drawn_from = proposal(ZIPF, control, V)
    return total_probability(ask, Site(EMPTY, EMPTY), drawn_from, control, size, np.random.default_rng(seed))


def test_a_vocabulary_asked_whole_gives_the_sum_itself() -> None:
    p = RNG.random(V)
    total = _sum(p, None, (V, 0), seed=0)
    assert total.exact
    assert total.value == pytest.approx(p.sum(), rel=1e-12)
    assert sorted(total.symbols) == list(range(V))


def test_the_symbol_is_put_between_what_stands_before_and_after() -> None:
    blocks = []

    def ask(ids: Ids) -> Floats:
        blocks.append(ids)
        return np.where(np.arange(4) == 2, -np.log(3), np.full(ids.shape, 7.0))

    site = Site(np.array([8, 9]), np.array([5]))
    total = total_probability(ask, site, np.full(3, 1 / 3), None, (3, 0), np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(np.concatenate(blocks), axis=0), [[8, 9, k, 5] for k in range(3)])
    assert total.value == pytest.approx(1)


def test_where_next_agrees_the_sample_has_no_error_at_all() -> None:
    total = _sum(PEAKED, PEAKED, GUIDED, seed=0)
    assert not total.exact
    assert total.value == pytest.approx(1, abs=1e-12)
    assert total.error < 1e-12


@pytest.mark.parametrize("control", [None, np.roll(PEAKED, 1), np.full(V, 0.3)], ids=["none", "wrong", "no sum of one"])
def test_the_estimate_is_unbiased_whatever_next_says(control: Floats | None) -> None:
    values = np.array([_sum(1.1 * PEAKED, control, (100, 400), seed).value for seed in range(400)])
    assert abs(values.mean() - 1.1) < 4 * values.std() / np.sqrt(len(values))


def test_the_standard_error_is_the_spread_over_samples() -> None:
    totals = [_sum(PEAKED, None, (100, 2_000), seed) for seed in range(300)]
    spread = np.std([t.value for t in totals])
    assert np.sqrt(np.mean([t.error**2 for t in totals])) == pytest.approx(spread, rel=0.25)


def test_an_honest_model_without_a_next_is_not_accused_and_ten_per_cent_are_found() -> None:
    honest = [[_sum(PEAKED, None, SAMPLED, 2 * run), _sum(ZIPF, None, SAMPLED, 2 * run + 1)] for run in range(200)]
    accused = [judge(pair, 1e-4, two_sided=False).broken for pair in honest]
    inflated = [[replace(t, value=1.1 * t.value, error=1.1 * t.error) for t in pair] for pair in honest]
    found = [judge(pair, 1e-4, two_sided=False).broken for pair in inflated]
    assert sum(accused) == 0
    assert np.mean(found) > 0.95


def test_a_likely_symbol_that_the_sample_misses_is_not_held_against_a_model() -> None:
    p = np.full(V, 0.1 / (V - 1))
    p[V - 1] = 0.9  # the rarest by frequency
    total = _sum(p, None, (100, 100), seed=0)
    assert total.value < 0.2
    assert not judge([total], 1e-4, two_sided=False).broken
    assert judge([total], 1e-4, two_sided=True).broken


def test_a_site_that_strays_is_found_among_others_that_do_not() -> None:
    even = Total(1.0, 0.0, EMPTY, EMPTY, exact=True)
    finding = judge([even, replace(even, value=0.98), even], 1e-4, two_sided=True)
    assert (finding.value, finding.bound, finding.broken) == (0.98, 1e-4, True)


def test_small_strays_at_all_sites_are_pooled() -> None:
    sites = [Total(1.03, 0.01, EMPTY, EMPTY, exact=False)] * 3  # three standard errors each
    assert not judge(sites[:1], 1e-4, two_sided=False).broken
    assert judge(sites, 1e-4, two_sided=False).broken


def test_followers_are_counted_within_documents() -> None:
    texts: list[Documents] = [[np.array([0, 1, 0, 2]), np.array([0, 1])], [np.array([1, 0])]]
    np.testing.assert_array_equal(followers(texts, np.array([2, 0]), 3), [0, 2, 1])
    np.testing.assert_array_equal(followers(texts, EMPTY, 3), [2, 1, 0])


@pytest.mark.parametrize("guide", [None, np.zeros(4), np.array([np.nan, -1.0, np.inf, 3.0])])
def test_a_proposal_leaves_no_symbol_out(guide: Floats | None) -> None:
    drawn_from = proposal(np.array([1.0, 0, 0, 0]), guide, 4)
    assert drawn_from.sum() == pytest.approx(1)
    assert drawn_from.min() >= 1 / 16


@pytest.mark.parametrize("p", [ZIPF, PEAKED, np.full(V, 1.3 / V)], ids=["Zipf", "peaked", "sum of 1.3"])
def test_ratios_at_redrawn_symbols_have_the_mean_of_the_sum(p: Floats) -> None:
    ids = RNG.choice(V, size=(20, 5_000), p=PEAKED)
    symbols, drawn = redrawn(ids, proposal(ZIPF, None, V), np.random.default_rng(1))
    ratios = p[symbols] / drawn
    assert 0.45 < (symbols == ids).mean() < 0.55
    assert abs(ratios.mean() - p.sum()) < 4 * ratios.std() / np.sqrt(ratios.size)


def _ratios(p: Floats, places: int, rng: np.random.Generator) -> Floats:
    symbols, drawn = redrawn(rng.choice(V, size=places, p=ZIPF), proposal(ZIPF, None, V), rng)
    return p[symbols] / drawn


def test_bets_against_a_distribution_win_no_more_often_than_they_may() -> None:
    rng = np.random.default_rng(2)
    won = [wealth(_ratios(PEAKED, 500, rng)) > -np.log(0.05) for _ in range(2_000)]
    assert np.mean(won) <= 0.05


def test_bets_find_three_certainties_per_thousand_places_and_a_fifth_too_much_everywhere() -> None:
    rng = np.random.default_rng(3)
    certain, inflated = [], []
    for _ in range(100):
        ratios = _ratios(ZIPF, 16_000, rng)
        _, drawn = redrawn(rng.choice(V, size=48, p=ZIPF), proposal(ZIPF, None, V), rng)
        certain.append(wealth(np.append(ratios, 1 / drawn)) > -np.log(ALARM))
        inflated.append(wealth(1.2 * ratios) > -np.log(ALARM))
    assert np.mean(certain) > 0.9
    assert np.mean(inflated) > 0.95


def test_the_wealth_of_even_bets_stays_one() -> None:
    assert wealth(np.ones(1000)) == pytest.approx(0)
    assert wealth(np.empty(0)) == pytest.approx(0)
