"""Curves from Python and from the command line: what runs, what is resumed, and what is told."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import called

from seqbench import api, curves
from seqbench.api import Asked
from seqbench.evidence.records import Record
from seqbench.reports.size_sheet import sheet
from seqbench.runs.kept import kept_run
from seqbench.runs.runner import Finished
from seqbench.runs.store import Store

TOYS = Path(__file__).parents[1] / "toys"
COINS, HUNGRY = f"{TOYS / 'toys.py'}:Coins", f"{TOYS / 'hungry.py'}:Hungry"


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ("3", (0.25, 0.5, 1.0)),
        (2, (0.5, 1.0)),
        ("1, 1/4,0.1", (0.1, 0.25, 1.0)),
        ("1/2,1/8", (0.125, 0.5)),
        ([0.5, 1.0], (0.5, 1.0)),
        ([0.5, 1], (0.5, 1.0)),
    ],
)
def test_sizes_are_a_number_or_shares(sizes: str | int | list[float], expected: tuple[float, ...]) -> None:
    assert curves.shares(sizes) == expected


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ("1", "2 to 20 sizes, not 1"),
        ("0", "2 to 20 sizes, not 0"),
        ("21", "2 to 20 sizes, not 21"),
        ("", "2 to 20 sizes, not 0"),
        ("1/2", "2 to 20 sizes, not 1"),
        ("1,2", "above 0 and at most 1, not 2"),
        ("1,0", "above 0 and at most 1, not 0"),
        ("1,-0.5", "above 0 and at most 1, not -0.5"),
        ("1,nan", "not 'nan'"),
        ("1,half", "such as 1,1/3,0.1 of the training part, not 'half'"),
        ("1,1/0", "not '1/0'"),
        ("1,1/2,0.5", "two sizes are equal"),
        ([1.0, float("nan")], "above 0 and at most 1, not nan"),
    ],
)
def test_wrong_sizes_are_told(sizes: str | list[float], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        curves.shares(sizes)


def test_every_model_is_fitted_with_each_seed_to_parts_but_only_if_seeds_matter_to_the_whole(tmp_path: Path) -> None:
    asked = curves.ask("lm", models=["unigram", "lstm"], datasets=["synthetic-markov"], sizes=2, store=tmp_path)
    found = {(c.label, c.identity.share): 0 for c in asked.cells}
    for cell in asked.cells:
        found[cell.label, cell.identity.share] += 1
    assert found == {("unigram", 0.5): 3, ("lstm", 0.5): 3, ("unigram", 1): 1, ("lstm", 1): 3, ("true model", 1): 1}
    whole = api.ask("lm", models=["unigram"], datasets=["synthetic-markov"], store=tmp_path).cells[0]
    assert whole.key in {cell.key for cell in asked.cells}  # so that a run and a curve share its record


def test_epochs_grow_as_parts_shrink_up_to_eight_times(tmp_path: Path) -> None:
    sum_of = "kneser-ney(order=3)+lstm"
    asked = curves.ask(
        "lm", models=["lstm", "hmm", sum_of], datasets=["synthetic-markov"], sizes="1,2/3,1/64", seeds=1, store=tmp_path
    )
    epochs = {(c.label, c.identity.share): c.identity.budget["epochs"] for c in asked.cells}
    assert [epochs["lstm", share] for share in (1, 2 / 3, 1 / 64)] == [3, 5, 24]
    assert [epochs["hmm", share] for share in (1, 1 / 64)] == [30, 240]
    parts = {c.identity.share: c.identity.config["budgets"] for c in asked.cells if c.label == sum_of}
    assert [budget["epochs"] for budget in parts[1 / 64]] == [24, 24]


def test_a_forecaster_without_seeds_is_fitted_once_per_size(tmp_path: Path) -> None:
    asked = curves.ask("ts", models=["autoregression"], datasets=["nile"], sizes=3, store=tmp_path)
    assert [cell.identity.share for cell in asked.cells] == [0.25, 0.5, 1.0]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    store = tmp_path_factory.mktemp("curves") / "results"
    found = curves.ask("lm", models=["unigram", HUNGRY], datasets=[COINS], sizes="1,1/2,1/8", seeds=2, store=store)
    for _ in found.start():
        pass
    return found


def test_fits_learn_from_parts_of_their_own_and_are_scored_on_the_same_test_part(asked: Asked) -> None:
    records = {(r.label, r.identity.share, r.identity.seed): r for r in asked.store.records() if isinstance(r, Record)}
    sizes = {share: records["unigram", share, 0].training_size for share in (0.125, 0.5, 1.0)}
    assert sizes == {0.125: (250, "symbol"), 0.5: (1000, "symbol"), 1.0: (2000, "symbol")}
    scores = [records["unigram", 0.125, seed].scores["test"]["perplexity"] for seed in (0, 1)]
    assert scores[0] != scores[1]
    assert len({r.comparability for r in records.values() if r.comparability is not None}) == 1


def test_a_model_that_fails_at_a_size_is_told_and_the_rest_stands(asked: Asked) -> None:
    (curve,) = curves.curves(asked)
    page = sheet(curve)
    label = f"{HUNGRY}"
    column = next(c for c in page.columns if c.title == label)
    assert column.cells[0].text == "failed"
    assert "this model needs 500 symbols" in page.notes[0][1]
    assert [point.size.share for point in curve.points[label]] == [0.5, 1.0]


def test_a_second_start_runs_only_what_is_missing(asked: Asked) -> None:
    again = curves.ask("lm", models=["unigram"], datasets=[COINS], sizes="1,1/2,1/8", seeds=2, store=asked.store.root)
    assert [event.reused for event in again.start() if isinstance(event, Finished)] == [True] * 5


def test_the_report_holds_only_fits_to_the_whole_training_part(asked: Asked) -> None:
    (table,) = api.stored_tables(asked.store.root)
    assert [(row.label, row.pooled) for row in table.rows] == [("unigram", 1), (HUNGRY, 1)]
    assert {record.identity.share for row in table.rows for record in row.records} == {1.0}


def test_a_fit_to_a_part_is_made_again_from_the_same_part(asked: Asked, tmp_path: Path) -> None:
    """What `predict` says of new text is what a unigram of that part says."""
    record = next(
        r
        for r in asked.store.records()
        if isinstance(r, Record) and (r.label, r.identity.share, r.identity.seed) == ("unigram", 0.125, 1)
    )
    folder = Store(asked.store.root).folder(record.identity, record.key)
    kept = kept_run(str(folder), asked.store.root)
    assert kept.held.train.tokens == 250
    p = np.exp(kept.model().predict(np.array([[1]]))[0][0, 0])
    assert p == pytest.approx(np.concatenate(list(kept.held.train.documents)).mean(), abs=0.01)


def test_a_dry_run_lists_shares(asked: Asked) -> None:
    done = called(
        "curve", "--model", "unigram", "--dataset", COINS, "--sizes", "1,1/2", "--dry-run", "--store", asked.store.root
    )
    assert done.exit_code == 0
    assert re.search(r"share", done.stdout)
    assert re.search(r"1/2\s+unigram\s+2", done.stdout)


def test_a_file_of_documents_gets_a_table_and_a_picture(tmp_path: Path) -> None:
    words = {"good": "fine great nice", "bad": "poor awful sad"}
    rows = [
        (f"{word} {i % 7}", kind) for i in range(60) for kind, text in words.items() for word in [text.split()[i % 3]]
    ]
    pd.DataFrame(rows, columns=["body", "mood"]).to_csv(tmp_path / "a.csv", index=False)
    read = ["--suite", "doc", "--data", tmp_path / "a.csv", "--text", "body", "--label", "mood"]
    how = ["--model", "naive-bayes", "--sizes", "1,1/2", "--seeds", "1", "--format", "markdown"]
    done = called("curve", *read, *how, "--store", tmp_path / "r", "--output", tmp_path / "c.png", "--quiet")
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    assert "| training documents | naive-bayes |" in done.stdout
    assert "Name a second model" in done.stdout
    assert (tmp_path / "c.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sizes", "1"], "2 to 20 sizes"),
        (["--sizes", "1,3"], "at most 1"),
        (["--output", "{tmp}/c.xyz", "--sizes", "2"], "no picture format '.xyz'"),
        (["--suite", "recall", "--model", "hopfield", "--dataset", "random-patterns"], "--against alpha"),
        (
            ["--model", "unigram", "--dataset", COINS, "--sizes", "7"],
            "1/64 of the training part is too small, 31 symbols",
        ),
        (["--unit", "word"], "says how to read a file"),
    ],
)
def test_a_mistake_is_told_in_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = called("curve", *(a.replace("{tmp}", str(tmp_path)) for a in arguments), "--store", tmp_path / "r")
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("r/*/*/*/record.json"))
