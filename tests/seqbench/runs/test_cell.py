"""The process of a cell: what a model can find in it, and which of its work counts as fit."""

from pathlib import Path

import numpy as np
import pytest

from seqbench.api import ask
from seqbench.evidence.records import Record
from seqbench.runs.runner import Finished

TOYS = Path(__file__).parents[2] / "toys"
SEARCHING, COINS = TOYS / "searching.py", f"{TOYS / 'toys.py'}:Coins"


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
