"""The rule of the last place: on stories by hand, on the lecture's story, on a made world, on bAbI."""

from collections.abc import Sequence

import numpy as np
import pytest

from seqbench.baselines.answering.last_named import LastNamed
from seqbench.data import DataError
from seqbench.datasets.stories.babi import Babi
from seqbench.datasets.stories.babi_format import parse
from seqbench.datasets.stories.base import answer_data
from seqbench.datasets.synthetic.stories import MadeWorld
from seqbench.interface import Budget
from seqbench.tasks.answers.data import AnswerData
from seqbench.tasks.answers.model import AnsweringContext, Asked

LECTURE = """1 Bilbo travelled to the cave.
2 Gollum dropped the ring there.
3 Bilbo took the ring.
4 Bilbo went back to the Shire.
5 Bilbo left the ring there.
6 Frodo got the ring.
7 Frodo journeyed to Mount-Doom.
8 Frodo dropped the ring there.
9 Sauron died.
10 Frodo went back to the Shire.
11 Bilbo travelled to the Grey-havens.
12 Where is the ring?\tmount-doom
13 Where is Bilbo now?\tgrey-havens
14 Where is Frodo now?\tshire
"""
"""Weston, Chopra & Bordes 2015, "Memory networks", figure 1."""
LESSONS = """1 Ann went to the shire.
2 Ann took the ring.
3 Ann went to the cave.
4 Where is the ring?\tcave
1 Ben went to the shire.
2 Ben got the ring.
3 Ben journeyed to the cave.
4 Where is the ring?\tcave
1 Ann went to the cave.
2 Ann dropped the ring there.
3 Ann went back to the shire.
4 Where is the ring?\tcave
1 Ben travelled to mount-doom.
2 Ben left the ring there.
3 Ben went to the shire.
4 Where is the ring?\tmount-doom
1 Sauron went to the grey-havens.
2 Sauron died.
3 Where is Sauron now?\tgrey-havens
"""


def rule(data: AnswerData) -> LastNamed:
    model = LastNamed()
    model.fit(
        data.train,
        AnsweringContext(seed=0, budget=Budget(), valid=data.valid, vocab=data.vocab, answers=data.answers),
    )
    return model


def share(data: AnswerData) -> float:
    return float((rule(data).predict(data.test.asked).argmax(axis=1) == data.test.answers).mean())


def said(model: LastNamed, answers: Sequence[str], asked: Asked) -> list[str]:
    return [answers[i] for i in model.predict(asked).argmax(axis=1)]


def test_the_story_of_the_lecture_is_understood_after_a_few_lessons() -> None:
    lessons = [tale for _ in range(3) for tale in parse("lessons", LESSONS)]
    data = answer_data("ring", [lessons, lessons, parse("lecture", LECTURE)], {})
    assert said(rule(data), data.answers, data.test.asked) == ["mount-doom", "grey-havens", "shire"]


@pytest.mark.parametrize(("options", "least"), [({}, 1.0), ({"facts": 2}, 0.97), ({"facts": 3}, 0.97)])
def test_the_made_world_is_nearly_always_understood(options: dict[str, int], least: float) -> None:
    made = MadeWorld.model_validate({**options, "train_stories": 300, "test_stories": 300, "names": "new"})
    assert share(made.load()) >= least


@pytest.mark.parametrize(("facts", "least"), [(1, 1.0), (2, 0.99), pytest.param(3, 0.99, marks=pytest.mark.slow)])
def test_babi_is_nearly_always_understood(facts: int, least: float) -> None:
    try:
        data = Babi(facts=facts).load()
    except DataError as error:
        pytest.skip(str(error))
    assert share(data) >= least


def test_without_an_answer_of_the_rule_frequencies_count() -> None:
    data = MadeWorld(train_stories=50, valid_stories=5, test_stories=5).load()
    model = rule(data)
    log_p = model.predict(Asked([[["it", "rains"]]], [["who", "is", "there"]]))
    counts = np.bincount(data.train.answers, minlength=len(data.answers)) + 1
    assert np.exp(log_p[0]) == pytest.approx(counts / counts.sum())


def test_a_stored_rule_answers_the_same() -> None:
    data = MadeWorld(facts=2, train_stories=100, valid_stories=20, test_stories=50).load()
    model, twin = rule(data), LastNamed()
    twin.restore(model.arrays())
    assert np.array_equal(twin.predict(data.test.asked), model.predict(data.test.asked))
    assert twin.parameter_count() == model.parameter_count() > len(data.answers)
