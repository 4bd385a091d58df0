"""A piece of music drawn from a model of frames: as text, as a MIDI file, and as a picture of its roll."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqbench import api, registry
from seqbench.runs import suites
from seqbench.spec import parse
from seqbench.tasks import task
from seqbench.tasks.base import Sampling
from seqbench.tasks.frames.drawing import check_drawable, drawn
from seqbench.tasks.frames.notes import as_text
from seqbench.tasks.frames.task import Frames

MIDI = (".mid", ".midi")
QUARTERS = 1.0
"""Length of a frame in quarter notes, where the data do not tell it."""


def compose(
    model: str,
    length: int,
    outputs: Sequence[str | Path],
    *,
    suite: str = "music",
    how: Mapping[str, Any] | None = None,
    **fitted: Any,
) -> str:
    """Draw a piece, write it into files, and return it as text, a line per frame.

    Args:
        model: a spec such as `rnn-nade`.
        length: number of frames.
        outputs: files .mid, which hold the piece, or .png, .svg and .pdf, which show its roll.
        how: `seed`, as in `seqbench.tasks.base.Sampling`; its other settings are not for frames.
        suite, fitted: how the model is fitted, as in `seqbench.fit`.

    Raises:
        ValueError: a name or a setting is wrong, the suite's models or this one draw no frames, or a file cannot be
            written.
    """
    files, sampling = [Path(output) for output in outputs], Sampling(length, **(how or {}))
    for file in files:
        if file.suffix.lower() not in MIDI:
            registry.attribute("seqbench.reports.pictures:check")(file)
        elif not file.absolute().parent.is_dir():
            raise ValueError(f"{file}: there is no folder {file.parent}")
    (kind, *_) = map(task, suites.load(suite).tasks)
    if not isinstance(kind, Frames):
        raise ValueError(f"models of the task {kind.name} write no music; add --suite music")
    check_drawable(registry.find_model(parse(model), kind.name).attribute, sampling)
    fit = api.fit(model, suite=suite, **fitted)
    roll = drawn(fit.model, fit.data, sampling)
    for file in files:
        if file.suffix.lower() in MIDI:
            step = fit.data.reading.get("frame", QUARTERS)
            registry.attribute("seqbench.datasets.rolls.formats:write_midi")(roll, fit.data.lowest, step, file)
        else:
            registry.attribute("seqbench.reports.pictures:draw_roll")(roll, fit.data.lowest, file)
    return as_text(roll, fit.data.lowest)
