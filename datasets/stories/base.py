"""From tales to the data of the task `answer`."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from seqbench.data import DataError, Dataset
from seqbench.datasets.files import UTF_8, Line, decode, read_bytes, unix_line_ends
from seqbench.datasets.stories.babi_format import Tale, parse, words_of
from seqbench.tasks.answers.data import AnswerData, NewQuestions
from seqbench.tasks.answers.model import Answered, Answerer, Asked
from seqbench.tasks.language.vocab import UNK, Vocab

NUMBER = re.compile(r"^\s*\d+\s+")
PARTS = ("train", "valid", "test")
CONVENTION = "lower-case words, without the marks that end sentences"


class Stories(Dataset[AnswerData]):
    """Stories with questions: how new ones are read."""

    task: ClassVar[str] = "answer"

    def read(self, path: Path, encoding: dict[str, Any]) -> NewQuestions:
        """Read numbered sentences and questions, as training data has them; questions need no answers.

        Raises:
            DataError: the text is not in the format; the message names the file and the line.
        """
        text = decode(path, read_bytes(path), encoding["reading"].get("encoding", UTF_8))
        tales = parse(str(path), unix_line_ends(text), answered=False)
        return NewQuestions(_asked(tales), [question.written for tale in tales for question in tale.questions])

    def asked(self, story: Path, question: str) -> Asked:
        """Return a question about a story, which is a file with a sentence per line, numbered or not.

        Raises:
            DataError: the file holds no sentence, or the question has no words.
        """
        sentences = []
        for number, text in enumerate(unix_line_ends(decode(story, read_bytes(story))).split("\n"), start=1):
            if text.strip():
                sentences.append(words_of(Line(str(story), number, text), NUMBER.sub("", text), "sentence"))
        try:
            words = words_of(Line("the question", 1, question), question, "question")
        except DataError:
            raise DataError("the question has no words; write one, such as --question 'Where is the ring?'") from None
        return Asked([sentences], [words])


def tales_of(path: Path, data: bytes, encoding: str = UTF_8) -> list[Tale]:
    """Read tales with answered questions from the bytes of a file.

    Raises:
        DataError: the text is not in the format; the message names the file and the line.
    """
    return parse(str(path), unix_line_ends(decode(path, data, encoding)))


def answer_data(
    name: str,
    parts: Sequence[Sequence[Tale]],
    notes: Mapping[str, Any],
    truth: Answerer | None = None,
    reading: Mapping[str, Any] | None = None,
) -> AnswerData:
    """Return the data of the tales of three parts.

    The notes tell for each part its tales, questions, sentences before a question (mean and most), and how many of the
    tales stand in training too.
    """
    answers = tuple(sorted({question.answer for tales in parts for tale in tales for question in tale.questions}))
    index = {answer: i for i, answer in enumerate(answers)}
    made, first = [], 0
    for tales in parts:
        made.append(_answered(tales, index, first))
        first += len(tales)
    train, valid, test = made
    words = {word for story in train.asked.stories for sentence in story for word in sentence}
    words |= {word for question in train.asked.questions for word in question}
    known = {spelled(tale) for tale in parts[0]}
    counted: dict[str, Any] = {}
    for part, own, tales in zip(PARTS, made, parts, strict=True):
        lengths = [len(story) for story in own.asked.stories]
        counted |= {
            f"tales_{part}": len(tales),
            f"questions_{part}": len(own),
            f"sentences_before_a_question_{part}": round(float(np.mean(lengths)), 1),
            f"most_sentences_{part}": max(lengths),
        }
        if part != "train":
            counted[f"tales_in_training_{part}"] = sum(spelled(tale) in known for tale in tales)
    return AnswerData(
        name=name,
        vocab=Vocab((UNK, *sorted(words - {UNK}))),
        answers=answers,
        train=train,
        valid=valid,
        test=test,
        convention=CONVENTION,
        truth=truth,
        notes={**notes, **counted},
        reading=dict(reading or {}),
    )


def spelled(tale: Tale) -> str:
    """Return the sentences of a tale as one text, which tells equal tales."""
    return "\n".join(" ".join(sentence) for sentence in tale.sentences)


def _asked(tales: Sequence[Tale]) -> Asked:
    own = [(tale, question) for tale in tales for question in tale.questions]
    return Asked(
        [tale.sentences[: question.sentences] for tale, question in own], [question.words for _, question in own]
    )


def _answered(tales: Sequence[Tale], index: Mapping[str, int], first: int) -> Answered:
    """first: the number of the first of these tales."""
    questions = [question for tale in tales for question in tale.questions]
    return Answered(
        _asked(tales),
        np.array([index[question.answer] for question in questions], dtype=np.int64),
        [None if q.facts is None else np.array(q.facts, dtype=np.int64) for q in questions],
        np.repeat(first + np.arange(len(tales)), [len(tale.questions) for tale in tales]),
    )
