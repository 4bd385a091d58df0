"""What all tasks share: which scores are refused, and the law of the validation part, which may not teach."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqbench import api
from seqbench.evidence.laws import ROUNDING, ScoreError, log_probabilities, validation

TOYS = Path(__file__).parents[2] / "toys" / "validation.py"


@pytest.mark.parametrize("model", ["Bigrams", "Bayes", "Lags"])
@pytest.mark.parametrize("seed", range(3))
def test_a_model_that_trains_on_validation_is_found_out_and_one_that_chooses_a_setting_there_is_not(
    model: str, seed: int
) -> None:
    def broken(name: str) -> set[str]:
        return {check.name for check in api.check(f"{TOYS}:{name}", seed=seed) if not check.passed}

    assert broken(model) == set()
    assert broken(f"{model}OfAll") == {"validation"}


@pytest.mark.parametrize(
    ("own", "other", "passed"),
    [
        (5.0, 3.0, True),  # it stopped early, and is less wrong
        (2.0, 2.0, True),  # it knows the source from elsewhere
        (5.0, 1.0, False),
        (2.0, 1.0, False),
    ],
)
def test_only_what_validation_taught_counts(own: float, other: float, passed: bool) -> None:
    assert validation(own, other, ignorant=2.7).passed is passed


@pytest.mark.parametrize("above", [1e-5, 1.0, 1e300])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_probability_above_one_is_refused_wherever_it_stands(above: float, kind: type[np.floating[Any]]) -> None:
    scores = np.array([[-1.0, 0.0, -np.inf], [-2.0, min(above, 1e38), -3.0]], kind)
    with pytest.raises(ScoreError, match=r"above 0, up to .* for 1 of 6: scores must be log-probabilities"):
        log_probabilities(scores, lambda wrong: f"{int(wrong.sum())} of {wrong.size}")


def test_rounding_above_zero_is_let_through_unchanged() -> None:
    scores = np.array([0.0, ROUNDING, -np.inf, 2.0**-23])
    np.testing.assert_array_equal(log_probabilities(scores, str), scores)
