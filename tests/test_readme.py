"""What the pages show is what works."""

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pages import PAGES, blocks, prose

import seqbench
import seqbench.recurrent
from seqbench.exports import EXPORTS

PUBLIC = {"seqbench": set(EXPORTS), "seqbench.recurrent": set(seqbench.recurrent.EXPORTS)}
SUITES = {
    "LanguageModel": ("lm", "synthetic-hmm(train_tokens=20000, valid_tokens=5000, test_tokens=5000)"),
    "Classifier": ("doc", "synthetic-words(train_documents=200, valid_documents=50, test_documents=200)"),
    "Forecaster": ("ts", "synthetic-seasonal(train_steps=500, valid_steps=100, test_steps=200, horizon=12)"),
}


@dataclass(frozen=True)
class Example:
    """A block of Python in a page."""

    page: str
    code: str

    @property
    def model(self) -> tuple[str, str]:
        """The first class of the block and its base class; empty if there is none."""
        found = re.search(r"^class (\w+)\((\w+)\):", self.code, re.MULTILINE)
        return (found[1], found[2]) if found else ("", "")


EXAMPLES = [Example(page, code) for page in PAGES for code in blocks(page, "python")]
MODELS = [example for example in EXAMPLES if example.model[1] in SUITES]


def test_the_readme_shows_a_model_and_its_page_one_of_each_main_task() -> None:
    assert [example.model[1] for example in MODELS if example.page == "README.md"] == ["LanguageModel"]
    assert [example.model[1] for example in MODELS if example.page == "docs/add-a-baseline.md"] == list(SUITES)


def test_the_readme_is_read_aloud_in_three_minutes() -> None:
    """At 160 words a minute, without code and tables."""
    lines = [line for line in prose("README.md").splitlines() if not line.startswith(("|", "!["))]
    assert len(re.sub(r"\]\(\S+\)", "", " ".join(lines)).split()) <= 480


@pytest.mark.parametrize("example", MODELS, ids=lambda example: f"{example.page}-{example.model[0]}")
def test_the_model_of_the_page_keeps_the_laws_and_runs_by_file_path(tmp_path: Path, example: Example) -> None:
    name, base = example.model
    suite, dataset = SUITES[base]
    file = tmp_path / "my_model.py"
    file.write_text(example.code)
    lines = [line.strip() for line in example.code.splitlines()]
    assert len([line for line in lines if line and not line.startswith(("import", "from", '"""'))]) <= 15
    assert [check for check in seqbench.check(f"{file}:{name}") if not check.passed] == []
    frame = seqbench.run(suite, models=[f"{file}:{name}"], datasets=[dataset], store=tmp_path / "results")
    assert frame["status"].tolist() == ["ok", "ok"]  # the model and the true one
    assert frame["broken_laws"].tolist() == ["", ""]
    assert frame["beats_truth"].tolist() == [False, False]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.page}-{example.model[0]}")
def test_the_pages_import_only_what_an_author_has(example: Example) -> None:
    for node in ast.walk(ast.parse(example.code)):
        if isinstance(node, ast.ImportFrom) and node.module in PUBLIC:
            assert {alias.name for alias in node.names} <= PUBLIC[node.module]
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert {name.partition(".")[0] for name in names} <= {
                "seqbench",
                "numpy",
                "torch",
                *sys.stdlib_module_names,
            }
            assert not any(name.startswith("seqbench.") for name in names)
