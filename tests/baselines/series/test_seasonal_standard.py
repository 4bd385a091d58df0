"""Series without season and unit: what is left, and the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.baselines.series.seasonal_standard import SeasonalBase, SeasonalStandard
from seqbench.tasks.forecasts.model import Panel


@given(st.integers(1, 40), st.integers(1, 9), st.integers(0, 99))
def test_phases_have_mean_0_and_the_whole_has_variance_1(length: int, season: int, seed: int) -> None:
    past = np.random.default_rng(seed).normal(5, 3, length)
    panel = Panel([past], ["a"], season)
    z = SeasonalStandard.of(panel, "profile").apply(panel)[0]
    phase = np.arange(length) % (season if length >= 2 * season else 1)
    assert np.abs(np.bincount(phase, z)).max() < 1e-9
    assert z.std() == pytest.approx(1) or not z.any()


@given(st.integers(2, 40), st.integers(1, 9), st.integers(1, 30), st.integers(0, 99))
def test_the_last_season_and_the_true_differences_give_the_series_back(
    length: int, season: int, horizon: int, seed: int
) -> None:
    whole = np.random.default_rng(seed).normal(size=length + horizon).cumsum()
    past = Panel([whole[:length]], ["a"], season)
    standard = SeasonalStandard.of(past, "last")
    lag = season if length > season else 1
    z = ((whole[lag:] - whole[:-lag]) / standard.sd)[None, length - lag :]
    np.testing.assert_allclose(standard.apply(past)[0] * standard.sd, (whole[lag:] - whole[:-lag])[: length - lag])
    np.testing.assert_allclose(standard.undo(z + standard.earlier(z))[0], whole[length:], atol=1e-9)
    np.testing.assert_allclose(np.mean(standard.apply(past)[0] ** 2), 1)


def test_the_profile_goes_on_where_the_past_ends() -> None:
    panel = Panel([np.array([9.0, 1, 2, 3, 1, 2, 3, 1]), np.array([4.0, 6.0])], ["a", "b"], 3)
    standard = SeasonalStandard.of(panel, "profile")
    np.testing.assert_array_equal(standard.ahead, [[2, 5, 1], [5, 5, 5]])
    np.testing.assert_allclose(standard.undo(np.zeros((2, 4))), [[2, 5, 1, 2], [5] * 4])
    np.testing.assert_allclose(standard.undo(np.ones((2, 1, 2)))[1], [[6, 6]])
    assert not standard.earlier(np.ones((2, 7))).any()


@pytest.mark.parametrize("base", ["profile", "last"])
def test_a_season_without_noise_leaves_zeros(base: SeasonalBase) -> None:
    panel = Panel([np.resize([0.1, 0.7, 1e6], 30), np.array([8.0])], ["a", "b"], 3)
    standard = SeasonalStandard.of(panel, base)
    assert not standard.sd.any()
    assert not any(z.any() for z in standard.apply(panel))
    np.testing.assert_allclose(standard.undo(np.full((2, 3), 9.0)), [[0.1, 0.7, 1e6], [8] * 3], rtol=1e-9)
