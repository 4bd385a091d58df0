"""The item columns of answering, one entry per question.

Those of `tasks.classes`; `tale`, the number of its tale; `facts`, how many sentences the answer follows from, 0 if that
is not known; `distance`, how many sentences back the earliest of them stands, 1 for the last sentence.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import Columns, column, groups
from seqbench.interface import Floats
from seqbench.tasks import classes
from seqbench.tasks.answers.model import Answered
from seqbench.tasks.classes import ACCURACY

BINS = 5
"""Number of groups of questions by their distance."""


def item_columns(log_p: Floats, part: Answered) -> dict[str, NDArray[Any]]:
    """Return the item columns of predictions (N, C) for the questions of a part."""
    back = [
        0 if facts is None or not len(facts) else len(story) - int(facts.min())
        for story, facts in zip(part.asked.stories, part.facts, strict=True)
    ]
    return classes.item_columns(log_p, part.answers) | {
        "tale": part.tales.astype(np.int32),
        "facts": np.array([0 if facts is None else len(facts) for facts in part.facts], dtype=np.int16),
        "distance": np.array(back, dtype=np.int32),
    }


def by_facts(columns: Columns) -> list[dict[str, float]]:
    """Return `questions` and `accuracy` by `facts`, the number of facts, where it is known."""
    facts = column(columns, "facts")
    return [{"facts": float(n), **_scored(columns, facts == n)} for n in np.unique(facts[facts > 0])]


def by_distance(columns: Columns) -> list[dict[str, float]]:
    """Return `questions` and `accuracy` in up to `BINS` groups by distance, where it is known.

    `from` and `to` are the shortest and the longest distance of a group.
    """
    distance = column(columns, "distance")
    return [
        {"from": float(distance[here].min()), "to": float(distance[here].max()), **_scored(columns, here)}
        for here in groups(distance, distance > 0, BINS)
    ]


def _scored(columns: Columns, here: NDArray[np.bool_]) -> dict[str, float]:
    own = {name: values[here] for name, values in columns.items()}
    return {"questions": float(here.sum()), "accuracy": float(ACCURACY(own)[0])}
