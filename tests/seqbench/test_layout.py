"""The house: which room may import which, where nothing runs in a circle, and what waits until it is needed."""

import ast
import itertools
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from seqbench.exports import EXPORTS

ROOT = Path(__file__).parents[2]
FOLDERS = ("baselines", "recurrent", "datasets", "reports")
SLOW = {"torch", "pandas", "sklearn", "statsmodels", "hmmlearn", "scipy", "pooch"}

PICTURE = {
    ("cli",): "the command line",
    ("progress",): "what a terminal shows while a run goes on",
    ("curves",): "scores against the size of the training part",
    (
        "advising",
        "inspection",
        "translating",
        "answering",
        "recalling",
        "composing",
    ): "advice on a file; inside recurrent networks; a sentence, a question, patterns, a piece",
    ("api",): "the same from Python",
    ("recurrent",): "recurrent layers and models",
    ("baselines", "runs"): "classic models; the grid, its processes, the store",
    ("registry", "learning", "datasets", "reports"): "found by name; what networks are built with; sources; tables",
    ("tasks",): "a room per task: model, data, scoring, metrics, laws",
    ("evidence", "combination"): "statistics, records, what all laws share; models made of models",
    (
        "data",
        "packing",
        "long_arrays",
        "fingerprint",
    ): "what a data set is; arrays within arrays, and on disk; one hash of all source",
    ("interface", "spec", "exports", "catalogue", "disk"): "the ground: what is true of every task",
}
"""Floors from the top down. A room imports from itself and from the floors below, never from a neighbour."""
FLOORS = tuple(PICTURE)
TASK_FLOORS = (
    ("answers",),
    ("documents", "translations"),
    ("language", "forecasts", "sequences", "tags", "patterns", "frames"),
    ("trials", "class_exhibits"),
    ("base", "classes", "items", "parts"),
)
"""The same within `tasks`: an answerer may be built of a classifier, and this of language models, whose vocabulary a
translator has too; no task knows another beyond that."""


@cache
def modules() -> Mapping[str, Path]:
    """Every file of ours by its dotted name, `seqbench.` left out."""
    files = [f for folder in ("seqbench", *FOLDERS) for f in sorted((ROOT / folder).rglob("*.py"))]
    names = {}
    for file in files:
        parts = file.relative_to(ROOT).with_suffix("").parts
        parts = parts[1:] if parts[0] == "seqbench" else parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return names


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """What each module of ours imports of ours, wherever in it the import stands; the package itself is left out."""
    return {name: frozenset(_imported(file)) - {name} for name, file in modules().items() if name}


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import hides which room it looks into"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            head, _, rest = name.partition(".")
            if head == "seqbench" and rest:
                known = rest if rest in modules() else rest.rpartition(".")[0]
                if known:
                    yield known


def drawn() -> str:
    """The floors as CONTRIBUTING.md shows them."""
    return "\n".join(f"{' · '.join(floor):74}{words}" for floor, words in PICTURE.items())


def _floor(floors: tuple[tuple[str, ...], ...], room: str) -> int:
    """Counted from the top."""
    return next(i for i, rooms in enumerate(floors) if room in rooms)


def test_a_room_imports_from_the_floors_below_it_alone() -> None:
    wrong = [
        f"{name} imports {other}"
        for name, others in imports().items()
        for other in others
        if (room := name.partition(".")[0]) != (below := other.partition(".")[0])
        and _floor(FLOORS, below) <= _floor(FLOORS, room)
    ]
    assert not wrong


def test_a_task_knows_no_other_but_those_on_lower_floors() -> None:
    wrong = []
    for name, others in imports().items():
        parts = name.split(".")
        for other in (o.split(".") for o in others if o.startswith("tasks.")):
            apart = parts[0] == "tasks" and len(parts) > 1 and parts[1] != other[1]
            if apart and _floor(TASK_FLOORS, other[1]) <= _floor(TASK_FLOORS, parts[1]):
                wrong.append(f"{name} imports {'.'.join(other)}")
    assert not wrong


def test_every_room_stands_on_one_floor_and_every_floor_holds_rooms_that_exist() -> None:
    rooms = {name.partition(".")[0] for name in modules() if name}
    listed = list(itertools.chain(*FLOORS))
    assert len(listed) == len(set(listed))
    assert set(listed) == rooms
    inside = {name.split(".")[1] for name in modules() if name.startswith("tasks.")}
    assert set(itertools.chain(*TASK_FLOORS)) == inside


def test_no_imports_run_in_a_circle_neither_between_files_nor_between_rooms() -> None:
    TopologicalSorter(imports()).prepare()  # raises CycleError, which names the circle
    rooms: dict[str, set[str]] = {}
    for name, others in imports().items():
        rooms.setdefault(_room(name), set()).update(_room(other) for other in others)
    TopologicalSorter({room: others - {room} for room, others in rooms.items()}).prepare()


def _room(name: str) -> str:
    """The folder that a module lies in; a file beside folders is a room of its own."""
    return name if modules()[name].name == "__init__.py" or "." not in name else name.rpartition(".")[0]


def test_the_picture_in_contributing_is_drawn_from_these_floors() -> None:
    assert drawn() in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), f"the picture is now:\n{drawn()}"


def test_no_file_outside_tasks_branches_on_the_name_of_a_task() -> None:
    from seqbench.tasks import TASKS

    wrong = []
    for name, file in modules().items():
        if name.startswith("tasks"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            asked: list[ast.AST] = []
            if isinstance(node, ast.Compare):
                asked = [node.left, *node.comparators]
            elif isinstance(node, ast.Dict):
                asked = [key for key in node.keys if key is not None]
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value) != "Literal":
                asked = [node.slice]
            elif isinstance(node, ast.MatchValue):
                asked = [node.value]
            for part in asked:
                constants = [part] if isinstance(part, ast.Constant) else list(ast.walk(part))
                if any(isinstance(c, ast.Constant) and c.value in TASKS for c in constants):
                    wrong.append(f"{file.name}:{node.lineno}")
    assert not wrong


def test_the_package_lists_every_folder_and_tests_lie_as_the_code_lies() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    packages = {name for name, file in modules().items() if file.name == "__init__.py"}
    assert {name.removeprefix("seqbench").removeprefix(".") for name in listed} == packages
    folders = {file.relative_to(ROOT).parent for file in modules().values()}
    tested = {file.relative_to(ROOT / "tests").parent for file in (ROOT / "tests").rglob("test_*.py")}
    assert tested - {Path()} <= folders


def test_the_package_carries_every_file_that_code_reads() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    carried = set()
    for package, globs in patterns.items():
        parts = package.split(".")
        folder = ROOT.joinpath(*(parts[1:] if parts[1:] and parts[1] in FOLDERS else parts))
        carried |= {file for pattern in globs for file in folder.glob(pattern)}
    lying = {
        file
        for folder in ("seqbench", *FOLDERS)
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".py"
    }
    assert lying == carried


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_refuses_to_be_imported_under_its_own_name(folder: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import {folder}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"import seqbench.{folder}" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["list", "models"], ["list", "datasets"], ["list", "suites"], ["run", "--help"], ["curve", "--help"]],
)
def test_help_and_list_import_no_slow_library(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom seqbench.cli import app\n"
        f"try:\n    app({arguments!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print('SLOW', sorted(set(sys.modules) & {SLOW!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "SLOW []"


WITHOUT_TORCH = """
import sys

class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is not installed")

sys.meta_path.insert(0, Nowhere())
from seqbench.cli import app

app(sys.argv[1:])
"""


@pytest.mark.parametrize("arguments", [["report"], ["report", "--sort", "fit", "--format", "json"], ["compare"]])
def test_a_store_is_read_where_torch_is_not_installed(arguments: list[str], tmp_path: Path) -> None:
    stores = [shutil.copytree(ROOT / "tests" / "toys" / "earlier_store", tmp_path / name) for name in "ab"]
    command, *options = arguments
    given = [command, *stores[: 2 if command == "compare" else 1], *options]
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH, *given], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "unigram" in done.stdout


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


def test_every_public_name_is_where_the_exports_say_and_known_to_type_checkers() -> None:
    import seqbench

    for name, module in EXPORTS.items():
        assert getattr(seqbench, name).__module__ == module
    declared = {
        alias.name
        for node in ast.walk(ast.parse((ROOT / "seqbench" / "__init__.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert declared == set(EXPORTS) == set(seqbench.__all__)
