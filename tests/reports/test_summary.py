from collections.abc import Callable
from typing import Any

import pytest

from seqbench.reports.groups import Run
from seqbench.reports.summary import QUESTION, summary
from seqbench.reports.table import tables

Make = Callable[..., Run]


def lstm(run: Make, perplexity: float, **fields: Any) -> Run:
    return run("lstm", perplexity, kind="neural", stochastic=True, **{"costs": {"fit_seconds": 1680.0}, **fields})


def kn(run: Make, perplexity: float = 200.0, **fields: Any) -> Run:
    return run("kn", perplexity, **{"costs": {"fit_seconds": 2.0}, **fields})


def said(*runs: Run) -> str:
    (text,) = [summary(table) for table in tables(runs, resamples=200)]
    assert text.startswith(f"{QUESTION} ")
    return text.removeprefix(f"{QUESTION} ")


def test_the_best_neural_model_on_validation_is_held_against_the_best_classic_one(run: Make) -> None:
    other = run("rnn", 90.0, valid=300.0, kind="neural")
    assert said(kn(run), lstm(run, 176.0), other, run("add-k", 190.0, valid=900.0)) == (
        "Best neural model (chosen on validation): lstm, perplexity 176.0 (one fit), 12.0 % below kn, at 840 times "
        "its fit time: better."
    )


def test_a_worse_model_at_a_higher_cost_does_not_earn_it(run: Make) -> None:
    assert said(kn(run), lstm(run, 250.0)).endswith(
        "25.0 % above kn, at 840 times its fit time: worse, so here it does not."
    )


def test_a_tie_at_a_higher_cost_does_not_earn_it(run: Make) -> None:
    assert said(kn(run), lstm(run, 200.0)).endswith("at 840 times its fit time: a tie, so here it does not.")


def test_a_tie_at_a_lower_cost_is_left_at_that(run: Make) -> None:
    cheap = lstm(run, 200.0, costs={"fit_seconds": 1.0})
    assert said(kn(run), cheap).endswith("at 0.50 times its fit time: a tie.")


def test_fits_that_disagree_leave_it_undecided(run: Make) -> None:
    fits = [lstm(run, p, seed=s) for s, p in enumerate((150.0, 180.0, 260.0))]
    assert "(3 fits)" in said(kn(run), *fits)
    assert said(kn(run), *fits).endswith("undecided, since the interval leaves room for more than one verdict.")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": "timeout"}, "lstm: timeout"),
        ({"broken": {"causal": "peeks"}}, "lstm: ***"),
    ],
)
def test_no_comparable_neural_score_is_no_answer(run: Make, changes: dict[str, Any], why: str) -> None:
    assert said(kn(run), lstm(run, 90.0, **changes)) == (
        f"That cannot be told: no neural model has a comparable score ({why})."
    )


def test_no_neural_model_is_said_with_the_best_classic_one(run: Make) -> None:
    assert said(kn(run), run("add-k", 300.0)) == (
        "No neural model was run. Best classic model (chosen on validation): kn, perplexity 200.0."
    )


@pytest.mark.parametrize(("classic", "why"), [([], "none was run"), ([{"status": "crashed"}], "kn: crashed")])
def test_no_comparable_classic_score_is_no_answer(run: Make, classic: list[dict[str, Any]], why: str) -> None:
    runs = [kn(run, **changes) for changes in classic]
    assert said(*runs, lstm(run, 90.0)) == (
        f"That cannot be told: no classic model has a comparable score ({why}). "
        "Best neural model (chosen on validation): lstm, perplexity 90.00 (one fit)."
    )


def test_missing_items_are_no_answer(run: Make) -> None:
    assert "single items are missing" in said(kn(run, items=False), lstm(run, 90.0))


def test_the_distance_to_the_true_model_is_told(run: Make) -> None:
    truth = run("true model", 100.0, kind="truth")
    assert said(kn(run, 110.0), lstm(run, 105.0), truth).endswith(
        "The best of all (chosen on validation), lstm, stands 5.00 % above the true model."
    )


def test_a_model_that_beats_the_true_one_is_told(run: Make) -> None:
    truth = run("true model", 100.0, kind="truth")
    assert said(kn(run, 110.0), lstm(run, 50.0), truth).endswith(
        "But lstm scores better than the true model, which no honest model can: see the footnote."
    )
