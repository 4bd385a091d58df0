"""Metrics of tagging.

Item columns, one entry per word: those of `tasks.classes`; `unknown`, whether the word occurs in no training sentence;
`sentence`, the number of its sentence; `whole`, on the first word of a sentence whether the tags of all its words are
right, NaN on the others.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import SHARE, Columns, Metric, one_error, share_of
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


def _right_sentences(columns: Columns) -> Floats:
    """Return (N, 2): whether a sentence begins with the word and is right, and whether one begins with it."""
    begins = ~np.isnan(columns["whole"])
    return np.stack([begins & (columns["whole"] == 1), begins], axis=1).astype(np.float64)


UNKNOWN_ACCURACY = Metric(
    "unknown_accuracy", "accuracy on unknown words", _right_unknown, share_of, errors=one_error, **SHARE
)
SENTENCES_RIGHT = Metric("sentences_right", "sentences right", _right_sentences, share_of, errors=one_error, **SHARE)
