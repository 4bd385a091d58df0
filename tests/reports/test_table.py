from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from seqbench.evidence.statistics import block_weights, compare, estimate
from seqbench.reports import table as module
from seqbench.reports.groups import Run
from seqbench.tasks import task
from seqbench.tasks.language.metrics import PERPLEXITY

Make = Callable[..., Run]
table = partial(module.table, resamples=200)


def test_scores_are_those_of_a_hand_computation(run: Make) -> None:
    made = table([run("kn", 200.0, valid=210.0), run("lstm", 100.0, kind="neural")])
    kn, lstm = made.rows
    assert kn.scores["perplexity"] == pytest.approx(200, rel=1e-5)
    assert kn.scores["bits_per_character"] == pytest.approx(np.log2(200) / 5, rel=1e-6)
    assert kn.validation == pytest.approx(210)
    assert lstm.against_reference is not None
    assert lstm.against_reference.skill == pytest.approx(0.5, rel=1e-5)
    assert lstm.against_reference.difference == pytest.approx(-np.log(2), rel=1e-5)


def test_seeds_are_pooled_on_the_scale_of_the_metric(run: Make) -> None:
    costs = [
        {"fit_seconds": 2.0, "peak_memory_bytes": 10, "parameters": 7, "items_per_second": 100.0},
        {"fit_seconds": 4.0, "peak_memory_bytes": 30, "parameters": 7, "items_per_second": 300.0},
    ]
    runs = [run("lstm", p, seed=s, stochastic=True, costs=costs[s]) for s, p in enumerate((90.0, 160.0))]
    (row,) = table(runs).rows
    assert row.scores["perplexity"] == pytest.approx(120, rel=1e-5)  # √(90 · 160)
    assert row.validation == pytest.approx(120)
    assert row.estimate is not None
    assert row.estimate.value == pytest.approx(120, rel=1e-5)
    assert row.estimate.seeds_sd == pytest.approx(np.std([90, 160], ddof=1), rel=1e-4)
    assert row.costs.model_dump(exclude_defaults=True) == {
        "fit_seconds": 3.0,
        "items_per_second": 200.0,
        "parameters": 7,
        "peak_memory_bytes": 30,
    }


def test_intervals_and_verdicts_are_those_of_the_statistics_module_on_shared_resamples(run: Make) -> None:
    runs = [run("kn", 103.0), *[run("lstm", 100.0 + s, seed=s, kind="neural", stochastic=True) for s in range(3)]]
    made = table(runs, margin=0.02, level=0.9, resamples=300)
    fits, blocks = zip(*(task("lm").items(columns) for _, columns in runs if columns is not None), strict=True)
    weights = block_weights(len(fits[0]["nats"]), blocks[0], 300, np.random.default_rng(0))
    kn, lstm = made.rows
    assert kn.estimate == estimate(PERPLEXITY, fits[:1], weights, 0.9, block=blocks[0])
    assert lstm.estimate == estimate(PERPLEXITY, fits[1:], weights, 0.9, block=blocks[0])
    assert lstm.against_reference == compare(PERPLEXITY, fits[1:], fits[:1], weights, 0.02, 0.9, block=blocks[0])
    assert (made.resamples, made.units, made.block) == (300, len(fits[0]["nats"]), blocks[0])


def test_the_reference_is_chosen_on_validation_though_another_is_best_on_test(run: Make) -> None:
    runs = [run("a", 100.0, valid=120.0), run("b", 110.0, valid=115.0), run("lstm", 90.0, valid=130.0, kind="neural")]
    made = table(runs)
    assert (made.reference, made.best) == ("b", "b")
    assert [row.against_reference is not None for row in made.rows] == [True, False, True]


def test_neither_a_neural_nor_a_true_model_is_the_reference(run: Make) -> None:
    made = table([run("kn", 110.0), run("lstm", 90.0, kind="neural"), run("true model", 80.0, kind="truth")])
    assert (made.reference, made.best) == ("kn", "lstm")


@pytest.mark.parametrize("kind", ["classic", "neural"])
def test_a_row_that_broke_a_marked_law_takes_part_in_no_comparison(run: Make, kind: str) -> None:
    cheat = run("cheat", 2.0, kind=kind, broken={"causal": "the future moved the past"})
    made = table([run("kn", 110.0), cheat, run("true model", 80.0, kind="truth")])
    row = made.row("cheat")
    assert row is not None
    assert row.marks == ("***",)
    assert row.scores["perplexity"] == pytest.approx(2, rel=1e-4)
    assert (row.against_reference, row.against_truth, row.beats_truth) == (None, None, False)
    assert (made.reference, made.best) == ("kn", "kn")


def test_one_bad_seed_marks_the_whole_row(run: Make) -> None:
    runs = [run("lstm", seed=s, stochastic=True, broken={"causal": "!"} if s == 1 else {}) for s in range(3)]
    assert table(runs).rows[0].marks == ("***",)


def test_an_unmarked_law_leaves_the_row_comparable(run: Make) -> None:
    made = table([run("kn"), run("hmm", 90.0, broken={"pure": "ids changed"})])
    assert made.best == made.reference == "hmm"
    assert made.rows[1].marks == ()
    assert [check.name for check in made.rows[1].broken] == ["pure"]


@pytest.mark.parametrize("status", ["skipped", "failed", "timeout", "out of memory", "crashed"])
def test_a_row_that_ended_badly_changes_no_other_row(run: Make, status: str) -> None:
    good = [run("kn", 110.0), run("lstm", 90.0, kind="neural")]
    bad = run("a bad one", kind="neural", status=status, reason="why", read=status == "crashed")
    alone, beside = table(good), table([good[0], bad, good[1]])
    assert [beside.rows[0], beside.rows[2]] == list(alone.rows)
    assert (beside.reference, beside.best) == (alone.reference, alone.best)
    assert (beside.rows[1].status, beside.rows[1].scores, beside.rows[1].estimate) == (status, {}, None)


def test_seeds_that_failed_are_left_out_and_said(run: Make) -> None:
    runs = [run("lstm", 100.0, seed=s, stochastic=True, status="timeout" if s == 1 else "ok") for s in range(3)]
    whole = [run("lstm", 100.0, seed=s, stochastic=True) for s in (0, 2)]
    row, expected = table(runs).rows[0], table(whole).rows[0]
    assert (row.pooled, row.status) == (2, "2 of 3 seeds")
    assert row.estimate == expected.estimate


def test_rows_come_in_the_order_of_the_runs_and_the_true_model_last(run: Make) -> None:
    runs = [run("z"), run("true model", kind="truth"), run("a"), run("m", kind="neural")]
    assert [row.label for row in table(runs).rows] == ["z", "a", "m", "true model"]


def test_only_a_model_beyond_the_paired_interval_beats_the_truth(run: Make) -> None:
    truth = run("true model", 80.0, kind="truth")
    made = table([run("equal", 80.0), run("cheat", 79.0), run("honest", 81.0), truth])
    assert [row.beats_truth for row in made.rows] == [False, True, False, False]
    honest = made.rows[2].against_truth
    assert honest is not None
    assert -honest.skill == pytest.approx(1 / 80, rel=1e-3)


def test_the_same_runs_give_the_same_table_whatever_the_order_of_seeds(run: Make) -> None:
    runs = [run("kn"), *[run("lstm", 90.0 + s, seed=s, stochastic=True) for s in range(3)]]
    assert table(runs) == table(runs) == table([runs[0], *reversed(runs[1:])])


def test_an_impossible_token_makes_the_perplexity_infinite_and_the_row_worse(run: Make) -> None:
    nats = np.full(640, 2.0)
    nats[7] = np.inf
    made = table([run("kn"), run("unsmoothed", np.inf, nats=nats)])
    kn, row = made.rows
    assert made.reference == "kn"
    assert kn.scores["perplexity"] == pytest.approx(100, rel=1e-5)
    assert row.scores["perplexity"] == np.inf
    assert row.against_reference is not None
    assert row.against_reference.verdict == "worse"


@pytest.mark.parametrize("value", [np.nan, -np.inf, -800.0])
def test_scores_that_no_perplexity_can_have_get_a_note_and_no_verdict(run: Make, value: float) -> None:
    made = table([run("kn"), run("broken", 0.0, valid=np.nan, nats=np.full(640, value))])
    kn, row = made.rows
    assert made.reference == made.best == "kn"
    assert kn.estimate is not None
    assert (row.estimate, row.against_reference) == (None, None)
    assert "no interval" in row.why_no_interval


def test_without_items_a_row_has_its_recorded_score_and_no_verdict(run: Make) -> None:
    made = table([run("kn", 100.0), run("lstm", 50.0, kind="neural", items=False)])
    row = made.rows[1]
    assert row.scores == pytest.approx({"perplexity": 50.0})
    assert (row.estimate, row.against_reference) == (None, None)
    assert "missing" in row.why_no_interval


def test_one_fit_without_items_leaves_no_interval_over_the_others(run: Make) -> None:
    runs = [run("lstm", p, seed=s, stochastic=True, items=s == 0) for s, p in enumerate((90.0, 160.0))]
    (row,) = table(runs).rows
    assert (row.pooled, row.estimate) == (2, None)
    assert row.scores == pytest.approx({"perplexity": 120.0})


def test_a_secondary_metric_without_a_meaning_is_left_out(run: Make) -> None:
    (row,) = table([run("kn", characters=0)]).rows
    assert sorted(row.scores) == ["bits_per_token", "perplexity"]


def test_a_test_part_of_many_units_gets_fewer_resamples(run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 40 * 150)
    assert table([run("kn")], resamples=2000).resamples == 150
    assert table([run("kn")], resamples=100).resamples == 100


def test_runs_of_different_numbers_of_units_are_refused_by_name(run: Make) -> None:
    with pytest.raises(ValueError, match=r"40 \(kn\), 20 \(short\)"):
        table([run("kn"), run("short", nats=np.full(320, 2.0))])


@pytest.mark.usefixtures("accuracy_task")
def test_where_higher_is_better_the_highest_validation_leads_and_more_is_better(run: Make) -> None:
    rng = np.random.default_rng(0)
    runs = []
    for label, share, kind in (("nb", 0.7, "classic"), ("lstm", 0.9, "neural"), ("truth", 0.8, "truth")):
        record, _ = run(label, kind=kind, identity={"task": "guess"})
        record = record.model_copy(update={"scores": {"valid": {"accuracy": share}, "test": {"accuracy": share}}})
        runs.append((record, {"right": rng.permuted(np.arange(500) < 500 * share).astype(float)}))
    (made,) = module.tables(runs)
    lstm = made.rows[1]
    assert (made.reference, made.best) == ("nb", "lstm")
    assert lstm.against_reference is not None
    assert lstm.against_reference.verdict == "better"
    assert lstm.against_reference.skill == pytest.approx(0.9 / 0.7 - 1)
    assert lstm.beats_truth
