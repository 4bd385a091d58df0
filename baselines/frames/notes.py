"""n-grams of single notes: each key is predicted from its own last states, whatever the others do."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.interface import Arrays, Config, Floats, Ids
from seqbench.tasks.frames.model import FrameModel, FramesContext, Roll, Rolls

NONE = 2
"""The state of a key before the first frame."""
STATES = 3


class NoteNgramConfig(Config):
    order: int = Field(
        1,
        ge=1,
        le=8,
        description="frames of the longest n-gram, including the predicted one; 1: notes are independent of the past",
        json_schema_extra={"search": {"choices": [1, 2, 3, 4, 6]}},
    )
    strength: float = Field(
        2.0,
        gt=0,
        description="observations of each context that are spread as the shorter context tells; 2 at order 1: one is "
        "added to each count",
        json_schema_extra={"search": {"low": 0.5, "high": 20.0, "log": True}},
    )


class NoteNgram(FrameModel):
    r"""p(v_t) = Π_k p(v_tk | v_{t−n+1,k} … v_{t−1,k}); with s for `strength`, and h' for h without its oldest state,

        p(1 | h) = (c(h 1) + s p(1 | h')) / (c(h) + s),        down to 1/2.

    Order 1 with s = 2 is add-one smoothing: the protocol's note 1-gram of Boulanger-Lewandowski, Bengio & Vincent 2012.
    """

    stochastic: ClassVar[bool] = False
    config_class = NoteNgramConfig
    config: NoteNgramConfig

    table: Floats
    """(2, K, S) ln p of each state of each key, by the number of its context."""

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        """Count; one table per length of the context."""
        p = np.full((2, ctx.keys, 1), 0.5)
        for length in range(self.config.order):
            counts = np.zeros((2, ctx.keys, STATES**length))
            for roll in train:
                for sounds in (0, 1):
                    frames, keys = np.nonzero(roll == sounds)
                    np.add.at(counts[sounds], (keys, _contexts(roll, length)[frames, keys]), 1)
            shorter = p[:, :, np.arange(STATES**length) % STATES ** max(0, length - 1)]
            p = (counts + self.config.strength * shorter) / (counts.sum(axis=0) + self.config.strength)
        self.table = np.log(p)

    def predict(self, rolls: Rolls) -> list[Floats]:
        return [self.scores(roll) for roll in rolls]

    def scores(self, roll: Roll) -> Floats:
        """Return ln p of each frame, (T,)."""
        keys = np.arange(roll.shape[1])
        scores: Floats = self.table[roll, keys, _contexts(roll, self.config.order - 1)].sum(axis=1)
        return scores

    def draw(self, roll: Roll, rng: np.random.Generator) -> Roll:
        keys = np.arange(self.table.shape[1])
        longer = np.concatenate([roll, np.zeros((1, len(keys)), dtype=np.int8)])
        p = np.exp(self.table[1, keys, _contexts(longer, self.config.order - 1)[-1]])
        drawn: Roll = (rng.random(len(p)) < p).astype(np.int8)
        return drawn

    def arrays(self) -> Arrays:
        return {"table": self.table}

    def restore(self, arrays: Arrays) -> None:
        self.table = arrays["table"]

    def parameter_count(self) -> int:
        return self.table.size // 2  # the two states of a key sum to one


def _contexts(roll: Roll, length: int) -> Ids:
    """Return the number of the last `length` states (T, K) before each frame; the latest state is the lowest digit."""
    before = np.concatenate([np.full((length, roll.shape[1]), NONE, dtype=np.int64), roll])
    numbers = np.zeros(roll.shape, dtype=np.int64)
    for ago in range(length, 0, -1):
        numbers = numbers * STATES + before[length - ago : len(before) - ago]
    return numbers
