"""What the pages show is what works."""

import re
from pathlib import Path

import pytest

import seqbench

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("page", "name"), [("README.md", "MyModel"), ("CONTRIBUTING.md", "Repeat")])
def test_the_model_of_the_page_keeps_the_laws_and_runs_by_file_path(tmp_path: Path, page: str, name: str) -> None:
    blocks = re.findall(
        r"^ *```python\n(.*?)^ *```", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    (block,) = [b for b in blocks if f"class {name}" in b]
    lines = block.splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    file = tmp_path / "my_model.py"
    file.write_text("\n".join(line[indent:] for line in lines) + "\n")
    code = [line for line in lines if line.strip() and not line.strip().startswith(("import", "from", '"""'))]
    assert len(code) <= 15
    assert [check for check in seqbench.check(f"{file}:{name}") if not check.passed] == []
    frame = seqbench.run("lm", models=[f"{file}:{name}"], datasets=["synthetic-hmm"], store=tmp_path / "results")
    assert frame["status"].tolist() == ["ok", "ok"]  # the model and the true one
    assert frame["broken_laws"].tolist() == ["", ""]
    assert frame["perplexity"][0] > frame["perplexity"][1]
