"""Questions with their answers, and what a memory reads: from the data and the model, of bounded length."""

from typing import Any

import numpy as np
from answerers import LastPlace

from seqbench.evidence.exhibits import LONG, Images, Listing
from seqbench.interface import Budget, Floats
from seqbench.tasks.answers.data import AnswerData
from seqbench.tasks.answers.exhibits import SENTENCES, Fit, answer_exhibits, attention, examples
from seqbench.tasks.answers.model import Answered, Asked
from seqbench.tasks.answers.task import Answering
from seqbench.tasks.base import Scored
from seqbench.tasks.items import Witness
from seqbench.tasks.language.vocab import UNK, Vocab

KIND = Answering()
PLACES = ("attic", "barn", "cellar")


class Reader(LastPlace):
    """Says that it reads the last sentence, then the first."""

    def attention(self, asked: Asked) -> list[Floats]:
        return [np.eye(len(story))[[-1, 0]] for story in asked.stories]


def fit(model: LastPlace, sentences: int = 4) -> Fit:
    rng = np.random.default_rng(0)

    def part(count: int) -> Answered:
        places = rng.integers(3, size=(count, sentences))
        stories = [[["Ann", "went", "to", "the", PLACES[i]] for i in row] for row in places]
        asked = Asked(stories, [["Where", "is", "Ann"]] * count)
        return Answered(asked, places[:, -1], [None] * count, np.arange(count))

    words = Vocab((UNK, "Ann", "went", "to", "the", *PLACES))
    data = AnswerData("tales", words, PLACES, part(30), part(10), part(20), "words")
    model.fit(data.train, KIND.context(data, "test", 0, Budget(), "cpu", lambda name, value: None))
    witness = Witness()
    columns = KIND.score(model, data, "test", None, witness)
    return Scored(model, data, columns, KIND.detail(columns, data, columns), witness, frozenset(), 0)


def test_examples_hold_the_story_the_question_and_both_answers(record: Any) -> None:
    told = examples(fit(Reader()))
    assert len(told) == 8
    for one in told:
        assert one["story"].count("Ann went to the") == 4
        assert one["story"].endswith(one["right"])
        assert (one["question"], one["said"]) == ("Where is Ann", one["right"])
    listing, *_ = answer_exhibits(record({"examples": told}))
    assert isinstance(listing, Listing)
    assert listing.rows[0] == [told[0][name] for name in ("story", "question", "right", "said")]


def test_of_a_long_story_its_end_is_shown_in_whole_sentences() -> None:
    (first, *_) = examples(fit(LastPlace(), sentences=100))
    assert len(first["story"]) <= 2 * LONG + 2
    assert first["story"].startswith("… Ann went to the ")
    assert first["story"].endswith(first["right"])


def test_what_the_memory_reads_is_shown_sentence_by_sentence(record: Any) -> None:
    told = attention(fit(Reader()))
    assert told is not None
    assert len(told["story"]) == 4
    assert told["weights"] == [[0, 1], [0, 0], [0, 0], [1, 0]]
    (images,) = answer_exhibits(record({"attention": told}))
    assert isinstance(images, Images)
    assert list(images.names) == ["hop 1", "hop 2"]
    assert list(images.rows) == [f"{k} {sentence}" for k, sentence in enumerate(told["story"], start=1)]
    assert attention(fit(LastPlace())) is None
    assert attention(fit(Reader(), sentences=SENTENCES + 1)) is None


def test_a_record_without_examples_shows_classes_alone(record: Any) -> None:
    of = fit(Reader())
    kinds = [type(one).__name__ for one in KIND.exhibits(record(dict(of.detail)), of.columns)]
    assert kinds == ["Curves", "Matrix", "Bars"]
