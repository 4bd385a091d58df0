"""Made stories: right answers, facts that suffice, options that do what they say."""

import numpy as np
import pytest
from pydantic import ValidationError

from seqbench.datasets.synthetic.stories import MadeWorld
from seqbench.tasks.answers.model import Answered, Asked

SMALL = {"train_stories": 60, "valid_stories": 10, "test_stories": 40}


def right(data: MadeWorld, part: Answered) -> float:
    truth = data.load().truth
    assert truth is not None
    return float((truth.predict(part.asked).argmax(axis=1) == part.answers).mean())


@pytest.mark.parametrize(
    "options",
    [{}, {"facts": 2}, {"facts": 3, "sentences": 20}, {"facts": 2, "language": "ru"}, {"facts": 2, "names": "new"}],
)
def test_the_true_model_is_always_right_and_the_facts_alone_suffice(options: dict[str, object]) -> None:
    made = MadeWorld.model_validate(options | SMALL)
    data = made.load()
    assert right(made, data.test) == 1
    facts = [sorted(own) for own in data.test.facts if own is not None]
    assert {len(own) for own in facts} == {options.get("facts", 1)}
    short = [[story[i] for i in own] for story, own in zip(data.test.asked.stories, facts, strict=True)]
    truth = data.truth
    assert truth is not None
    assert (truth.predict(Asked(short, data.test.asked.questions)).argmax(axis=1) == data.test.answers).all()


@pytest.mark.parametrize("distance", [0, 4])
def test_the_end_of_a_tale_is_not_about_the_answer(distance: int) -> None:
    data = MadeWorld.model_validate({"facts": 2, "sentences": 24, "distance": distance, **SMALL}).load()
    each = zip(data.test.asked.stories, data.test.facts, strict=True)
    back = [len(story) - int(own.max()) for story, own in each if own is not None]
    assert min(back) > distance
    assert min(back) < distance + 6


def test_new_names_occur_in_the_test_part_alone() -> None:
    data = MadeWorld.model_validate({"names": "new", **SMALL}).load()
    persons = {part: {q[-1] for q in getattr(data, part).asked.questions} for part in ("train", "valid", "test")}
    assert not persons["test"] & (persons["train"] | persons["valid"])
    assert not any(name in data.vocab.index for name in persons["test"])


def test_a_longer_training_part_changes_no_other_part() -> None:
    one, two = (MadeWorld.model_validate(SMALL | {"train_stories": n}).load() for n in (10, 30))
    assert one.test.asked == two.test.asked
    assert one.valid.asked == two.valid.asked
    assert two.train.asked.stories[:10] == one.train.asked.stories


def test_a_question_of_another_world_has_no_probable_answer() -> None:
    data = MadeWorld.model_validate(SMALL).load()
    assert data.truth is not None
    log_p = data.truth.predict(Asked([[["it", "rains"]]], [["who", "is", "there"]]))
    assert log_p == pytest.approx(-np.log(len(data.answers)))


def test_a_tale_without_room_for_its_facts_is_refused() -> None:
    with pytest.raises(ValidationError, match="leave no room for a story: give at least sentences=20"):
        MadeWorld(facts=3, distance=4, sentences=12)
