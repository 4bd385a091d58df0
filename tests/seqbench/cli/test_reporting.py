"""`seqbench report`: where a page goes, how it is opened, and what it does without."""

import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

import seqbench
from seqbench.cli import app

COINS = "synthetic-markov(train_tokens=2000, valid_tokens=500, test_tokens=500)"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store") / "results"
    seqbench.run("lm", models=["uniform", "unigram"], datasets=[COINS], store=folder)
    return folder


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were opened."""
    addresses: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: bool(addresses.append(address)) or True)
    return addresses


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_page_goes_into_the_store_and_its_place_is_told(kept: Path, opened: list[str]) -> None:
    done = call("report", kept, "--format", "html")
    assert (done.exit_code, done.stdout, opened) == (0, "", [])
    assert done.stderr == f"the page is {kept / 'report.html'}\n"
    assert (kept / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_page_goes_to_stdout_if_asked_for(kept: Path) -> None:
    done = call("report", kept, "--format", "html", "--output", "-")
    assert done.stdout.startswith("<!doctype html>")
    assert done.stderr == ""


def test_open_needs_no_format_and_opens_the_file_that_was_written(
    kept: Path, opened: list[str], tmp_path: Path
) -> None:
    page = tmp_path / "my page.html"
    assert call("report", kept, "--open", "--output", page).exit_code == 0
    assert opened == [page.as_uri()]
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_without_a_browser_the_file_is_named(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    done = call("report", kept, "--open")
    assert done.exit_code == 0
    assert "no browser was found; open" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--open", "--format", "csv"), "leave out --format csv"),
        (("--open", "--output", "-"), "--open needs a file"),
        (("--format", "html", "--output", "/no/such/folder/page.html"), "No such file"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(kept: Path, arguments: tuple[str, ...], words: str) -> None:
    done = call("report", kept, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_other_formats_go_to_stdout_as_ever(kept: Path) -> None:
    assert "uniform" in call("report", kept).stdout
    assert call("report", kept, "--format", "csv").stdout.startswith("task,dataset")


def test_a_report_needs_no_torch(kept: Path) -> None:
    code = (
        "import sys\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'torch':\n"
        "            raise ImportError('torch is not installed')\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        "from seqbench import api\n"
        "for format in ('html', 'markdown', 'latex', 'csv'):\n"
        f"    assert 'unigram' in api.report({str(kept)!r}, format)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_store_without_words_gives_a_page_without_words(tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("\n".join(f"xylophone zeppelin quagmire number{i % 7}" for i in range(300)) + "\n")
    store = tmp_path / "results"
    seqbench.run("lm", models=["unigram", "kneser-ney(order=2)"], data=book, store=store, text=False)
    assert call("report", store, "--format", "html").exit_code == 0
    page = (store / "report.html").read_text(encoding="utf-8")
    assert not any(word in page for word in ("xylophone", "zeppelin", "quagmire", "number3"))
