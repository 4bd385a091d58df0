from collections.abc import Callable

import numpy as np
import pytest

from seqbench.reports.groups import Run
from seqbench.reports.notes import notes
from seqbench.reports.table import table
from seqbench.tasks.base import Task

Make = Callable[..., Run]


def test_each_mark_has_one_note_with_what_was_measured_on_each_row(run: Make) -> None:
    runs = [
        run("kn"),
        run("bilstm", broken={"causal": "changing the future moved the past by 3.2 nats."}),
        run("peeker", broken={"causal": "moved by 1 nat", "normalised": "sums to 2.4"}),
    ]
    found = notes(table(runs))
    assert [marked.score for marked in found.marked] == [(), ("***",), ("***", "†")]
    ending = " The score is not comparable: no verdict, never reference or best."
    assert found.listed() == (
        ("***", f"bilstm: changing the future moved the past by 3.2 nats; peeker: moved by 1 nat.{ending}"),
        ("†", f"peeker: sums to 2.4.{ending}"),
    )


def test_an_unmarked_law_and_a_bad_end_are_numbered(run: Make) -> None:
    runs = [
        run("hmm", broken={"pure": "predict changed its ids"}),
        run("hangs", status="timeout", reason="no answer in 60 s", read=False),
    ]
    found = notes(table(runs))
    assert found.listed() == (
        ("1", "hmm: predict changed its ids."),
        ("2", "hangs: timeout (no answer in 60 s)."),
    )
    assert [(marked.score, marked.status) for marked in found.marked] == [(("1",), ()), (("2",), ("2",))]


def test_seeds_that_ended_badly_are_told_together_if_they_ended_alike(run: Make) -> None:
    ends = ["ok", "timeout", "crashed", "timeout"]
    runs = [run("lstm", seed=s, stochastic=True, status=end, reason="why") for s, end in enumerate(ends)]
    found = notes(table(runs))
    assert found.listed() == (("1", "lstm: pooled over 1 of 4 seeds; seeds 1, 3 timeout (why); seed 2 crashed (why)."),)


def test_a_model_better_than_the_true_one_raises_an_alarm_first_of_all_notes(run: Make) -> None:
    runs = [
        run("peeker", broken={"causal": "peeks"}),
        run("cheat", 70.0),
        run("kn", 85.0),
        run("true model", 80.0, kind="truth"),
    ]
    found = notes(table(runs))
    mark, text = found.listed()[0]
    assert mark == "‼"
    assert text.startswith("cheat is better than the true model beyond the paired interval")
    assert [marked.gap for marked in found.marked] == [(), ("‼",), (), ()]


def test_what_a_task_remarks_on_several_rows_is_one_note(run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Task, "remarks", lambda self, detail: ["one series decides the mean"])
    runs = [run("kn"), run("lstm"), run("hangs", status="timeout", reason="", read=False)]
    found = notes(table(runs))
    assert found.listed() == (("1", "one series decides the mean."), ("2", "hangs: timeout."))
    assert [marked.score for marked in found.marked] == [("1",), ("1",), ("2",)]


def test_what_a_task_observes_in_the_checks_of_several_rows_is_one_note(
    run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Task, "remarks", lambda self, record: ["looks far"] if record.checks else [])
    runs = [run("kn"), run("peeker", broken={"pure": "x"}), run("hmm", broken={"pure": "x"})]
    found = notes(table(runs))
    assert found.listed()[-2:] == (("2", "looks far."), ("3", "hmm: x."))
    assert [marked.score for marked in found.marked] == [(), ("1", "2"), ("3", "2")]


def test_times_of_a_busy_machine_are_upper_bounds(run: Make) -> None:
    busy = {"fit_seconds": 2.0, "busy": True}
    found = notes(table([run("kn"), run("lstm", costs=busy), run("gru", costs=busy)]))
    assert [mark.fit for mark in found.marked] == [(), ("1",), ("1",)]
    ((mark, said),) = found.listed()
    assert mark == "1"
    assert said.startswith("the machine was busy")
    assert "upper bounds" in said


def test_a_verdict_that_few_units_decide_names_them(run: Make) -> None:
    nats = np.full(640, np.log(100.0))
    heavy = nats.copy()
    heavy[[5 * 16, 9 * 16, 20 * 16]] += np.array([9.0, 30.0, 80.0])  # in units 6, 10 and 21 of 40
    found = notes(table([run("kn", nats=nats), run("lstm", nats=heavy, kind="neural")]))
    ((mark, said),) = found.listed()
    assert found.marked[1].score == (mark,)
    assert "numbers 21, 10 and 6 of the stretches of 16 symbols carry most of the difference from kn" in said


def test_a_fit_that_was_put_off_and_work_at_every_prediction_are_told_beside_the_fit_time(run: Make) -> None:
    lazy = {"fit_seconds": 3.6, "deferred_seconds": 3.5, "predict_seconds": 20.0}
    local = {"fit_seconds": 0.001, "predict_seconds": 12.0}
    brief = {"fit_seconds": 0.001, "predict_seconds": 0.5}
    found = notes(table([run("lazy", costs=lazy), run("theta", costs=local), run("kn", costs=brief)]))
    assert found.listed() == (
        ("1", "lazy: 3.50 s of its fit passed in its first prediction."),
        ("2", "theta: most of its work is done when it predicts: scoring the test part took 12.0 s."),
    )
    assert [mark.fit for mark in found.marked] == [("1",), ("2",), ()]


def test_rows_of_unlike_machines_are_marked_with_the_names_of_both(run: Make) -> None:
    other = {"cpu": "Xeon, 8 cores"}
    runs = [
        run("kn"),
        run("lstm", stochastic=True),
        run("lstm", stochastic=True, seed=1),
        run("gru", stochastic=True, machine=other),
        run("rnn", stochastic=True),
        run("rnn", stochastic=True, seed=1, machine=other),
    ]
    made = table(runs)
    found = notes(made)
    assert [marked.fit for marked in found.marked] == [(), (), ("1",), ("2",)]
    here, there = "EPYC, 2 cores, 2 threads, Linux-6.1", "Xeon, 8 cores, 2 threads, Linux-6.1"
    assert found.listed() == (
        ("1", f"made on {there}; times do not compare with those of the other rows, made on {here}."),
        ("2", f"made on unlike machines, so the mean of its times is of neither: seed 0 on {here}; seed 1 on {there}."),
    )
    assert notes(made, times=False).listed() == ()


def test_a_machine_of_another_name_but_of_the_same_kind_needs_no_mark(run: Make) -> None:
    found = notes(table([run("kn", machine={"host": "node1"}), run("hmm", machine={"host": "node2"})]))
    assert found.listed() == ()
