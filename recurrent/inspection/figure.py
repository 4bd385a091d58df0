"""The picture of `seqbench inspect gradients`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqbench.recurrent.inspection.study import CLIP, LEARNING_RATE, Study
from seqbench.reports.formatting import plain
from seqbench.reports.pictures import save

LINES = {"start": "--", "trained": "-"}
SEEN = (1e-12, 1e4)
"""The norms that are drawn."""


def draw(studies: Sequence[Study], path: Path) -> None:
    """Draw the norms against the lag, and the norm of the gradient over updates with and without clipping."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"text.parse_math": False, "svg.hashsalt": "seqbench"}):
        figure = Figure(figsize=(11.5, 4.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        for place, study in enumerate(studies):
            colour, name = f"C{place}", plain(study.label)
            for when, found in study.reaches.items():
                lags = np.arange(1, len(found.spectral) + 1)
                left.plot(lags, found.spectral, LINES[when], color=colour, label=f"{name}, {when}")
                bound = study.bounds[when]
                if bound is not None:
                    left.plot(lags, bound, LINES[when], color=colour, linewidth=0.7, label=f"its bound, {when}")
            for how, descent in study.descents.items():
                clipped = how == "clipped"
                updates = np.arange(1, len(descent.norms) + 1)
                style = {"linewidth": 1.2 if clipped else 0.8, "alpha": 1.0 if clipped else 0.5}
                right.plot(
                    updates, descent.norms, "-" if clipped else ":", color=colour, label=f"{name}, {how}", **style
                )
        left.set(xlabel="lag j, steps", ylabel="spectral norm of ∂h_t/∂s_{t−j}", yscale="log", ylim=SEEN)
        right.set(xlabel="update", ylabel="norm of the gradient before clipping", yscale="log")
        right.set_title(f"gradient descent, learning rate {LEARNING_RATE:g}, clipped at {CLIP:g}", fontsize="small")
        left.set_title("how much a state depends on earlier ones", fontsize="small")
        for axes in (left, right):
            axes.grid(alpha=0.25)
            axes.yaxis.set_major_formatter("{x:g}")  # the default one writes formulas
            axes.legend(frameon=False, fontsize="x-small")
            for side in ("top", "right"):
                axes.spines[side].set_visible(False)
        save(figure, path)
