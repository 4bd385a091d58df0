"""Honest memories pass all laws; each dishonest or careless one breaks the law that names its fault."""

import re
from pathlib import Path

import pytest
from memories import CHEATS, Nearest, Saved, Told

import seqbench
from seqbench import Memory, registry
from seqbench.spec import parse
from seqbench.tasks import task

KIND = task("recall")
LAWS = {
    *("fit", "untouched", "scores", "repeatable", "batched", "saved", "pure", "frozen", "deterministic", "seedless"),
    *("blank", "unseen", "lone", "twice", "constant", "crowded", "validation"),
}


@pytest.mark.parametrize("kind", [Nearest, Told, Saved])
def test_an_honest_memory_breaks_no_law(kind: type[Memory]) -> None:
    found = KIND.check_class(kind, seed=3)
    assert not [check.message for check in found if not check.passed]
    assert {check.name for check in found} == LAWS


@pytest.mark.parametrize(
    ("law", "kind"),
    [pytest.param(law, kind, id=kind.__name__) for law, kinds in CHEATS.items() for kind in kinds],
)
def test_a_fault_breaks_the_law_that_names_it(law: str, kind: type[Memory]) -> None:
    assert law in {check.name for check in KIND.check_class(kind, seed=3) if not check.passed}


def test_marks_are_of_laws_that_exist() -> None:
    assert set(KIND.marks) <= LAWS
    assert set(CHEATS) <= LAWS


@pytest.mark.parametrize(
    "model",
    [
        *(name for name, entry in registry.MODELS.items() if "recall" in entry.targets),
        *("hopfield(dynamics=synchronous)", "hopfield(learning=storkey)", "hopfield(learning=pseudo-inverse)"),
        *("hopfield(asymmetry=1.0)", "dense-memory(interaction=exponential)", "dense-memory(interaction=softmax)"),
    ],
)
def test_the_memories_of_the_house_break_no_law(model: str) -> None:
    spec = parse(model)
    kind = registry.find_model(spec, "recall").attribute
    found = KIND.check_class(lambda: kind(registry.configured(kind.config_class, spec, "recall")), seed=3)
    assert not [check.message for check in found if not check.passed]


def test_the_model_of_the_page_keeps_the_laws(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "recall.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert block is not None
    (tmp_path / "my_model.py").write_text(block[1])
    assert [check for check in seqbench.check(f"{tmp_path / 'my_model.py'}:Mean") if not check.passed] == []
