"""Honest models of frames pass all laws; each dishonest or careless one breaks the law that names its fault."""

import re
from pathlib import Path

import numpy as np
import pytest
from composers import CHEATS, Estimated, LooksAhead, Pseudo, Saved, Shares, Sharpened

import seqbench
from seqbench import FrameModel, registry
from seqbench.datasets.synthetic.chorales import MadeChorales
from seqbench.spec import parse
from seqbench.tasks import task
from seqbench.tasks.frames.laws import mean_error

KIND = task("frames")
LAWS = {
    *("fit", "untouched", "scores", "repeatable", "batched", "saved", "pure", "exact", "causal", "normalised"),
    *("frozen", "deterministic", "seedless", "longer", "silent", "unseen", "lone", "silence", "single", "validation"),
}


@pytest.mark.parametrize("kind", [Shares, Saved, Sharpened])
def test_an_honest_model_breaks_no_law(kind: type[FrameModel]) -> None:
    found = KIND.check_class(kind, seed=3)
    assert not [check.message for check in found if not check.passed]
    assert {check.name for check in found} == LAWS


def test_a_model_that_estimates_honestly_breaks_the_law_of_exactness_alone() -> None:
    assert {check.name for check in KIND.check_class(Estimated, seed=3) if not check.passed} == {"exact"}


@pytest.mark.parametrize(
    ("law", "kind"),
    [pytest.param(law, kind, id=kind.__name__) for law, kinds in CHEATS.items() for kind in kinds],
)
def test_a_fault_breaks_the_law_that_names_it(law: str, kind: type[FrameModel]) -> None:
    assert law in {check.name for check in KIND.check_class(kind, seed=3) if not check.passed}


def test_marks_are_of_laws_that_exist() -> None:
    assert set(KIND.marks) <= LAWS
    assert set(CHEATS) <= LAWS


@pytest.mark.parametrize("model", [name for name, entry in registry.MODELS.items() if "frames" in entry.targets])
def test_the_models_of_the_house_break_no_law(model: str) -> None:
    spec = parse(model)
    kind = registry.find_model(spec, "frames").attribute
    found = KIND.check_class(lambda: kind(registry.configured(kind.config_class, spec, "frames")), seed=3)
    assert not [check.message for check in found if not check.passed]


@pytest.fixture(scope="module")
def pieces() -> MadeChorales:
    return MadeChorales(train_pieces=30, valid_pieces=5, test_pieces=20)


@pytest.mark.parametrize(("kind", "law"), [(LooksAhead, "causal"), (Pseudo, "normalised"), (Estimated, "exact")])
def test_faults_are_found_where_all_frames_are_too_many_to_sum(
    pieces: MadeChorales, kind: type[FrameModel], law: str
) -> None:
    data, model = pieces.load(), kind()
    model.fit(data.train, KIND.context(data, "test", 0, seqbench.Budget(), "cpu", lambda name, value: None))
    assert law in {check.name for check in KIND.check(model, data, 0, None) if not check.passed}


def test_the_error_of_a_mean_is_that_of_independent_errors_and_of_shared_ones_the_whole() -> None:
    assert mean_error(np.array([0.3, 0.4])) == pytest.approx(np.sqrt(0.3**2 + 0.4**2) / 2)
    assert mean_error(np.array([0.3, 0.3, 0.3])) == pytest.approx(0.3)
    assert mean_error(np.array([0.3, 0.4, 0.3, 0.0])) == pytest.approx(np.sqrt(0.6**2 + 0.4**2) / 4)


def test_the_model_of_the_page_keeps_the_laws(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "music.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert block is not None
    (tmp_path / "my_model.py").write_text(block[1])
    assert [check for check in seqbench.check(f"{tmp_path / 'my_model.py'}:Held") if not check.passed] == []
