"""Whole searches: what is tried, what it costs, what is shown, and what a kill changes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from seqbench import api
from seqbench.cli import app
from seqbench.evidence.records import Record
from seqbench.tuning import journal as journals
from seqbench.tuning.search import Search, ask
from seqbench.tuning.study import Study

TOYS = Path(__file__).parents[2] / "toys"
TUNED, COINS = TOYS / "tuned.py", f"{TOYS / 'toys.py'}:Coins"


def searched(store: Path, *models: str, limits: str = "", **budget: Any) -> Search:
    suite = store.parent / f"{store.name}.toml"
    rows = ", ".join(f'"{TUNED}:{model}"' for model in models)
    suite.write_text(
        f'name = "coins"\ntask = "lm"\nsummary = "coins"\ndatasets = ["{COINS}"]\nmodels = [{rows}]\n'
        f"[presets.quick]\nbudget = {{ epochs = 1 }}\nlimits = {{ seconds = {limits or 60}, memory_gb = 4 }}\n"
    )
    found = ask(str(suite), store=store, jobs=1, **budget)
    for _ in found.start():
        pass
    return found


def only(search: Search) -> Study:
    (study,) = search.studies
    return study


def told(study: Study) -> list[tuple[Any, ...]]:
    """What a study tried and found, times aside."""
    return [(t.number, sorted(t.params.items()), t.key, t.status, t.score) for t in study.trials]


def test_the_search_sees_the_validation_part_alone(tmp_path: Path) -> None:
    """The test score of `Opposed` is the better the worse its validation score is."""
    search = searched(tmp_path / "store", "Opposed", trials=8)
    study, rows = only(search), search.rows()
    best = study.best
    assert best is not None
    lean = best.params["heads"] if best.params["side"] == "up" else 1 - best.params["heads"]
    assert lean > 0.7  # what the validation text asks for
    for _ in rows.start():
        pass
    records = {cell.label.rpartition(", ")[2]: rows.store.find(cell.identity) for cell in rows.cells}
    tuned, default = records["tuned"], next(iter(records.values()))
    assert isinstance(tuned, Record)
    assert isinstance(default, Record)
    assert tuned.scores["valid"]["perplexity"] < default.scores["valid"]["perplexity"]
    assert tuned.scores["test"]["perplexity"] > default.scores["test"]["perplexity"]
    for trial in study.trials:
        record = study.store.find(study.cell(trial).identity)
        assert isinstance(record, Record)
        assert set(record.scores) == {"valid"}
        assert not record.checks


def test_the_first_trial_has_the_default_settings_and_the_tuned_row_scores_what_its_trial_did(tmp_path: Path) -> None:
    search = searched(tmp_path / "store", "Bias(side=up)", trials=16)
    study, rows = only(search), search.rows()
    assert study.trials[0].params == {"heads": 0.5}
    assert study.trials[0].score == pytest.approx(2.0)
    assert study.best is not None
    for _ in rows.start():
        pass
    valid = [
        record.scores["valid"]["perplexity"]
        for cell in rows.cells
        if isinstance(record := rows.store.find(cell.identity), Record)
    ]
    assert valid[1] == study.best.score
    assert valid == sorted(valid, reverse=True)  # tuned is never worse than default, nor combined than tuned


def test_more_trials_go_on_where_fewer_ended_and_a_lost_journal_costs_no_fit(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    few = told(only(searched(tmp_path / "store", "Bias", trials=3)))
    more = told(only(searched(tmp_path / "store", "Bias", trials=12)))
    assert more[:3] == few
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("record.json")}
    assert len(made) == len({key for _, _, key, _, _ in more}) == 12
    journal = tmp_path / "store" / "tuning" / journals.FILE
    journal.unlink()
    assert told(only(searched(tmp_path / "store", "Bias", trials=12))) == more
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"half a li')
    assert told(only(searched(tmp_path / "store", "Bias", trials=12))) == more
    assert journal.read_bytes() == whole
    journal.write_bytes(b"no journal\n" + whole)
    damaged = searched(tmp_path / "store", "Bias", trials=12)
    assert told(only(damaged)) == more
    assert damaged.journal.moved is not None
    assert damaged.journal.moved.read_bytes() == b"no journal\n" + whole
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("record.json")} == made
    assert told(only(searched(tmp_path / "store", "Bias", trials=5))) == more[:5]


def test_a_failing_corner_costs_a_trial_and_not_the_run(tmp_path: Path) -> None:
    study = only(searched(tmp_path / "store", "Touchy(side=up)", trials=16, limits="4"))
    ends = {trial.params["trouble"]: trial.status for trial in study.trials}
    assert len(study.trials) == 16
    expected = {
        "none": "ok",
        "refused": "refused",
        "raises": "failed",
        "exits": "failed",
        "crashes": "crashed",
        "memory": "out of memory",
        "hangs": "timeout",
    }
    assert ends.items() <= expected.items()
    assert len(ends) >= 5
    assert all(trial.score is None for trial in study.trials if trial.status != "ok")
    assert all("go together" in trial.reason for trial in study.trials if trial.status == "refused")
    assert study.best is not None
    assert study.best.params["trouble"] == "none"


def test_a_finite_space_ends_the_search_and_a_model_without_one_stays(tmp_path: Path) -> None:
    search = searched(tmp_path / "store", "Few", "Settled", "Few(heads=0.7)", trials=9)
    few, settled, fixed = search.studies
    assert sorted(trial.params["heads"] for trial in few.trials) == [0.2, 0.5, 0.7, 0.8]
    assert few.stopped == "all 4 settings of its search space were tried"
    assert settled.stopped == fixed.stopped == "it has no setting to search, so it stays as it is"
    rows = search.rows()
    assert [cell.label.rpartition(":")[2] for cell in rows.cells][:2] == ["Few", "Few, tuned"]
    assert any("stays as it is" in found.remark for found in rows.tuned.values())


def test_equal_budgets_of_processor_time_hold_within_five_per_cent(tmp_path: Path) -> None:
    planned = 4.0
    models = ["Busy(seconds=0.5)", "Busy(seconds=1.3)", "Busy(seconds=30)"]
    search = searched(tmp_path / "store", *models, cpu_minutes=planned / 60)
    for study in search.studies:
        assert planned <= study.spent <= 1.05 * planned
    short, long, endless = search.studies
    assert len(short.trials) > len(long.trials) >= 2
    assert endless.trials == []
    assert endless.cut == endless.spent
    spent = [study.spent for study in search.studies]
    again = searched(tmp_path / "store", *models, cpu_minutes=planned / 60)
    assert [study.spent for study in again.studies] == spent  # the trial that was cut is not run again
    more = searched(tmp_path / "store", "Busy(seconds=1.3)", cpu_minutes=1.5 * planned / 60)
    assert told(only(more))[: len(long.trials)] == told(long)
    assert 1.5 * planned <= only(more).spent <= 1.05 * 1.5 * planned


def start(store: Path, trials: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "seqbench.cli", "tune", "--dataset", COINS, "--trials", str(trials)]
    command += ["--model", f"{TUNED}:Bias", "--model", f"{TUNED}:Touchy(side=up, trouble=none)"]
    command += ["--jobs", "1", "--store", str(store), "--format", "csv", "--columns", "score,valid"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)


def finish(store: Path, trials: int) -> str:
    process = start(store, trials)
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 0
    return said.decode()


def studies(store: Path) -> dict[str, list[Any]]:
    """The trials of a store's journal, times aside."""
    library = journals.optuna()
    backend = library.storages.journal.JournalFileBackend(str(store / "tuning" / journals.FILE))
    found = {}
    for study in library.get_all_study_summaries(library.storages.JournalStorage(backend)):
        held = journals.Journal(store / "tuning").trials(study.study_name)
        found[study.study_name] = [(n, held[n].params, held[n].value, held[n].user_attrs["key"]) for n in sorted(held)]
    return found


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(("trials", "kills"), [(4, 2), pytest.param(12, 10, marks=pytest.mark.slow)])
def test_a_search_killed_at_any_moment_and_resumed_makes_the_same_trials_and_the_same_table(
    tmp_path: Path, trials: int, kills: int
) -> None:
    clock = time.monotonic()
    table = finish(tmp_path / "alone", trials)
    whole = time.monotonic() - clock
    moments = random.Random(3)
    for _ in range(kills):
        process = start(tmp_path / "killed", trials)
        time.sleep(moments.uniform(0.2, 0.8) * whole)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert finish(tmp_path / "killed", trials) == table
    assert studies(tmp_path / "killed") == studies(tmp_path / "alone")


def test_the_table_names_rows_settings_costs_and_the_equal_budget_in_every_format(tmp_path: Path) -> None:
    search = searched(tmp_path / "store", "Few", "Settled", trials=4)
    rows = search.rows()
    for _ in rows.start():
        pass
    for tables in (rows.tables(), api.stored_tables(tmp_path / "store")):
        said = api.rendered(tables, "markdown")
        assert "Few, tuned" in said
        assert "heads=0.8; tuned in 4 trials, which took" in said
        assert "tuned with equal budgets, 4 trials each" in said
        assert "not tuned with equal budgets" not in said
        assert "expected best validation score of n trials" in said
        assert "| tuning (CPU) |" in said
    page = api.report(tmp_path / "store", "html")
    assert "processor time of fit and tuning" in page
    assert "Expected best validation perplexity" in page
    entries = json.loads(api.report(tmp_path / "store", "json"))
    assert [page["kind"] for page in entries] == ["table", "effort"] if isinstance(entries, list) else entries
    for format in ("terminal", "latex", "csv"):
        assert "tuned" in api.report(tmp_path / "store", format)


def test_a_table_with_untuned_rows_does_not_claim_equal_budgets(tmp_path: Path) -> None:
    search = searched(tmp_path / "store", "Few", trials=4)
    for _ in search.rows().start():
        pass
    api.run(str(tmp_path / "store.toml"), models=[f"{TUNED}:Settled"], store=tmp_path / "store", jobs=1)
    said = api.report(tmp_path / "store")
    assert "not tuned with equal budgets, but some were tuned" in said
    assert "At equal budgets" not in said


def test_more_trials_replace_the_rows_of_fewer(tmp_path: Path) -> None:
    for trials in (2, 3):
        for _ in searched(tmp_path / "store", "Few", trials=trials).rows().start():
            pass
    said = api.report(tmp_path / "store")
    assert "3 trials each" in said
    assert "2 trials" not in said


def test_a_dry_run_writes_nothing_and_errors_are_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = CliRunner(env={"COLUMNS": "300"}).invoke
    command = ["tune", "--dataset", COINS, "--model", f"{TUNED}:Bias", "--store", str(tmp_path / "store")]
    done = run(app, [*command, "--dry-run"])
    assert done.exit_code == 0
    assert "0.05..0.95, side in {up, down}" in " ".join(done.stdout.split())
    assert not (tmp_path / "store").exists()
    for wrong, said in {
        ("--trials", "0"): "trials must lie in 1..10,000",
        ("--cpu-minutes", "-1"): "cpu-minutes must be above 0",
    }.items():
        done = run(app, [*command, *wrong])
        assert done.exit_code == 2
        assert said in done.stderr
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = run(app, command)
    assert done.exit_code == 2
    assert done.stderr.splitlines() == ["seqbench: tuning needs optuna: pip install 'seqbench[tune]'"]


def test_mixed_columns_are_those_of_the_combined_model(tmp_path: Path) -> None:
    """The validation score by which weights were chosen is that of the model that the table shows."""
    search = searched(tmp_path / "store", "Bias", trials=24)
    rows = search.rows()
    for _ in rows.start():
        pass
    combined = next(cell for cell in rows.cells if cell.label.endswith("combined"))
    weights = dict(
        zip([p["heads"] for p in combined.identity.config["parts"]], combined.identity.config["weights"], strict=True)
    )
    study = only(search)
    probability = np.zeros(2000)
    for trial in study.trials:
        record = study.store.find(study.cell(trial).identity)
        assert isinstance(record, Record)
        columns = study.store.columns(record)
        assert columns is not None
        heads = record.identity.config["heads"]
        if heads in weights:
            probability += weights.pop(heads) * np.exp(-columns["nats"].astype(np.float64))
    assert not weights
    record = rows.store.find(combined.identity)
    assert isinstance(record, Record)
    assert record.scores["valid"]["perplexity"] == pytest.approx(np.exp(-np.log(probability).mean()), rel=1e-6)


def test_two_searches_that_meet_in_the_same_settings_make_one_fit(tmp_path: Path) -> None:
    suite = tmp_path / "two.toml"
    searched(tmp_path / "two", "Few", trials=1)  # writes the suite
    models = [f"{TUNED}:Touchy(heads=0.5, trouble=none)", f"{TUNED}:Touchy(heads=0.5, side=down)"]
    search = ask(str(suite), models=models, trials=2, store=tmp_path / "store", jobs=2)
    events = list(search.start())
    first, second = search.studies
    assert len(first.trials) == len(second.trials) == 2
    assert first.trials[1].key == second.trials[0].key
    assert sum(getattr(event, "reused", False) for event in events) == 1
