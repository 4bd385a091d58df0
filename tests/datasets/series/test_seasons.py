"""A season is seen in values that have one, and not in values that have none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.datasets.series.seasons import USUAL, season_in


@pytest.mark.parametrize("steps", USUAL)
def test_a_season_is_found_under_noise_and_trend(steps: int) -> None:
    rng = np.random.default_rng(steps)
    shape = rng.normal(size=steps)
    series = [np.tile(shape, 8) + 0.1 * np.arange(8 * steps) + 0.3 * rng.normal(size=8 * steps) for _ in range(3)]
    assert season_in(series) == steps


def test_a_day_is_preferred_to_a_week_of_hours() -> None:
    rng = np.random.default_rng(0)
    day, week = rng.normal(size=24), 0.3 * rng.normal(size=168)
    hours = np.arange(168 * 6)
    assert season_in([day[hours % 24] + week[hours % 168] + 0.2 * rng.normal(size=len(hours))]) == 24


@given(st.integers(0, 200), st.sampled_from([40, 200, 1000]))
def test_noise_and_random_walks_have_none(seed: int, length: int) -> None:
    steps = np.random.default_rng(seed).normal(size=(5, length))
    assert season_in(list(steps)) == season_in(list(steps.cumsum(axis=1))) == 1


def test_series_that_never_move_or_are_short_have_none() -> None:
    assert season_in([np.ones(100), np.array([1.0]), np.arange(9.0)]) == 1
