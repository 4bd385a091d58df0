import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.evidence.tuned import expected_best

SCORES = st.lists(st.floats(-100, 100), min_size=1, max_size=5)


@given(SCORES, st.booleans())
def test_the_expected_best_is_the_mean_over_all_draws(scores: list[float], lower: bool) -> None:
    best = min if lower else max
    for n, found in enumerate(expected_best(scores, lower), start=1):
        every = [best(draw) for draw in itertools.product(scores, repeat=n)]
        assert found == pytest.approx(np.mean(every), abs=1e-9)


def test_the_curve_of_many_trials_is_that_of_a_simulation() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=30).tolist()
    drawn = rng.choice(scores, size=(20_000, 30))
    simulated = np.minimum.accumulate(drawn, axis=1).mean(axis=0)
    np.testing.assert_allclose(expected_best(scores, lower_is_better=True), simulated, atol=0.02)


@given(SCORES, st.booleans())
def test_more_trials_are_never_worse_and_one_is_the_mean(scores: list[float], lower: bool) -> None:
    found = expected_best(scores, lower)
    assert found[0] == pytest.approx(np.mean(scores), abs=1e-9)
    assert (np.diff(found) * (1 if lower else -1) <= 1e-9).all()


def test_a_trial_without_a_score_counts_as_the_worst_one() -> None:
    for missing in (None, float("nan"), float("inf")):
        np.testing.assert_allclose(expected_best([3.0, missing, 1.0], True), expected_best([3.0, 3.0, 1.0], True))
        np.testing.assert_allclose(expected_best([3.0, missing, 1.0], False), expected_best([3.0, 1.0, 1.0], False))


def test_without_a_score_there_is_no_curve() -> None:
    with pytest.raises(ValueError, match="no trial has a score"):
        expected_best([None, None], True)
