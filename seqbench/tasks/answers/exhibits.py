"""What a reader looks at of an answerer: questions with their answers, and which sentences the model reads."""

from typing import Any

import numpy as np

from seqbench.evidence.exhibits import LONG, Exhibit, Images, Listing, grid, shortened
from seqbench.evidence.laws import ScoreError
from seqbench.evidence.records import Record
from seqbench.tasks.answers.data import AnswerData
from seqbench.tasks.answers.model import Answerer, Story
from seqbench.tasks.base import Scored
from seqbench.tasks.items import evenly

EXAMPLES = 8
"""Number of answers that the record shows."""
SENTENCES, SENTENCE = 20, 60
"""The most sentences of a story whose reading is shown, and how many characters of each."""

Fit = Scored[AnswerData, Answerer]


def examples(fit: Fit) -> list[dict[str, str]]:
    """Return a few questions from all over the test part: the end of the `story`, `question`, `right` and `said`."""
    part, answers = fit.data.test, fit.data.answers
    return [
        {
            "story": _end(part.asked.stories[i]),
            "question": " ".join(part.asked.questions[i]),
            "right": answers[part.answers[i]],
            "said": answers[int(fit.witness.said[i].argmax())],
        }
        for i in evenly(len(part), EXAMPLES)
    ]


def attention(fit: Fit) -> dict[str, Any] | None:
    """Return what the model reads to answer the first of these questions whose story has at most `SENTENCES` sentences.

    Returns:
        `story`, its sentences; `question`, `said`; `weights` (M, K) of the sentences at each hop. None: the model has
        no method `attention`, or there is no such story.

    Raises:
        ScoreError: the weights have another shape, or are no numbers.
    """
    look, part = getattr(fit.model, "attention", None), fit.data.test
    short = [i for i in evenly(len(part), EXAMPLES) if len(part.asked.stories[i]) <= SENTENCES]
    if look is None or not short:
        return None
    asked = part.asked.take(np.array(short[:1]))
    (story,), (question,) = asked.stories, asked.questions
    weights = np.asarray(look(asked)[0], dtype=np.float64)
    if weights.ndim != 2 or weights.shape[1] != len(story):
        raise ScoreError(f"attention returned shape {weights.shape} for a story of {len(story)} sentences")
    if not np.isfinite(weights).all():
        raise ScoreError("attention returned NaN or infinity")
    return {
        "story": [shortened(" ".join(words), SENTENCE) for words in story],
        "question": " ".join(question),
        "said": fit.data.answers[int(fit.witness.said[short[0]].argmax())],
        "weights": weights.T.round(3).tolist(),
    }


def answer_exhibits(record: Record) -> list[Exhibit]:
    """Return what a page shows of one fit: `examples` and `attention`."""
    found: list[Exhibit] = []
    if record.detail.get("examples"):
        columns = ("story", "question", "right", "said")
        rows = [[one[name] for name in columns] for one in record.detail["examples"]]
        found.append(Listing("Answers from all over the test part", columns, rows))
    if "attention" in record.detail:
        shown = record.detail["attention"]
        title = f"What the model reads to answer: {shown['question']} → {shown['said']}"
        hops = [f"hop {k}" for k in range(1, len(shown["weights"][0]) + 1)]
        found.append(Images(title, grid(shown["story"], shown["weights"]), hops))
    return found


def _end(story: Story) -> str:
    """Return the last sentences of a story, as many as a text may have characters; at least one."""
    told = [" ".join(words) for words in story]
    kept = len(told) - 1
    while kept and sum(len(sentence) + 2 for sentence in told[kept - 1 :]) <= 2 * LONG:
        kept -= 1
    return ("… " if kept else "") + shortened(". ".join(told[kept:]), 2 * LONG)
