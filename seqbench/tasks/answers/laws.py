"""What the laws of answerers are measured on: questions with their stories, and log-probabilities of the answers."""

import numpy as np

from seqbench.interface import Floats
from seqbench.tasks.answers.model import Answerer, Asked
from seqbench.tasks.classes import NORMALISED, class_scores
from seqbench.tasks.items import Kind


def questions(answers: int) -> Kind[Asked]:
    """Return questions as items, each with one of these answers."""
    return Kind(
        noun="question",
        answer=lambda model, asked: log_probabilities(model, asked, answers),
        lengths=lambda asked: np.array([len(story) for story in asked.stories]),
        take=Asked.take,
        copied=copied,
        equal=lambda a, b: copied(a) == copied(b),
        laws=NORMALISED,
    )


def copied(asked: Asked) -> Asked:
    """Copy questions and stories, so that the model may change them."""
    stories = [[list(sentence) for sentence in story] for story in asked.stories]
    return Asked(stories, [list(words) for words in asked.questions])


def log_probabilities(model: Answerer, asked: Asked, answers: int) -> Floats:
    """Return what `predict` returns for copies of the questions, (N, C), after checking it.

    Raises:
        ScoreError: the result has the wrong shape, or a score is not a log-probability.
    """
    return class_scores(model.predict(copied(asked)), len(asked), answers, "question")
