"""The law of the validation part, which all tasks share: it may choose settings, but not teach."""

from pathlib import Path

import pytest

from seqbench import api
from seqbench.evidence.laws import validation

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
