"""Suites are checked before anything runs."""

from pathlib import Path

import pytest

from seqbench import registry
from seqbench.runs import suites
from seqbench.runs.grid import grid
from seqbench.runs.suites import SuiteError
from seqbench.spec import parse

GOOD = """
name = "mine"
task = "lm"
summary = "one model"
datasets = ["synthetic-hmm"]
models = ["unigram"]
margin = 0.01

[presets.quick]
budget = { epochs = 1 }
limits = { seconds = 10, memory_gb = 1 }
"""


def _load(tmp_path: Path, text: str) -> suites.Suite:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return suites.load(str(file))


def test_the_shipped_suites_are_sound() -> None:
    assert suites.shipped()
    for name in suites.shipped():
        suite = suites.load(name)
        assert suite.name == name
        assert suite.preset in suite.presets
        assert name not in ("lm", "doc", "ts") or {"quick", "standard", "paper"} <= set(suite.presets)


@pytest.mark.parametrize("name", suites.shipped())
def test_every_name_of_a_shipped_suite_stands_for_something(name: str) -> None:
    suite = suites.load(name)
    for preset in suite.presets.values():
        assert grid(suite, preset)
    for part in suite.parts:
        for text in part.datasets:
            registry.configured(registry.find_dataset(parse(text), part.task).attribute, parse(text), part.task)


def test_a_suite_of_ones_own_is_read(tmp_path: Path) -> None:
    suite = _load(tmp_path, GOOD)
    name, preset = suite.chosen(None)
    assert (name, preset.budget.epochs, preset.seeds) == ("quick", 1, 1)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "mine"', "", r"mine.toml: name: field required"),
        ("margin = 0.01", "margin = 0", r"mine.toml: margin: .*greater than 0"),
        ('datasets = ["synthetic-hmm"]', "datasets = []", r"mine.toml: datasets: .*at least 1"),
        ("epochs = 1", "epoch = 1", r"mine.toml: presets.quick.budget.epoch: extra"),
        ("seconds = 10", "seconds = 0", r"mine.toml: presets.quick.limits.seconds"),
        ("[presets.quick]", "[presets.slow]", r"mine.toml: preset: 'quick' is none of presets: slow"),
        ("[presets.quick]", "[presets.quick", r"mine.toml is no TOML"),
        ('name = "mine"', 'name = "mine"\ncolour = "red"', r"mine.toml: colour: extra"),
    ],
)
def test_a_wrong_suite_is_refused_with_file_and_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SuiteError, match=words):
        _load(tmp_path, GOOD.replace(old, new))


def test_an_unknown_suite_or_preset_is_named_beside_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"no suite 'ml'; there are: .*lm"):
        suites.load("ml")
    with pytest.raises(SuiteError, match=r"no preset 'fast'; it has: quick"):
        _load(tmp_path, GOOD).chosen("fast")
