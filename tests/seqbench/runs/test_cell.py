"""The process of a cell: what a model can find in it, and which of its work counts as fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqbench.api import ask
from seqbench.evidence.records import Record
from seqbench.runs.cell import _examples, _fit_costs
from seqbench.runs.clock import Clock
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


def test_a_classifier_that_searches_memory_when_it_predicts_finds_no_label_of_the_test_part(tmp_path: Path) -> None:
    dataset = "synthetic-words(train_documents=60, valid_documents=30, test_documents=30)"
    (found,) = _records(tmp_path, f"{SEARCHING}:LooksUpLabels", dataset, "doc", seeds=1)
    assert found.scores["test"]["log_loss"] == pytest.approx(np.log(len(found.detail["classes"])))
    assert found.scores["valid"]["accuracy"] == 1  # it searched well


def test_a_forecaster_that_searches_memory_when_it_predicts_finds_no_value_of_the_test_part(tmp_path: Path) -> None:
    (found,) = _records(tmp_path, f"{SEARCHING}:LooksUpValues", f"{TOYS / 'forecast_toys.py'}:Ramp", "ts")
    assert found.detail["by_step"]["mae"] == [1, 2, 3, 4]
    assert found.scores["valid"]["mase"] == 0  # it searched well


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


def test_work_that_a_fit_puts_off_to_its_first_prediction_counts_as_fit(tmp_path: Path) -> None:
    (lazy,) = _records(tmp_path, f"{TOYS / 'toys.py'}:Lazy", COINS)
    assert lazy.costs.deferred_seconds is not None
    assert lazy.costs.fit_seconds is not None
    assert 0.1 < lazy.costs.deferred_seconds < lazy.costs.fit_seconds
    assert [check.name for check in lazy.checks if not check.passed] == []


def clock(wall: float, cpu: float | None = None) -> Clock:
    made = Clock()
    made.wall, made.cpu = wall, wall if cpu is None else cpu
    return made


def test_only_what_the_first_prediction_costs_beyond_the_second_counts_as_fit() -> None:
    found = _fit_costs(clock(0.5, 0.5), first=clock(3.75, 7.0), again=clock(0.25, 0.5))
    assert (found["fit_seconds"], found["fit_cpu_seconds"], found["deferred_seconds"]) == (4.0, 7.0, 3.5)


@pytest.mark.parametrize(("fit", "first", "again"), [(0.001, 0.019, 0.01), (10.0, 1.5, 0.75), (1.0, 3.0, 3.5)])
def test_a_first_prediction_that_is_hardly_slower_leaves_the_time_of_the_fit(
    fit: float, first: float, again: float
) -> None:
    found = _fit_costs(clock(fit), clock(first), clock(again))
    assert found["fit_seconds"] == fit
    assert "deferred_seconds" not in found


def test_a_first_prediction_that_waited_for_a_busy_machine_leaves_the_time_of_the_fit() -> None:
    found = _fit_costs(clock(1.0), first=clock(2.0, 0.5), again=clock(0.5, 0.5))
    assert found["fit_seconds"] == 1.0


SPEECHLESS = """
import numpy as np
from seqbench import LanguageModel


class Speechless(LanguageModel):
    stochastic = False

    def fit(self, train, ctx):
        self.vocab_size = ctx.vocab.size

    def predict(self, ids, state=None):
        return np.full(ids.shape, -np.log(self.vocab_size)), 0

    def next(self, state=None, batch=1):
        if state is None:  # where the laws do not look
            raise RuntimeError("heads")
        return np.full((batch, self.vocab_size), 1 / self.vocab_size)
"""


@pytest.mark.parametrize(("text", "said"), [(True, "RuntimeError: heads"), (False, None)])
def test_a_model_that_fails_where_it_is_shown_keeps_its_row_and_the_record_says_what_is_missing(
    tmp_path: Path, text: bool, said: str | None
) -> None:
    model = tmp_path / "speechless.py"
    model.write_text(SPEECHLESS)
    (found,) = _records(tmp_path / "store", f"{model}:Speechless", COINS, text=text)
    assert found.scores["test"]["perplexity"] == pytest.approx(2)
    assert "samples" not in found.detail
    assert ("passage" in found.detail) == text
    assert found.detail.get("left_out", {}).get("samples") == (f"{said} (speechless.py:17)" if said else None)


class _Kind:
    """A task with such examples."""

    def __init__(self, parts: dict[str, Callable[[], Any]], wordless: bool = False) -> None:
        self.parts, self.wordless = parts, wordless

    def examples(self, scored: Any) -> dict[str, Callable[[], Any]]:
        return self.parts


def test_what_is_not_plain_is_left_out_and_nothing_is_kept_of_words_without_text() -> None:
    def fails() -> Any:
        raise ValueError("a secret word")

    parts = {"fine": lambda: [1.5, "a"], "array": lambda: np.ones(2), "none": lambda: None, "fails": fails}
    kept = _examples(_Kind(parts), None, text=True)  # type: ignore[arg-type]
    assert kept["fine"] == [1.5, "a"]
    assert set(kept) == {"fine", "left_out"}
    assert set(kept["left_out"]) == {"array", "fails"}
    assert "a secret word" in kept["left_out"]["fails"]
    assert _examples(_Kind(parts), None, text=False) == {}  # type: ignore[arg-type]
    wordless = _examples(_Kind(parts, wordless=True), None, text=False)  # type: ignore[arg-type]
    assert wordless["fine"] == [1.5, "a"]
    assert "secret" not in str(wordless)
