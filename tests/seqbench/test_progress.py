"""What is told while cells run: the words of models and libraries come out as they are."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from commands import called

from seqbench.api import Asked
from seqbench.evidence.records import Check
from seqbench.progress import follow, show_checks, show_rows
from seqbench.runs.grid import Cell
from seqbench.runs.remaining import Remaining
from seqbench.runs.runner import Progress, Started

MODEL = """
from seqbench import LanguageModel


class Bracketed(LanguageModel):
    def fit(self, train, ctx):
        raise ValueError("text ended with [/INST], install seqbench[extra]")

    def predict(self, ids, state=None):
        raise NotImplementedError
"""


def test_brackets_in_a_reason_are_text_and_do_not_end_the_run(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    toys = Path(__file__).parents[1] / "toys" / "toys.py"
    command = ["run", "--dataset", f"{toys}:Coins", "--store", tmp_path / "store"]
    command += ["--model", f"{tmp_path / 'model.py'}:Bracketed", "--model", "uniform"]
    done = called(*command)
    assert done.exit_code == 1
    assert "text ended with [/INST], install seqbench[extra]" in done.stderr
    assert "[/INST]" in done.stdout


def test_tables_of_the_terminal_show_names_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(("name", "what it is"), [("[bold]a[/bold] :bug:", "x\x1b[2Jy\x07 [/]")])
    show_checks([Check(name="normalised", passed=False, message="sums [/red] to\n\x1b[31m2")])
    shown = capsys.readouterr().out
    assert "[bold]a[/bold] :bug:" in shown
    assert "xy [/]" in shown
    assert "sums [/red] to 2" in shown
    assert all(character.isprintable() for line in shown.split("\n") for character in line)


def test_an_error_is_one_line_without_control_characters(tmp_path: Path) -> None:
    command = ["run", "--model", "no\n\x1b[31mmodel\r[/b]", "--store", tmp_path]
    done = called(*command)
    assert done.exit_code == 2
    (line,) = done.stderr.split("\n")[:-1]
    assert line.isprintable()
    assert "[/b]" in line


def test_without_a_terminal_each_finished_cell_is_one_line_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    toys = Path(__file__).parents[1] / "toys"
    command = ["run", "--dataset", f"{toys / 'toys.py'}:Coins"]
    command += ["--model", f"{toys / 'toys.py'}:Frequency", "--model", f"{tmp_path / 'model.py'}:Bracketed"]
    command += ["--seeds", "2", "--jobs", "1", "--store", tmp_path / "store", "--format", "csv"]

    def lines() -> list[str]:
        return called(*command).stderr.splitlines()

    first = lines()
    assert [re.sub(r"[\d.]+ m?s$", "T s", line).partition(":Frequency")[2] for line in first[:2]] == [
        f" on {toys / 'toys.py'}:Coins, seed {seed}: ok, T s" for seed in (0, 1)
    ]
    assert [line.split()[0] for line in first] == ["[1/4]", "[2/4]", "[3/4]", "[4/4]"]
    assert all(": failed: ValueError: text ended with" in line for line in first[2:])
    assert [line.rpartition(": ")[2] for line in lines()[:2]] == ["ok, in the store"] * 2


@pytest.mark.parametrize(("known", "said"), [(170.0, "about 3 min left"), (None, "")])
def test_a_terminal_shows_what_runs_its_curves_last_value_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], known: float | None, said: str
) -> None:
    """The run ends while its cell is running, as the last look at the bar shows."""
    identity = SimpleNamespace(dataset="toy", seed=0)
    label = "kneser-ney(order=5)+lstm(hidden_size=400, dropout=0.5, layers=2)+cache"
    cell = cast(Cell, SimpleNamespace(key="k", label=label, identity=identity))
    other = cast(Cell, SimpleNamespace(key="l", label="hmm [/b]", identity=SimpleNamespace(dataset="toy", seed=0)))
    values = [Progress(cell, "valid loss", 9.0), Progress(cell, "valid loss", 2.34567)]
    asked = SimpleNamespace(
        cells=[cell, other],
        suite=SimpleNamespace(name="lm"),
        preset="quick",
        jobs=2,
        start=lambda deadline: iter([Started(cell), Started(other), *values]),
        remaining=lambda: Remaining({"k": known, "l": known}, {"k": "k", "l": "l"}, 2),
    )
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.setenv(name, "1")
    assert follow(cast(Asked, asked)) is False
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", capsys.readouterr().err)
    bar, *running = shown[shown.rindex("lm (quick)") :].split("\n")[:3]
    assert "0/2" in bar
    assert (said in bar) if said else ("left" not in bar)
    assert running[0].strip().startswith("kneser-ney(order=5)+lstm(")
    assert running[0].strip().endswith("+cache: valid loss 2.346")
    assert running[1].strip() == "hmm [/b]"
    assert all(len(line.rstrip("\r")) <= 80 for line in (bar, *running))
