"""The process of a cell: what a model can find in it, and which of its work counts as fit."""

from pathlib import Path

import numpy as np
import pytest

from seqbench.api import ask
from seqbench.evidence.records import Record
from seqbench.runs.runner import Finished

TOYS = Path(__file__).parents[2] / "toys"
SEARCHING, MISBEHAVING = TOYS / "searching.py", TOYS / "misbehaving.py"
COINS = f"{TOYS / 'toys.py'}:Coins"
READER = """
from pathlib import Path
from seqbench import Config, LanguageModel
from words import log_p

class Words(Config):
    file: str
    input: str = "words"

class Reader(LanguageModel):
    config_class = Words
    stochastic = False

    def fit(self, train, ctx):
        self.vocab_size = ctx.vocab.size
        assert self.config.input == "both"
        ctx.log("read", float(Path(self.config.file).read_text()))

    def predict(self, ids, state=None):
        return log_p(ids), None
"""


def _records(store: Path, model: str, dataset: str, suite: str = "lm", **request: object) -> list[Record]:
    asked = ask(suite, models=[model], datasets=[dataset], store=store, **request)  # type: ignore[arg-type]
    records = [event.record for event in asked.start() if isinstance(event, Finished) and event.cell.kind != "truth"]
    assert [record.reason for record in records if record.status != "ok"] == []
    return records


def test_a_language_model_that_searches_memory_during_its_fit_does_not_find_the_test_text(tmp_path: Path) -> None:
    (found,) = _records(tmp_path, f"{SEARCHING}:FindsText", COINS, seeds=1)
    entropy = -(0.8 * np.log(0.8) + 0.2 * np.log(0.2))
    assert found.scores["test"]["perplexity"] == pytest.approx(np.exp(entropy), rel=0.05)
    assert found.scores["valid"]["perplexity"] == pytest.approx(np.exp(0.01))  # it searched well


def test_a_classifier_that_searches_memory_during_its_fit_finds_no_third_set_of_documents(tmp_path: Path) -> None:
    dataset = "synthetic-words(train_documents=60, valid_documents=30, test_documents=30)"
    (found,) = _records(tmp_path, f"{SEARCHING}:FindsDocuments", dataset, "doc", seeds=1)
    assert found.curves == {"found": [2]}


def test_a_forecaster_that_searches_memory_during_its_fits_finds_no_value_of_the_test_part(tmp_path: Path) -> None:
    (found,) = _records(tmp_path, f"{SEARCHING}:FindsSeries", f"{TOYS / 'forecast_toys.py'}:Ramp", "ts")
    assert found.curves == {"longest": [60], "longest, for the test part": [60]}


def test_no_cell_finds_the_files_that_another_left_in_its_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here := tmp_path / "here").mkdir()
    monkeypatch.chdir(here)
    records = _records(tmp_path / "store", f"{MISBEHAVING}:KeepsNotes", COINS, seeds=2)
    assert [record.curves["found"] for record in records] == [[0], [0]]
    assert list(here.iterdir()) == []


def test_relative_paths_of_a_model_and_of_its_settings_are_those_of_the_folder_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("reader.py").write_text(READER)
    Path("words.py").write_text("import numpy as np\n\ndef log_p(ids):\n    return np.full(ids.shape, -np.log(2))\n")
    Path("seven.txt").write_text("7")
    Path("both").write_text("a file of the name of a choice")
    Path("coins.py").write_text((TOYS / "toys.py").read_text())
    (found,) = _records(tmp_path / "store", "reader.py:Reader(file='seven.txt', input=both)", "coins.py:Coins")
    assert found.curves == {"read": [7]}
    assert found.label == "reader.py:Reader(file=seven.txt, input=both)"
    assert found.model_spec.paths() == (f"{tmp_path}/reader.py:Reader", str(tmp_path / "seven.txt"))
