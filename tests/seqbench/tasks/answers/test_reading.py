"""Classifiers of documents and language models as answerers."""

import numpy as np
import pytest

from seqbench import registry
from seqbench.datasets.synthetic.stories import MadeWorld
from seqbench.interface import Budget
from seqbench.spec import parse
from seqbench.tasks import task
from seqbench.tasks.answers.model import Answerer
from seqbench.tasks.answers.reading import document

KIND = task("answer")


def answerer(model: str) -> type[Answerer]:
    found: type[Answerer] = registry.find_model(parse(model), "answer").attribute
    return found


def test_words_of_the_question_are_told_from_those_of_the_story() -> None:
    story = [["ann", "went", "home"], ["ben", "died"]]
    words = " ".join(document(story, ["where", "is", "ben"]))
    assert words == "ann went home . ben died . ?where ?is ?ben"


@pytest.mark.parametrize(
    ("model", "reduction"),
    [("naive-bayes", "text"), ("lstm", "text"), ("kneser-ney", "Bayes"), ("memn2n", ""), ("last-named", "")],
)
def test_the_table_names_how_a_model_answers(model: str, reduction: str) -> None:
    assert registry.find_model(parse(model), "answer").reduction == reduction


@pytest.mark.parametrize("model", ["naive-bayes", "logistic-regression", "kneser-ney"])
def test_a_bag_of_words_or_an_n_gram_knows_more_than_frequencies_and_less_than_the_rule(model: str) -> None:
    data = MadeWorld(train_stories=500, valid_stories=50, test_stories=300).load()
    kind = answerer(model)
    fit = kind(kind.config_class())
    fit.fit(data.train, KIND.context(data, "test", 0, Budget(), "cpu", lambda *_: None))
    right = (fit.predict(data.test.asked).argmax(axis=1) == data.test.answers).mean()
    assert 1 / len(data.answers) + 0.05 < right < 0.75


def test_a_restored_reader_answers_the_same() -> None:
    data = MadeWorld(train_stories=60, valid_stories=20, test_stories=30).load()
    kind = answerer("gru(hidden_size=4)")
    config = registry.configured(kind.config_class, parse("gru(hidden_size=4)"), "answer")
    fit, twin = kind(config), kind(config)
    fit.fit(data.train, KIND.context(data, "test", 0, Budget(), "cpu", lambda *_: None))
    arrays = fit.arrays()
    assert arrays is not None
    twin.restore(arrays)
    np.testing.assert_allclose(twin.predict(data.test.asked), fit.predict(data.test.asked), rtol=0, atol=1e-6)
    assert twin.parameter_count() == fit.parameter_count()
