import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seqbench.reports.groups import Run
from seqbench.reports.summary import QUESTION, _distance, summary
from seqbench.reports.table import tables

Make = Callable[..., Run]


def lstm(run: Make, perplexity: float, **fields: Any) -> Run:
    costs = {"fit_seconds": 1680.0, "predict_seconds": 3.0}
    return run("lstm", perplexity, kind="neural", stochastic=True, **{"costs": costs, **fields})


def kn(run: Make, perplexity: float = 200.0, **fields: Any) -> Run:
    return run("kn", perplexity, **{"costs": {"fit_seconds": 2.0, "predict_seconds": 1.0}, **fields})


def said(*runs: Run) -> str:
    (text,) = [summary(table) for table in tables(runs)]
    assert text.startswith(f"{QUESTION} ")
    return text.removeprefix(f"{QUESTION} ")


def test_better_is_better_than_every_classic_model_and_the_closest_is_named(run: Make) -> None:
    other = run("rnn", 90.0, valid=300.0, kind="neural")
    closest = run("add-k", 190.0, valid=900.0, costs={"fit_seconds": 4.0, "predict_seconds": 1.0})
    assert said(kn(run), lstm(run, 100.0), other, closest) == (
        "Better than each of the 2 classic models. The best neural model (chosen on validation) is lstm, perplexity "
        "100.00 (one fit), 47.4 % below add-k, which comes closest. Its fit takes 420 times and its scoring 3.0 times "
        "as long as that of add-k."
    )


def test_a_classic_model_that_is_not_beaten_stands_in_the_way_though_validation_chose_another(run: Make) -> None:
    """Averaged embeddings beat the reference on test, but not the support vector machine of the same table."""
    text = said(run("reference", 120.0, valid=90.0), kn(run, 100.0, valid=110.0), lstm(run, 100.5))
    assert text.startswith("Undecided, since kn is not beaten.") or text.startswith("A tie with kn.")
    assert "better" not in text.lower()


def test_worse_than_one_classic_model_is_worse(run: Make) -> None:
    assert said(run("uniform", 900.0), kn(run), lstm(run, 300.0)) == (
        "Worse than kn. The best neural model (chosen on validation) is lstm, perplexity 300.0 (one fit), 50.0 % above "
        "kn. Its fit takes 840 times and its scoring 3.0 times as long as that of kn, the cheapest classic model that "
        "is not beaten."
    )


def test_costs_are_told_against_the_cheapest_classic_model_that_is_not_beaten(run: Make) -> None:
    cheap = run("cheap", 200.0, valid=210.0, costs={"fit_seconds": 0.5, "predict_seconds": 0.5})
    beaten = run("beaten", 900.0, costs={"fit_seconds": 0.1, "predict_seconds": 0.1})
    assert "as long as that of cheap, the cheapest" in said(kn(run), cheap, beaten, lstm(run, 300.0))


def test_times_of_a_busy_machine_make_no_sentence_about_cost(run: Make) -> None:
    busy = {"fit_seconds": 1680.0, "predict_seconds": 3.0, "busy": True}
    assert "takes" not in said(kn(run), lstm(run, 300.0, costs=busy))
    assert "takes" not in said(kn(run, costs=busy), lstm(run, 300.0))
    assert "takes" in said(kn(run), lstm(run, 300.0))


@pytest.mark.parametrize("skill", [np.inf, -np.inf, np.nan])
def test_beside_a_score_of_0_there_is_no_share(run: Make, skill: float) -> None:
    (table,) = tables([kn(run), lstm(run, 100.0)])
    assert _distance(table, skill) == "above"


def test_a_model_that_is_as_good_ties(run: Make) -> None:
    assert said(kn(run), lstm(run, 200.0)).startswith("A tie with kn. ")


def test_fits_that_disagree_leave_it_undecided_and_say_how_many_items_would_do(run: Make) -> None:
    fits = [lstm(run, p, seed=s) for s, p in enumerate((150.0, 180.0, 260.0))]
    text = said(kn(run), *fits)
    assert text.startswith("Undecided, since kn is not beaten. ")
    assert "(3 fits)" in text
    assert "test symbols would" not in text  # more seeds would do it, not more items
    noisy = np.random.default_rng(7).normal(size=640)
    assert re.search(
        r"About 88,000 test symbols would tell a difference as small as the margin of a tie, 1 %; there are 640",
        said(kn(run), lstm(run, 200.0, nats=noisy - noisy.mean() + np.log(200.0))),
    )


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
