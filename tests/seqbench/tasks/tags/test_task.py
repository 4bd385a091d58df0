"""Tagging from a file to a table: the harness holds the gold tags, and a stored fit tags new sentences."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import taggers

import seqbench
from seqbench.api import ask, report
from seqbench.datasets.synthetic.tags import SyntheticTags
from seqbench.evidence.records import Record
from seqbench.interface import Budget
from seqbench.runs.runner import Finished
from seqbench.tasks import task
from seqbench.tasks.tags.task import Tagging, marked

TOYS = Path(taggers.__file__)
SMALL = "synthetic-tags(train_sentences=150, valid_sentences=40, test_sentences=60)"
KIND = task("tag")


@dataclass(frozen=True)
class Run:
    records: dict[str, Record]
    """By the name of the class; that of the true model by `true model`."""
    table: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    store = tmp_path_factory.mktemp("tags")
    models = [f"{TOYS}:{name}" for name in ("Counts", "LooksAhead", "SearchesMemory")]
    asked = ask("tag", models=models, datasets=[SMALL], store=store, jobs=1)
    found = [event.record for event in asked.start() if isinstance(event, Finished)]
    assert [record.reason for record in found if record.status != "ok"] == []
    return Run({record.label.rpartition(":")[2]: record for record in found}, report(store))


def test_a_tagger_that_searches_memory_when_it_predicts_finds_no_tag_of_the_test_part(run: Run) -> None:
    cheat, honest, truth = (run.records[name].scores for name in ("SearchesMemory", "Counts", "true model"))
    assert cheat["valid"]["accuracy"] == 1  # it searched well
    assert cheat["test"]["accuracy"] == honest["test"]["accuracy"] < truth["test"]["accuracy"]


def test_the_table_has_four_scores_and_says_which_taggers_read_ahead(run: Run) -> None:
    header, _, *rows = [line for line in run.table.splitlines() if line.startswith("|")]
    for title in ("accuracy", "accuracy on unknown words", "macro-F1", "sentences right"):
        assert title in header
    mark = next(line for line in run.table.splitlines() if "reads ahead: words after a word" in line).split()[1]
    marked = {row.split("|")[1].strip(" *").rpartition(":")[2]: mark in row.split("|")[2] for row in rows}
    assert (marked["Counts"], marked["LooksAhead"], marked["true model"]) == (False, True, True)


def test_no_tagger_that_is_honest_breaks_a_law_where_it_is_scored(run: Run) -> None:
    for name in ("Counts", "LooksAhead", "true model"):
        assert not [check for check in run.records[name].checks if not check.passed]
        assert run.records[name].detail["unknown"] > 0
        assert len(run.records[name].detail["confusion"]) == 8


def test_a_tagger_that_knows_only_the_words_does_not_beat_the_true_posterior() -> None:
    data = SyntheticTags(train_sentences=2000, valid_sentences=1, test_sentences=400).load()
    model = taggers.Counts()
    model.fit(data.train, KIND.context(data, "test", 0, Budget(), "cpu", lambda *_: None))
    columns = {name: Tagging().score(m, data, "test") for name, m in (("counts", model), ("truth", data.truth))}
    scores = {name: {m.name: float(m(c)[0]) for m in KIND.metrics} for name, c in columns.items()}
    assert scores["truth"]["accuracy"] > scores["counts"]["accuracy"] + 0.05
    assert scores["truth"]["unknown_accuracy"] > scores["counts"]["unknown_accuracy"] + 0.2
    assert scores["truth"]["log_loss"] < scores["counts"]["log_loss"] - 0.1
    assert scores["truth"]["calibration_error"] < 0.03


def test_a_file_of_ones_own_runs_in_the_suite_and_its_fit_tags_new_sentences(tmp_path: Path) -> None:
    lines = [f"w{i}\tNOUN\n{verb}\tVERB\n" for i in range(20) for verb in ("goes", "stops")]
    (tmp_path / "mine.tsv").write_text("\n".join(lines))
    (tmp_path / "new.txt").write_text("goes\nw1\n\nstops\n")
    request = {"data": tmp_path / "mine.tsv", "models": [f"{TOYS}:Counts"], "store": tmp_path / "store", "jobs": 1}
    frame = seqbench.run("tag", keep=True, **request)
    assert list(frame["status"]) == ["ok"]
    (run,) = (tmp_path / "store" / "mine.tsv").glob("*/*")
    said = seqbench.predict(str(run), tmp_path / "new.txt", tmp_path / "store")
    assert said["sentence"].tolist() == [1, 1, 2]
    assert said["word"].tolist() == ["goes", "w1", "stops"]
    assert said["predicted"].tolist() == ["VERB", "NOUN", "VERB"]
    assert ((said["probability"] > 0.5) & (said["probability"] < 1)).all()


def test_an_option_that_tagged_sentences_do_not_have_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.tsv").write_text("a\tX\n\nb\tY\n\nc\tX\n")
    with pytest.raises(ValueError, match=r"file has no setting 'label'; it has: path, valid, test, encoding"):
        ask("tag", models=[f"{TOYS}:Counts"], data=tmp_path / "mine.tsv", data_options={"label": "x"})


def test_the_process_of_a_fit_holds_no_test_part() -> None:
    data = SyntheticTags(train_sentences=3, valid_sentences=2, test_sentences=2).load()
    without = KIND.without_test(data)
    assert without.test is None
    assert KIND.train(without, "test") is KIND.train(without, "valid")
    assert Tagging().score(data.truth, without, "valid")["sentence"].max() == 1


def test_the_model_of_the_page_keeps_the_laws_in_fifteen_lines(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "tagging.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "suffix.py").write_text(code)
    lines = [line.strip() for line in code.splitlines()]
    assert len([line for line in lines if line and not line.startswith(("import", "from", '"""'))]) <= 15
    assert [check for check in seqbench.check(f"{tmp_path / 'suffix.py'}:Suffix") if not check.passed] == []


def test_a_wrong_word_is_marked_among_its_neighbours() -> None:
    sentences = [["a"], [f"w{i}" for i in range(30)], ["x" * 50, "b"]]
    assert marked(sentences, 0) == "»a«"
    assert marked(sentences, 1) == "»w0« w1 w2 w3 w4 w5 w6 w7 w8 …"
    assert marked(sentences, 13) == "… w4 w5 w6 w7 w8 w9 w10 w11 »w12« w13 w14 w15 w16 w17 w18 w19 w20 …"
    assert marked(sentences, 30) == "… w21 w22 w23 w24 w25 w26 w27 w28 »w29«"
    assert marked(sentences, 32) == "x" * 23 + "… »b«"


def test_the_record_names_words_that_are_wrong(run: Run) -> None:
    record = run.records["Counts"]
    assert len(record.detail["wrong"]) == 10
    for one in record.detail["wrong"]:
        assert one["text"].count("»") == 1
        assert one["true"] != one["predicted"]
    assert [type(one).__name__ for one in KIND.exhibits(record, None)] == ["Matrix", "Bars", "Listing"]
