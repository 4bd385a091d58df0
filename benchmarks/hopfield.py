"""Compare a Hopfield network with a plain batched program in NumPy, in turn, on a CPU.

    python benchmarks/hopfield.py [--units 1000] [--stored 100] [--probes 10000] [--flip 0.2] [--repeats 5] [--cpu-time]

Random patterns are stored by Hebb's rule; in each probe, a share of the units of a stored pattern is flipped. Both
programs run until no probe changes any more, or 100 updates of all units, in float32. States that oscillate may end in
either phase; all others must be equal.

Synchronous: the plain program repeats s ← sgn(s W) on all probes that still change. Asynchronous: it updates one unit
of all of them after another, s_i ← sgn(s w_i). It tells neither energies nor periods, which ours does.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from seqbench.baselines.memories.dynamics import Dynamics, settle
from seqbench.baselines.memories.learning import hebbian_of

LIMIT = 100


def plain(weights: NDArray[np.float32], start: NDArray[np.float32], dynamics: Dynamics) -> NDArray[np.float32]:
    states = start.copy()
    going = np.arange(len(states))
    for _ in range(LIMIT):
        before = states[going]
        after = before.copy()
        if dynamics == "synchronous":
            fields = before @ weights
            after = np.where(fields == 0, before, np.sign(fields))
        else:
            for unit in range(len(weights)):
                field = after @ weights[unit]
                after[:, unit] = np.where(field == 0, after[:, unit], np.sign(field))
        states[going] = after
        going = going[(after != before).any(axis=1)]
        if not len(going):
            break
    return states


def seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return clock() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--stored", type=int, default=100)
    parser.add_argument("--probes", type=int, default=10_000)
    parser.add_argument("--flip", type=float, default=0.2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cpu-time", action="store_true")
    asked = parser.parse_args()
    clock = time.process_time if asked.cpu_time else time.perf_counter
    rng = np.random.default_rng(0)
    stored = np.where(rng.random((asked.stored, asked.units)) < 0.5, 1, -1).astype(np.int8)
    probes = stored[rng.integers(asked.stored, size=asked.probes)]
    probes = np.where(rng.random(probes.shape) < asked.flip, -probes, probes).astype(np.int8)
    between = hebbian_of(stored)
    single, start = (between.weights() * asked.units).round().astype(np.float32), probes.astype(np.float32)
    print(f"{asked.stored} patterns of {asked.units:,} units, {asked.probes:,} probes, one thread")
    kinds: tuple[Dynamics, ...] = ("synchronous", "asynchronous")
    with threadpool_limits(1):
        for dynamics in kinds:

            def ours(dynamics: Dynamics = dynamics) -> NDArray[np.int8]:
                return settle(between, probes, dynamics, LIMIT).patterns

            def theirs(dynamics: Dynamics = dynamics) -> NDArray[np.float32]:
                return plain(single, start, dynamics)

            rest = settle(between, probes, dynamics, LIMIT).period == 1
            equal = (ours() == theirs())[rest].all()
            pairs = [(seconds(ours, clock), seconds(theirs, clock)) for _ in range(asked.repeats)]
            own, other = (median(column) for column in zip(*pairs, strict=True))
            ratios = sorted(b / a for a, b in pairs)
            print(
                f"{dynamics:13} seqbench {own:7.3f} s   plain {other:7.3f} s   ratio {median(ratios):.2f} "
                f"({ratios[0]:.2f}–{ratios[-1]:.2f})   equal: {'yes' if equal else 'NO'}"
            )


if __name__ == "__main__":
    main()
