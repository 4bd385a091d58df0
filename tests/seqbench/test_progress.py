"""What is told while cells run: the words of models and libraries come out as they are."""

import subprocess
import sys
from pathlib import Path

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
    command = [sys.executable, "-m", "seqbench.cli", "run", "--dataset", f"{toys}:Coins", "--store", tmp_path / "store"]
    command += ["--model", f"{tmp_path / 'model.py'}:Bracketed", "--model", "uniform"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "text ended with [/INST], install seqbench[extra]" in " ".join(done.stderr.split())
    assert "[/INST]" in done.stdout
