"""The judge of composed music: what it is asked, and that it knows real pieces."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from seqbench.datasets.synthetic.melodies import MadeMusic

FILE = Path(__file__).parents[1] / "benchmarks" / "recognised.py"


@pytest.fixture(scope="module")
def recognised() -> ModuleType:
    spec = importlib.util.spec_from_file_location("recognised", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_word_of_the_source_is_an_aspect_of_the_style(recognised: ModuleType) -> None:
    found = recognised.aspects([["walking", "G", "major"], ["leaping", "G", "minor"]])
    assert found == {
        "style": ["walking G major", "leaping G minor"],
        "word 1": ["walking", "leaping"],
        "word 2": ["G", "G"],
        "word 3": ["major", "minor"],
    }
    with pytest.raises(ValueError, match="the same number of words"):
        recognised.aspects([["G", "major"], ["G"]])


def test_the_judge_knows_real_pieces_and_not_those_of_other_styles(recognised: ModuleType) -> None:
    data = MadeMusic(train_melodies=600, valid_melodies=1, test_melodies=200).load()
    train, test = recognised.aspects(data.train.sources), recognised.aspects(data.test.sources)
    for aspect, least in (("style", 0.6), ("word 1", 0.9), ("word 2", 0.8)):
        judge = recognised.Judge(train[aspect], data.train.targets, data.target_vocab)
        assert judge.recognised(test[aspect], data.test.targets) > least > judge.chance
        assert judge.recognised(test[aspect][::-1], data.test.targets) < judge.chance + 0.15
        assert judge.recognised(["a style that was never met"] * 200, data.test.targets) == 0
