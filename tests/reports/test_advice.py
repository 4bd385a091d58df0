"""The advice of a table: which model, and the evidence in words."""

from collections.abc import Callable

import pytest

from seqbench.reports.advice import Advice, advice, ended
from seqbench.reports.groups import Run
from seqbench.reports.table import tables

Make = Callable[..., Run]


def given(*runs: Run) -> Advice:
    (table,) = tables(runs)
    return advice(table)


def kn(run: Make, perplexity: float = 200.0, **fields: object) -> Run:
    return run("kn", perplexity, **{"costs": {"fit_seconds": 2.0, "predict_seconds": 1.0}, **fields})


def lstm(run: Make, perplexity: float, **fields: object) -> Run:
    costs = {"fit_seconds": 100.0, "predict_seconds": 3.0}
    return run("lstm", perplexity, kind="neural", stochastic=True, **{"costs": costs, **fields})


def test_a_network_that_is_better_than_all_classics_is_advised_with_the_closest_one(run: Make) -> None:
    said = given(run("uniform", 900.0), kn(run), lstm(run, 100.0))
    assert said.model == "lstm"
    use, why = said.sentences
    assert use.startswith("Use lstm: perplexity 100.00 (one fit) [")
    assert why.startswith(
        "It is better than each of the 2 classic models; kn comes closest (200.0, difference −50.0 % ["
    )
    assert why.endswith("), at 50 times the fit time (100 s) and 3.0 times the scoring time.")


def test_a_tie_keeps_the_classic_model(run: Make) -> None:
    said = given(run("uniform", 900.0), kn(run), lstm(run, 200.0))
    assert said.model == "kn"
    assert said.sentences[0].startswith("Keep kn: perplexity 200.0 [")
    assert said.sentences[1].startswith("The best network, lstm, ties (200.0, difference")
    assert len(said.sentences) == 2


def test_a_worse_network_is_told_so(run: Make) -> None:
    said = given(run("uniform", 900.0), kn(run), lstm(run, 300.0))
    assert said.model == "kn"
    assert "The best network, lstm, is worse (300.0, difference +50.0 % [" in said.sentences[1]


def test_where_the_data_are_too_few_it_says_so_first_and_how_many_would_do(run: Make) -> None:
    fits = [lstm(run, p, seed=s) for s, p in enumerate((150.0, 180.0, 260.0))]
    said = given(run("uniform", 900.0), kn(run), *fits)
    assert said.model == "kn"
    assert said.sentences[0] == "The data are too few to tell whether a network is better."
    assert said.sentences[1].startswith("Keep kn")
    assert "cannot be told apart" in said.sentences[2]


def test_times_of_a_busy_machine_are_not_compared(run: Make) -> None:
    busy = {"fit_seconds": 100.0, "predict_seconds": 3.0, "busy": True}
    assert not any("fit time" in sentence for sentence in given(kn(run), lstm(run, 300.0, costs=busy)).sentences)


def test_times_of_unlike_machines_are_not_compared(run: Make) -> None:
    costs = {"fit_seconds": 100.0, "predict_seconds": 3.0}
    alike = given(kn(run), lstm(run, 300.0, costs=costs))
    apart = given(kn(run), lstm(run, 300.0, costs=costs, machine={"cpu": "Xeon, 8 cores"}))
    assert any("fit time" in sentence for sentence in alike.sentences)
    assert not any("fit time" in sentence for sentence in apart.sentences)


def test_without_a_network_the_best_classic_is_kept(run: Make) -> None:
    said = given(run("uniform", 900.0), kn(run))
    assert said.model == "kn"
    assert said.sentences[1] == "No network was fitted to compare it with."


def test_a_best_classic_that_is_no_better_than_the_simplest_is_told(run: Make) -> None:
    said = given(run("uniform", 200.0, valid=201.0), kn(run), lstm(run, 300.0))
    assert said.sentences[-1] == (
        "Nothing here is shown to predict better than uniform: perhaps the data do not tell more."
    )


def test_without_a_comparable_score_nothing_is_advised(run: Make) -> None:
    peeking = run("kn", 2.0, broken={"causal": "it sees the future"})
    assert given(peeking, lstm(run, 100.0)) == Advice(
        "", ("No classic model has a score that lstm could be compared with.",)
    )
    assert given(peeking).model == ""


def test_models_without_a_score_are_named_with_the_reason(run: Make) -> None:
    (table,) = tables([kn(run), run("slow", status="timeout", reason="not finished after 9 s", kind="neural")])
    assert ended(table) == "Without a score: slow (not finished after 9 s)."


@pytest.mark.usefixtures("accuracy_task")
def test_higher_is_better_where_it_is(run: Make) -> None:
    import numpy as np

    def guessing(label: str, share: float, **fields: object) -> Run:
        record, _ = run(label, identity={"task": "guess"}, comparability={"task": "guess"}, **fields)
        right = np.arange(640) < round(640 * share)
        scores = {split: {"accuracy": share} for split in ("valid", "test")}
        return record.model_copy(update={"scores": scores}), {"right": right.astype(float)}

    said = given(guessing("bayes", 0.5), guessing("lstm", 0.9, kind="neural"))
    assert said.model == "lstm"
    assert "bayes comes closest (0.5000, difference +0.400 [0.362–0.439])" in said.sentences[1]


def test_a_reference_that_another_classic_beats_on_the_test_part_is_not_kept(run: Make) -> None:
    said = given(run("uniform", 900.0), run("lucky", 200.0, valid=90.0), kn(run, 120.0), lstm(run, 120.5))
    assert said.model == "kn"
    assert "lucky" not in " ".join(said.sentences)
