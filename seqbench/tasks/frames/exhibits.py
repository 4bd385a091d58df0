"""What a reader looks at of a model of frames: a piece that it makes up."""

from typing import Any

import numpy as np

from seqbench.evidence.exhibits import Images
from seqbench.evidence.records import Record
from seqbench.tasks.base import Sampling, Scored
from seqbench.tasks.frames.data import FrameData
from seqbench.tasks.frames.drawing import drawn
from seqbench.tasks.frames.model import FrameModel
from seqbench.tasks.frames.notes import note

FRAMES = 48
"""Number of frames of the piece."""

Fit = Scored[FrameData, FrameModel]


def piece(fit: Fit) -> dict[str, Any] | None:
    """Return a piece drawn from the model: `frames`, each the MIDI pitches that sound. None: it draws no frames."""
    if type(fit.model).draw is FrameModel.draw:
        return None
    roll = drawn(fit.model, fit.data, Sampling(FRAMES, seed=fit.seed))
    return {"frames": [(fit.data.lowest + np.flatnonzero(frame)).tolist() for frame in roll]}


def rolls(record: Record) -> list[Images]:
    """Return the piece in a record as a roll: time to the right, pitch upwards, between its lowest and highest note."""
    frames = record.detail.get("piece", {}).get("frames", [])
    sounding = sorted({pitch for frame in frames for pitch in frame})
    if not sounding:
        return []
    low, high = sounding[0], sounding[-1]
    roll = -np.ones((high - low + 1, len(frames)))
    for place, frame in enumerate(frames):
        roll[[high - pitch for pitch in frame], place] = 1
    return [Images("A piece that the model draws", {f"{note(low)} to {note(high)}": [roll]}, [f"{len(frames)} frames"])]
