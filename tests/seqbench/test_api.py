"""What a notebook and a command line get: frames, reports, predictions, plain errors."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seqbench
from seqbench import api
from seqbench.evidence.records import Record
from seqbench.runs.store import RECORD, Store

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


def _cli(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seqbench.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def _record(store: Path, label: str) -> Record:
    (record,) = [r for r in Store(store).records() if isinstance(r, Record) and r.label.endswith(label)]
    return record


def test_run_gives_a_frame_with_one_row_a_model(tmp_path: Path) -> None:
    frame = seqbench.run("lm", models=[f"{TOYS}:Frequency", f"{TOYS}:Still"], datasets=[COINS], store=tmp_path, seeds=2)
    assert [m.rpartition(":")[2] for m in frame["model"]] == ["Frequency", "Still"]
    assert frame["status"].tolist() == ["ok", "ok"]
    assert frame["fits"].tolist() == [2, 1]
    assert (frame["perplexity_low"] < frame["perplexity"]).all()


def test_ones_own_text_is_named_by_its_file(store: Path) -> None:
    assert "mybook.txt" in api.report(store, "markdown")


def test_a_report_is_a_pure_function_of_the_store(store: Path) -> None:
    for form in ("markdown", "latex", "html", "csv"):
        assert api.report(store, form) == api.report(store, form)


def test_a_report_shows_the_last_answer_to_each_question(tmp_path: Path) -> None:
    model, store = tmp_path / "mine.py", tmp_path / "results"
    for weight in ("weight", "weight + 500"):
        model.write_text(TOYS.read_text().replace("+ self.config.weight", f"+ self.config.{weight}"))
        done = _cli("run", "--model", f"{model}:Still", "--dataset", COINS, "--store", store, "--format", "csv")
        assert done.returncode == 0, done.stderr
    (row,) = csv.DictReader(io.StringIO(api.report(store, "csv")))
    perplexities = {r.scores["test"]["perplexity"] for r in Store(store).records() if isinstance(r, Record)}
    assert len(perplexities) == 2
    assert float(row["perplexity"]) == pytest.approx(max(perplexities))


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
    done = _cli("run", "--data", secret, "--model", "unigram", "--keep", "--no-text", "--store", tmp_path / "r")
    assert done.returncode == 0, done.stderr
    files = [file for file in (tmp_path / "r").rglob("*") if file.is_file()]
    assert files
    assert not any(b"secretword" in file.read_bytes() for file in files)
    record = _record(tmp_path / "r", "unigram")
    assert api.predict(record.key[:8], secret, tmp_path / "r")["nats"].notna().all()


def test_a_fit_whose_code_changed_is_not_passed_off_as_the_recorded_one(tmp_path: Path) -> None:
    model = tmp_path / "mine.py"
    model.write_text(TOYS.read_text())
    _cli("run", "--model", f"{model}:Still", "--dataset", COINS, "--store", tmp_path / "r")
    record = _record(tmp_path / "r", "Still")
    model.write_text(model.read_text() + "\n# a remark\n")
    done = _cli("predict", record.key[:8], "--data", model, "--store", tmp_path / "r")
    assert done.returncode == 2
    assert "changed since that run" in done.stderr


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
    listed = _cli("run", "--data", book, *models, "--store", store, "--dry-run")
    assert listed.returncode == 0, listed.stderr
    assert "ok" in listed.stdout
    assert "1 of unknown length" in listed.stdout
    assert not list(Path(store).glob("*/kneser-ney/*"))


def test_without_a_terminal_a_run_prints_its_table_alone(tmp_path: Path) -> None:
    done = _cli("run", "--model", f"{TOYS}:Still", "--dataset", COINS, "--store", tmp_path, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("task,dataset")


def test_a_failed_cell_shows_in_the_exit_status(tmp_path: Path) -> None:
    model = f"{TOYS.with_name('misbehaving.py')}:Raises"
    done = _cli("run", "--model", model, "--dataset", COINS, "--store", tmp_path)
    assert done.returncode == 1
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
    done = _cli("run", "--suite", "doc", "--data", tmp_path / "a.csv", *models, "--store", tmp_path / "store")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("store/**/*.json"))


def test_damage_in_a_store_is_told_by_the_report(tmp_path: Path) -> None:
    models = ["--model", f"{TOYS}:Still", "--model", f"{TOYS}:Frequency"]
    _cli("run", *models, "--dataset", COINS, "--store", tmp_path)
    record = _record(tmp_path, "Frequency")
    path = Store(tmp_path).folder(record.identity, record.key) / RECORD
    path.write_text("{")
    done = _cli("report", tmp_path, "--format", "csv")
    assert done.returncode == 0
    assert "damaged, and left out" in done.stderr
    assert "Frequency" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--suite", "nothing"], "there is no suite 'nothing'"),
        (["run", "--preset", "fast"], "has no preset 'fast'"),
        (["run", "--model", "lstn"], "did you mean lstm"),
        (["run", "--model", "lstm(hidden_size=0)"], "hidden_size=0"),
        (["run", "--dataset", "wikitext3"], "did you mean wikitext2"),
        (["run", "--data", "nowhere.txt", "--model", "unigram", "--store", "{tmp}"], "there is no file nowhere.txt"),
        (["run", "--unit", "word"], "says how to read a file"),
        (["report", "{tmp}/empty"], "there are no records"),
        (["predict", "zzz", "--data", "x.txt", "--store", "{tmp}"], "no one run 'zzz'"),
        (["check", "nowhere.py:Model"], "there is no file nowhere.py"),
        (["data", "verify", "nothing"], "nothing"),
    ],
)
def test_a_mistake_is_told_in_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = _cli(*(a.replace("{tmp}", str(tmp_path)) for a in arguments))
    assert done.returncode != 0
    assert words in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_check_tells_the_laws_that_a_model_breaks() -> None:
    misbehaving = TOYS.with_name("misbehaving.py")
    good, bad = _cli("check", f"{misbehaving}:Honest"), _cli("check", f"{misbehaving}:Peeks")
    assert (good.returncode, bad.returncode) == (0, 1)
    assert "BROKEN" not in good.stdout
    assert "causal" in next(line for line in bad.stdout.splitlines() if "BROKEN" in line)


def test_env_names_what_a_record_would() -> None:
    done = _cli("env")
    assert done.returncode == 0
    assert "numpy" in done.stdout
