"""Drawing of pieces from a model of frames, frame by frame."""

import numpy as np

from seqbench.tasks.base import Sampling
from seqbench.tasks.frames.data import FrameData
from seqbench.tasks.frames.model import FrameModel, Roll


def check_drawable(kind: type[FrameModel], sampling: Sampling) -> None:
    """Check that models of a class draw frames, and that the settings are for frames.

    Raises:
        ValueError: they do not, or are not.
    """
    if kind.draw is FrameModel.draw:
        raise ValueError(f"{kind.__name__} draws no frames; choose another model")
    if sampling.length < 1:
        raise ValueError(f"length must be 1 or more frames, not {sampling.length}")
    if sampling != Sampling(sampling.length, seed=sampling.seed):
        raise ValueError("a model of frames draws from its own distribution: give only the length and the seed")


def drawn(model: FrameModel, data: FrameData, sampling: Sampling) -> Roll:
    """Draw a piece (T, K) frame by frame; raises as `check_drawable` does."""
    check_drawable(type(model), sampling)
    rng = np.random.default_rng(sampling.seed)
    roll = np.zeros((0, data.train[0].shape[1]), dtype=np.int8)
    for _ in range(sampling.length):
        roll = np.concatenate([roll, model.draw(roll, rng)[None].astype(np.int8)])
    return roll
