"""Answering from a file to a table, and what a record tells of facts and distances."""

from pathlib import Path

import answerers
import numpy as np
import pytest

import seqbench
from seqbench.evidence.records import Record
from seqbench.runs.store import Store
from seqbench.tasks.answers.metrics import item_columns
from seqbench.tasks.answers.model import Answered, Asked

TOYS = Path(answerers.__file__)
TALES = "".join(
    f"1 Ann went to the {a}.\n2 Ben went to the {b}.\n3 Where is {who}?\t{place}\t{fact}\n"
    for a in ("attic", "barn", "cave")
    for b in ("attic", "barn", "cave", "field")
    for who, place, fact in (("Ann", a, 1), ("Ben", b, 2))
)


def part() -> Answered:
    story = [["a"], ["b"], ["c"], ["d"]]
    facts = [np.array([3]), np.array([0, 2]), None, np.array([1])]
    asked = Asked([story] * 4, [["?"]] * 4)
    return Answered(asked, np.array([0, 1, 1, 0]), facts, np.array([0, 0, 1, 1]))


def test_columns_tell_how_far_back_the_earliest_fact_is() -> None:
    log_p = np.log(np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]))
    columns = item_columns(log_p, part())
    assert columns["facts"].tolist() == [1, 2, 0, 1]
    assert columns["distance"].tolist() == [1, 4, 0, 3]
    assert columns["tale"].tolist() == [0, 0, 1, 1]


def test_a_file_of_ones_own_runs_in_the_suite_and_its_fit_answers_new_questions(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text(TALES)
    (tmp_path / "new.txt").write_text("1 Ann went to the barn.\n2 Where is Ann?\n3 Ben died.\n4 Where is Ben?\n")
    request = {"data": tmp_path / "mine.txt", "models": [f"{TOYS}:Majority", "last-named"], "jobs": 1}
    frame = seqbench.run("qa", keep=True, store=tmp_path / "store", **request)
    assert set(frame["status"]) == {"ok"}
    (record,) = [r for r in Store(tmp_path / "store").records() if isinstance(r, Record) and r.label == "last-named"]
    assert {name: len(strata) for name, strata in record.detail["strata"].items()} == {"facts": 1, "distance": 2}
    rule = frame[frame["model"] == "last-named"].iloc[0]
    assert rule["accuracy"] == 1
    run = next(str(file.parent) for file in (tmp_path / "store").glob("*/last-named*/*/record.json"))
    said = seqbench.predict(run, tmp_path / "new.txt", tmp_path / "store")
    assert list(said.columns) == ["question", "predicted", "probability"]
    assert said["question"].tolist() == ["Where is Ann?", "Where is Ben?"]
    assert said["predicted"][0] == "barn"


def test_questions_of_one_tale_are_not_independent(tmp_path: Path) -> None:
    from seqbench.tasks import task

    kind = task("answer")
    columns = item_columns(np.log(np.full((4, 2), 0.5)), part())
    units = kind.units(columns, None)  # type: ignore[arg-type]
    (way,) = units.ways
    assert way.groups is not None
    assert way.groups.tolist() == [0, 0, 1, 1]
    assert "tale" not in units.columns


@pytest.mark.parametrize("question", ["Where is Ann?", "where is ann"])
def test_a_question_is_answered_from_the_command_line_with_a_picture(tmp_path: Path, question: str) -> None:
    from typer.testing import CliRunner

    from seqbench.cli import app

    (tmp_path / "mine.txt").write_text(TALES)
    (tmp_path / "story.txt").write_text("Ann went to the cave.\nBen went to the attic.\n")
    store = tmp_path / "store"
    models = ["memn2n(hops=2)", "last-named"]
    seqbench.run("qa", data=tmp_path / "mine.txt", models=models, store=store, jobs=1, keep=True)
    runs = {file.parts[-3]: str(file.parent) for file in store.glob("*/*/*/record.json")}
    network, rule = (next(run for name, run in runs.items() if name.startswith(m)) for m in ("memn2n", "last-named"))
    asked = ["--story", str(tmp_path / "story.txt"), "--question", question, "--store", str(store)]
    picture = tmp_path / "memory.png"
    done = CliRunner().invoke(app, ["answer", network, *asked, "--show-memory", str(picture)])
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) == 3
    assert picture.read_bytes()[:4] == b"\x89PNG"
    done = CliRunner().invoke(app, ["answer", rule, *asked])
    assert done.output.startswith("cave  0.")
    done = CliRunner().invoke(app, ["answer", rule, *asked, "--show-memory", str(picture)])
    assert done.exit_code == 2
    assert "has no method `attention`, which --show-memory needs" in done.output
    (tmp_path / "story.txt").write_text("Ann flew to the moon.\n")
    done = CliRunner().invoke(app, ["answer", rule, *asked])
    assert "do not occur in training, and so mean little: flew, moon" in done.output


def test_a_table_tells_how_many_stories_are_longer_than_the_memory(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text(TALES)
    models = ["memn2n(memory=1, embedding_size=2)", "memn2n(memory=2, embedding_size=2)"]
    seqbench.run("qa", data=tmp_path / "mine.txt", models=models, store=tmp_path / "store", jobs=1)
    table = " ".join(seqbench.report(tmp_path / "store").split())
    assert "reads the latest 1 sentences of a story: 100 % of the training questions have longer ones" in table
    assert "reads the latest 2" not in table
