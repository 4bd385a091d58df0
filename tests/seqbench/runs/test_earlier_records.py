"""Records of other versions: `tests/toys/earlier_store` was written before the files moved into rooms; others are made
of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import called

from seqbench import api
from seqbench.evidence.records import Record
from seqbench.runs.store import Damaged, Store
from seqbench.tasks import task

EARLIER = Path(__file__).parents[2] / "toys" / "earlier_store"
DATA = "synthetic-markov(train_tokens=2000, valid_tokens=300, test_tokens=300)"
PERPLEXITY = {"unigram": "10.006", "true model": "4.470"}
"""As that version printed them."""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EARLIER, tmp_path / "results"))


def scores(table: str) -> dict[str, list[str]]:
    """Test perplexities by model, one for each row that bears the name."""
    found: dict[str, list[str]] = {}
    for line in table.splitlines():
        if line.startswith("| ") and " | " in line:
            name, score = line.strip("| ").replace("*", "").split(" | ")[:2]
            found.setdefault(name, []).append(score)
    return found


def test_their_table_is_read_as_it_was(store: Path) -> None:
    done = called("report", store, "--format", "markdown")
    assert done.exit_code == 0, done.stderr
    for name, score in PERPLEXITY.items():
        assert scores(done.stdout)[name] == [score]


@pytest.mark.parametrize("model", ["unigram", "lstm"])
def test_their_fits_are_refused_since_the_code_is_another(model: str, store: Path, tmp_path: Path) -> None:
    (run,) = store.glob(f"*/{model}/*")
    text = tmp_path / "new.txt"
    text.write_text("a b a\n")
    done = called("predict", run, "--data", text)
    assert done.exit_code == 2
    assert f"the code of {model}" in done.stderr
    assert "changed since that run; run the cell again" in done.stderr


def test_a_new_run_computes_them_again_and_the_table_holds_each_once(store: Path) -> None:
    done = called("run", "--dataset", DATA, "--model", "unigram", "--store", store, "--format", "markdown")
    assert done.exit_code == 0, done.stderr
    assert len(list(store.glob("*/unigram/*/record.json"))) == 2
    for table in (done.stdout, called("report", store, "--format", "markdown").stdout):
        for name, score in PERPLEXITY.items():
            assert scores(table)[name] == [score]


def changed(store: Path, change: Callable[[dict[str, Any]], Any], model: str = "*") -> list[Path]:
    """Change the records of a model, and return their files."""
    files = sorted(store.glob(f"*/{model}/*/record.json"))
    for file in files:
        record = json.loads(file.read_text())
        change(record)
        file.write_text(json.dumps(record))
    return files


def schema(number: int) -> Callable[[dict[str, Any]], Any]:
    """Records of another schema also have other fields."""

    def change(record: dict[str, Any]) -> None:
        record["identity"]["schema_version"] = number
        record["seqbench"] = record.pop("scores")
        record["provenance"] |= {"seqbench": f"0.{number}.7", "git_sha": None}

    return change


@pytest.mark.parametrize(
    ("number", "advice"),
    [(0, "give the same commands again, or use that version"), (2, "use that version")],
)
def test_a_store_of_another_schema_says_so_in_one_sentence(store: Path, number: int, advice: str) -> None:
    files = changed(store, schema(number))
    done = called("report", store)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"seqbench: no record in {store} can be read: {len(files)} records of seqbench 0.{number}.7 with schema "
        f"{number}, but this one reads 1: {advice} (the first is {files[0]})\n"
    )


def test_of_a_mixed_store_the_report_shows_the_rest_and_says_what_was_left_out_and_why(store: Path) -> None:
    (file,) = changed(store, schema(0), "lstm")
    done = called("report", store, "--format", "markdown")
    assert done.exit_code == 0
    assert set(scores(done.stdout)) >= {"unigram", "true model"}
    assert "lstm" not in scores(done.stdout)
    assert done.stderr == (
        "left out: 1 record of seqbench 0.0.7 with schema 0, but this one reads 1: give the same commands again, or "
        f"use that version (the first is {file})\n"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record.update(energy_joules=3.0), "energy_joules"),
        (lambda record: record["costs"].update(energy=3.0), "costs.energy"),
        (lambda record: record["identity"].update(licence="x"), "identity.licence"),
    ],
)
def test_a_field_that_this_version_does_not_know_is_of_another_version_and_not_damage(
    store: Path, change: Callable[[dict[str, Any]], Any], said: str
) -> None:
    changed(store, change, "lstm")
    changed(store, lambda record: record["provenance"].update(git_sha="abcdef01" * 5), "lstm")
    (found,) = api.damaged(store)
    assert found.whole
    assert found.why == f"of seqbench 0.1.0 (git abcdef01) with what this one does not know ({said}): use that version"


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.pop("label"),
        lambda record: record["costs"].update(fit_seconds="long", energy=3.0),
        lambda record: record.update(identity=[1, 2]),
        lambda record: record.update(provenance="none", energy=1),
    ],
)
def test_what_is_missing_or_wrong_is_damage(store: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    changed(store, change, "lstm")
    (found,) = api.damaged(store)
    assert not found.whole


def test_a_record_without_the_number_of_its_schema_is_of_the_first(store: Path) -> None:
    changed(store, lambda record: record["identity"].pop("schema_version"))
    assert api.damaged(store) == []


@pytest.mark.parametrize("content", ["{", '{"command": "seqbench run"}', '{"cells": [], "schema": 0}'])
def test_a_plan_that_cannot_be_read_is_told_and_no_record_is_lost_with_it(store: Path, content: str) -> None:
    before = scores(api.report(store, "markdown"))
    (plan,) = store.glob("plans/*.json")
    kept = json.loads(plan.read_text())
    plan.write_text(content)
    found = api.opened(store)
    assert scores(api.rendered(found.tables)) == before
    (said,) = found.left_out()
    assert said.startswith(f"{plan} cannot be read (")
    assert said.endswith("the rows that it lists come first, with the usual margin")
    one = kept | {"keys": kept["keys"][:1], "command": "seqbench run --model another"}
    (plan.parent / "other.json").write_text(json.dumps(one))
    assert scores(api.report(store, "markdown")) == before


def test_records_without_a_metric_that_ranks_now_have_a_row_without_it(store: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        for split in record["scores"].values():
            split.pop("perplexity")

    changed(store, change, "unigram")
    assert scores(api.report(store, "markdown"))["unigram"] == [PERPLEXITY["unigram"]]  # computed from its items


def test_an_earlier_store_is_compared_with_a_later_one_by_what_both_ask(store: Path, tmp_path: Path) -> None:
    called("run", "--dataset", DATA, "--model", "unigram", "--store", tmp_path / "later", "--quiet")
    done = called("compare", store, tmp_path / "later", "--format", "json")
    assert done.exit_code == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert {row["model"]: row["change"] for row in found["rows"]} == {"unigram": "identical", "true model": "identical"}
    assert "git" in found["footer"]["differs"]
    assert "code of the model" in found["footer"]["differs"]
    assert found["footer"]["only in A"].startswith("lstm")
    changed(store, schema(0), "lstm")
    assert "left out: 1 record of seqbench 0.0.7 with schema 0" in called("compare", store, tmp_path / "later").stderr


def test_reading_without_items_skips_what_takes_time_and_nothing_else(store: Path) -> None:
    whole, brief = (list(Store(store).records(items=items)) for items in (True, False))
    assert whole == brief
    for file in store.glob("*/lstm/*/items.safetensors"):
        file.write_bytes(b"")
    assert sum(isinstance(record, Damaged) for record in Store(store).records()) == 1
    assert list(Store(store).records(items=False)) == brief


def test_they_have_nothing_to_show_and_say_so_without_an_error() -> None:
    held = Store(EARLIER)
    records = [record for record in held.records() if isinstance(record, Record) and record.status == "ok"]
    assert records
    fits = {record.label: (record, held.columns(record)) for record in records}
    kind = task("lm")
    assert [list(kind.exhibits(*fit)) for fit in fits.values()] == [[]] * len(fits)
    assert list(kind.comparisons(fits)) == []
