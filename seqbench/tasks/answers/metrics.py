"""The item columns of answering, one entry per question.

Those of `tasks.classes`; `tale`, the number of its tale; `facts`, how many sentences the answer follows from, 0 if that
is not known; `distance`, how many sentences back the earliest of them stands, 1 for the last sentence.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Floats
from seqbench.tasks import classes
from seqbench.tasks.answers.model import Answered


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
