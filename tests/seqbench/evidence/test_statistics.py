"""Intervals and verdicts against known values, closed forms and scipy, and the laws that they keep."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.statistics import block_length, block_weights, choose, compare, estimate
from seqbench.tasks.language.metrics import PERPLEXITY

ERROR = Metric("error", "error", lambda c, w: w @ c["x"] / w.shape[1], lower_is_better=True)
ACCURACY = replace(ERROR, name="accuracy", lower_is_better=False)


def fits(*columns: object) -> list[Columns]:
    return [{"x": np.asarray(column, dtype=float)} for column in columns]


def every_resample(items: int) -> np.ndarray:
    """All N^N equally likely resamples, often enough that dividing by R − 1 is dividing by R."""
    drawn = itertools.product(range(items), repeat=items)
    return np.tile([np.bincount(d, minlength=items) * 1.0 for d in drawn], (60_000 // items**items, 1))


# Weights


@pytest.mark.parametrize(("length", "block"), [(1, 1), (7, 1), (7, 3), (7, 7), (100, 10)])
def test_each_resample_draws_as_many_items_as_there_are(length: int, block: int) -> None:
    weights = block_weights(length, block, 50, np.random.default_rng(0))
    assert weights.shape == (50, length)
    assert (weights.sum(axis=1) == length).all()
    assert (weights >= 0).all()


def test_blocks_are_drawn_whole_around_the_end_and_the_last_is_cut_short() -> None:
    weights = block_weights(length=5, block=2, resamples=3000, rng=np.random.default_rng(0))
    possible = {
        tuple(np.bincount([a, (a + 1) % 5, b, (b + 1) % 5, c], minlength=5))
        for a, b, c in itertools.product(range(5), repeat=3)
    }
    assert {tuple(row) for row in weights.astype(int)} == possible


def test_every_item_is_drawn_equally_often() -> None:
    weights = block_weights(length=12, block=5, resamples=4000, rng=np.random.default_rng(0))
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=5 * weights.std() / np.sqrt(4000))


@pytest.mark.parametrize(("length", "blocks"), [(1, 1), (10, 10), (100, 10), (3837, 10)])
def test_a_stream_is_cut_into_about_ten_blocks(length: int, blocks: int) -> None:
    assert round(length / block_length(length)) == blocks


# Known values and closed forms


def test_one_fit_and_all_resamples_give_students_paired_interval() -> None:
    ours, theirs = [2.0, 3.5, 1.0, 4.0], [1.0, 3.0, 2.0, 2.5]
    found = compare(ERROR, fits(ours), fits(theirs), every_resample(4), margin=0.1, block=1)
    wanted = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], wanted, rtol=2e-4)
    assert (found.item_dof, found.seed_dof, found.seeds) == (3, None, (1, 1))


def test_fits_that_are_the_same_for_all_items_give_welchs_interval() -> None:
    ours, theirs = [1.0, 1.3, 1.1], [0.2, 0.9, 0.4, 0.7, 0.5]
    weights = block_weights(20, 1, 100, np.random.default_rng(0))
    found = compare(
        ERROR, fits(*[[x] * 20 for x in ours]), fits(*[[x] * 20 for x in theirs]), weights, 0.1, 0.9, block=1
    )
    wanted = stats.ttest_ind(ours, theirs, equal_var=False)
    np.testing.assert_allclose([found.low, found.high], wanted.confidence_interval(0.9), rtol=1e-9)
    assert found.seed_dof == pytest.approx(wanted.df, rel=1e-9)
    assert found.verdict == "worse"


def test_fits_against_a_deterministic_reference_give_students_one_sample_interval() -> None:
    ours = [1.0, 1.3, 1.1]
    weights = block_weights(20, 1, 100, np.random.default_rng(0))
    found = compare(ERROR, fits(*[[x] * 20 for x in ours]), fits([0.9] * 20), weights, 0.1, block=1)
    wanted = stats.ttest_1samp(np.array(ours) - 0.9, 0).confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], wanted, rtol=1e-9)
    assert (found.seed_dof, found.seeds) == (2, (3, 1))


def test_items_and_fits_join_as_the_root_of_the_sum_of_squares_of_their_half_widths() -> None:
    columns = fits([1.0, 2, 4, 3], [2.0, 3, 5, 4])
    found = estimate(ERROR, columns, every_resample(4), block=1)
    item_half = stats.t(3).ppf(0.975) * np.std([1.5, 2.5, 4.5, 3.5], ddof=1) / 2
    seed_half = stats.t(1).ppf(0.975) * np.std([2.5, 3.5], ddof=1) / np.sqrt(2)
    assert found.value == 3
    assert found.high - found.value == pytest.approx(np.hypot(item_half, seed_half), rel=1e-4)
    assert (found.seeds, found.seeds_sd, found.seed_dof) == (2, pytest.approx(np.sqrt(0.5)), 1)


def test_satterthwaites_degrees_of_freedom_agree_with_a_sum_by_hand() -> None:
    # s²/n: 4/2 = 2 with 1 degree of freedom, 3/3 = 1 with 2; ν = (2 + 1)² / (2²/1 + 1²/2) = 2
    ours, theirs = fits([0.0, 0], [np.sqrt(8), np.sqrt(8)]), fits([0.0, 0], [np.sqrt(3)] * 2, [2 * np.sqrt(3)] * 2)
    assert compare(ERROR, ours, theirs, every_resample(2), 0, block=1).seed_dof == pytest.approx(2, rel=1e-12)


@pytest.mark.parametrize(("length", "block"), [(5, 1), (5, 2), (6, 2), (6, 4)])
def test_blocks_that_are_cut_short_count_by_their_weight(length: int, block: int) -> None:
    """The bias of the bootstrap's variance on white noise is the lack of variance of a weight: 1 − 1 / blocks."""
    starts = itertools.product(range(length), repeat=-(-length // block))
    drawn = [np.concatenate([np.arange(s, s + block) % length for s in start])[:length] for start in starts]
    weights = np.array([np.bincount(d, minlength=length) for d in drawn]) * 1.0
    found = estimate(ERROR, fits(range(length)), weights, block=block)
    assert found.item_dof + 1 == pytest.approx(1 / (1 - weights.var()), rel=1e-12)


# What an answer means


def test_perplexities_are_averaged_compared_and_held_against_the_margin_as_logarithms() -> None:
    tokens = np.ones(20)
    ours = [{"nats": np.full(20, np.log(p)), "tokens": tokens} for p in (80.0, 125.0)]
    theirs = [{"nats": np.full(20, np.log(200.0)), "tokens": tokens}]
    weights = block_weights(20, 1, 100, np.random.default_rng(0))
    found = estimate(PERPLEXITY, ours, weights, block=1)
    assert found.value == pytest.approx(100)
    assert found.low * found.high == pytest.approx(100**2)
    assert found.seeds_sd == pytest.approx(np.std([80, 125], ddof=1))
    against = compare(PERPLEXITY, ours[:1], theirs, weights, margin=0.01, block=1)
    assert against.difference == pytest.approx(np.log(80 / 200))
    assert (against.skill, against.verdict) == (pytest.approx(0.6), "better")
    near = [{"nats": np.full(20, np.log(201.9)), "tokens": tokens}]
    assert compare(PERPLEXITY, near, theirs, weights, margin=0.01, block=1).verdict == "tie"
    assert compare(PERPLEXITY, near, theirs, weights, margin=0.009, block=1).verdict == "worse"


def test_where_higher_is_better_a_higher_score_is_better_and_has_skill() -> None:
    weights = block_weights(20, 1, 100, np.random.default_rng(0))
    found = compare(ACCURACY, fits([0.9] * 20), fits([0.6] * 20), weights, margin=0.01, block=1)
    assert (found.verdict, found.skill) == ("better", pytest.approx(0.5))


def test_a_model_against_itself_is_a_tie_at_any_margin() -> None:
    model = fits(np.random.default_rng(0).normal(size=30))
    weights = block_weights(30, 1, 100, np.random.default_rng(0))
    assert compare(ERROR, model, model, weights, margin=0, block=1).verdict == "tie"


@pytest.mark.parametrize(("items", "block"), [(1, 1), (7, 7)])
def test_a_single_block_of_items_gives_a_score_but_no_interval_and_no_verdict(items: int, block: int) -> None:
    weights = block_weights(items, block, 100, np.random.default_rng(0))
    ours, theirs = fits(np.arange(items) + 1.0), fits(np.full(items, 99.0))
    found = estimate(ERROR, ours, weights, block=block)
    assert (found.value, found.low, found.high, found.item_dof) == ((items + 1) / 2, -np.inf, np.inf, 0)
    assert compare(ERROR, ours, theirs, weights, 0.1, block=block).verdict == "undecided"


def test_a_model_that_held_an_item_impossible_is_worse_than_any_that_did_not() -> None:
    tokens, weights = np.ones(9), block_weights(9, 1, 100, np.random.default_rng(0))
    sound: list[Columns] = [{"nats": np.linspace(1, 9, 9), "tokens": tokens}]
    broken: list[Columns] = [*sound, {"nats": np.append(np.ones(8), np.inf), "tokens": tokens}]
    found = estimate(PERPLEXITY, broken, weights, block=1)
    assert (found.value, found.low, found.high, found.seeds_sd) == (np.inf, np.inf, np.inf, np.inf)
    worse = compare(PERPLEXITY, broken, sound, weights, 0.01, block=1)
    assert (worse.difference, worse.skill, worse.verdict) == (np.inf, -np.inf, "worse")
    better = compare(PERPLEXITY, sound, broken, weights, 0.01, block=1)
    assert (better.difference, better.skill, better.verdict) == (-np.inf, 1, "better")
    both = compare(PERPLEXITY, broken, broken, weights, 0.01, block=1)
    assert (both.low, both.high, both.verdict) == (-np.inf, np.inf, "undecided")
    assert np.isnan([both.difference, both.skill]).all()


def test_the_best_on_validation_is_chosen_and_equals_by_name() -> None:
    assert choose({"lstm": 120.0, "kn5": 110.0, "kn3": 110.0, "broken": np.inf}, PERPLEXITY) == "kn3"
    assert choose({"b": 0.9, "a": 0.9, "c": 0.5}, ACCURACY) == "a"


# Laws

NUMBERS = st.floats(-100, 100).map(lambda x: round(x, 3))
COLUMN = st.lists(NUMBERS, min_size=4, max_size=4)
SIDE = st.lists(COLUMN, min_size=1, max_size=3)
FLIPPED = {"better": "worse", "worse": "better", "tie": "tie", "undecided": "undecided"}
ALL_OF_FOUR = every_resample(4)[:256]


@settings(max_examples=50, deadline=None)
@given(SIDE, SIDE, st.floats(0, 50))
def test_swapping_model_and_reference_mirrors_the_interval_and_flips_the_verdict(ours, theirs, margin) -> None:
    one = compare(ERROR, fits(*ours), fits(*theirs), ALL_OF_FOUR, margin, block=1)
    other = compare(ERROR, fits(*theirs), fits(*ours), ALL_OF_FOUR, margin, block=1)
    assert (one.low, one.high, one.verdict) == (-other.high, -other.low, FLIPPED[other.verdict])
    assert compare(ACCURACY, fits(*ours), fits(*theirs), ALL_OF_FOUR, margin, block=1).verdict == other.verdict


@settings(max_examples=50, deadline=None)
@given(SIDE, SIDE, NUMBERS)
def test_a_constant_added_to_all_scores_moves_estimates_and_leaves_differences(ours, theirs, constant) -> None:
    def moved(side: list[list[float]]) -> list[Columns]:
        return fits(*(np.array(side) + constant))

    before, after = (estimate(ERROR, f, ALL_OF_FOUR, block=1) for f in (fits(*ours), moved(ours)))
    np.testing.assert_allclose([after.low, after.high], [before.low + constant, before.high + constant], atol=1e-6)
    one = compare(ERROR, fits(*ours), fits(*theirs), ALL_OF_FOUR, 1, block=1)
    two = compare(ERROR, moved(ours), moved(theirs), ALL_OF_FOUR, 1, block=1)
    np.testing.assert_allclose([two.low, two.high], [one.low, one.high], atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(SIDE, SIDE, st.permutations(range(4)), st.randoms(use_true_random=False))
def test_neither_the_order_of_items_nor_that_of_fits_matters(ours, theirs, order, shuffle) -> None:
    one = compare(ERROR, fits(*ours), fits(*theirs), ALL_OF_FOUR, 1, block=1)
    ours, theirs = (shuffle.sample([[c[i] for i in order] for c in side], len(side)) for side in (ours, theirs))
    two = compare(ERROR, fits(*ours), fits(*theirs), ALL_OF_FOUR, 1, block=1)
    np.testing.assert_allclose([two.low, two.high], [one.low, one.high], atol=1e-6)


# Refusals

WEIGHTS = np.ones((5, 3))
GOOD = fits([1, 2, 3])


@pytest.mark.parametrize(
    ("ours", "theirs", "changes", "words"),
    [
        ([], GOOD, {}, "there is no fit"),
        (GOOD, [], {}, "there is no reference fit"),
        (fits([1, 2]), GOOD, {}, r"'x' of fit 1 has shape \(2,\), the weights are for \(3,\)"),
        (GOOD, fits([1, 2, 3], [1, 2, 3, 4]), {}, "'x' of reference fit 2 has shape"),
        (fits([1, np.nan, np.nan]), GOOD, {}, "'x' of fit 1 holds NaN or −∞ in 2 of 3 items, the first at 1"),
        (GOOD, fits([1, 2, -np.inf]), {}, "'x' of reference fit 1 holds NaN or −∞ in 1 of 3 items"),
        (GOOD, GOOD, {"level": 95}, "level must lie between 0 and 1"),
        (GOOD, GOOD, {"margin": -0.1}, "margin must be"),
        (GOOD, GOOD, {"margin": np.nan}, "margin must be"),
        (GOOD, GOOD, {"block": 4}, r"block must lie in 1\.\.3"),
        (GOOD, GOOD, {"weights": np.ones(3)}, r"weights must be \(R, N\)"),
        (GOOD, GOOD, {"weights": np.ones((1, 3))}, r"weights must be \(R, N\) with R of 2 or more"),
        (GOOD, GOOD, {"metric": replace(ERROR, scale="log"), "ours": fits([0, 0, 0])}, "must be above 0"),
        (GOOD, GOOD, {"metric": replace(ERROR, function=lambda c, w: np.full(len(w), np.nan))}, "undefined"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_reason(ours, theirs, changes, words) -> None:
    arguments = {"metric": ERROR, "ours": ours, "weights": WEIGHTS, "margin": 0.1, "block": 1, **changes}
    with pytest.raises(ValueError, match=words):
        compare(arguments.pop("metric"), arguments.pop("ours"), theirs, **arguments)


@pytest.mark.parametrize(
    ("length", "block", "resamples", "words"),
    [(4, 0, 1, r"1\.\.4"), (4, 5, 1, r"1\.\.4"), (0, 1, 1, "at least one item"), (4, 1, 0, "resamples must be")],
)
def test_a_bootstrap_that_cannot_be_drawn_is_refused(length: int, block: int, resamples: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        block_weights(length, block, resamples, np.random.default_rng(0))


def test_a_choice_among_nothing_or_unknown_scores_is_refused() -> None:
    with pytest.raises(ValueError, match="no model to choose"):
        choose({}, ERROR)
    with pytest.raises(ValueError, match=r"NaN.*: gru, lstm"):
        choose({"lstm": np.nan, "kn": 1.0, "gru": np.nan}, ERROR)
