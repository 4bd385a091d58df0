"""Metrics of tagging.

Item columns, one entry per word: those of `tasks.classes`; `unknown`, whether the word occurs in no training sentence;
`sentence`, the number of its sentence; `whole`, on the first word of a sentence whether the tags of all its words are
right, NaN on the others.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import Columns, Metric, mean_of, totals
from seqbench.interface import Floats
from seqbench.tasks import classes
from seqbench.tasks.classes import ACCURACY
from seqbench.tasks.tags.laws import lengths
from seqbench.tasks.tags.model import Sentences, Tagged


def item_columns(log_p: NDArray[np.object_], part: Tagged, training: Sentences) -> dict[str, NDArray[Any]]:
    """Return the item columns of predictions, objects (N,) of (T_i, C), for the N sentences of a part.

    A word is unknown if the training sentences do not hold it in this spelling.
    """
    known = {word for words in training for word in words}
    columns = classes.item_columns(np.concatenate(list(log_p)), np.concatenate(list(part.tags)))
    counts = lengths(part.sentences)
    starts = np.cumsum(counts) - counts
    whole = np.full(counts.sum(), np.nan, dtype=np.float32)
    whole[starts] = np.logical_and.reduceat(columns["label"] == columns["predicted"], starts)
    return columns | {
        "unknown": np.array([word not in known for words in part.sentences for word in words], dtype=np.int8),
        "sentence": np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        "whole": whole,
    }


def _right_unknown(columns: Columns) -> Floats:
    """Return (N, 2): whether the word is unknown and right, and whether it is unknown."""
    return ACCURACY.sums(columns) * columns["unknown"].astype(np.float64)[:, None]


def _share(sums: Floats) -> Floats:
    """Return the shares (R,); NaN if there are no unknown words."""
    right, unknown = sums.T
    share: Floats = np.where(unknown > 0, right / np.maximum(unknown, 1e-300), np.nan)
    return share


def _one_error(columns: Columns) -> tuple[Floats, Floats]:
    return np.array([[-1.0, 0.0]]), np.ones(1)


def _one_sentence(columns: Columns) -> tuple[Floats, Floats]:
    return np.array([[-1.0, 0.0, 0.0]]), np.ones(1)


_SHARE: dict[str, Any] = {"lower_is_better": False, "range": "share", "per_cent": True}

UNKNOWN_ACCURACY = Metric(
    "unknown_accuracy", "accuracy on unknown words", _right_unknown, _share, errors=_one_error, **_SHARE
)
SENTENCES_RIGHT = Metric(
    "sentences_right", "sentences right", partial(totals, name="whole"), mean_of, errors=_one_sentence, **_SHARE
)
