"""The metric of frames: the negative log-likelihood per frame, in nats.

Item columns, one entry per frame: `nats`, −ln p of the keys that sound; `error`, the standard error of that, 0 if it is
exact; `place` in its piece, from 1; `piece`, its number.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.evidence.metrics import Columns, Metric, mean_of, totals
from seqbench.evidence.strata import Property
from seqbench.interface import Floats
from seqbench.tasks.frames.laws import lengths
from seqbench.tasks.frames.model import Rolls
from seqbench.tasks.items import Answers


def item_columns(said: Answers, part: Rolls) -> dict[str, NDArray[Any]]:
    """Return the item columns of scores, objects (N,) of (T_i, 2), for the N pieces of a part."""
    rows, counts = np.concatenate(list(said)), lengths(part)
    return {
        "nats": -rows[:, 0].astype(np.float32),
        "error": rows[:, 1].astype(np.float32),
        "place": np.concatenate([np.arange(1, count + 1) for count in counts]).astype(np.int32),
        "piece": np.repeat(np.arange(len(counts), dtype=np.int32), counts),
    }


def _nats(columns: Columns) -> Floats:
    return totals(columns, "nats")


NATS_PER_FRAME = Metric("nats_per_frame", "nats/frame", _nats, mean_of, lower_is_better=True, range="positive")
PLACE = Property("place", "place of the frame in its piece")
