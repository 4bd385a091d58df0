"""How many patterns a memory holds: overlap and share restored against the load α = P / N, for several N, with theory.

    python benchmarks/capacity.py [--units 250 500 1000 2000 4000] [--seeds 3] [--output docs/capacity.png]

Random patterns are stored, and at most `PROBES` of them are probes, undamaged: what do they become? Units move one
after another. Printed for Hebb's rule: the load at which the mean overlap falls under 0.9, by linear interpolation
between loads; for N → ∞ theory has 0.138 (Amit, Gutfreund & Sompolinsky 1985). The share restored exactly is drawn with
N / (2 ln N) patterns marked, the number up to which theory expects all units of a pattern to stay (McEliece et al.
1987). Dense memories have N = 64 units, of which a tenth is flipped.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqbench.baselines.memories.dense import DenseMemory, DenseMemoryConfig
from seqbench.baselines.memories.dynamics import settle
from seqbench.baselines.memories.hopfield import Hopfield
from seqbench.baselines.memories.learning import RULES
from seqbench.interface import Budget
from seqbench.tasks.patterns.model import Probes, RecallContext, Signs

CRITICAL = 0.138
LOADS = (0.02, 0.05, 0.08, 0.1, 0.12, 0.13, 0.14, 0.15, 0.16, 0.17, 0.18, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
FELL = 0.9
LIMIT = 200
PROBES = 300
FEW = 64
"""Units of the dense memories."""
DENSE = {
    "hopfield, hebbian": None,
    "order 2": DenseMemoryConfig(order=2),
    "order 3": DenseMemoryConfig(order=3),
    "order 4": DenseMemoryConfig(order=4),
    "exponential": DenseMemoryConfig(interaction="exponential"),
    "softmax, β = 1": DenseMemoryConfig(interaction="softmax", beta=1.0, limit=3),
}
STORED = (4, 8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 16_384, 65_536, 262_144)
"""Numbers of patterns. A form stops where it restores none; forms whose units move one by one stop at 4,096."""


class Found(NamedTuple):
    overlap: float
    restored: float


def measured(rule: str, units: int, load: float, seeds: int) -> Found:
    """Return the mean overlap of what stored patterns become with them, and the share that stays as it is."""
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng([seed, units])
        stored = np.where(rng.random((max(1, round(load * units)), units)) < 0.5, 1, -1).astype(np.int8)
        between, order = RULES[rule](stored), rng.permutation(units)
        asked = stored[:PROBES]
        became: Signs = settle(between, asked, "asynchronous", LIMIT, order).patterns
        found.append([(became * asked.astype(float)).mean(), (became == asked).all(axis=1).mean()])
    return Found(*np.mean(found, axis=0).tolist())


def dense(config: DenseMemoryConfig | None, stored: int, seeds: int) -> float:
    """Return the share of probes of `FEW` units that are restored, a tenth of whose units is flipped."""
    shares = []
    for seed in range(seeds):
        rng = np.random.default_rng([seed, stored])
        patterns = np.unique(np.where(rng.random((stored, FEW)) < 0.5, 1, -1).astype(np.int8), axis=0)
        whole = patterns[rng.permutation(len(patterns))[:100]]
        probes = whole.copy()
        for probe in probes:
            probe[rng.permutation(FEW)[: FEW // 10]] *= -1
        memory = Hopfield() if config is None else DenseMemory(config)
        train = Probes(patterns, patterns, np.arange(len(patterns)))
        memory.fit(train, RecallContext(seed=seed, budget=Budget(), valid=train))
        shares.append(np.mean((memory.predict(probes).patterns == whole).all(axis=1)))
    return float(np.mean(shares))


def fall(loads: Sequence[float], overlaps: Sequence[float]) -> float | None:
    """Return the load at which the overlap falls under `FELL`; None: it does not."""
    for i in range(1, len(loads)):
        if overlaps[i] < FELL <= overlaps[i - 1]:
            share = (overlaps[i - 1] - FELL) / (overlaps[i - 1] - overlaps[i])
            return loads[i - 1] + share * (loads[i] - loads[i - 1])
    return None


def draw(axes: Axes, title: str, lines: dict[str, dict[float, Found]], value: Callable[[Found], float]) -> None:
    for label, found in lines.items():
        axes.plot(list(found), [value(one) for one in found.values()], marker="o", markersize=3, label=label)
    axes.set(xlabel="patterns per unit", ylabel=title, ylim=(0, 1.03))
    axes.legend(frameon=False, fontsize="small")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, nargs="+", default=[250, 500, 1000, 2000, 4000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("docs/capacity.png"))
    asked = parser.parse_args()
    hebbian: dict[str, dict[float, Found]] = {}
    for units in asked.units:
        loads = [load for load in LOADS if load <= 0.25]
        found = {load: measured("hebbian", units, load, asked.seeds) for load in loads}
        hebbian[f"N = {units:,}"] = found
        at = fall(loads, [one.overlap for one in found.values()])
        exact = 1 / (2 * np.log(units))
        stayed = measured("hebbian", units, exact, asked.seeds).restored
        print(
            f"hebbian, N = {units:,}: overlap under {FELL} at α = {at if at is None else round(at, 4)} "
            f"(theory for N → ∞: {CRITICAL}); at 1 / (2 ln N) = {exact:.4f}, {100 * stayed:.1f} % stay exactly"
        )
    rules = {}
    for rule in RULES:
        known = hebbian[f"N = {asked.units[0]:,}"] if rule == "hebbian" else {}
        rules[rule] = {load: known.get(load) or measured(rule, asked.units[0], load, asked.seeds) for load in LOADS}
        at = fall(LOADS, [one.overlap for one in rules[rule].values()])
        print(f"{rule}, N = {asked.units[0]:,}: overlap under {FELL} at α = {at if at is None else round(at, 4)}")
    forms: dict[str, dict[float, Found]] = {}
    for name, config in DENSE.items():
        forms[name] = {}
        for stored in STORED:
            if stored > 4_096 and (config is None or config.interaction != "softmax"):
                break
            share = dense(config, stored, asked.seeds)
            forms[name][stored] = Found(np.nan, share)
            if not share:
                break
        most = max((stored for stored, one in forms[name].items() if one.restored >= 0.95), default=0)
        print(f"{name}, N = {FEW}: 95 % and more restored up to {most:,} patterns")
    figure = Figure(figsize=(13, 8.4), layout="constrained")
    (left, middle), (right, last) = figure.subplots(2, 2)
    draw(left, "overlap, Hebb's rule", hebbian, lambda one: one.overlap)
    left.axvline(CRITICAL, color="grey", linestyle=":")
    draw(middle, "share restored exactly, Hebb's rule", hebbian, lambda one: one.restored)
    for units, colour in zip(asked.units, [line.get_color() for line in middle.get_lines()], strict=False):
        middle.axvline(1 / (2 * np.log(units)), color=colour, linestyle=":", linewidth=1)
    draw(right, f"share restored exactly, N = {asked.units[0]:,}", rules, lambda one: one.restored)
    draw(last, f"share restored exactly, N = {FEW}, a tenth flipped", forms, lambda one: one.restored)
    last.set(xscale="log", xlabel="patterns")
    for power in (1, 2, 3):
        last.axvline(FEW**power, color="grey", linestyle=":", linewidth=1)
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(asked.output, dpi=110)
    print(f"drawn in {asked.output}")


if __name__ == "__main__":
    main()
