"""The hash of the source that a result depends on."""

from pathlib import Path

import pytest

import seqbench.interface
import seqbench.suites
import seqbench.tasks.language.vocab
from seqbench import fingerprint
from seqbench.fingerprint import source_sha256


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Files change during these tests, as they do not during a run."""
    fingerprint._imports.cache_clear()
    fingerprint._locate.cache_clear()


def _closure(file: Path) -> set[str]:
    return set(fingerprint._closure(file, file.stem, frozenset({"seqbench", file.stem})))


def test_what_a_model_imports_from_the_house_counts_and_what_others_wrote_does_not(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("import numpy\nfrom seqbench.tasks.language.vocab import Vocab\n")
    assert _closure(file) == {"mine", "seqbench.tasks.language.vocab"}


def test_a_public_name_counts_as_the_module_that_it_lives_in(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("from seqbench import LanguageModel\n")
    assert {"seqbench.interface", "seqbench.tasks.language.vocab"} <= _closure(file)
    assert "seqbench.runs.runner" not in _closure(file)


@pytest.mark.parametrize("changed", ["mine.py", "beside.py"])
def test_a_change_of_the_file_or_of_one_beside_it_changes_the_hash(tmp_path: Path, changed: str) -> None:
    (tmp_path / "mine.py").write_text("import beside\n")
    (tmp_path / "beside.py").write_text("K = 1\n")
    (tmp_path / "stranger.py").write_text("K = 1\n")
    before = source_sha256(tmp_path / "mine.py", "mine")
    (tmp_path / "stranger.py").write_text("K = 2\n")
    assert source_sha256(tmp_path / "mine.py", "mine") == before
    (tmp_path / changed).write_text((tmp_path / changed).read_text() + "M = 2\n")
    fingerprint._imports.cache_clear()
    assert source_sha256(tmp_path / "mine.py", "mine") != before


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import b\n")
    (tmp_path / "b.py").write_text("import a\n")
    assert _closure(tmp_path / "a.py") == {"a", "b"}


def test_a_shipped_model_depends_on_the_interface_and_not_on_the_runner() -> None:
    path = Path(seqbench.interface.__file__).parent / "tasks" / "language" / "task.py"
    found = set(fingerprint._closure(path, "seqbench.tasks.language.task", frozenset({"seqbench"})))
    assert {"seqbench.interface", "seqbench.evidence.metrics", "seqbench.tasks.language.checks"} <= found
    assert not {"seqbench.runs.runner", "seqbench.runs.store", "seqbench.cli"} & found
