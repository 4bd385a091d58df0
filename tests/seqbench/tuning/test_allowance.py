import pytest

from seqbench.tuning.allowance import Allowance


def test_without_a_budget_there_are_thirty_trials() -> None:
    assert Allowance.of(None, None).told == "30 trials"
    assert Allowance.of(None, 2.0).told == "2 min of processor time"
    assert Allowance.of(5, 0.5).told == "5 trials or 30 s of processor time"
    assert Allowance.of(1, None).told == "1 trial"


def test_what_is_left() -> None:
    assert Allowance.of(3, None).left(2, 1e9) is None
    assert Allowance.of(3, None).left(3, 0) == 0
    assert Allowance.of(None, 1.0).left(1000, 45) == 15
    assert Allowance.of(None, 1.0).left(1, 61) == 0


@pytest.mark.parametrize(
    ("trials", "minutes", "device", "told"),
    [
        (0, None, "cpu", r"trials must lie in 1\.\.10,000, not 0"),
        (10_001, None, "cpu", "not 10,001"),
        (None, 0.0, "cpu", "cpu-minutes must be above 0, not 0"),
        (None, float("nan"), "cpu", "not nan"),
        (None, 1.0, "cuda", "give the budget as --trials"),
    ],
)
def test_a_budget_that_means_nothing_is_refused(
    trials: int | None, minutes: float | None, device: str, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        Allowance.of(trials, minutes, device)
