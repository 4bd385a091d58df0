"""The gradients of one model: their reach at start and after training, and descent with and without clipping."""

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqbench.interface import Documents, Floats, Ids
from seqbench.learning.training import Batches
from seqbench.recurrent.inspection.clipping import Descent, descend
from seqbench.recurrent.inspection.gradients import Reach, bound, reach
from seqbench.recurrent.language.network import RecurrentLanguageModel

LEARNING_RATE, CLIP, UPDATES = 5.0, 0.25, 150
"""Of gradient descent with and without clipping: large enough that an Elman network falls off cliffs."""
SEQUENCES = 3
"""Number of sequences over which norms are averaged."""
CLIPS = {"clipped": CLIP, "not clipped": math.inf}


@dataclass(frozen=True)
class Study:
    label: str
    reaches: Mapping[str, Reach]
    """`start` and `trained`."""
    bounds: Mapping[str, Floats | None]
    """(J,) bounds of the spectral norms, for Elman networks of one layer."""
    descents: Mapping[str, Descent]
    """`clipped` and `not clipped`."""


def study(
    label: str,
    start: RecurrentLanguageModel,
    trained: RecurrentLanguageModel,
    train: Documents,
    sequences: Sequence[Ids],
    seed: int,
) -> Study:
    """Study a model whose untrained network is `start`.

    Args:
        train: documents for gradient descent.
        sequences: each (J + 1,) symbols that the networks read.
    """

    def batches(network: Any) -> Batches:
        model = copy.copy(start)
        model.network = network
        return model.batches(train)

    networks, lags = {"start": start.network, "trained": trained.network}, len(sequences[0]) - 1
    return Study(
        label,
        {when: reach(network, sequences) for when, network in networks.items()},
        {when: bound(network, lags) for when, network in networks.items()},
        {
            how: descend(start.network, batches, updates=UPDATES, learning_rate=LEARNING_RATE, clip=clip, seed=seed)
            for how, clip in CLIPS.items()
        },
    )


def stretches(documents: Documents, edge: int, length: int) -> list[Ids]:
    """Return `SEQUENCES` evenly spaced stretches of `length` symbols of a text; `edge` stands before each document.

    Raises:
        ValueError: the text is shorter than one stretch.
    """
    text = np.concatenate([np.zeros(0, np.int64), *(part for d in documents for part in (np.array([edge]), d))])
    if len(text) < length:
        raise ValueError(f"the validation text has {len(text):,} symbols, fewer than {length:,}: use a shorter length")
    return [text[first : first + length] for first in np.linspace(0, len(text) - length, SEQUENCES).astype(int)]
