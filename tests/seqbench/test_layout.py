"""Imports run one way, and slow libraries wait until they are needed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("baselines", "recurrent", "datasets", "reports")
SLOW = {"torch", "pandas", "sklearn", "statsmodels", "hmmlearn", "scipy", "pooch"}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import hides which house it looks into"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _house(name: str) -> str | None:
    """Which folder an imported name of ours lives in."""
    parts = name.split(".")
    if parts[0] != "seqbench":
        return None
    return parts[1] if len(parts) > 1 and parts[1] in FOLDERS else "seqbench"


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("seqbench", {"seqbench"}),
        ("baselines", {"seqbench", "baselines"}),
        ("recurrent", {"seqbench", "recurrent", "baselines"}),
        ("datasets", {"seqbench", "datasets"}),
        ("reports", {"seqbench", "reports"}),
    ],
)
def test_imports_run_one_way(folder: str, allowed: set[str]) -> None:
    files = sorted((ROOT / folder).glob("**/*.py"))
    assert files
    wrong = {
        f"{file.name} imports {name}"
        for file in files
        for name in _imports(file)
        if (house := _house(name)) is not None and house not in allowed
    }
    assert not wrong


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_refuses_to_be_imported_under_its_own_name(folder: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import {folder}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"import seqbench.{folder}" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list", "models"], ["list", "datasets"], ["list", "suites"], ["run", "--help"]]
)
def test_help_and_list_import_no_slow_library(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom seqbench.cli import app\n"
        f"try:\n    app({arguments!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print('SLOW', sorted(set(sys.modules) & {SLOW!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "SLOW []"


def test_the_registry_names_what_exists() -> None:
    from seqbench import registry
    from seqbench.spec import Spec

    for find, entries in ((registry.find_model, registry.MODELS), (registry.find_dataset, registry.DATASETS)):
        for name, entry in entries.items():
            for task, target in entry.targets.items():
                found = find(Spec(name), task)
                assert (found.target, found.attribute.task) == (target, task)
    for name in registry.REPORTS:
        assert callable(registry.renderer(name))
