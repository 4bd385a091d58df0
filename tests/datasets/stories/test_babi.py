"""The tasks of bAbI, where their files are at hand."""

import pytest

from seqbench.data import DataError
from seqbench.datasets.stories.babi import Babi
from seqbench.tasks.answers.data import AnswerData


@pytest.fixture(params=[1, 2, 3])
def data(request: pytest.FixtureRequest) -> AnswerData:
    try:
        return Babi(facts=request.param).load()
    except DataError as error:
        pytest.skip(str(error))


def test_there_are_a_thousand_questions_per_part_of_two_hundred_tales_and_six_answers(data: AnswerData) -> None:
    assert (len(data.train) + len(data.valid), len(data.valid), len(data.test)) == (1000, 100, 1000)
    assert (data.notes["tales_train"], data.notes["tales_valid"], data.notes["tales_test"]) == (180, 20, 200)
    assert data.answers == ("bathroom", "bedroom", "garden", "hallway", "kitchen", "office")


def test_each_question_has_its_number_of_facts_before_it(data: AnswerData) -> None:
    facts = {len(own) for own in data.test.facts if own is not None}
    assert len(facts) == 1
    assert all(own is not None for own in data.test.facts)
    for story, own in zip(data.test.asked.stories, data.test.facts, strict=True):
        assert own is not None
        assert own.max() < len(story)
