"""Corrections and tests against statsmodels, scipy, all patterns of signs, and Demšar's own example."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from seqbench.evidence.significance import holm, signed_rank

chance = st.floats(0, 1)


@given(st.lists(chance, min_size=1, max_size=20))
def test_holms_correction_is_that_of_statsmodels(chances: list[float]) -> None:
    np.testing.assert_allclose(holm(chances), multipletests(chances, method="holm")[1], rtol=1e-12)


def test_the_order_of_tests_does_not_matter_and_none_are_none() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.01, 0.03, 0.04]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@pytest.mark.parametrize("chances", [[1.2], [0.5, -0.1], [float("nan")]])
def test_what_is_no_p_value_is_refused(chances: list[float]) -> None:
    with pytest.raises(ValueError, match=r"0\.\.1"):
        holm(chances)


@pytest.mark.parametrize("count", [1, 4, 5, 6, 14, 30])
def test_without_ties_the_signed_rank_test_is_scipys_exact_one(count: int) -> None:
    rng = np.random.default_rng(count)
    for _ in range(5):
        drawn = rng.normal(0.4, 1, count)
        assert signed_rank(drawn) == pytest.approx(stats.wilcoxon(drawn, method="exact").pvalue, rel=1e-12)


@given(st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0, 1.0, 2.0, 3.0]), min_size=1, max_size=8))
def test_with_ties_and_zeros_it_counts_all_patterns_of_signs(drawn: list[float]) -> None:
    found = np.array(drawn)
    ranks = stats.rankdata(np.abs(found))
    observed = abs((np.sign(found) * ranks).sum())
    signs = np.array(list(itertools.product([-1, 1], repeat=len(found)))) * (found != 0)
    assert signed_rank(found) == pytest.approx(np.mean(np.abs(signs @ ranks) >= observed - 1e-9), abs=1e-12)


def test_five_data_sets_can_never_decide_and_six_can() -> None:
    assert signed_rank(np.ones(5)) == 2 / 32
    assert signed_rank(np.ones(6)) == 2 / 64


def test_demsars_example_of_two_classifiers_on_14_data_sets() -> None:
    """Demšar 2006, table 2 and 3.1.3: C4.5 and C4.5 with m, R⁺ = 93 and R⁻ = 12; the critical value at 5 % is 21."""
    plain = [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957]
    pruned = [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978]
    differences = np.round(np.array(pruned) - np.array(plain), 3)
    ranks = stats.rankdata(np.abs(differences))
    of_zeros = ranks[differences == 0].sum() / 2
    assert (ranks[differences > 0].sum() + of_zeros, ranks[differences < 0].sum() + of_zeros) == (93, 12)
    assert signed_rank(differences) < 0.02  # the table of critical values for 14 has 21 at 5 %, 15 at 2 %, 12 at 1 %
    assert signed_rank(differences) == pytest.approx(0.01, abs=0.003)


def test_no_differences_or_an_unknown_one_are_refused() -> None:
    for drawn in (np.zeros(0), np.array([1.0, np.nan])):
        with pytest.raises(ValueError, match="NaN"):
            signed_rank(drawn)
