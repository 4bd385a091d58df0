"""What training samples add to the variance of a mean: closed forms, and coverage in a world that is known."""

import numpy as np
import pytest
from scipy import stats

from seqbench.evidence.intervals import quantile
from seqbench.evidence.samples import of_samples
from seqbench.interface import Floats

RNG = np.random.default_rng(0)


def test_of_one_size_the_variance_is_that_of_sampling_without_replacement() -> None:
    scores = RNG.normal(size=4)
    ((one,),) = of_samples([scores], [0.25])
    single = scores.var(ddof=1) / (1 - 0.25)
    assert one.variance == pytest.approx(single * (0.25 + 0.75 / 4))
    assert one.dof == 3


def test_neighbours_tell_of_a_size_as_if_the_variance_fell_with_it() -> None:
    quiet, loud = np.array([-1.0, 1.0]), np.array([-2.0, 2.0])
    found = of_samples([loud, quiet, loud, loud], [0.1, 0.2, 0.4, 0.8])
    own = [8 / 0.9, 2 / 0.8, 8 / 0.6, 8 / 0.2]
    middle = (own[0] * 0.1 / 0.2 + own[1] + own[2] * 0.4 / 0.2) / 3
    assert found[1][0].variance == pytest.approx(middle * (0.2 + 0.8 / 2))
    assert found[1][0].dof == 3
    assert found[3][0].variance == pytest.approx(own[3] * (0.8 + 0.2 / 2))  # more than what both show together


def test_the_whole_is_one_sample_whose_spread_the_two_sizes_below_tell() -> None:
    scores = [np.array([-1.0, 1.0]), np.array([-1.0, 1.0]), np.array([0.0])]
    *_, (sampled,) = of_samples(scores, [0.25, 0.5, 1.0])
    assert sampled.variance == pytest.approx((2 / 0.75 * 0.25 + 2 / 0.5 * 0.5) / 2)
    scores[2] = np.array([0.0, 1.0, 2.0])
    *_, (sampled, seeds) = of_samples(scores, [0.25, 0.5, 1.0])
    assert (seeds.variance, seeds.dof) == (pytest.approx(1 / 3), 2)


@pytest.mark.parametrize("random", [True, False])
def test_single_fits_tell_nothing(random: bool) -> None:
    assert of_samples([np.array([1.0]), np.array([2.0])], [0.5, 1.0], random) == [[], []]


def test_parts_that_are_not_random_differ_by_seeds_alone() -> None:
    ((one,), (other,)) = of_samples([np.array([0.0, 2.0]), np.array([0.0, 4.0])], [0.5, 1.0], random=False)
    assert (one.variance, other.variance) == (1.0, 4.0)


def test_infinite_scores_tell_nothing() -> None:
    assert of_samples([np.array([np.inf, 1.0]), np.array([1.0, 2.0])], [0.5, 1.0], random=False)[0] == []


@pytest.mark.parametrize("power", [1, 2])
def test_intervals_hold_the_mean_over_all_samples(power: int) -> None:
    """Scores are means over ten numbers of each item: of the sample's mean, or of its square, as excess losses are."""
    rng, shares, size, seeds = np.random.default_rng(1), [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0], 256, 3
    repeats, hits = 600, np.zeros(len(shares))
    truth = np.array([0.0 if power == 1 else 1 / (share * size) for share in shares])
    for _ in range(repeats):
        pool, orders = rng.normal(size=(size, 10)), [rng.permutation(size) for _ in range(seeds)]
        scores: list[Floats] = []
        for share in shares:
            parts = [pool[order[: int(share * size)]] for order in orders[: seeds if share < 1 else 1]]
            scores.append(np.array([(part.mean(axis=0) ** power).mean() for part in parts]))
        for k, components in enumerate(of_samples(scores, shares)):
            half = np.sqrt(sum(quantile(one.dof, 0.95) ** 2 * one.variance for one in components))
            hits[k] += abs(scores[k].mean() - truth[k]) <= half
    assert (hits >= stats.binom.ppf(0.001, repeats, 0.95 if power == 1 else 0.9)).all()
