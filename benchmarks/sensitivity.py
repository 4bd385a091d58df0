"""How far one flipped unit carries: two runs of a Hopfield network from states that differ in a single unit.

    python benchmarks/sensitivity.py [--units 1000] [--steps 60] [--output docs/sensitivity.png]

Hebb's rule at the load 0.1, from random states, all units at once. `asymmetry` k adds an antisymmetric matrix k times
as large as the weights (Crisanti & Sompolinsky 1987). With symmetric weights both runs end in fixed points or
two-cycles. With more asymmetry states rest less often, and the distance grows until the runs have little in common:
deterministic chaos (Sompolinsky, Crisanti & Sommers 1988). Where weights are almost antisymmetric, states return.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seqbench.baselines.memories.connections import Connections
from seqbench.baselines.memories.dynamics import synchronous
from seqbench.baselines.memories.hopfield import Hopfield, HopfieldConfig
from seqbench.interface import Budget, Floats
from seqbench.tasks.patterns.model import Probes, RecallContext

ASYMMETRIES = (0.0, 0.5, 1.0, 2.0, 4.0)
LOAD = 0.1
STARTS = 100


def distances(between: Connections, steps: int, rng: np.random.Generator) -> Floats:
    """Return the mean share of units (steps + 1,) that differ after each step, of `STARTS` pairs of states."""
    states = np.where(rng.random((STARTS, between.units)) < 0.5, 1, -1).astype(np.float32)
    others, step = states.copy(), synchronous(between)
    others[np.arange(STARTS), rng.integers(between.units, size=STARTS)] *= -1
    found = [float((states != others).mean())]
    for _ in range(steps):
        states, others = step(states)[0], step(others)[0]
        found.append(float((states != others).mean()))
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--output", type=Path, default=Path("docs/sensitivity.png"))
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    stored = np.where(rng.random((round(LOAD * asked.units), asked.units)) < 0.5, 1, -1).astype(np.int8)
    train = Probes(stored, stored, np.arange(len(stored)))
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for k in ASYMMETRIES:
        network = Hopfield(HopfieldConfig(asymmetry=k))
        network.fit(train, RecallContext(seed=0, budget=Budget(), valid=train))
        found = distances(network.between, asked.steps, np.random.default_rng(1))
        axes.semilogy(np.maximum(found, 1e-4), label=f"k = {k:g}")
        print(f"asymmetry {k:g}: after {asked.steps} steps {100 * found[-1]:.2f} % of the units differ")
    axes.set(xlabel="step, all units at once", ylabel="share of units that differ")
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(asked.output, dpi=110)
    print(f"drawn in {asked.output}")


if __name__ == "__main__":
    main()
