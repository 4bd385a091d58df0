"""The interface of a model of frames, which predicts the keys that sound at each step of a piece."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Context, Floats, SequenceModel

Roll = NDArray[np.int8]
"""A piano roll (T, K): 1 where a key sounds in a frame, else 0."""
Rolls = Sequence[Roll]
"""N pieces, each of T_i ≥ 1 frames."""


@dataclass(frozen=True, kw_only=True)
class FramesContext(Context[Rolls]):
    keys: int
    """K, the number of keys."""


class FrameModel(SequenceModel[Rolls, FramesContext]):
    """Predicts the probability of the keys that sound together, given all frames before; the first frame counts too."""

    task: ClassVar[str] = "frames"

    @abstractmethod
    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        """Score pieces.

        Returns:
            For each piece, (T_i,) the natural log-probability of each frame given the frames before it. If a number is
            an estimate, return (T_i, 2), the estimate and its standard error. The prediction for a piece must not
            depend on other pieces.
        """

    def draw(self, roll: Roll, rng: np.random.Generator) -> Roll:
        """Return the keys (K,) of a frame that follows a roll (T, K), drawn at random; T may be 0.

        Raises:
            NotImplementedError: the model draws no frames.
        """
        raise NotImplementedError(f"{type(self).__name__} draws no frames")
