"""Measure the error by step ahead on two synthetic sources: a linear autoregression, and chaos.

    python benchmarks/horizons.py [--store results/horizons] [--output docs/horizons.png] [--seeds 1] [--jobs 1]

On `synthetic-ar`, with 20,000 training values, least squares should be close to the true model, and no model should be
better than it. Intervals are those of paired differences of squared errors over all origins of the test part. On
`mackey-glass`, which has no noise, an autoregression is best for the next three steps, and networks for all later ones.

Runs the suite ts; an interrupted run continues where it stopped. Takes about 5 minutes on one free core; the
networks' budgets are limited to fit into this time. Their settings were chosen by the error on the validation part.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqbench import api
from seqbench.evidence.metrics import Columns
from seqbench.evidence.statistics import compare
from seqbench.evidence.units import Way
from seqbench.interface import Floats
from seqbench.runs.loading import dataset
from seqbench.runs.runner import Finished
from seqbench.tasks.forecasts.data import SeriesData
from seqbench.tasks.forecasts.metrics import MSE

CHAOS = "window=96, batch_size=64, patience=30"
LINEAR = {
    "naive": "naive",
    "autoregression": "autoregression(lags=5)",
    "autoregression by AIC": "autoregression(aic=true)",
    "linear-window": "linear-window(window=96)",
    "window-mlp": "window-mlp(window=96)",
    "gru": "gru(window=96, segment=8)",
    "lstm": "lstm(window=96, segment=8)",
}
CHAOTIC = {
    "autoregression": "autoregression(lags=504, logarithm=false)",
    "linear-window": "linear-window(window=504)",
    "window-mlp": f"window-mlp({CHAOS}, dropout=0)",
    "tcn": f"tcn({CHAOS}, segment=8, channel_dropout=0, learning_rate=0.003)",
    "gru": f"gru({CHAOS}, segment=8, dropout=0, learning_rate=0.003)",
    "lstm": f"lstm({CHAOS}, segment=8, dropout=0, learning_rate=0.003)",
}
"""Name of a row → model. 5 is the order of the source of `synthetic-ar`."""
TRUTH = "true model"
COLOURS = {
    TRUTH: "black",
    "naive": "#56B4E9",
    "autoregression": "#0072B2",
    "linear-window": "#E69F00",
    "window-mlp": "#D55E00",
    "tcn": "#6E6E6E",
    "gru": "#009E73",
    "lstm": "#CC79A7",
}
"""Colours of Okabe & Ito, which colour-blind readers can distinguish. Only the models listed here are drawn."""


@dataclass(frozen=True)
class Curves:
    """The results of a run, by model."""

    data: SeriesData
    errors: Mapping[str, Sequence[Floats]]
    """(I, H) errors on the test part, one array per fit."""
    kinds: Mapping[str, str]

    def rmse(self, name: str) -> Floats:
        """Return (H,) the root mean squared error over all fits, by step ahead."""
        found: Floats = np.sqrt(np.mean([np.square(error).mean(axis=0) for error in self.errors[name]], axis=0))
        return found


def run(models: Mapping[str, str], source: str, preset: str, asked: argparse.Namespace) -> Curves:
    """Run models on a data set in separate processes, or read them from the store."""
    run = api.ask(
        "ts",
        models=list(models.values()),
        datasets=[source],
        preset=preset,
        seeds=asked.seeds,
        store=asked.store,
        jobs=asked.jobs,
    )
    for event in run.start():
        if isinstance(event, Finished) and not event.reused:
            print(f"  {event.record.label}: {event.record.status}, {event.record.costs.wall_seconds:.0f} s", flush=True)
    (table,) = run.tables()
    names = [*models, TRUTH]
    found = {name: row for name, row in zip(names, table.rows, strict=False) if row.pooled}
    columns: dict[str, list[Columns | None]] = {
        name: [run.store.columns(record) for record in row.records if record.status == "ok"]
        for name, row in found.items()
    }
    return Curves(
        dataset(run.cells[0]).load(),
        {name: [c["error"].astype(np.float64) for c in kept if c] for name, kept in columns.items()},
        {name: row.kind for name, row in found.items()},
    )


def against_truth(curves: Curves, name: str, step: int | None) -> tuple[float, float, float]:
    """Return by how many per cent the mean squared error is above the true model's, with its paired 95 % interval.

    Args:
        step: the step ahead, from 1; None: the mean over all steps.
    """

    def squared(error: Floats) -> dict[str, Floats]:
        kept = error if step is None else error[:, step - 1 : step]
        return {"squared": np.square(kept).mean(axis=1)}

    fits, truth = ([squared(error) for error in curves.errors[of]] for of in (name, TRUTH))
    told = compare(MSE, fits, truth, margin=0, ways=(Way("origins", ordered=True),))
    floor = float(MSE(truth[0])[0])
    return 100 * told.difference / floor, 100 * told.low / floor, 100 * told.high / floor


def print_linear(curves: Curves) -> None:
    steps = [1, 2, 3, 6, 12, 24]
    print(f"\n{curves.data.name}: RMSE by step ahead, innovations of variance {curves.data.innovation_variance:g}")
    print(f"{'':23}{''.join(f'{step:7}' for step in steps)}   mean squared error above the true model's, %")
    print(f"{'':23}{'':{7 * len(steps)}}   {'one step ahead':28}all steps")
    better = []
    for name in curves.errors:
        row = "".join(f"{curves.rmse(name)[step - 1]:7.3f}" for step in steps)
        if name != TRUTH:
            beyond = [against_truth(curves, name, step) for step in (1, None)]
            row += "   " + "".join(f"{f'{d:+.2f} [{low:+.2f}, {high:+.2f}]':28}" for d, low, high in beyond)
            better += [name for _, _, high in beyond if high < 0]
        print(f"{name:23}{row.rstrip()}")
    print(f"better than the true model beyond the paired interval: {', '.join(better) or 'none'}")


def print_chaotic(curves: Curves, spread: float) -> None:
    steps = [1, 2, 3, 6, 12, 24, 48, 84]
    reference = curves.rmse("autoregression")
    print(f"\n{curves.data.name}: RMSE by step ahead, in standard deviations of the series ({spread:.3f})")
    print(f"{'':15}{''.join(f'{step:8}' for step in steps)}   all steps   below the autoregression from step")
    for name in curves.errors:
        found = curves.rmse(name)
        behind = np.flatnonzero(found >= reference)
        since = 1 + (int(behind[-1]) + 1 if len(behind) else 0)
        row = "".join(f"{found[step - 1] / spread:8.4f}" for step in steps)
        passes = f"{since}" if since <= len(found) else "never" if name != "autoregression" else ""
        print(f"{name:15}{row}{np.sqrt(np.mean(found**2)) / spread:12.4f}   {passes}")


def draw(linear: Curves, chaotic: Curves, spread: float, path: Path) -> None:
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    beyond = {
        name: 100 * ((linear.rmse(name) / linear.rmse(TRUTH)) ** 2 - 1)
        for name in linear.errors
        if name in COLOURS and name != TRUTH
    }
    left.axhline(0, color="black", linestyle="--", linewidth=1.5)
    left.set_yscale("symlog", linthresh=1, linscale=0.6)
    left.set_yticks([0, 0.5, 1, 2, 5, 10, 20, 50, 100, 200], ["0", ".5", "1", "2", "5", "10", "20", "50", "100", "200"])
    left.minorticks_off()
    plot(left, beyond, linear.kinds, {TRUTH: 0.0})
    left.set_title("synthetic-ar: MSE beyond the true model's, %", fontsize=13, loc="left")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_yticks([0.001, 0.01, 0.1, 1], [".001", ".01", ".1", "1"])
    plot(right, {name: chaotic.rmse(name) / spread for name in chaotic.errors}, chaotic.kinds, {})
    right.set_xticks([1, 2, 3, 6, 12, 24, 48, 84], ["1", "2", "3", "6", "12", "24", "48", "84"])
    right.minorticks_off()
    right.set_title("mackey-glass: RMSE / standard deviation", fontsize=13, loc="left")
    figure.savefig(path, dpi=160)


def plot(axes: Axes, curves: Mapping[str, Floats], kinds: Mapping[str, str], lines: Mapping[str, float]) -> None:
    """Draw curves over the steps ahead and name each at its end; `lines` are drawn already, and only get names."""
    steps = len(next(iter(curves.values())))
    for name, values in curves.items():
        style = ":" if kinds[name] == "classic" else "-"
        axes.plot(np.arange(steps) + 1, values, color=COLOURS[name], linestyle=style, linewidth=2)
    axes.set_xlim(1, steps)
    axes.set_xlabel("steps ahead", fontsize=12)
    axes.tick_params(labelsize=11)
    axes.grid(alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    ends = {**{name: float(values[-1]) for name, values in curves.items()}, **lines}
    bottom, top = axes.get_ylim()
    to = axes.transScale.transform
    low, high = (to((1, y))[1] for y in (bottom, top))
    at = {name: (to((1, y))[1] - low) / (high - low) for name, y in ends.items()}
    for (name, y), place in zip(at.items(), apart(np.array(list(at.values())), 0.06), strict=True):
        axes.annotate(
            name,
            xy=(1, y),
            xytext=(1.07, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            color=COLOURS[name],
            fontsize=12,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": COLOURS[name], "linewidth": 0.8, "shrinkA": 2, "relpos": (0, 0.5)},
        )


def apart(places: Floats, gap: float) -> Floats:
    """Move places on a line as little as possible: they keep their order, are `gap` apart, and lie in 0..1."""
    order = np.argsort(places)
    room = gap * np.arange(len(places))
    # Without the gaps, places must not decrease; pooling neighbours gives the nearest such sequence.
    pools: list[tuple[float, int]] = []
    for value in places[order] - room:
        mean, count = float(value), 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    rising = np.clip(np.repeat([m for m, _ in pools], [n for _, n in pools]), 0, 1 - room[-1])
    moved = np.empty(len(places))
    moved[order] = rising + room
    return moved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path("results/horizons"))
    parser.add_argument("--output", type=Path, default=Path("docs/horizons.png"))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    linear = run(LINEAR, "synthetic-ar(stride=1)", "quick", asked)
    chaotic = run(CHAOTIC, "mackey-glass(stride=10)", "paper", asked)
    spread = float(chaotic.data.train.values[0].std())
    print_linear(linear)
    print_chaotic(chaotic, spread)
    draw(linear, chaotic, spread, asked.output)
    print(f"\ndrawn in {asked.output}")


if __name__ == "__main__":
    main()
