"""A piece of music drawn from a model of frames: as text, as a MIDI file, and as a picture of its roll."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqbench import registry
from seqbench.api import lent
from seqbench.tasks.base import Sampling
from seqbench.tasks.frames.notes import as_text
from seqbench.tasks.frames.task import Frames, drawn

MIDI = (".mid", ".midi")
QUARTERS = 1.0
"""Length of a frame in quarter notes, where the data do not tell it."""


def compose(model: str, length: int, outputs: Sequence[str | Path], *, seed: int = 0, **fitted: Any) -> str:
    """Draw a piece, write it into files, and return it as text, a line per frame.

    Args:
        model: a spec such as `rnn-nade`.
        length: number of frames.
        outputs: files .mid, which hold the piece, or .png, .svg and .pdf, which show its roll.
        fitted: how the model is fitted, as in `seqbench.api.lent`.

    Raises:
        ValueError: a name or a setting is wrong, the suite's models draw no frames, or a file cannot be written.
    """
    files = [Path(output) for output in outputs]
    for file in files:
        if file.suffix.lower() not in MIDI:
            registry.attribute("seqbench.reports.pictures:check")(file)
        elif not file.absolute().parent.is_dir():
            raise ValueError(f"{file}: there is no folder {file.parent}")
    kind, fit, data = lent(model, **fitted)
    if not isinstance(kind, Frames):
        raise ValueError(f"models of the task {kind.name} write no music; add --suite music")
    roll = drawn(fit, data, Sampling(length, seed=seed))
    for file in files:
        if file.suffix.lower() in MIDI:
            step = data.reading.get("frame", QUARTERS)
            registry.attribute("seqbench.datasets.rolls.formats:write_midi")(roll, data.lowest, step, file)
        else:
            registry.attribute("seqbench.reports.pictures:draw_roll")(roll, data.lowest, file)
    return as_text(roll, data.lowest)
