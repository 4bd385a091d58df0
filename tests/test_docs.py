"""Every command that a page shows is run, or is read by the program that it is for, and names only what there is."""

import argparse
import ast
import importlib.util
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import own_files
import pytest
import typer
from typer.testing import CliRunner

import seqbench
from seqbench import api, progress, registry
from seqbench.cli import app
from seqbench.data import DataError
from seqbench.datasets import download
from seqbench.exports import EXPORTS
from seqbench.runs.loading import dataset
from seqbench.spec import OWN

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", *(str(page.relative_to(ROOT)) for page in sorted(ROOT.glob("docs/*.md")))]
LANGUAGES = {"sh", "python", "toml", "text", "{toctree}", "{eval-rst}"}

TO_COME = ("advise", "compare", "curve")
RUN = ("list", "env", "check", "report")
"""Commands of seqbench that are run as they stand."""
NOT_RUN = {
    "seqbench run": "takes minutes to hours: it is run with --dry-run, and reads files of the user",
    "seqbench predict": "needs the fit of a run; tests/seqbench/ makes one",
    "seqbench translate": "needs the fit of a run; tests/seqbench/ makes one",
    "seqbench answer": "needs the fit of a run; tests/seqbench/ makes one",
    "seqbench recall": "needs the fit of a run; tests/seqbench/ makes one",
    "seqbench sample": "fits a model for minutes",
    "seqbench inspect": "fits models for minutes, or needs the fit of a run",
    "seqbench data": "needs the network, or files of other people",
    "python": "measures for minutes",
    "pytest": "is what runs this test, or takes long",
    "make": "is what runs this test, or builds environments",
    "pip": "would change the environment",
    "pre-commit": "would change the checkout",
    "source": "would change the environment",
}
"""Why other commands are not run as they stand. Their options, names and files are held against what there is."""

Command = tuple[str, ...]


def _text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def _blocks(page: str, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", _text(page), re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def _spans(page: str) -> list[str]:
    """The commands within sentences and tables. One that is only named, as `seqbench run`, is asked for its help."""
    sentences = re.sub(r"^ *```.*?^ *```", "", _text(page), flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`((?:seqbench|python|pytest|make|pip|pre-commit)\s[^`]+)`", sentences)
    words = (" ".join(span.split()) for span in spans)
    return [re.sub(r"^seqbench \S+$", r"\g<0> --help", span) for span in words]


def _commands(page: str, folder: Path) -> list[Command]:
    """The words of each command. The shell splits them: it runs the page, and each program only tells its words."""
    tell = '() { printf \'%s\\0\' "$#" "${FUNCNAME[0]}" "$@" >&3; }'
    programs = sorted({name.partition(" ")[0] for name in NOT_RUN})
    texts = [*_blocks(page, "sh"), *_spans(page)]
    script = ["exec 3>&1; set -eu; PATH=", *(program + tell for program in programs), *(f"(\n{t}\n)" for t in texts)]
    done = subprocess.run(["bash", "-c", "\n".join(script)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{page}: the shell cannot read a command: {done.stderr}"
    told = iter(done.stdout.split("\0")[:-1])
    return [tuple(next(told) for _ in range(int(count) + 1)) for count in told]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two distances, and with translations: so each report of the pages has what it draws."""
    store = tmp_path_factory.mktemp("docs") / "results"
    sizes = "train_documents=60, valid_documents=24, test_documents=24"
    distances = [f"synthetic-distance(distance={distance}, {sizes})" for distance in (2, 5)]
    seqbench.run("doc", datasets=distances, models=["majority"], store=store, jobs=1)
    pairs = "reverse(train_pairs=60, valid_pairs=24, test_pairs=60)"
    seqbench.run("translate", datasets=[pairs], models=["copy-source"], store=store, jobs=1)
    return store


@pytest.fixture
def verify(
    tmp_path: Path, results: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Command], None]:
    """Run or read a command in the folder of a user, with files of each kind, the pages' models, and no network."""
    own_files.write(tmp_path)
    models = "\n".join(code for page in PAGES for code in _blocks(page, "python") if re.search("^class ", code, re.M))
    for name in {name for page in PAGES for name in re.findall(r"(\w+\.py):[A-Z]", _text(page))}:
        (tmp_path / name).write_text(models)
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEQBENCH_DATA", raising=False)
    monkeypatch.setenv("SEQBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "_download", _no_network)
    shown: list[api.Asked] = []
    monkeypatch.setattr(progress, "show_cells", shown.append)

    def one(command: Command) -> None:
        program, *words = command
        if program == "seqbench" and words[0] in TO_COME:
            return
        if words[-1:] == ["--help"]:
            _invoke(words)
        elif program == "seqbench" and words[0] in RUN:
            _on_a_store(words, results)
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
    """Run a command; the small store lies where the command looks for one."""
    shutil.rmtree("results", ignore_errors=True)
    named = [word for word in words[1:] if word.startswith("results")]
    shutil.copytree(results, named[0] if named else "results")
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
    if "suite" in given:
        models, source = given["model"], given["dataset"]
        names = {"models": [models] if isinstance(models, str) else models, "datasets": [source] if source else []}
        api.ask(given["suite"], preset=given["preset"], **names)
    assert set(given.get("names") or ()) <= {*registry.datasets(), "NAME"}


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
    assert set(words) <= set(re.findall(r"^([a-z]+):", _text("Makefile"), re.MULTILINE))


def _pip(words: Sequence[str]) -> None:
    project = tomllib.loads(_text("pyproject.toml"))["project"]
    assert words[0] == "install"
    for word in words[1:]:
        name, _, extra = word.rstrip("]").partition("[")
        assert (ROOT / word).exists() or name == "--constraint" or extra in project["optional-dependencies"]


def _pre_commit(words: Sequence[str]) -> None:
    assert words == ["install"]
    assert (ROOT / ".pre-commit-config.yaml").exists()


def _source(words: Sequence[str]) -> None:
    assert words == [".venv/bin/activate"]
    assert "VENV := .venv\n" in _text("Makefile")


READERS = {"python": _python, "make": _make, "pip": _pip, "pre-commit": _pre_commit, "source": _source}


@pytest.mark.parametrize("page", [page for page in PAGES if _blocks(page, "sh") or _spans(page)])
def test_the_commands_of_a_page_are_commands(page: str, tmp_path: Path, verify: Callable[[Command], None]) -> None:
    for command in _commands(page, tmp_path):
        try:
            verify(command)
        except (Exception, SystemExit) as error:
            raise AssertionError(f"{page}: {' '.join(command)}: {error}") from error


@pytest.mark.parametrize("page", PAGES)
def test_no_command_hides_in_a_block_that_nothing_reads(page: str) -> None:
    fences = re.findall(r"^ *```(.*)$", _text(page), re.MULTILINE)
    assert set(fences[::2]) <= LANGUAGES
    assert set(fences[1::2]) <= {""}
    for block in _blocks(page, "text"):
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
    assert set(re.findall(r"::\s+seqbench\.(\w+)$", _text("docs/api.md"), re.MULTILINE)) == set(EXPORTS)
