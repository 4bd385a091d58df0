from collections.abc import Callable
from typing import Any

import pytest

from seqbench.reports.groups import Run, groups, rows
from seqbench.reports.table import table, tables
from seqbench.spec import Spec

Make = Callable[..., Run]

OTHERWISE: dict[str, dict[str, Any]] = {
    "data ffffffff": {"identity": {"data_sha256": "f" * 64}},
    "vocabulary eeeeeeee": {"comparability": {"vocab_sha256": "e" * 64}},
    "convention sentence": {"comparability": {"convention": "sentence"}},
    "unit character": {"comparability": {"unit": "character"}},
    "number of items 244,102": {"comparability": {"items": 244_102}},
    "schema of the records 2": {"identity": {"schema_version": 2}},
}


@pytest.mark.parametrize("difference", OTHERWISE)
def test_a_table_refuses_to_mix_and_names_the_runs_and_the_difference(run: Make, difference: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in one table") as refusal:
        table([run("kn"), run("lstm", seed=3, **OTHERWISE[difference])])
    assert f"{difference}: lstm (seed 3)" in str(refusal.value)
    assert "kn (seed 0)" in str(refusal.value)


@pytest.mark.parametrize("difference", OTHERWISE)
def test_tables_are_kept_apart_and_say_in_what_they_differ(run: Make, difference: str) -> None:
    first, second = tables([run("kn"), run("lstm", **OTHERWISE[difference]), run("hmm")])
    assert [row.label for row in first.rows] == ["kn", "hmm"]
    assert [row.label for row in second.rows] == ["lstm"]
    assert second.basis.distinction == difference
    assert first.basis.distinction.startswith(difference.rpartition(" ")[0])
    assert first.basis.distinction != second.basis.distinction


def test_tables_of_different_data_sets_need_no_distinction(run: Make) -> None:
    made = tables([run("kn"), run("kn", identity={"dataset": "other"})])
    assert [(t.basis.dataset, t.basis.distinction) for t in made] == [("toy", ""), ("other", "")]
    with pytest.raises(ValueError, match=r"data set toy: kn .*data set other: kn"):
        table([run("kn"), run("kn", identity={"dataset": "other"})])


def test_no_runs_make_no_table(run: Make) -> None:
    assert tables([]) == []
    with pytest.raises(ValueError, match="no runs"):
        table([])


def test_a_run_that_never_read_its_data_joins_those_that_read_the_same(run: Make) -> None:
    early = run("early", status="failed", read=False)
    other = run("kn", identity={"data_sha256": "f" * 64})
    found = groups([other, early, run("kn")])
    assert [[record.label for record, _ in members] for _, members in found] == [["kn"], ["early", "kn"]]


def test_a_run_without_its_data_joins_the_data_set_of_that_name(run: Make) -> None:
    missing = run("kn", status="skipped", read=False, identity={"data_sha256": ""})
    assert len(groups([run("hmm"), missing])) == 1
    assert len(groups([run("hmm", identity={"dataset": "other"}), missing])) == 2


def test_a_run_without_its_data_does_not_join_a_file_of_that_name_in_another_folder(run: Make) -> None:
    of = {folder: Spec("file", {"path": f"/{folder}/toy"}) for folder in ("a", "b")}
    lost: dict[str, Any] = {"identity": {"data_sha256": ""}, "status": "failed", "read": False}
    runs = [
        run("kn", data_spec=of["a"]),
        run("lost", data_spec=of["b"], **lost),
        run("gone", data_spec=of["a"], **lost),
    ]
    assert [[r.label for r, _ in members] for _, members in groups(runs)] == [["kn", "gone"], ["lost"]]


def test_a_run_on_other_data_that_it_never_read_stands_alone(run: Make) -> None:
    stale = run("kn", status="crashed", read=False, identity={"data_sha256": "f" * 64})
    assert [len(members) for _, members in groups([run("hmm"), stale])] == [1, 1]


def test_runs_where_nothing_read_its_data_are_one_group(run: Make) -> None:
    ((basis, members),) = groups([run(name, status="timeout", read=False) for name in ("a", "b")])
    assert basis.comparability is None
    assert len(members) == 2


def test_seeds_are_one_row_in_order_and_settings_are_rows_of_their_own(run: Make) -> None:
    runs = [run("lstm", seed=1), run("lstm", seed=0), run("lstm", identity={"config": {"hidden_size": 9}})]
    made = rows(runs)
    assert [[record.identity.seed for record, _ in members] for _, members in made] == [[0, 1], [0]]


@pytest.mark.parametrize(
    ("change", "labels"),
    [
        ({"budget": {"epochs": 40, "updates": None}}, ["lstm [epochs 3]", "lstm [epochs 40]"]),
        ({"config": {"hidden_size": 9}}, ["lstm [hidden_size —]", "lstm [hidden_size 9]"]),
        ({"device": "cuda"}, ["lstm [device cpu]", "lstm [device cuda]"]),
        ({"model_source": "d" * 64}, ["lstm [model source aaaaaaaa]", "lstm [model source dddddddd]"]),
        ({"target": "mine.py:LSTM"}, ["lstm [from module:Class]", "lstm [from mine.py:LSTM]"]),
    ],
)
def test_namesakes_are_told_apart_by_what_differs(run: Make, change: dict[str, Any], labels: list[str]) -> None:
    made = rows([run("lstm"), run("lstm", identity=change), run("kn")])
    assert [label for label, _ in made] == [*labels, "kn"]


def test_a_seed_given_twice_is_refused_since_it_would_count_double(run: Make) -> None:
    with pytest.raises(ValueError, match=r"lstm was given twice with the same seed: \[0, 0\]"):
        rows([run("lstm"), run("lstm")])
