"""The critical-difference diagram: mean ranks over data sets, and which models cannot be told from the best one.

The axis and the bar of Nemenyi's critical difference are those of Demšar 2006, figure 1. The line below the axis joins
the best model with those that the signed-rank test does not tell from it (`ranks`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqbench.reports.formatting import plain
from seqbench.reports.groups import listed
from seqbench.reports.pictures import picture
from seqbench.reports.ranks import Ranking, rankings
from seqbench.reports.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 5
"""The smallest number of data sets of a diagram."""
STEP = 0.32
"""Inches between two labels."""


def draw(tables: Sequence[Table], path: Path) -> None:
    """Draw one diagram per task that has enough data sets, below each other.

    Raises:
        ValueError: there is none, or the file's format is unknown.
    """
    found = [one for one, own in rankings(tables) if len(own) >= FEWEST]
    if not found:
        raise ValueError(_too_few(tables))
    heights = [1.5 + STEP * ((len(one.models) + 1) // 2) for one in found]
    with picture((9, sum(heights)), path) as figure:
        panels = figure.subplots(len(found), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
        for axes, one, height in zip(panels, found, heights, strict=True):
            _draw(axes, one, height)


def _draw(axes: "Axes", found: Ranking, height: float) -> None:
    """Draw with 0 at the axis of ranks, and inches below it; labels stand in two columns beside the axis."""
    k, best, mean = len(found.models), found.best, found.mean
    left, right = 1 - 0.08 * (k - 1), k + 0.08 * (k - 1)
    axes.set(xlim=(left - 0.42 * (k - 1), right + 0.42 * (k - 1)), ylim=(height - 0.95, -0.8))
    axes.axis("off")
    axes.hlines(0, 1, k, color="black", linewidth=1)
    for rank in range(1, k + 1):
        axes.vlines(rank, -0.08, 0, color="black", linewidth=1)
        axes.text(rank, -0.12, str(rank), ha="center", va="bottom", fontsize="small")
    width = min(found.critical_difference, k - 1)
    axes.errorbar(1 + width / 2, -0.5, xerr=width / 2, color="0.4", capsize=3, linewidth=1)
    told = f"critical difference {found.critical_difference:.2f} (Nemenyi, 5 %)"
    axes.text(1 + width + 0.02 * (k - 1), -0.5, told, ha="left", va="center", fontsize="x-small", color="0.3")
    axes.set_title(plain(f"{found.task}: mean ranks over {len(found.ranks)} data sets, 1 is best"), fontsize="small")
    near = [best, *(i for i in found.chances if found.verdict(i) == "undecided")]
    if len(near) > 1:
        axes.hlines(0.2, mean[near].min(), mean[near].max(), color="tab:blue", linewidth=3, alpha=0.5)
        axes.plot(mean[near], [0.2] * len(near), "o", color="tab:blue", markersize=4, label="undecided")
    order = np.argsort(mean, kind="stable").tolist()
    half = (k + 1) // 2
    for place, i in enumerate(order):
        first = place < half
        depth = 0.5 + STEP * (place if first else k - 1 - place)
        end, side = (left, "right") if first else (right, "left")
        weight = "bold" if i == best else "normal"
        axes.plot([mean[i], mean[i], end], [0, depth, depth], color="0.5", linewidth=0.8)
        axes.plot(mean[i], 0, "o", color="black", markersize=3)
        text = f"{plain(found.models[i])}  {mean[i]:.2f}" if first else f"{mean[i]:.2f}  {plain(found.models[i])}"
        axes.text(end, depth, f" {text} ", ha=side, va="center", fontsize="small", fontweight=weight)
    said = f"line: not told from {plain(found.models[best])}, the best on validation (signed-rank test, Holm, 5 %)"
    axes.text(0.5, 0, said, transform=axes.transAxes, ha="center", va="bottom", fontsize="x-small", color="tab:blue")


def _too_few(tables: Sequence[Table]) -> str:
    names = list(dict.fromkeys(table.basis.task for table in tables))
    counts = [f"{sum(table.basis.task == name for table in tables)} of {name}" for name in names]
    return (
        f"a diagram of ranks needs {FEWEST} data sets of one task, with three models that have comparable scores on "
        f"each of them; this store has tables of {listed(counts)}"
    )
