"""The suite `tag`: its data sets, and the settings of its presets for its models."""

import pytest

from seqbench.runs import suites
from seqbench.runs.grid import TRUTH, grid
from seqbench.spec import parse

SUITE = suites.load("tag")
MODELS = [parse(text) for part in SUITE.parts for text in part.models]


@pytest.mark.parametrize("preset", ["quick", "standard", "paper"])
def test_each_preset_runs_the_models_on_its_data_sets_with_settings_in_range(preset: str) -> None:
    found = SUITE.presets[preset]
    cells = grid(SUITE, found, models=MODELS, seeds=1)
    named = found.datasets or SUITE.parts[0].datasets
    assert {parse(cell.identity.dataset).name for cell in cells} == {parse(text).name for text in named}
    assert len([cell for cell in cells if cell.identity.model != TRUTH]) == len(named) * len(MODELS)


def test_the_quick_preset_needs_no_download() -> None:
    from seqbench.datasets.download import SOURCES

    found = SUITE.presets["quick"]
    assert not {parse(text).name for text in found.datasets or SUITE.parts[0].datasets} & set(SOURCES)


def test_each_model_is_named_once() -> None:
    assert len({str(spec) for spec in MODELS}) == len(MODELS)
