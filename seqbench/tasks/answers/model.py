"""The interface of an answerer, which predicts the answer to a question about a story."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seqbench.interface import Context, Floats, Ids, SequenceModel
from seqbench.tasks.language.vocab import Vocab

Words = Sequence[str]
Story = Sequence[Words]
"""The sentences that stand before a question, at least one, each of at least one word."""


@dataclass(frozen=True)
class Asked:
    """N questions, each about its story."""

    stories: Sequence[Story]
    questions: Sequence[Words]
    """Each of at least one word."""

    def __len__(self) -> int:
        return len(self.questions)

    def take(self, rows: Ids) -> "Asked":
        """Return the questions of these rows with their stories, in this order."""
        return Asked([self.stories[i] for i in rows], [self.questions[i] for i in rows])


@dataclass(frozen=True)
class Answered:
    asked: Asked
    answers: Ids
    """(N,) index of the right answer, 0..C-1."""
    facts: Sequence[Ids | None]
    """Numbers of the sentences that the answer follows from, from 0, in the order of the reasoning; None: not known."""
    tales: Ids
    """(N,) number of the tale that a question belongs to; the stories of one tale begin alike."""

    def __len__(self) -> int:
        return len(self.answers)

    def take(self, rows: Ids) -> "Answered":
        """Return the questions of these rows with all that belongs to them, in this order."""
        return Answered(self.asked.take(rows), self.answers[rows], [self.facts[i] for i in rows], self.tales[rows])


@dataclass(frozen=True, kw_only=True)
class AnsweringContext(Context[Answered]):
    vocab: Vocab
    """The words of stories and questions of the training part, with `<unk>`."""
    answers: tuple[str, ...]
    """The C answers, in the order of their indices. An answer may consist of several words."""


class Answerer(SequenceModel[Answered, AnsweringContext]):
    """Predicts the probability of each answer, given a story and a question."""

    task: ClassVar[str] = "answer"

    @abstractmethod
    def predict(self, asked: Asked) -> Floats:
        """Return the natural log-probabilities (N, C) of the answers.

        The prediction for a question must not depend on other questions. Words may be new, and stories longer than
        those of `fit`.
        """
