"""Every command that a page shows is run, or is read by the program that it is for, and names only what there is."""

import argparse
import ast
import importlib.util
import re
import shlex
import shutil
import subprocess
import tomllib
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import own_files
import pytest
import typer
from pages import PAGES, ROOT, blocks, prose, text
from typer.testing import CliRunner

import seqbench
from seqbench import api, progress, registry
from seqbench.cli import app
from seqbench.data import DataError
from seqbench.datasets import download
from seqbench.exports import EXPORTS
from seqbench.runs.loading import dataset
from seqbench.spec import OWN

LANGUAGES = {"sh", "python", "toml", "text", "{toctree}", "{eval-rst}"}

RUN = ("list", "env", "check", "report", "compare")
"""Commands of seqbench that are run as they stand."""
NOT_RUN = {
    "seqbench run": "takes minutes to hours: it is run with --dry-run, and reads files of the user",
    "seqbench predict": "needs the fit of a run; tests/seqbench/ makes one",
    "seqbench translate": "needs the fit of a run; tests/seqbench/ makes one",
    "seqbench answer": "needs the fit of a run; tests/seqbench/ makes one",
    "seqbench recall": "needs the fit of a run; tests/seqbench/ makes one",
    "seqbench sample": "fits a model for minutes",
    "seqbench inspect": "fits models for minutes, or needs the fit of a run",
    "seqbench advise": "fits models for minutes",
    "seqbench curve": "fits models for minutes",
    "seqbench tune": "fits models for minutes: it is run with --dry-run",
    "seqbench data": "needs the network, or files of other people",
    "python": "measures for minutes",
    "pytest": "is what runs this test, or takes long",
    "make": "is what runs this test, or builds environments",
    "pip": "would change the environment",
    "pre-commit": "would change the checkout",
    "source": "would change the environment",
}
"""Why other commands are not run as they stand. Their options, names and files are held against what there is."""

TOYS = ROOT / "tests" / "toys" / "toys.py"
"""Models that pages copy."""
SMALL = """
name = "small"
summary = "what the reports of the pages draw"

[[parts]]
task = "classify"
datasets = [
    "synthetic-distance(distance=2, train_documents=60, valid_documents=24, test_documents=24)",
    "synthetic-distance(distance=5, train_documents=60, valid_documents=24, test_documents=24)",
]
models = ["majority"]

[[parts]]
task = "lm"
datasets = ["synthetic-markov(train_tokens=2000, valid_tokens=300, test_tokens=300)"]
models = ["unigram"]

[[parts]]
task = "translate"
datasets = ["reverse(train_pairs=60, valid_pairs=24, test_pairs=60)"]
models = ["copy-source"]

[presets.quick]
budget = { epochs = 1 }
limits = { seconds = 60, memory_gb = 6 }
"""

Command = tuple[str, ...]


def _spans(page: str) -> list[str]:
    """The commands within sentences and tables. One that is only named, as `seqbench run`, is asked for its help."""
    spans = re.findall(r"`((?:seqbench|python|pytest|make|pip|pre-commit)\s[^`]+)`", prose(page))
    words = (" ".join(span.split()) for span in spans)
    return [re.sub(r"^seqbench \S+$", r"\g<0> --help", span) for span in words]


def _commands(page: str, folder: Path) -> list[Command]:
    """The words of each command. The shell splits them: it runs the page, and each program only tells its words."""
    tell = '() { printf \'%s\\0\' "$#" "${FUNCNAME[0]}" "$@" >&3; }'
    programs = sorted({name.partition(" ")[0] for name in NOT_RUN})
    texts = [*blocks(page, "sh"), *_spans(page)]
    script = ["exec 3>&1; set -eu; PATH=", *(program + tell for program in programs), *(f"(\n{t}\n)" for t in texts)]
    done = subprocess.run(["bash", "-c", "\n".join(script)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{page}: the shell cannot read a command: {done.stderr}"
    told = iter(done.stdout.split("\0")[:-1])
    return [tuple(next(told) for _ in range(int(count) + 1)) for count in told]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two distances, and with translations: so each report of the pages has what it draws."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "small.toml").write_text(SMALL)
    seqbench.run(str(folder / "small.toml"), store=folder / "results", jobs=1)
    return folder / "results"


@pytest.fixture
def verify(
    tmp_path: Path, results: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Command], None]:
    """Run or read a command in the folder of a user, with files of each kind, the pages' models, and no network."""
    own_files.write(tmp_path)
    models = "\n".join(code for page in PAGES for code in blocks(page, "python") if re.search("^class ", code, re.M))
    for name in {name for page in PAGES for name in re.findall(r"(\w+\.py):[A-Z]", text(page))}:
        (tmp_path / name).write_text(f"{models}\n{TOYS.read_text(encoding='utf-8')}", encoding="utf-8")
    (tmp_path / "docs").mkdir()
    shutil.copytree(ROOT / "benchmarks" / "tuning", tmp_path / "benchmarks" / "tuning")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEQBENCH_DATA", raising=False)
    monkeypatch.setenv("SEQBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "_download", _no_network)
    monkeypatch.setattr(webbrowser, "open", lambda *_, **__: True)
    shown: list[api.Asked] = []
    monkeypatch.setattr(progress, "show_cells", shown.append)

    def one(command: Command) -> None:
        program, *words = command
        if program == "seqbench" and words[-1] == "--help":
            _invoke(words)
        elif program == "seqbench" and words[0] in RUN:
            _on_a_store(words, results)
        elif program == "seqbench" and words[0] == "tune":
            _invoke([*words, "--dry-run"])
        elif program == "seqbench" and words[0] == "run":
            _invoke([*words, "--dry-run"])
            _load(shown.pop())
        elif program == "seqbench":
            assert f"seqbench {words[0]}" in NOT_RUN, "say why it is not run"
            _look_up(_read(words))
        elif program == "pytest":
            _pytest(words, pytestconfig)
        else:
            READERS[program](words)

    return one


def _no_network(name: str, file: object) -> None:
    raise DataError(f"{name} is not at hand: tests have no network")


def _invoke(words: Sequence[str]) -> None:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, f"{done.output}{done.exception or ''}"


def _on_a_store(words: Sequence[str], results: Path) -> None:
    """Run a command; the small store lies wherever the command looks for one. It has too few data sets for ranks, of
    which tests/reports/test_ranks.py draws some."""
    if "--ranks" in words:
        _look_up(_read(words))
        return
    shutil.rmtree("results", ignore_errors=True)
    for store in [word for word in words[1:] if word.startswith("results")] or ["results"]:
        shutil.copytree(results, store)
    _invoke(words)


def _load(asked: api.Asked) -> None:
    """Read the user's files of a run: so they are of the form that the page says, and the options are for it."""
    for cell in {str(cell.dataset): cell for cell in asked.cells if cell.dataset.name == OWN}.values():
        dataset(cell).load()


def _read(words: Sequence[str]) -> dict[str, Any]:
    """Return the values of the options as the command line reads them.

    Raises:
        Exception: of the command line, with its message.
    """
    command: Any = typer.main.get_command(app)
    context = command.make_context("seqbench", list(words))
    while hasattr(command, "resolve_command"):
        name, command, words = command.resolve_command(context, list(words))
        context = command.make_context(name, list(words), parent=context)
    return dict(context.params)


def _look_up(given: dict[str, Any]) -> None:
    if {"suite", "preset"} <= given.keys():
        models, datasets = _several(given.get("model")), _several(given.get("dataset"))
        api.ask(given["suite"], preset=given["preset"], models=models, datasets=datasets)
    assert set(given.get("names") or ()) <= set(registry.datasets())


def _several(names: str | Sequence[str] | None) -> Sequence[str]:
    return [names] if isinstance(names, str) else names or []


def _python(words: Sequence[str]) -> None:
    """Read the options as the file's own parser would; it is not run, since files import what few machines have."""
    if words[0] == "-m":
        assert importlib.util.find_spec(words[1]) is not None
        return
    parser = argparse.ArgumentParser(exit_on_error=False)
    for node in ast.walk(ast.parse((ROOT / words[0]).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument":
            read = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant) and k.arg}
            known = {name: read[name] for name in ("action", "nargs") if name in read}
            parser.add_argument(*(part.value for part in node.args if isinstance(part, ast.Constant)), **known)
    parser.parse_args(list(words[1:]))


def _pytest(words: Sequence[str], config: pytest.Config) -> None:
    markers = {line.partition(":")[0] for line in config.getini("markers")}
    for word in words:
        if word.startswith("-"):
            config.getoption(word.partition("=")[0])
        else:
            assert (ROOT / word).exists() or word in markers


def _make(words: Sequence[str]) -> None:
    assert set(words) <= set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))


def _pip(words: Sequence[str]) -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    assert words[0] == "install"
    for word in words[1:]:
        name, _, extra = word.rstrip("]").partition("[")
        assert (ROOT / word).exists() or name == "--constraint" or extra in project["optional-dependencies"]


def _pre_commit(words: Sequence[str]) -> None:
    assert words == ["install"]
    assert (ROOT / ".pre-commit-config.yaml").exists()


def _source(words: Sequence[str]) -> None:
    assert words == [".venv/bin/activate"]
    assert "VENV := .venv\n" in text("Makefile")


READERS = {"python": _python, "make": _make, "pip": _pip, "pre-commit": _pre_commit, "source": _source}


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "sh") or _spans(page)])
def test_the_commands_of_a_page_are_commands(page: str, tmp_path: Path, verify: Callable[[Command], None]) -> None:
    for command in _commands(page, tmp_path):
        try:
            verify(command)
        except (Exception, SystemExit) as error:
            raise AssertionError(f"{page}: {' '.join(command)}: {error}") from error


@pytest.mark.parametrize("page", PAGES)
def test_no_command_hides_in_a_block_that_nothing_reads(page: str) -> None:
    fences = re.findall(r"^ *```(.*)$", text(page), re.MULTILINE)
    assert set(fences[::2]) <= LANGUAGES
    assert set(fences[1::2]) <= {""}
    for block in blocks(page, "text"):
        assert not re.search(r"^\W*(seqbench|python|pytest|make|pip) ", block, re.MULTILINE)


@pytest.mark.parametrize(
    "wrong",
    [
        "seqbench run --suite nonsense",
        "seqbench run --suite lm --model nonsense",
        "seqbench run --suite lm --preset nonsense",
        "seqbench run --suite doc --data tickets.csv --text nonsense --label category",
        "seqbench run --nonsense",
        "seqbench sample lstm --dataset nonsense",
        "seqbench sample lstm --suite characters --preset nonsense",
        "seqbench predict RUN",
        "seqbench data fetch nonsense",
        "seqbench check my_model.py:Nonsense",
        "seqbench nonsense",
        "python benchmarks/nonsense.py",
        "python benchmarks/hmm.py --nonsense",
        "pytest tests/nonsense.py",
        "pytest --nonsense",
        "make nonsense",
        "pip install 'seqbench[nonsense]'",
    ],
)
def test_a_wrong_command_would_be_found(wrong: str, verify: Callable[[Command], None]) -> None:
    with pytest.raises((Exception, SystemExit)):  # each program has exceptions of its own
        verify(tuple(shlex.split(wrong)))


def test_the_page_of_python_names_lists_each_public_name() -> None:
    assert set(re.findall(r"::\s+seqbench\.(\w+)$", text("docs/api.md"), re.MULTILINE)) == set(EXPORTS)
