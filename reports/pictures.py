"""Pictures: whether a file can hold one; weights as shades of grey, at once and over time; patterns; piano rolls."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqbench.disk import write_whole
from seqbench.evidence.exhibits import Fan
from seqbench.interface import Floats
from seqbench.tasks.frames.model import Roll
from seqbench.tasks.frames.notes import note
from seqbench.tasks.patterns.model import Signs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FANS = 12
"""The most forecasts in a picture."""
SHEET = 20
"""The most patterns on a sheet."""


def check(path: Path) -> None:
    """Raise ValueError if a picture cannot be drawn into this file, before the work that it would show."""
    from matplotlib.backend_bases import FigureCanvasBase

    known = FigureCanvasBase.get_supported_filetypes()
    if path.suffix.lower().removeprefix(".") not in known:
        raise ValueError(f"{path}: there is no picture format {path.suffix!r}; use .png, .svg or .pdf")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"{path}: there is no folder {path.parent}")


def draw_weights(weights: Floats, rows: Sequence[str], columns: Sequence[str], path: Path) -> None:
    """Draw weights (R, C), which have the names `rows` and `columns`."""
    widest = max(map(len, rows), default=0)
    size = (1.5 + 0.45 * len(columns) + 0.06 * max(0, widest - 8), 1.5 + 0.35 * len(rows))
    with picture(size, path) as figure:
        axes = figure.subplots()
        image = axes.imshow(weights, cmap="Greys", vmin=0, vmax=max(1.0, float(weights.max(initial=0))), aspect="auto")
        axes.set_xticks(range(len(columns)), columns, rotation=60, ha="left")
        axes.set_yticks(range(len(rows)), rows)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        figure.colorbar(image, ax=axes, label="weight")


def draw_heads(heads: Mapping[str, Floats], steps: Sequence[str], path: Path) -> None:
    """Draw the weights (T, N) of each head by its name: a panel per head, a column per step, a row per row of the
    memory."""
    size = (1.5 + 0.16 * len(steps), 0.9 + 2.2 * len(heads))
    with picture(size, path) as figure:
        panels = figure.subplots(len(heads), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, weights) in zip(panels, heads.items(), strict=True):
            image = axes.imshow(weights.T, cmap="Greys", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
            axes.set(title=name, ylabel="row of the memory")
            axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_xticks(range(len(steps)), steps, rotation=90, fontsize="x-small")
        figure.colorbar(image, ax=list(panels), label="weight")


def draw_patterns(rows: Mapping[str, Signs], shape: tuple[int, int], names: Sequence[str], path: Path) -> None:
    """Draw a sheet of patterns (P, N) of height and width `shape`: a row per name of `rows`, a column per pattern, the
    first `SHEET` of them. +1 is black, −1 white, 0 grey."""
    count = min(SHEET, len(names))
    size = (0.9 + 0.9 * count * max(1.0, shape[1] / shape[0] / 4), 0.4 + 1.0 * len(rows))
    with picture(size, path) as figure:
        grid = figure.subplots(len(rows), count, squeeze=False)
        for places, (title, patterns) in zip(grid, rows.items(), strict=True):
            places[0].set_ylabel(title, rotation=0, ha="right", va="center")
            for axes, pattern in zip(places, patterns, strict=False):
                axes.imshow(pattern.reshape(shape), cmap="Greys", vmin=-1, vmax=1, aspect="auto")
                axes.set(xticks=[], yticks=[])
        for axes, name in zip(grid[0], names, strict=False):
            axes.set_title(name, fontsize="x-small")


def draw_roll(roll: Roll, lowest: int, path: Path) -> None:
    """Draw a piano roll (T, K): time to the right, pitch upwards; lowest: MIDI pitch of the first key."""
    sounding = np.flatnonzero(roll.any(axis=0))
    low, high = (int(sounding[0]), int(sounding[-1]) + 1) if len(sounding) else (0, roll.shape[1])
    octaves = [key for key in range(low, high) if (lowest + key) % 12 == 0]
    with picture((1.2 + min(100.0, 0.09 * len(roll)), 1.0 + 0.09 * (high - low)), path) as figure:
        axes = figure.subplots()
        shown = roll[:, low:high].T
        axes.imshow(shown, cmap="Greys", vmin=0, vmax=1, aspect="auto", origin="lower", interpolation="nearest")
        axes.set_yticks([key - low for key in octaves], [note(lowest + key) for key in octaves])
        axes.set(xlabel="frame", ylabel="pitch")


def draw_fans(fans: Sequence[Fan], path: Path) -> None:
    """Draw forecasts after the past that they continue, the first `FANS` of them, with what came if that is known."""
    shown = fans[:FANS]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    with picture((6.5 * columns, 2.6 * rows), path) as figure:
        for axes, fan in zip(figure.subplots(rows, columns, squeeze=False).ravel(), shown, strict=False):
            before, after = np.arange(1 - len(fan.past), 1), np.arange(1, len(fan.mean) + 1)
            axes.plot(before, fan.past, color="black", linewidth=1)
            for share, (low, high) in sorted(fan.bands.items(), reverse=True):
                axes.fill_between(
                    after, low, high, color="tab:blue", alpha=0.2, linewidth=0, label=f"{100 * share:g} %"
                )
            axes.plot(after, fan.mean, color="tab:blue", linewidth=1.3)
            if len(fan.truth):
                axes.plot(after, fan.truth, color="black", linewidth=1, linestyle=":")
            axes.set_title(fan.title, fontsize="small")
            axes.set_xlabel("steps from now")
            axes.legend(frameon=False, fontsize="x-small", loc="upper left")
        for axes in figure.axes[len(shown) :]:
            axes.set_visible(False)


@contextmanager
def picture(size: tuple[float, float], path: Path) -> Iterator["Figure"]:
    """Lend a figure of this size in inches, and write it: without formulas, since names may contain dollars; the same
    figure gives the same bytes.

    Raises:
        ValueError: the format of the file is unknown.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"text.parse_math": False, "svg.hashsalt": "seqbench"}):
        figure = Figure(figsize=size, layout="constrained")
        yield figure
        try:
            save(figure, path)
        except ValueError as error:
            raise ValueError(f"{path} cannot be drawn: {error}") from None


def save(figure: "Figure", path: Path) -> None:
    """Write a figure in one step, in the format that the suffix names.

    Raises:
        ValueError: the format is unknown.
    """
    written = io.BytesIO()
    metadata = {"Date": None} if path.suffix == ".svg" else None
    figure.savefig(written, format=path.suffix.removeprefix(".") or None, dpi=160, metadata=metadata)
    write_whole(path, written.getvalue())
