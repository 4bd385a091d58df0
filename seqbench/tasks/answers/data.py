"""Stories with questions and answers, and their split."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from seqbench.tasks.answers.model import Answered, Answerer, Asked
from seqbench.tasks.language.vocab import Vocab


@dataclass(frozen=True)
class AnswerData:
    """Questions about stories, each with one answer out of a few."""

    name: str
    vocab: Vocab
    """The words of stories and questions of the training part, with `<unk>`."""
    answers: tuple[str, ...]
    """The C answers that occur in any part, in alphabetical order."""
    train: Answered
    valid: Answered
    test: Answered
    convention: str
    """How texts were split into words; equal for all rows of a table."""
    truth: Answerer | None = None
    """A model that knows the rule of a made world, ready to predict."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the loader did and what it left out, for the record."""
    reading: dict[str, Any] = field(default_factory=dict)
    """Options with which new files are read as this one."""


@dataclass(frozen=True)
class NewQuestions:
    """Questions to answer."""

    asked: Asked
    written: Sequence[str]
    """The N questions as they were written."""
