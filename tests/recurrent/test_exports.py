"""The names of the library of cells and layers."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import seqbench.recurrent as library
from seqbench.fingerprint import source_sha256


def test_every_name_is_where_the_exports_say_and_known_to_type_checkers() -> None:
    for name, module in library.EXPORTS.items():
        assert getattr(library, name).__module__ == module
    tree = ast.parse(Path(str(library.__file__)).read_text(encoding="utf-8"))
    declared = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert declared == library.EXPORTS
    assert set(library.__all__) == set(library.EXPORTS)


def test_the_library_is_imported_without_torch_until_a_name_is_used() -> None:
    code = "import sys, seqbench.recurrent\nassert 'torch' not in sys.modules\nseqbench.recurrent.LSTMCell(2, 3)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_model_file_that_uses_the_library_is_known_by_its_source(tmp_path: Path) -> None:
    """The hash of a model holds the cells it may use, although their names are imported late."""
    file = tmp_path / "mine.py"
    file.write_text("from seqbench.recurrent import LSTMCell\n")
    own = tmp_path / "other.py"
    own.write_text("from seqbench.recurrent.cells.lstm import LSTMCell\n")
    from seqbench import fingerprint

    assert "seqbench.recurrent.cells.lstm" in fingerprint._closure(file, "")
    assert source_sha256(file) != source_sha256(own)


def test_the_example_of_the_documentation_runs() -> None:
    page = Path(__file__).parents[2] / "docs" / "recurrent.md"
    code = page.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    named: dict[str, Any] = {}
    exec(code, named)
    assert named["outputs"].shape == (35, 20, 128)
