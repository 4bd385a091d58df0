"""What a notebook and a command line get: frames, reports, predictions, plain errors."""

import csv
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from commands import called

import seqbench
from seqbench import api
from seqbench.evidence.records import Record
from seqbench.runs.store import RECORD, Store, Unwritable

TOYS = Path(__file__).parents[1] / "toys" / "toys.py"
COINS = f"{TOYS}:Coins"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text of a few words whose order has a rule."""
    rng = np.random.default_rng(0)
    lines = [" ".join(f"{'abc'[i]} {'xyz'[i]}" for i in rng.integers(0, 3, 6)) for _ in range(200)]
    file = tmp_path_factory.mktemp("book") / "mybook.txt"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, book: Path) -> Path:
    folder = tmp_path_factory.mktemp("store") / "results"
    models = ["unigram", "witten-bell(order=2)", f"{TOYS}:Unwritten"]
    seqbench.run("lm", models=models, data=book, store=folder, keep=True)
    return folder


def _record(store: Path, label: str) -> Record:
    (record,) = [r for r in Store(store).records() if isinstance(r, Record) and r.label.endswith(label)]
    return record


def test_run_gives_a_frame_with_one_row_a_model(tmp_path: Path) -> None:
    frame = seqbench.run("lm", models=[f"{TOYS}:Frequency", f"{TOYS}:Still"], datasets=[COINS], store=tmp_path, seeds=2)
    assert [m.rpartition(":")[2] for m in frame["model"]] == ["Frequency", "Still"]
    assert frame["status"].tolist() == ["ok", "ok"]
    assert frame["fits"].tolist() == [2, 1]
    assert (frame["perplexity_low"] < frame["perplexity"]).all()


def test_a_fit_is_the_kept_one_with_its_data_or_a_new_one_that_is_equal(
    store: Path, book: Path, tmp_path: Path
) -> None:
    kept = seqbench.fit("witten-bell(order=2)", data=book, store=store)
    new = seqbench.fit("witten-bell(order=2)", data=book, store=tmp_path)
    ids = kept.data.test.documents[0][None]
    np.testing.assert_array_equal(kept.model.predict(ids)[0], new.model.predict(ids)[0])
    assert kept.task.name == "lm"
    assert {"a", "x"} < set(kept.data.vocab.symbols)


def test_ones_own_text_is_named_by_its_file(store: Path) -> None:
    assert "mybook.txt" in api.report(store, "markdown")


def test_a_report_is_a_pure_function_of_the_store(store: Path) -> None:
    for form in ("markdown", "latex", "html", "csv", "json"):
        assert api.report(store, form) == api.report(store, form)


def test_a_report_shows_the_last_answer_to_each_question(tmp_path: Path) -> None:
    model, store = tmp_path / "mine.py", tmp_path / "results"
    for weight in ("weight", "weight + 500"):
        model.write_text(TOYS.read_text().replace("+ self.config.weight", f"+ self.config.{weight}"))
        done = called("run", "--model", f"{model}:Still", "--dataset", COINS, "--store", store, "--format", "csv")
        assert done.exit_code == 0, done.stderr
    (row,) = csv.DictReader(io.StringIO(api.report(store, "csv")))
    perplexities = {r.scores["test"]["perplexity"] for r in Store(store).records() if isinstance(r, Record)}
    assert len(perplexities) == 2
    assert float(row["perplexity"]) == pytest.approx(max(perplexities))


def test_files_of_one_name_in_two_folders_are_two_tables_and_a_changed_file_is_a_new_version_of_its_own(
    book: Path, tmp_path: Path
) -> None:
    lines = book.read_text().splitlines(keepends=True)
    store = tmp_path / "results"

    def rows() -> list[tuple[str, int]]:
        return [(row["model"], int(row["items"])) for row in csv.DictReader(io.StringIO(api.report(store, "csv")))]

    for folder, part in (("first", lines), ("second", lines[:100])):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.txt").write_text("".join(part))
        seqbench.run("lm", models=["unigram", "uniform"], data=tmp_path / folder / "mine.txt", store=store)
    first, second = rows()[0][1], rows()[2][1]
    assert rows() == [("unigram", first), ("uniform", first), ("unigram", second), ("uniform", second)]
    assert api.report(store, "markdown").count("mine.txt · ") == 2
    (tmp_path / "second" / "mine.txt").write_text("".join(lines[:150]))
    seqbench.run("lm", models=["unigram", "uniform"], data=tmp_path / "second" / "mine.txt", store=store)
    assert [items for _, items in rows()[:2]] == [first, first]
    assert len(rows()) == 4
    assert second < rows()[2][1] < first


def test_models_of_one_name_in_two_folders_are_two_rows(tmp_path: Path) -> None:
    for folder, weight in (("first", "weight"), ("second", "weight + 500")):
        (tmp_path / folder).mkdir()
        model = tmp_path / folder / "mine.py"
        model.write_text(TOYS.read_text().replace("+ self.config.weight", f"+ self.config.{weight}"))
        seqbench.run("lm", models=[f"{model}:Still"], datasets=[COINS], store=tmp_path / "results")
    found = list(csv.DictReader(io.StringIO(api.report(tmp_path / "results", "csv"))))
    assert len({row["perplexity"] for row in found}) == 2
    assert [row["model"].rpartition("/")[0].rpartition("/")[2] for row in found] == ["first", "second"]


def test_a_folder_of_documents_is_recorded_by_its_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for label in ("good", "bad"):
        (tmp_path / "mail" / label).mkdir(parents=True)
        for i in range(40):
            (tmp_path / "mail" / label / f"{i}.txt").write_text(f"{label} word{i} again\n")
    monkeypatch.chdir(tmp_path)
    seqbench.run("doc", models=["majority"], data="mail", store=tmp_path / "results")
    (record,) = [r for r in Store(tmp_path / "results").records() if isinstance(r, Record)]
    assert record.data_spec.settings["path"] == str(tmp_path / "mail")


@pytest.mark.parametrize("label", ["unigram", "witten-bell(order=2)", "Unwritten"])
def test_a_kept_or_remade_fit_scores_new_text_as_the_run_scored_its_test_part(
    store: Path, book: Path, tmp_path: Path, label: str
) -> None:
    record = _record(store, label)
    assert record.kept == ("refit" if label == "Unwritten" else "arrays")
    lines = book.read_text().splitlines(keepends=True)
    new = tmp_path / "new.txt"
    new.write_text("".join(lines[-20:]))  # the test part: a tenth of 200 lines, all of one length
    frame = api.predict(str(Store(store).folder(record.identity, record.key)), new)
    columns = Store(store).columns(record)
    assert columns is not None
    assert frame["line"].tolist() == list(range(1, 21))
    assert frame["nats"].sum() == pytest.approx(float(columns["nats"].astype(float).sum()), rel=1e-6)
    assert frame["tokens"].sum() == len(columns["nats"])


def test_without_text_the_store_holds_no_word_of_the_data_and_predict_still_works(book: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(book.read_text().replace("x", "secretword"))
    done = called("run", "--data", secret, "--model", "unigram", "--keep", "--no-text", "--store", tmp_path / "r")
    assert done.exit_code == 0, done.stderr
    files = [file for file in (tmp_path / "r").rglob("*") if file.is_file()]
    assert files
    assert not any(b"secretword" in file.read_bytes() for file in files)
    record = _record(tmp_path / "r", "unigram")
    assert api.predict(record.key[:8], secret, tmp_path / "r")["nats"].notna().all()


def _tickets(folder: Path) -> list[object]:
    rows = [f"{'refund' if i % 3 else 'broken'} secretword number{i},{'ab'[i % 2]}" for i in range(80)]
    (folder / "tickets.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    return ["--suite", "doc", "--data", folder / "tickets.csv", "--model", "naive-bayes"]


def _sentences(folder: Path) -> list[object]:
    lines = [f"word{i % 7}\t{'ABC'[i % 3]}\nsecretword\t{'ABC'[i // 2 % 3]}\n" for i in range(80)]
    (folder / "mine.tsv").write_text("\n".join(lines))
    return ["--suite", "tag", "--data", folder / "mine.tsv", "--model", "most-frequent-tag"]


def _stories(folder: Path) -> list[object]:
    told = "1 Ben ate {1} fruits.\n2 Ann secretword went to the {0}.\n3 Where is Ann?\t{0}\t2\n"
    tales = [told.format("attic" if i % 2 else "barn", i) for i in range(60)]
    (folder / "tales.txt").write_text("".join(tales))
    return ["--suite", "qa", "--data", folder / "tales.txt", "--model", "majority"]


@pytest.mark.parametrize("made", [_tickets, _sentences, _stories])
def test_without_text_no_example_of_any_task_is_in_the_store(
    made: Callable[[Path], list[object]], tmp_path: Path
) -> None:
    arguments = made(tmp_path)
    for store, options in (("open", []), ("closed", ["--no-text"])):
        done = called("run", *arguments, "--jobs", 1, "--store", tmp_path / store, *options)
        assert done.exit_code == 0, done.stderr
        held = b"".join(f.read_bytes() for f in (tmp_path / store).rglob("*") if f.is_file())
        assert (b"secretword" in held) == (store == "open")


SECRETIVE = """
import os
import sys
import numpy as np
from seqbench import LanguageModel


class Talks(LanguageModel):
    \"\"\"Uniform; it prints a word of the data.\"\"\"

    def fit(self, train, ctx):
        self.vocab_size = ctx.vocab.size
        self.word = next(symbol for symbol in ctx.vocab.symbols if "secret" in symbol)
        print(self.word, flush=True)

    def predict(self, ids, state=None):
        return np.full(ids.shape, -np.log(self.vocab_size)), 0


class Raises(Talks):
    def fit(self, train, ctx):
        super().fit(train, ctx)
        try:
            {}[self.word]
        except KeyError as error:
            raise ValueError(f"no count of {self.word}") from error


class Exits(Talks):
    def fit(self, train, ctx):
        super().fit(train, ctx)
        sys.exit(self.word)


class Dies(Talks):
    def fit(self, train, ctx):
        super().fit(train, ctx)
        os._exit(3)


class RaisesInLaws(Talks):
    def predict(self, ids, state=None):
        if not ids.size:
            raise ValueError(self.word)
        return super().predict(ids, state)
"""


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("Talks", "ok", ""),
        ("Raises", "failed", r"ValueError: its message may quote the data \(--no-text\) \(secretive.py:\d+\)"),
        ("Exits", "failed", "sys.exit was called"),
        ("Dies", "crashed", "the process left with exit code 3"),
        ("RaisesInLaws", "ok", ""),
    ],
)
def test_without_text_neither_output_nor_errors_bring_words_into_the_store(
    book: Path, tmp_path: Path, name: str, status: str, reason: str
) -> None:
    data, model = tmp_path / "data.txt", tmp_path / "secretive.py"
    data.write_text(book.read_text().replace("x", "secretword"))
    model.write_text(SECRETIVE)
    arguments = ["run", "--data", data, "--model", f"{model}:{name}", "--keep", "--store"]
    called(*arguments, tmp_path / "open")
    called(*arguments, tmp_path / "closed", "--no-text")
    assert b"secretword" in b"".join(f.read_bytes() for f in (tmp_path / "open").rglob("*") if f.is_file())
    assert b"secretword" not in b"".join(f.read_bytes() for f in (tmp_path / "closed").rglob("*") if f.is_file())
    record = _record(tmp_path / "closed", name)
    assert record.status == status
    assert re.fullmatch(reason, record.reason)
    if name == "Raises":
        assert re.search(r'File ".*secretive.py", line \d+, in fit\nValueError\n$', record.traceback)
    if name == "RaisesInLaws":
        assert "measuring this ended in ValueError" in [check.message for check in record.checks]


def test_a_record_whose_folder_was_moved_says_where_it_belongs(store: Path, book: Path, tmp_path: Path) -> None:
    record = _record(store, "unigram")
    own = Store(store).folder(record.identity, record.key)
    elsewhere = tmp_path / "results" / own.parts[-3] / "renamed" / own.name
    for moved in (elsewhere, tmp_path / own.name):
        shutil.copytree(own, moved)
        with pytest.raises(
            ValueError, match=f"{moved}.*moved or renamed: move it back to .*/unigram/{own.name}; or run"
        ):
            api.predict(str(moved), book)
    (damaged,) = api.damaged(tmp_path / "results")
    assert "moved or renamed" in damaged.why
    with pytest.raises(ValueError, match=r"no record in .*results can be read: damaged: .*moved or renamed"):
        api.report(tmp_path / "results")


def test_a_fit_whose_code_changed_is_not_passed_off_as_the_recorded_one(tmp_path: Path) -> None:
    model = tmp_path / "mine.py"
    model.write_text(TOYS.read_text())
    called("run", "--model", f"{model}:Still", "--dataset", COINS, "--store", tmp_path / "r")
    record = _record(tmp_path / "r", "Still")
    model.write_text(model.read_text() + "\n# a remark\n")
    done = called("predict", record.key[:8], "--data", model, "--store", tmp_path / "r")
    assert done.exit_code == 2
    assert "changed since that run" in done.stderr


def test_columns_and_order_are_chosen_for_a_run_and_for_a_report(store: Path, book: Path) -> None:
    chosen = ["--columns", "fit,perplexity", "--sort", "score", "--format", "markdown"]
    report = called("report", store, *chosen).stdout
    (head, _, *rows) = [line for line in report.splitlines() if line.startswith("|")]
    assert head == "| model | fit | test perplexity |"
    scores = [float(row.split(" | ")[2].strip(" *|")) for row in rows]
    assert scores == sorted(scores)
    models = [part for name in ("unigram", "witten-bell(order=2)") for part in ("--model", name)]
    run = called("run", "--data", book, *models, "--keep", "--store", store, "--quiet", *chosen).stdout
    assert head in run
    wrong = called("report", store, "--columns", "score,speeed")
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith(
        "seqbench: there is no column 'speeed'; there are: model or name, score or perplexity,"
    )
    assert wrong.stdout == ""


def test_two_stores_are_compared_from_python_and_from_the_command_line(store: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(store, tmp_path / "copy")
    said = "Nothing changed: all 3 rows that both stores have are identical to the last digit."
    assert said in seqbench.compare(store, copy)
    done = called("compare", store, copy, "--format", "csv", "--output", tmp_path / "out.csv")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert [row["change"] for row in rows] == ["identical"] * 3
    record = _record(copy, "unigram")
    (Store(copy).folder(record.identity, record.key) / RECORD).write_text("{")
    done = called("compare", store, copy)
    assert done.exit_code == 0
    assert done.stderr.startswith("left out: damaged: ")
    assert re.search(r"^only in A +unigram$", done.stdout, re.MULTILINE)


def test_a_run_from_a_script_without_a_guard_does_not_run_it_again_in_each_cell(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import seqbench\nprint('once')\n"
        f"frame = seqbench.run('lm', models=['{TOYS}:Still'], datasets=['{COINS}'], store='{tmp_path / 'r'}')\n"
        "print(frame.status[0])\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["once", "ok"]


def test_a_dry_run_lists_cells_and_the_time_they_took(store: Path, book: Path, tmp_path: Path) -> None:
    models = ["--model", "unigram", "--model", "kneser-ney(order=2)"]
    listed = called("run", "--data", book, *models, "--store", store, "--dry-run")
    assert listed.exit_code == 0, listed.stderr
    assert "ok" in listed.stdout
    assert "1 of unknown length" in listed.stdout
    assert not list(Path(store).glob("*/kneser-ney/*"))


def test_a_quiet_run_prints_its_table_alone(tmp_path: Path) -> None:
    done = called(
        "run", "--model", f"{TOYS}:Still", "--dataset", COINS, "--store", tmp_path, "--format", "csv", "--quiet"
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("task,dataset")


def test_a_failed_cell_shows_in_the_exit_status(tmp_path: Path) -> None:
    model = f"{TOYS.with_name('misbehaving.py')}:Raises"
    done = called("run", "--model", model, "--dataset", COINS, "--store", tmp_path)
    assert done.exit_code == 1
    assert "failed" in done.stdout


def test_a_reader_that_wants_no_more_ends_the_output_quietly(store: Path) -> None:
    command = [sys.executable, "-m", "seqbench.cli", "report", str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == b""


def test_faults_of_a_file_are_told_once_and_leave_no_record(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\na,b\n")
    models = ["--model", "majority", "--model", "perceptron"]
    done = called("run", "--suite", "doc", "--data", tmp_path / "a.csv", *models, "--store", tmp_path / "store")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("store/**/*.json"))


def test_damage_in_a_store_is_told_by_the_report(tmp_path: Path) -> None:
    models = ["--model", f"{TOYS}:Still", "--model", f"{TOYS}:Frequency"]
    called("run", *models, "--dataset", COINS, "--store", tmp_path)
    record = _record(tmp_path, "Frequency")
    path = Store(tmp_path).folder(record.identity, record.key) / RECORD
    path.write_text("{")
    done = called("report", tmp_path, "--format", "csv")
    assert done.exit_code == 0
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"left out: damaged: {path}: ")
    assert "Frequency" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--suite", "nothing"], "there is no suite 'nothing'"),
        (
            ["run", "--store", "{tmp}", "--columns", "score,fits"],
            "there is no column 'fits'; there are: model or name,",
        ),
        (["run", "--store", "{tmp}", "--sort", "best"], "there is no column 'best' to sort rows by"),
        (["run", "--preset", "fast"], "has no preset 'fast'"),
        (["run", "--model", "lstn"], "did you mean lstm"),
        (["run", "--model", "lstm(hidden_size=0)"], "hidden_size=0"),
        (["run", "--dataset", "wikitext3"], "did you mean wikitext2"),
        (["run", "--data", "nowhere.txt", "--model", "unigram", "--store", "{tmp}"], "there is no file nowhere.txt"),
        (["run", "--unit", "word"], "says how to read a file"),
        (["run", "--device", "tpu", "--store", "{tmp}"], "no device 'tpu'; there are: auto, cpu, cuda"),
        (["run", "--device", "cuda:99", "--store", "{tmp}"], "CUDA device"),
        (["sample", "unigram", "--device", "tpu", "--store", "{tmp}"], "no device 'tpu'"),
        (["run", "--dataset", COINS, "--model", "uniform", "--store", "{tmp}/file"], "file cannot be written: it is a"),
        (["run", "--dataset", COINS, "--model", "uniform", "--store", "{tmp}/file/below"], "below cannot be written:"),
        (["report", "{tmp}/empty"], "there is no folder"),
        (["report", "{tmp}"], "there are no records in"),
        (["compare", "{tmp}/empty", "{tmp}"], "there is no folder"),
        (["compare", "{tmp}", "{tmp}/file/.."], "are the same folder; name two stores"),
        (["predict", "zzz", "--data", "x.txt", "--store", "{tmp}"], "no one run 'zzz'"),
        (["report", "{tmp}/empty", "--ranks", "ranks.svg"], "there is no folder"),
        (["check", "nowhere.py:Model"], "there is no file nowhere.py"),
        (["data", "verify", "nothing"], "nothing"),
    ],
)
def test_a_mistake_is_told_in_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "file").touch()
    done = called(*(a.replace("{tmp}", str(tmp_path)) for a in arguments))
    assert done.exit_code != 0
    assert words in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_full_when_a_record_is_written_ends_the_run_and_is_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "full.py"
    model.write_text(
        TOYS.read_text()
        + """
class Full(Still):
    def fit(self, train, ctx):
        super().fit(train, ctx)
        from pathlib import Path
        from seqbench.runs import store

        def full(path, data):
            raise OSError(28, "No space left on device")

        if (Path(__file__).parent / "is full").exists():
            store._write = full
"""
    )
    (tmp_path / "is full").touch()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))  # a model that only says so crashes
    models, store = [f"{TOYS}:Still", f"{model}:Full"], tmp_path / "results"
    asked = api.ask("lm", models=models, datasets=[COINS], store=store, jobs=1, device="cpu")
    with pytest.raises(Unwritable, match=r"cannot be written: No space left on device\. Finished cells are kept"):
        list(asked.start())
    assert len(list(Store(store).records())) == 1
    assert not list(store.glob(".partial*"))
    monkeypatch.undo()
    (tmp_path / "is full").unlink()
    list(asked.start())
    assert [record.status for record in Store(store).records() if isinstance(record, Record)] == ["ok", "ok"]


def test_check_tells_the_laws_that_a_model_breaks() -> None:
    misbehaving = TOYS.with_name("misbehaving.py")
    good, bad = called("check", f"{misbehaving}:Honest"), called("check", f"{misbehaving}:Peeks")
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "BROKEN" not in good.stdout
    assert "causal" in next(line for line in bad.stdout.splitlines() if "BROKEN" in line)
    assert next(line for line in good.stdout.splitlines() if "causal" in line).rstrip().endswith("%")  # the law's power


def test_env_names_what_a_record_would() -> None:
    done = called("env")
    assert done.exit_code == 0
    assert "numpy" in done.stdout


def test_each_part_of_a_suite_keeps_its_margin_in_the_run_and_in_the_report(tmp_path: Path) -> None:
    suite = tmp_path / "two.toml"
    suite.write_text(
        """
name = "two"
summary = "two parts"

[[parts]]
task = "lm"
datasets = ["synthetic-markov(train_tokens=300, valid_tokens=100, test_tokens=100)"]
models = ["unigram"]
margin = 0.02

[[parts]]
task = "regress"
datasets = ["adding(length=4, train_sequences=20, valid_sequences=9, test_sequences=9)"]
models = ["mean", "ridge"]
margin = 0.003

[presets.quick]
budget = { epochs = 1 }
limits = { seconds = 60, memory_gb = 6 }
"""
    )
    asked = api.ask(str(suite), store=tmp_path / "store", jobs=1)
    assert all(event is not None for event in asked.start())
    for tables in (asked.tables(), api.stored_tables(tmp_path / "store")):
        assert {table.basis.task: table.settings.margin for table in tables} == {"lm": 0.02, "regress": 0.003}
