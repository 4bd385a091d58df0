"""Tell after how many updates each network solved each problem of the suite longrange, and draw the curves.

    seqbench run --suite longrange --preset standard --store results/longrange
    python benchmarks/longrange.py [--store results/longrange] [--output docs/longrange.png]

A problem counts as solved from the first validation on whose score reaches the bound of `SOLVED`; docs/longrange.md
says why it is this one. Validation comes once per epoch, so the number of updates is known up to one epoch. Curves are
those of the learning rate that validation chose. Fits nothing itself.
"""

import argparse
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqbench.datasets.synthetic import adding, copying, temporal_order
from seqbench.evidence.records import Record
from seqbench.runs.store import Store

COLOURS = {
    "window-mlp": "#D55E00",
    "tcn": "#6E6E6E",
    "elman": "#56B4E9",
    "gru": "#009E73",
    "lstm": "#CC79A7",
    "bilstm": "#E69F00",
}
OTHER = "#0072B2"
COLUMNS = 3
"""Panels side by side."""


@dataclass(frozen=True)
class Problem:
    """How a data set is told to be solved."""

    curve: str
    """Name of the validation score; lower is better."""
    solved: float
    """The problem is solved if the score is at most this."""
    chance: float
    """The score of a model without memory."""


def problem(record: Record) -> Problem | None:
    """Return the bounds of a record's data set; None: it is not a problem that is solved or not."""
    options = record.identity.options
    match record.data_spec.name:
        case "adding":
            return Problem("valid_mse", 0.01, adding.CHANCE)
        case "temporal-order":
            return Problem("valid_error", 0.05, 1 - temporal_order.memoryless(int(options["keys"])))
        case "digits":
            return Problem("valid_error", 0.05, 0.9)
        case "copy-memory":
            forgetful = copying.memoryless(int(options["delay"]))
            return Problem("valid_perplexity", math.exp(1.1 * forgetful / 2), math.exp(forgetful))
    return None


@dataclass(frozen=True)
class Course:
    """The validation scores of one fit at its chosen learning rate."""

    seed: int
    learning_rate: float
    updates: Sequence[float]
    scores: Sequence[float]

    @classmethod
    def of(cls, record: Record, curve: str) -> "Course | None":
        """Return the course of a record; None: it is of no network."""
        chosen = record.curves.get("learning_rate")
        suffix = f", learning rate {chosen[-1]:g}" if chosen else ""
        updates, scores = (record.curves.get(name + suffix) for name in ("updates", curve))
        if not updates or not scores:
            return None
        rate = chosen[-1] if chosen else float(record.identity.config.get("learning_rate", math.nan))
        return cls(record.identity.seed, rate, updates, scores)

    def solved(self, bound: float) -> float | None:
        """Return the updates before the first score that is at most `bound`; None: there is no such score."""
        return next((u for u, score in zip(self.updates, self.scores, strict=False) if score <= bound), None)


def courses(store: Path) -> dict[str, tuple[Problem, dict[str, list[Course]]]]:
    """Return, by the name of the data set, its bounds and the courses of each model, sorted by seed."""
    found: dict[str, tuple[Problem, dict[str, list[Course]]]] = {}
    for record in Store(store).records():
        bounds = problem(record) if isinstance(record, Record) and record.status == "ok" else None
        if bounds is None or not isinstance(record, Record):
            continue
        course = Course.of(record, bounds.curve)
        if course is not None:
            of_data = found.setdefault(record.identity.dataset, (bounds, {}))[1]
            of_data.setdefault(record.label, []).append(course)
    for _, models in found.values():
        for fits in models.values():
            fits.sort(key=lambda fit: fit.seed)
    return dict(sorted(found.items(), key=lambda item: _by_number(item[0])))


def _by_number(name: str) -> list[str]:
    """Return a key by which a shorter problem comes first: numbers are ordered by their value."""
    return [part.zfill(9) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def table(found: Mapping[str, tuple[Problem, Mapping[str, Sequence[Course]]]]) -> str:
    """Return the table in Markdown: a row per data set and model, a cell per seed."""
    titles = ("data", "model", "solved at update, by seed", "best score, by seed", "learning rate, by seed")
    lines = [f"| {' | '.join(titles)} |", "| :-- " * len(titles) + "|"]
    for data, (bounds, models) in found.items():
        for model in sorted(models, key=lambda name: [*COLOURS, name].index(name)):
            fits = models[model]
            solved = [fit.solved(bounds.solved) for fit in fits]
            cells = (
                ", ".join("—" if at is None else f"{at:,.0f}" for at in solved),
                ", ".join(f"{min(fit.scores):.3g}" for fit in fits),
                ", ".join(f"{fit.learning_rate:g}" for fit in fits),
            )
            lines.append(f"| {_short(data)} | {model} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _short(data: str) -> str:
    """Return the name of a data set without the sizes of its parts."""
    name, _, options = data.rstrip(")").partition("(")
    kept = [option for option in options.split(", ") if option and not option.startswith(("train_", "valid_", "test_"))]
    return f"{name}({', '.join(kept)})" if kept else name


def draw(found: Mapping[str, tuple[Problem, Mapping[str, Sequence[Course]]]], output: Path) -> None:
    """Draw a panel per data set: the validation score against the number of updates, a line per fit."""
    rows = -(-len(found) // COLUMNS)
    figure = Figure(figsize=(5 * COLUMNS, 3.6 * rows), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes, (data, (bounds, models)) in zip(panels, found.items(), strict=False):
        _panel(axes, data, bounds, models)
    for axes in panels[len(found) :]:
        axes.axis("off")
    names = {line.get_label(): line for axes in panels for line in axes.get_lines() if line.get_label()[0] != "_"}
    figure.legend(names.values(), names.keys(), loc="outside lower center", ncols=len(names), frameon=False)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110)


def _panel(axes: Axes, data: str, bounds: Problem, models: Mapping[str, Sequence[Course]]) -> None:
    for model, fits in models.items():
        for i, fit in enumerate(fits):
            axes.plot(
                fit.updates,
                fit.scores,
                color=COLOURS.get(model, OTHER),
                linewidth=1.2,
                alpha=0.8,
                label=model if i == 0 else None,
            )
    axes.axhline(bounds.chance, color="black", linestyle=":", linewidth=1)
    axes.axhline(bounds.solved, color="black", linestyle="--", linewidth=1)
    axes.annotate("no memory", (1, bounds.chance), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    axes.annotate("solved", (1, bounds.solved), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    if bounds.solved < 1:  # an error, which may go down to rounding errors
        axes.set_yscale("log")
        axes.set_ylim(bottom=bounds.solved / 20)
    axes.set_title(_short(data))
    axes.set_xlabel("updates")
    axes.set_ylabel(bounds.curve.replace("valid_", "validation ").replace("mse", "MSE"))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path("results/longrange"))
    parser.add_argument("--output", type=Path, default=Path("docs/longrange.png"))
    asked = parser.parse_args()
    found = courses(asked.store)
    if not found:
        parser.exit(2, f"{asked.store} holds no run of the suite longrange; make some as the help says\n")
    print(table(found))
    draw(found, asked.output)
    print(f"\ndrawn in {asked.output}")


if __name__ == "__main__":
    main()
