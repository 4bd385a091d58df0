"""Series without season and unit: what is left, and the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.baselines.seasonal_standard import SeasonalStandard
from seqbench.interface import Panel


@given(st.integers(1, 40), st.integers(1, 9), st.integers(0, 99))
def test_phases_have_mean_0_and_the_whole_has_variance_1(length: int, season: int, seed: int) -> None:
    past = np.random.default_rng(seed).normal(5, 3, length)
    panel = Panel([past], ["a"], season)
    z = SeasonalStandard.of(panel).apply(panel)[0]
    phase = np.arange(length) % (season if length >= 2 * season else 1)
    assert np.abs(np.bincount(phase, z)).max() < 1e-9
    assert z.std() == pytest.approx(1) or not z.any()


def test_the_profile_goes_on_where_the_past_ends() -> None:
    panel = Panel([np.array([9.0, 1, 2, 3, 1, 2, 3, 1]), np.array([4.0, 6.0])], ["a", "b"], 3)
    standard = SeasonalStandard.of(panel)
    np.testing.assert_array_equal(standard.profile, [[2, 5, 1], [5, 5, 5]])
    np.testing.assert_allclose(standard.undo(np.zeros((2, 4))), [[2, 5, 1, 2], [5] * 4])
    np.testing.assert_allclose(standard.undo(np.ones((2, 1, 2)))[1], [[6, 6]])


def test_a_season_without_noise_leaves_zeros() -> None:
    panel = Panel([np.resize([0.1, 0.7, 1e6], 30)], ["a"], 3)
    standard = SeasonalStandard.of(panel)
    assert standard.sd == 0
    assert not standard.apply(panel)[0].any()
    np.testing.assert_allclose(standard.undo(np.full((1, 3), 9.0)), [[0.1, 0.7, 1e6]], rtol=1e-9)
