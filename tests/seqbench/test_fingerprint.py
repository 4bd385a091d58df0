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
    fingerprint._in_development.cache_clear()


def _closure(file: Path) -> set[str]:
    return set(fingerprint._closure(file, ""))


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


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
    before = source_sha256(tmp_path / "mine.py")
    (tmp_path / "stranger.py").write_text("K = 2\n")
    assert source_sha256(tmp_path / "mine.py") == before
    (tmp_path / changed).write_text((tmp_path / changed).read_text() + "M = 2\n")
    fingerprint._imports.cache_clear()
    assert source_sha256(tmp_path / "mine.py") != before


PACKAGE = {
    "helpers/__init__.py": "",
    "helpers/core.py": "from . import near\nfrom .deep.er import y\nx = 1\n",
    "helpers/near.py": "x = 1\n",
    "helpers/deep/__init__.py": "",
    "helpers/deep/er.py": "from ..up import z as y\n",
    "helpers/up.py": "z = 1\n",
    "helpers/unused.py": "z = 1\n",
    "plain/folder/module.py": "import plain.folder.other\n",
    "plain/folder/other.py": "",
    "late/__init__.py": "import importlib\nimportlib.import_module('.part', __package__)\n",
    "late/part.py": "",
    "starred/__init__.py": "__all__ = ['part', 'number']\nnumber = 1\n",
    "starred/part.py": "",
    "fast.so": "",
}


@pytest.mark.parametrize(
    ("line", "files"),
    [
        (
            "from helpers.core import x",
            {"helpers/__init__.py", "helpers/core.py", "helpers/near.py", "helpers/deep/__init__.py"}
            | {"helpers/deep/er.py", "helpers/up.py"},
        ),
        ("import helpers.up", {"helpers/__init__.py", "helpers/up.py"}),
        ("from helpers import up as down", {"helpers/__init__.py", "helpers/up.py"}),
        ("from plain.folder import module", {"plain/folder/module.py", "plain/folder/other.py"}),
        ("def fit():\n    import late", {"late/__init__.py", "late/part.py"}),
        ("m = __import__('helpers.up')", {"helpers/__init__.py", "helpers/up.py"}),
        ("from starred import *", {"starred/__init__.py", "starred/part.py"}),
        ("import fast", {"fast.so"}),
    ],
)
def test_a_change_in_a_package_beside_the_file_changes_the_hash_if_the_package_is_imported(
    tmp_path: Path, line: str, files: set[str]
) -> None:
    _write(tmp_path, {**PACKAGE, "mine.py": f"{line}\n"})
    before, changed = source_sha256(tmp_path / "mine.py"), set()
    for name, text in PACKAGE.items():
        (tmp_path / name).write_text(f"{text}# another version\n")
        fingerprint._imports.cache_clear()
        if source_sha256(tmp_path / "mine.py") != before:
            changed.add(name)
        (tmp_path / name).write_text(text)
    assert changed == files


def test_a_package_that_is_used_from_where_it_is_developed_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, models = tmp_path / "project", tmp_path / "models"
    _write(project, {"my_project/__init__.py": "", "my_project/layers.py": "WIDTH = 1\n", "my_project/x.py": ""})
    _write(models, {"mine.py": "import json, numpy\nfrom my_project.layers import WIDTH\n"})
    monkeypatch.syspath_prepend(project)
    assert _closure(models / "mine.py") == {"mine", "my_project", "my_project.layers"}


def test_an_installed_module_does_not_count_what_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages"
    _write(installed, {"a_model.py": "import a_library\n", "a_library/__init__.py": "", "owner/__init__.py": ""})
    _write(installed, {"owner/model.py": "from owner import part\n", "owner/part.py": "import a_library\n"})
    monkeypatch.syspath_prepend(installed)
    assert set(fingerprint._closure(installed / "a_model.py", "a_model")) == {"a_model"}
    owner = set(fingerprint._closure(installed / "owner" / "model.py", "owner.model"))
    assert owner == {"owner", "owner.model", "owner.part"}


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import b\n")
    (tmp_path / "b.py").write_text("import a\n")
    assert _closure(tmp_path / "a.py") == {"a", "b"}


def test_a_shipped_model_depends_on_the_interface_and_not_on_the_runner() -> None:
    path = Path(seqbench.interface.__file__).parent / "tasks" / "language" / "task.py"
    found = set(fingerprint._closure(path, "seqbench.tasks.language.task"))
    assert {"seqbench.interface", "seqbench.evidence.metrics", "seqbench.tasks.language.checks"} <= found
    assert not {"seqbench.runs.runner", "seqbench.runs.store", "seqbench.cli"} & found
