"""Intervals and verdicts against known values, closed forms, scipy and statsmodels, and the laws that they keep."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from seqbench.evidence.metrics import Columns, Metric, mean_of, totals
from seqbench.evidence.statistics import HEAVY, Component, Fits, choose, compare, estimate
from seqbench.evidence.units import Way
from seqbench.tasks.classes import ACCURACY, MACRO_F1
from seqbench.tasks.language.metrics import PERPLEXITY

ERROR = Metric("error", "error", partial(totals, name="x"), mean_of, lower_is_better=True)
GAIN = replace(ERROR, name="gain", lower_is_better=False)
SYMMETRIC = np.array([-3.0, 3, -2, 2, -1, 1, -2.5, 2.5])
"""About 0, and flat enough that its kurtosis leaves Student's degrees of freedom alone."""


def fits(*columns: object) -> list[Columns]:
    return [{"x": np.asarray(column, dtype=float)} for column in columns]


def documents(right: list[int] | np.ndarray, label: list[int] | np.ndarray | None = None) -> list[Columns]:
    right = np.asarray(right)
    label = np.zeros(len(right), int) if label is None else np.asarray(label)
    return [{"label": label, "predicted": np.where(right, label, 1 - label)}]


# Known values and closed forms


def test_one_fit_each_gives_students_paired_interval() -> None:
    theirs = np.array([1.0, 3.0, 2.0, 2.5, 9.0, 4.0, 0.0, 1.0])
    ours = theirs + 0.3 + SYMMETRIC
    found = compare(ERROR, fits(ours), fits(theirs), margin=0.1)
    wanted = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], wanted, rtol=1e-9)
    assert found.spread is not None
    assert (found.spread.dof, found.seed_dof, found.seeds) == (7, None, (1, 1))


def test_what_is_known_of_fits_otherwise_takes_the_place_of_what_they_show() -> None:
    """Each component has its own quantile, and squares of half-widths add (Banerjee 1960)."""
    theirs = np.array([1.0, 3.0, 2.0, 2.5, 9.0, 4.0, 0.0, 1.0])
    ours = [theirs + 0.3 + SYMMETRIC, theirs + 0.9 + SYMMETRIC]
    known = [Component(0.4, 5.0), Component(0.1, 2.0)]
    alone = compare(ERROR, fits(*ours), fits(theirs), 0.1, seeds=[])
    found = compare(ERROR, fits(*ours), fits(theirs), 0.1, seeds=known)
    added = stats.t.ppf(0.975, 5) ** 2 * 0.4 + stats.t.ppf(0.975, 2) ** 2 * 0.1
    assert (found.high - found.difference) ** 2 == pytest.approx((alone.high - alone.difference) ** 2 + added)
    assert (alone.seed_dof, found.seed_dof) == (None, 2)
    single = [estimate(ERROR, fits(*ours), seeds=seeds) for seeds in ([], known)]
    assert (single[1].high - single[1].value) ** 2 == pytest.approx((single[0].high - single[0].value) ** 2 + added)


def test_fits_that_are_the_same_for_all_items_give_welchs_interval() -> None:
    ours, theirs = [1.0, 1.3, 1.1], [0.2, 0.9, 0.4, 0.7, 0.5]
    found = compare(ERROR, fits(*[[x] * 20 for x in ours]), fits(*[[x] * 20 for x in theirs]), 0.1, level=0.9)
    wanted = stats.ttest_ind(ours, theirs, equal_var=False)
    np.testing.assert_allclose([found.low, found.high], wanted.confidence_interval(0.9), rtol=1e-9)
    assert found.seed_dof == pytest.approx(wanted.df, rel=1e-9)
    assert found.verdict == "worse"


def test_fits_against_a_deterministic_reference_give_students_one_sample_interval() -> None:
    ours = [1.0, 1.3, 1.1]
    found = compare(ERROR, fits(*[[x] * 20 for x in ours]), fits([0.9] * 20), margin=0.1)
    wanted = stats.ttest_1samp(np.array(ours) - 0.9, 0).confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], wanted, rtol=1e-9)
    assert (found.seed_dof, found.seeds) == (2, (3, 1))


def test_fits_that_are_paired_by_seed_give_students_paired_interval_over_seeds() -> None:
    ours, theirs = [1.0, 5.3, 9.1, 2.0], [0.7, 5.1, 8.5, 1.9]
    found = compare(ERROR, fits(*[[x] * 20 for x in ours]), fits(*[[x] * 20 for x in theirs]), 0.01, by_seed=True)
    wanted = stats.ttest_rel(ours, theirs)
    np.testing.assert_allclose([found.low, found.high], wanted.confidence_interval(0.95), rtol=1e-9)
    assert found.seed_dof == 3
    assert found.chance == pytest.approx(wanted.pvalue, rel=1e-6)
    apart = compare(ERROR, fits(*[[x] * 20 for x in ours]), fits(*[[x] * 20 for x in theirs]), 0.01)
    assert apart.high - apart.low > 10 * (found.high - found.low)


def test_one_pair_of_fits_has_no_spread_over_seeds_and_equal_pairs_do_not_differ() -> None:
    columns = [SYMMETRIC + seed for seed in (0, 1.5, 7)]
    same = compare(ERROR, fits(*columns), fits(*columns), 0.01, by_seed=True)
    assert (same.low, same.high, same.chance, same.verdict) == (0, 0, 1, "tie")
    one = compare(ERROR, fits(columns[1]), fits(columns[0]), 0.01, by_seed=True)
    assert (one.difference, one.seed_dof, one.seed_variance) == (1.5, None, 0)


def test_pairs_of_seeds_need_as_many_fits_on_both_sides() -> None:
    with pytest.raises(ValueError, match="paired by seed, but there are 2 and 1"):
        compare(ERROR, fits([1.0] * 5, [2.0] * 5), fits([1.0] * 5), 0.01, by_seed=True)


def test_half_of_what_single_items_add_is_left_out_of_pairs_too() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 4, 60))
    found = compare(ERROR, fits(*ours), fits(*theirs), 0.01, by_seed=True)
    gaps = ours - theirs
    residual = gaps - gaps.mean(axis=1, keepdims=True)
    on_items = np.square(residual - residual.mean(axis=0)).sum() / (60 * 59) / (4 * 3)
    assert found.seed_variance == pytest.approx(max(0.0, gaps.mean(axis=1).var(ddof=1) / 4 - on_items / 2), rel=1e-9)


@pytest.mark.parametrize("shift", [0.05, 0.3, 1.0])
def test_the_chance_of_no_difference_is_students(shift: float) -> None:
    theirs = np.array([1.0, 3.0, 2.0, 2.5, 9.0, 4.0, 0.0, 1.0])
    ours = theirs + shift + SYMMETRIC
    found = compare(ERROR, fits(ours), fits(theirs), margin=0.0)
    assert found.chance == pytest.approx(stats.ttest_rel(ours, theirs).pvalue, rel=1e-6)


@given(st.integers(0, 1000), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
@settings(max_examples=30, deadline=None)
def test_the_chance_of_no_difference_is_below_one_minus_a_level_where_its_interval_leaves_zero_out(
    seed: int, level: float
) -> None:
    rng = np.random.default_rng(seed)
    ours, theirs = rng.gamma(1, 1, (2, 30))
    found = compare(ERROR, fits(ours + rng.normal(0, 0.3)), fits(theirs), 0.0, level=level)
    assert (found.chance <= 1 - level + 1e-9) == (not found.low <= 0 <= found.high)


def test_an_infinite_difference_cannot_be_chance_and_two_infinite_scores_are_no_difference() -> None:
    never = [np.inf] + [1.0] * 9
    assert compare(ERROR, fits(never), fits([1.0] * 10), 0.1).chance == 0
    assert compare(ERROR, fits(never), fits(never), 0.1).chance == 1


def test_items_and_fits_join_as_the_root_of_the_sum_of_squares_of_their_half_widths() -> None:
    found = estimate(ERROR, fits(10 + SYMMETRIC, 11 + SYMMETRIC))
    item_half = stats.t(7).ppf(0.975) * np.std(SYMMETRIC, ddof=1) / np.sqrt(8)
    seed_half = stats.t(1).ppf(0.975) * np.std([10, 11], ddof=1) / np.sqrt(2)
    assert found.value == 10.5
    assert found.high - found.value == pytest.approx(np.hypot(item_half, seed_half), rel=1e-9)
    assert (found.seeds, found.seeds_sd, found.seed_dof) == (2, pytest.approx(np.sqrt(0.5)), 1)


def test_half_of_what_single_items_add_to_the_spread_of_seeds_is_not_counted_twice() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(3, 50))
    found = estimate(ERROR, fits(*columns))
    of_seeds = columns.mean(axis=1).var(ddof=1) / 3
    residual = columns - columns.mean(axis=1, keepdims=True)
    on_items = np.square(residual - residual.mean(axis=0)).sum() / (50 * 49) / (3 * 2)
    assert found.spread is not None
    below = found.spread.sides(0.95)[0] ** 2 + stats.t(2).ppf(0.975) ** 2 * max(0, of_seeds - on_items / 2)
    assert found.value - found.low == pytest.approx(np.sqrt(below), rel=1e-9)


def test_satterthwaites_degrees_of_freedom_agree_with_a_sum_by_hand() -> None:
    # s²/n: 4/2 = 2 with 1 degree of freedom, 3/3 = 1 with 2; ν = (2 + 1)² / (2²/1 + 1²/2) = 2
    ours, theirs = fits([0.0, 0], [np.sqrt(8), np.sqrt(8)]), fits([0.0, 0], [np.sqrt(3)] * 2, [2 * np.sqrt(3)] * 2)
    assert compare(ERROR, ours, theirs, margin=0).seed_dof == pytest.approx(2, rel=1e-12)


@pytest.mark.parametrize("documents_", [12, 30, 200])
def test_the_interval_of_an_accuracy_is_wilsons_with_students_quantile(documents_: int) -> None:
    quantile = float(stats.t(documents_ - 1).ppf(0.975))
    for right in range(documents_ + 1):
        found = estimate(ACCURACY, documents([1] * right + [0] * (documents_ - right)))
        wanted = proportion_confint(right, documents_, alpha=2 * stats.norm.sf(quantile), method="wilson")
        assert (found.low, found.high) == pytest.approx(wanted, abs=1e-9)
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_macro_f1_without_errors_is_less_sure_the_rarer_a_class_is() -> None:
    even, rare = ([0] * 50 + [1] * 50), ([0] * 95 + [1] * 5)
    lows = [estimate(MACRO_F1, documents([1] * 100, label)).low for label in (even, rare)]
    accuracy = estimate(ACCURACY, documents([1] * 100)).low
    assert lows[0] == pytest.approx(accuracy, abs=0.002)
    assert lows[1] < accuracy - 0.1


@pytest.mark.parametrize("agreed", [20, 100, 274, 277, 500])
def test_models_that_agree_on_all_documents_tie_only_where_there_are_enough(agreed: int) -> None:
    """Bonett & Price 2012 without discordant pairs: ± z √2 / (N + 2)."""
    found = compare(ACCURACY, documents([1] * agreed), documents([1] * agreed), margin=0.01)
    assert found.high == pytest.approx(stats.norm.ppf(0.975) * np.sqrt(2) / (agreed + 2), rel=1e-6)
    assert found.verdict == ("tie" if agreed >= 276 else "undecided")


def test_one_of_many_is_worse_by_the_stricter_interval_alone() -> None:
    ours = SYMMETRIC + 2.8
    found = compare(ERROR, fits(ours), fits(np.zeros(8)), 0.01, stricter=0.95)
    assert (found.verdict, found.surely_worse) == ("worse", True)
    assert compare(ERROR, fits(ours), fits(np.zeros(8)), 0.01, stricter=0.999).surely_worse is False


def test_units_that_speak_against_a_difference_may_be_too_rare_to_be_met() -> None:
    """All of 40 units are better, by much less than scores differ: one bad unit more would reverse it."""
    theirs = np.linspace(0, 100, 40)
    ours = theirs - 1 - 0.01 * np.tile([1, -1], 20)
    found = compare(ERROR, fits(ours), fits(theirs), margin=0.1)
    assert found.verdict == "undecided"
    one_more = stats.norm.ppf(0.975) * np.sqrt(2) * 2 * ours.std() / 42
    assert found.high - found.difference == pytest.approx(one_more, rel=0.01)
    plenty = np.linspace(0, 100, 4000)
    assert compare(ERROR, fits(plenty - 1 - 0.01 * np.tile([1, -1], 2000)), fits(plenty), 0.1).verdict == "better"


def test_a_difference_that_three_units_carry_has_a_wide_interval_and_names_them() -> None:
    rng = np.random.default_rng(0)
    theirs = rng.normal(size=200)
    ours = theirs + rng.pareto(1.2, size=200) * 0.1
    heaviest = np.argsort(-(ours - theirs))[:3]
    found = compare(ERROR, fits(ours), fits(theirs), margin=0.01)
    assert set(found.carried_by) == set(heaviest.tolist())
    assert found.spread is not None
    below, above = found.spread.sides(0.95)
    assert found.high - found.difference >= HEAVY * above
    assert found.difference - found.low >= HEAVY * below
    assert not compare(ERROR, fits(theirs + rng.normal(size=200)), fits(theirs), 0.01).carried_by


def test_of_two_ways_the_one_with_heavy_tails_is_named() -> None:
    """Forty series of which three carry the difference, at thirty times that are alike."""
    rng = np.random.default_rng(0)
    series, times = np.repeat(np.arange(40), 30), np.tile(np.arange(30), 40)
    theirs = rng.normal(size=1200)
    ours = theirs + rng.normal(size=30)[times] + np.where(series >= 37, 9.0 ** (series - 36), 0)
    ways = (Way("series", series), Way("origins", times, ordered=True))
    found = compare(ERROR, fits(ours), fits(theirs), 0.01, ways)
    assert found.spread is not None
    assert (found.spread.way, found.carried_by[0]) == ("series", 39)


# What an answer means


def test_perplexities_are_averaged_compared_and_held_against_the_margin_as_logarithms() -> None:
    tokens = np.ones(20)
    ours = [{"nats": np.full(20, np.log(p)), "tokens": tokens} for p in (80.0, 125.0)]
    theirs = [{"nats": np.full(20, np.log(200.0)), "tokens": tokens}]
    found = estimate(PERPLEXITY, ours)
    assert found.value == pytest.approx(100)
    nats = np.log([found.low, found.high])  # symmetric on the logarithm of the nats, which are positive
    assert nats.prod() == pytest.approx(np.log(100) ** 2)
    assert found.low > 1
    assert found.seeds_sd == pytest.approx(np.std([80, 125], ddof=1))
    against = compare(PERPLEXITY, ours[:1], theirs, margin=0.01)
    assert against.difference == pytest.approx(np.log(80 / 200))
    assert (against.skill, against.verdict) == (pytest.approx(0.6), "better")
    near = [{"nats": np.full(20, np.log(201.9)), "tokens": tokens}]
    assert compare(PERPLEXITY, near, theirs, margin=0.01).verdict == "tie"
    assert compare(PERPLEXITY, near, theirs, margin=0.009).verdict == "worse"


def test_the_interval_of_a_positive_score_stays_above_zero() -> None:
    positive = replace(ERROR, range="positive")
    found = estimate(positive, fits([0.1, 0.2, 9.0]))
    assert 0 < found.low < found.value < found.high
    assert estimate(ERROR, fits([0.1, 0.2, 9.0])).low < 0
    assert estimate(positive, fits([0.0, 0.0, 0.0])).value == 0


def test_where_higher_is_better_a_higher_score_is_better_and_has_skill() -> None:
    found = compare(GAIN, fits([0.9] * 20), fits([0.6] * 20), margin=0.01)
    assert (found.verdict, found.skill) == ("better", pytest.approx(0.5))


def test_a_model_against_itself_is_a_tie_at_any_margin() -> None:
    model = fits(np.random.default_rng(0).normal(size=30))
    assert compare(ERROR, model, model, margin=0).verdict == "tie"


@pytest.mark.parametrize(("items", "ordered"), [(1, False), (1, True)])
def test_a_single_item_gives_a_score_but_no_interval_and_no_verdict(items: int, ordered: bool) -> None:
    ways = (Way("items", ordered=ordered),)
    ours, theirs = fits(np.arange(items) + 1.0), fits(np.full(items, 99.0))
    found = estimate(ERROR, ours, ways)
    assert (found.value, found.low, found.high) == ((items + 1) / 2, -np.inf, np.inf)
    assert compare(ERROR, ours, theirs, 0.1, ways).verdict == "undecided"
    share = estimate(ACCURACY, documents([1] * items), ways)
    assert (share.value, share.low, share.high) == (1, 0, 1)


def test_a_model_that_held_an_item_impossible_is_worse_than_any_that_did_not() -> None:
    tokens = np.ones(9)
    sound: list[Columns] = [{"nats": np.linspace(1, 9, 9), "tokens": tokens}]
    broken: list[Columns] = [*sound, {"nats": np.append(np.ones(8), np.inf), "tokens": tokens}]
    found = estimate(PERPLEXITY, broken)
    assert (found.value, found.low, found.high, found.seeds_sd) == (np.inf, np.inf, np.inf, np.inf)
    worse = compare(PERPLEXITY, broken, sound, 0.01)
    assert (worse.difference, worse.skill, worse.verdict) == (np.inf, -np.inf, "worse")
    assert worse.surely_worse
    better = compare(PERPLEXITY, sound, broken, 0.01)
    assert (better.difference, better.skill, better.verdict) == (-np.inf, 1, "better")
    both = compare(PERPLEXITY, broken, broken, 0.01)
    assert (both.low, both.high, both.verdict) == (-np.inf, np.inf, "undecided")
    assert np.isnan([both.difference, both.skill]).all()


def test_the_best_on_validation_is_chosen_and_equals_by_name() -> None:
    assert choose({"lstm": 120.0, "kn5": 110.0, "kn3": 110.0, "broken": np.inf}, PERPLEXITY) == "kn3"
    assert choose({"b": 0.9, "a": 0.9, "c": 0.5}, GAIN) == "a"


# Laws

NUMBERS = st.floats(-100, 100).map(lambda x: round(x, 3))
COLUMN = st.lists(NUMBERS, min_size=6, max_size=6)
SIDE = st.lists(COLUMN, min_size=1, max_size=3)
FLIPPED = {"better": "worse", "worse": "better", "tie": "tie", "undecided": "undecided"}


@settings(max_examples=50, deadline=None)
@given(SIDE, SIDE, st.floats(0, 50))
def test_swapping_model_and_reference_mirrors_the_interval_and_flips_the_verdict(ours, theirs, margin) -> None:
    one = compare(ERROR, fits(*ours), fits(*theirs), margin)
    other = compare(ERROR, fits(*theirs), fits(*ours), margin)
    np.testing.assert_allclose([one.low, one.high], [-other.high, -other.low], rtol=1e-9, atol=1e-9)
    assert compare(GAIN, fits(*ours), fits(*theirs), margin).verdict == FLIPPED[one.verdict]


@settings(max_examples=50, deadline=None)
@given(SIDE, SIDE, NUMBERS)
def test_a_constant_added_to_all_scores_moves_estimates_and_leaves_differences(ours, theirs, constant) -> None:
    def moved(side: list[list[float]]) -> list[Columns]:
        return fits(*(np.array(side) + constant))

    before, after = (estimate(ERROR, f) for f in (fits(*ours), moved(ours)))
    np.testing.assert_allclose([after.low, after.high], [before.low + constant, before.high + constant], atol=1e-6)
    one, two = compare(ERROR, fits(*ours), fits(*theirs), 1), compare(ERROR, moved(ours), moved(theirs), 1)
    np.testing.assert_allclose([two.low, two.high], [one.low, one.high], atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(SIDE, SIDE, st.permutations(range(6)), st.randoms(use_true_random=False))
def test_neither_the_order_of_items_nor_that_of_fits_matters(ours, theirs, order, shuffle) -> None:
    one = compare(ERROR, fits(*ours), fits(*theirs), 1)
    ours, theirs = (shuffle.sample([[c[i] for i in order] for c in side], len(side)) for side in (ours, theirs))
    two = compare(ERROR, fits(*ours), fits(*theirs), 1)
    np.testing.assert_allclose([two.low, two.high], [one.low, one.high], atol=1e-6)


# Refusals

GOOD = fits([1, 2, 3])


@pytest.mark.parametrize(
    ("ours", "theirs", "changes", "words"),
    [
        ([], GOOD, {}, "there is no fit"),
        (GOOD, [], {}, "there is no reference fit"),
        (fits([1, 2]), GOOD, {}, r"'x' of reference fit 1 has shape|'x' of fit 1 has shape"),
        (GOOD, fits([1, 2, 3], [1, 2, 3, 4]), {}, "'x' of .* has shape"),
        (GOOD, fits([1, 2, -np.inf]), {}, "'x' of reference fit 1 holds −∞ in 1 of 3 items"),
        (GOOD, GOOD, {"level": 95}, "level must lie between 0 and 1"),
        (GOOD, GOOD, {"stricter": 0}, "level must lie between 0 and 1"),
        (GOOD, GOOD, {"margin": -0.1}, "margin must be"),
        (GOOD, GOOD, {"margin": np.nan}, "margin must be"),
        (GOOD, GOOD, {"metric": replace(ERROR, scale="log"), "ours": fits([0, 0, 0])}, "must be above 0"),
        (fits([np.nan] * 3), GOOD, {}, "undefined"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_reason(ours, theirs, changes, words) -> None:
    arguments = {"metric": ERROR, "ours": ours, "margin": 0.1, **changes}
    with pytest.raises(ValueError, match=words):
        compare(arguments.pop("metric"), arguments.pop("ours"), theirs, **arguments)


def test_a_share_must_say_what_an_error_changes() -> None:
    with pytest.raises(ValueError, match="its `errors` must say"):
        estimate(replace(ACCURACY, errors=None), documents([1, 0, 1]))


def test_a_choice_among_nothing_or_unknown_scores_is_refused() -> None:
    with pytest.raises(ValueError, match="no model to choose"):
        choose({}, ERROR)
    with pytest.raises(ValueError, match=r"NaN.*: gru, lstm"):
        choose({"lstm": np.nan, "kn": 1.0, "gru": np.nan}, ERROR)


# What is computed once


@pytest.mark.parametrize("metric", [MACRO_F1, ACCURACY], ids=lambda metric: metric.name)
def test_fits_that_keep_what_is_computed_give_the_same_numbers(metric: Metric) -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 60)
    models = [[documents(rng.random(60) < p, label)[0] for _ in range(n)] for p, n in ((0.7, 3), (0.8, 2), (0.9, 1))]
    ways = (Way("groups", np.arange(60) // 3), Way("items", ordered=True))
    kept = [Fits(model) for model in models]
    for _ in range(2):
        for (a, b), (c, d) in ((models[:2], kept[:2]), (models[1:], kept[1:]), (models[::2], kept[::2])):
            for chosen in (ways, ways[:1], ways[1:]):
                assert compare(metric, a, b, 0.01, chosen, stricter=0.99) == compare(
                    metric, c, d, 0.01, chosen, stricter=0.99
                )
                assert estimate(metric, a, chosen) == estimate(metric, c, chosen)


def test_units_that_count_for_one_pair_alone_are_left_out_for_it_alone() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, np.nan, np.nan])
    with_all, without = np.array([1.5, 2.0, 2.5, 4.5, 5.0, 6.0, 9.0, 1.0]), values + 0.5 * SYMMETRIC
    kept = {name: Fits(fits(x)) for name, x in (("values", values), ("all", with_all), ("without", without))}
    plain = {name: list(found) for name, found in kept.items()}
    for a, b in (("values", "without"), ("values", "all"), ("all", "without"), ("values", "without")):
        assert compare(ERROR, kept[a], kept[b], 0.1) == compare(ERROR, plain[a], plain[b], 0.1)
