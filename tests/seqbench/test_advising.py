"""Advice on a user's file: what the file is taken for, what is said, and what is left in the folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from seqbench import advising
from seqbench.cli import app
from seqbench.runs import suites
from seqbench.runs.suites import Suite

WORDS = ("zwingle", "quorby", "fnarl", "blivet", "snood", "wumpus", "grault", "xyzzy")


def _few(monkeypatch: pytest.MonkeyPatch, rows: list[str]) -> None:
    """Let every suite advise by these few models, so that a test takes seconds."""
    load = suites.load

    def smaller(name: str) -> Suite:
        suite = load(name)
        if "advice" not in suite.presets:
            return suite
        presets = {**suite.presets, "advice": suite.presets["advice"].model_copy(update={"rows": rows, "models": {}})}
        return suite.model_copy(update={"presets": presets})

    monkeypatch.setattr(suites, "load", smaller)


def _documents(file: Path, documents: int = 300) -> None:
    """Texts whose first word tells the class."""
    rng = np.random.default_rng(0)
    lines = ["body,category"]
    for _ in range(documents):
        label = rng.integers(2)
        lines.append(f"{('good', 'bad')[label]} {' '.join(rng.choice(WORDS, 5))},{('yes', 'no')[label]}")
    file.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("name", "content", "options", "task"),
    [
        ("book.txt", "words and words\n", {}, "lm"),
        ("book.md", "words and words\n", {}, "lm"),
        ("letters.dat", "words\n", {"unit": "character"}, "lm"),
        ("tickets.csv", "body,category\na b,c\n", {"text": "body", "label": "category"}, "classify"),
        ("tickets.tsv", "text\tlabel\na b\tc\n", {"label": "label"}, "classify"),
        ("sales.csv", "ds,y\n1,2\n2,3\n", {"value": "y", "time": "ds"}, "forecast"),
        ("gait.csv", "id,t,x,who\n1,1,2,a\n", {"value": "x", "label": "who"}, "recognise"),
        ("gait.csv", "id,t,x,age\n1,1,2,3\n", {"value": "x", "target": "age"}, "regress"),
        ("corpus.conllu", "1\tDas\t_\tDET\n", {}, "tag"),
        ("tales.txt", "1 Mary went home.\n2 Where is Mary?\thome\t1\n", {}, "answer"),
        ("pairs.tsv", "source\ttarget\na\tb\n", {"source": "source", "target": "target"}, "translate"),
        ("mine.de", "ein\n", {"targets": "mine.en"}, "translate"),
        ("piece.mid", "MThd", {}, "frames"),
        ("patterns.npy", "", {}, "recall"),
    ],
)
def test_the_file_and_its_options_tell_the_task(
    tmp_path: Path, name: str, content: str, options: dict[str, Any], task: str
) -> None:
    (tmp_path / name).write_text(content)
    assert advising.recognised(tmp_path / name, options)[0] == task


def test_a_folder_with_a_folder_of_texts_per_class_holds_documents(tmp_path: Path) -> None:
    for label in ("pos", "neg"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_text("a")
    assert advising.recognised(tmp_path, {})[0] == "classify"


@pytest.mark.parametrize(
    ("name", "content", "options", "words"),
    [
        (
            "t.csv",
            "id,body,kind\n" + "".join(f"{i},it is broken again {i},{'ab'[i % 2]}\n" for i in range(30)),
            {},
            r"has the columns 'id', 'body', 'kind': say what they are. It may hold classes of texts, --text body",
        ),
        ("t.csv", "a,b\n1,2\n", {}, "for classes of texts with --text and --label, for series with --time and --value"),
        ("t.bin", "\x00\x01", {}, "it cannot be told what .*t.bin holds: name the suite with --suite"),
        ("t.csv", "a,b\n1,2\n", {"text": "a", "value": "b"}, "--text, --value cannot be used together"),
        ("t.csv", "a,b\n1,2\n", {"time": "a", "value": "z"}, "has no column 'z'"),
        ("t.csv", "a,b\n1,x\n", {"time": "a", "value": "b"}, "the column 'b' holds 'x', which is no number"),
    ],
)
def test_what_cannot_be_told_is_asked_in_one_line(
    tmp_path: Path, name: str, content: str, options: dict[str, Any], words: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=words) as caught:
        advising.recognised(tmp_path / name, options)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no file or folder"):
        advising.recognised(tmp_path / "lost.csv", {})


def test_the_suite_that_the_user_names_is_taken(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("a\tX\nb\tY\n")
    assert advising.recognised(tmp_path / "words.txt", {}, "tag")[0] == "tag"
    assert advising.recognised(tmp_path / "words.txt", {}, "characters")[0] == "lm"


def test_the_horizon_and_the_season_are_those_of_the_frequency_or_seen_in_the_values(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=200).strftime("%Y-%m-%d")
    pd.DataFrame({"ds": days, "y": np.arange(200.0)}).to_csv(tmp_path / "days.csv", index=False)
    hours = np.tile(np.random.default_rng(0).normal(size=24), 40)
    pd.DataFrame({"ds": np.arange(len(hours)), "y": hours}).to_csv(tmp_path / "steps.csv", index=False)
    options = {"time": "ds", "value": "y"}
    assert advising.recognised(tmp_path / "days.csv", options)[1] == {**options, "season": 7, "horizon": 14}
    assert advising.recognised(tmp_path / "steps.csv", options)[1] == {**options, "season": 24, "horizon": 48}
    assert advising.recognised(tmp_path / "steps.csv", {**options, "horizon": 5})[1]["horizon"] == 5


def test_advice_on_documents_names_the_best_model_and_the_command_that_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _few(monkeypatch, ["majority", "naive-bayes", "averaged-embeddings(embedding_size=4)"])
    monkeypatch.chdir(tmp_path)
    _documents(tmp_path / "tickets.csv")
    done = CliRunner().invoke(app, ["advise", "tickets.csv", "--text", "body", "--label", "category", "--quiet"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Keep naive-bayes: macro-F1 100.0 % [") or "too few" in done.output
    assert Path("advice/tickets.csv/report.html").read_text().lstrip().lower().startswith("<!doctype html>")
    command = next(line for line in done.output.splitlines() if line.startswith("New data")).split()[2:]
    Path("new.csv").write_text("body\ngood fnarl snood\nbad xyzzy\n")
    used = CliRunner().invoke(app, command[1:])
    assert [line.split(",")[1] for line in used.output.splitlines()] == ["predicted", "yes", "no"]


def test_advice_on_series_writes_what_comes_next_with_times_and_intervals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _few(monkeypatch, ["naive", "seasonal-naive", "autoregression"])
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=300).strftime("%Y-%m-%d")
    week = 10 * np.tile(np.arange(7.0), 43)[:300]
    pd.DataFrame({"ds": days, "y": week + rng.normal(size=300)}).to_csv(tmp_path / "sales.csv", index=False)
    said = advising.advise(tmp_path / "sales.csv", data_options={"time": "ds", "value": "y"}, store=tmp_path / "store")
    assert said.forecasts is not None
    assert said.picture is not None
    told = pd.read_csv(said.forecasts)
    assert list(told["time"]) == list(pd.date_range("2024-10-27", periods=14).strftime("%Y-%m-%d"))
    assert (told["q(0.025)"] < told["mean"]).all()
    assert np.abs(told["mean"] - 10 * ((300 + np.arange(14)) % 7)).max() < 5
    assert said.picture.read_bytes().startswith(b"\x89PNG")


def test_what_has_no_place_in_the_time_is_left_out_and_more_minutes_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _few(monkeypatch, ["majority", "naive-bayes", "perceptron"])
    _documents(tmp_path / "t.csv")
    options: dict[str, Any] = {"data_options": {"text": "body", "label": "category"}, "store": tmp_path / "store"}
    with pytest.raises(ValueError, match="no model could be fitted in this time; give more with --minutes"):
        advising.advise(tmp_path / "t.csv", minutes=0.0, **options)
    asked = advising.ask(tmp_path / "t.csv", **options)
    for event in asked.start():
        if getattr(event, "record", None) is not None:
            break  # one cell has ended
    said = advising.advise(tmp_path / "t.csv", minutes=0.0, **options)
    assert 1 <= len(said.left) <= 2
    assert f"No time was left for {', '.join(said.left)}; give more with --minutes." in said.text()
    assert advising.advise(tmp_path / "t.csv", minutes=10, **options).left == []


def test_no_word_of_the_data_stays_in_the_folder_if_that_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _few(monkeypatch, ["majority", "naive-bayes"])
    _documents(tmp_path / "t.csv")
    options = {"text": "body", "label": "category"}
    advising.advise(tmp_path / "t.csv", data_options=options, store=tmp_path / "store", text=False)
    held = b"".join(file.read_bytes() for file in (tmp_path / "store").rglob("*") if file.is_file())
    assert not any(word.encode() in held for word in WORDS)
