"""Records of an earlier version: `tests/toys/earlier_store` was written before the files moved into rooms."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seqbench.evidence.records import Record
from seqbench.runs.store import Store
from seqbench.tasks import task

EARLIER = Path(__file__).parents[2] / "toys" / "earlier_store"
DATA = "synthetic-markov(train_tokens=2000, valid_tokens=300, test_tokens=300)"
PERPLEXITY = {"unigram": "10.006", "true model": "4.470"}
"""As that version printed them."""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EARLIER, tmp_path / "results"))


def seqbench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seqbench.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def scores(table: str) -> dict[str, list[str]]:
    """Test perplexities by model, one for each row that bears the name."""
    found: dict[str, list[str]] = {}
    for line in table.splitlines():
        if line.startswith("| ") and " | " in line:
            name, score = line.strip("| ").replace("*", "").split(" | ")[:2]
            found.setdefault(name, []).append(score)
    return found


def test_their_table_is_read_as_it_was(store: Path) -> None:
    done = seqbench("report", store, "--format", "markdown")
    assert done.returncode == 0, done.stderr
    for name, score in PERPLEXITY.items():
        assert scores(done.stdout)[name] == [score]


@pytest.mark.parametrize("model", ["unigram", "lstm"])
def test_their_fits_are_refused_since_the_code_is_another(model: str, store: Path, tmp_path: Path) -> None:
    (run,) = store.glob(f"*/{model}/*")
    text = tmp_path / "new.txt"
    text.write_text("a b a\n")
    done = seqbench("predict", run, "--data", text)
    assert done.returncode == 2
    assert f"the code of {model}" in done.stderr
    assert "changed since that run; run the cell again" in done.stderr


def test_a_new_run_computes_them_again_and_the_table_holds_each_once(store: Path) -> None:
    done = seqbench("run", "--dataset", DATA, "--model", "unigram", "--store", store, "--format", "markdown")
    assert done.returncode == 0, done.stderr
    assert len(list(store.glob("*/unigram/*/record.json"))) == 2
    for table in (done.stdout, seqbench("report", store, "--format", "markdown").stdout):
        for name, score in PERPLEXITY.items():
            assert scores(table)[name] == [score]


def test_they_have_nothing_to_show_and_say_so_without_an_error() -> None:
    held = Store(EARLIER)
    records = [record for record in held.records() if isinstance(record, Record) and record.status == "ok"]
    assert records
    fits = {record.label: (record, held.columns(record)) for record in records}
    kind = task("lm")
    assert [list(kind.exhibits(*fit)) for fit in fits.values()] == [[]] * len(fits)
    assert list(kind.comparisons(fits)) == []
