"""What differs between two machines is named, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from seqbench.api import ask
from seqbench.cluster.sameness import Code, Software, codes, differences, software

HERE = Software("3.11", "0.1.0", {"numpy": "2.0", "torch": "2.4"}, {"api.py": "a", "spec.py": "b"}, {"/m.py": "c"})
TOYS = Path(__file__).parents[2] / "toys" / "toys.py"


def test_the_same_software_has_no_difference() -> None:
    assert differences(HERE, HERE) == []
    found = software([Code(str(TOYS))])
    assert differences(found, software([Code(str(TOYS))])) == []
    assert found.packages["numpy"]
    assert len(found.sources) > 100
    assert {"api.py", "cluster/sameness.py", "baselines/ngrams/models.py", "reports/table.py"} <= set(found.sources)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (replace(HERE, python="3.12"), "Python 3.12, not 3.11"),
        (replace(HERE, seqbench="0.0.9", sources={}), "seqbench 0.0.9, not 0.1.0"),
        (replace(HERE, sources={"api.py": "x", "spec.py": "b"}), "another source of seqbench 0.1.0 (api.py differs)"),
        (replace(HERE, sources={}), "another source of seqbench 0.1.0 (api.py differs, and 1 more)"),
        (replace(HERE, packages={"numpy": "1.0", "torch": "2.4"}), "numpy 1.0, not 2.0"),
        (replace(HERE, packages={"numpy": "2.0"}), "no torch"),
        (replace(HERE, packages={**HERE.packages, "hmmlearn": "0.3"}), "hmmlearn 0.3, not none as here"),
        (replace(HERE, codes={"/m.py": "x"}), "another /m.py"),
        (replace(HERE, codes={"/m.py": ""}), "no /m.py"),
    ],
)
def test_what_differs_is_named(there: Software, said: str) -> None:
    assert differences(HERE, there) == [said]


def test_many_differences_are_counted() -> None:
    there = replace(HERE, python="3.12", seqbench="0.2", packages={}, codes={"/m.py": ""})
    assert differences(HERE, there)[-1] == "2 more differences"


def test_code_of_a_file_is_compared_with_what_it_imports_and_other_files_by_their_bytes(tmp_path: Path) -> None:
    model, beside, weights = tmp_path / "model.py", tmp_path / "beside.py", tmp_path / "weights.bin"
    model.write_text("import beside")
    beside.write_text("a = 1")
    weights.write_bytes(b"1")
    before = [Code(str(path)).sha256 for path in (model, weights)]
    assert all(before)
    beside.write_text("a = 2")
    weights.write_bytes(b"2")
    assert not set(before) & {Code(str(path)).sha256 for path in (model, weights)}
    assert Code(str(tmp_path / "gone.py")).sha256 == Code("no_such_module").sha256 == ""


def test_only_code_outside_of_seqbench_is_asked_for(tmp_path: Path) -> None:
    own = ask("lm", models=[f"{TOYS}:Still", "unigram"], datasets=[f"{TOYS}:Coins"], store=tmp_path)
    assert codes(own.cells) == [Code(str(TOYS))]
    assert codes(ask("lm", models=["kneser-ney+unigram"], datasets=["synthetic-hmm"], store=tmp_path).cells) == []
