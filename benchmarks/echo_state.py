"""Measure what an echo state network remembers, how well it follows chaos, and what it costs beside an LSTM.

    python benchmarks/echo_state.py [memory] [chaos] [cost] [--quick] [--output docs/figures/memory_capacity.png]

memory: the memory capacity MC_k = r²(u_{t−k}, ŷ_k) of linear and tanh reservoirs on inputs that are uniform between
−1 and 1. A linear one of N units has Σ MC_k = N in exact arithmetic (Jaeger 2002). The second column is the closed form
in float64, where directions that are too small are lost.

chaos: the Mackey–Glass series with a delay of 17, one value per time unit, as tanh(y − 1). A read-out of one step ahead
is fitted to 3,000 values after 1,000 of washout. From each of 100 places of a new stretch, after 1,000 values of
washout, the forecast is fed back for 84 steps. Errors are divided by the standard deviation of the stretch: NRMSE of
the first step and of step 84; the median and range over reservoirs. Jaeger & Haas 2004, "Harnessing nonlinearity",
Science 304, report a log10 NRMSE of −4.2 at step 84 for 1,000 units and 3,000 values. There the output feeds back
through weights of its own, and another integrator made the series.

cost: fit time of `lstm` and of echo state networks of growing size as forecasters of `mackey-glass` by the suite ts,
and the smallest size that is at least as good as the LSTM.

Each part takes about a minute on one core, `cost` up to five; --quick takes seconds.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seqbench import api
from seqbench.datasets.synthetic.chaos import mackey_glass
from seqbench.interface import Floats
from seqbench.recurrent.reservoirs.memory import linear_memory_capacities, memory_capacities
from seqbench.recurrent.reservoirs.readout import Readout, Triangle
from seqbench.recurrent.reservoirs.reservoir import Activation, Reservoir

WASHOUT, TRAIN, PLACES, AHEAD = 1000, 3000, 100, 84
PENALTIES = tuple(10.0**power for power in range(-20, -6, 2))


def memory(output: Path, quick: bool) -> None:
    units, steps = (20, 4_000) if quick else (50, 50_000)
    figure = Figure(figsize=(6.5, 4), layout="constrained")
    axes = figure.subplots()
    print(f"memory of {units} units, {steps:,} steps to fit and as many to score")
    print(f"{'reservoir':34}{'measured':>10}{'exact':>10}")
    curves: list[tuple[str, Activation, float, float]] = [
        ("linear, spectral radius 0.99", "linear", 0.99, 0.1),
        ("linear, spectral radius 0.9", "linear", 0.9, 0.1),
        ("tanh, inputs up to 0.1", "tanh", 0.9, 0.1),
        ("tanh, inputs up to 1", "tanh", 0.9, 1.0),
    ]
    for label, activation, radius, scaling in curves:
        reservoir = Reservoir.draw(
            units,
            1,
            np.random.default_rng(0),
            spectral_radius=radius,
            input_scaling=scaling,
            activation=activation,
            connections=units,
        )
        found = memory_capacities(reservoir, 2 * units, steps, np.random.default_rng(1))
        exact = f"{linear_memory_capacities(reservoir, 100 * units).sum():10.2f}" if activation == "linear" else ""
        print(f"{label:34}{found.sum():10.2f}{exact:>10}")
        axes.plot(found, label=f"{label}: {found.sum():.1f}", linestyle="-" if activation == "linear" else "--")
    axes.axvline(units, color="black", linewidth=0.8, linestyle=":")
    axes.text(units, 1.0, f" {units} units", va="top", fontsize="small")
    axes.set(xlabel="delay k, steps", ylabel="squared correlation with the input k steps ago", ylim=(0, 1.05))
    axes.legend(title="memory capacity", frameon=False, fontsize="small")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=160)
    print(f"drawn into {output}\n")


def free_run(reservoir: Reservoir, readout: Readout, z: Floats, states: Floats, steps: int) -> Floats:
    """Return the next `steps` values (B, H) after the last values z (B, 1) and states (B, N); each is fed back."""
    ahead = []
    for _ in range(steps):
        z = readout(np.concatenate([z, states], axis=1))[0]
        states = reservoir.step(z, states)
        ahead.append(z[:, 0])
    return np.stack(ahead, axis=1)


def chaos(quick: bool) -> None:
    networks = 1 if quick else 5
    print(f"Mackey–Glass, delay 17, {TRAIN:,} values, {AHEAD} steps fed back from {PLACES} places, {networks} networks")
    print(f"{'units':>6}{'NRMSE, 1 step':>16}{f'NRMSE, step {AHEAD}':>16}{'log10, and its range':>26}{'fit':>9}")
    last = WASHOUT + TRAIN
    length = last + 2 * WASHOUT + 20 * PLACES + AHEAD
    series = np.tanh(mackey_glass(length, every=1, delay=17, rng=np.random.default_rng(0)) - 1)
    train, test = series[: last + 1], series[last + WASHOUT :]
    places = WASHOUT + 20 * np.arange(PLACES)
    actual = np.stack([test[t + 1 : t + 1 + AHEAD] for t in places])
    for units in (100,) if quick else (100, 300, 1000):
        found = []
        for seed in range(networks):
            started = time.perf_counter()
            reservoir, readout = fitted(units, train, seed)
            seconds = time.perf_counter() - started
            states = reservoir.run(test[None, :, None])[0]
            ahead = free_run(reservoir, readout, test[places, None], states[places], AHEAD)
            error = np.sqrt(np.square(ahead - actual).mean(axis=0)) / test.std()
            found.append((error[0], error[-1], seconds))
        one, far, seconds = np.median(found, axis=0)
        low, high = np.log10(np.array(found)[:, 1].min()), np.log10(np.array(found)[:, 1].max())
        said = f"{np.log10(far):.2f} ({low:.2f} to {high:.2f})"
        print(f"{units:6}{one:16.2e}{far:16.2e}{said:>26}{seconds:7.1f} s", flush=True)
    print()


def fitted(units: int, train: Floats, seed: int) -> tuple[Reservoir, Readout]:
    """Fit a network to one step ahead; its penalty has the smallest error of free runs within the training values."""
    reservoir = Reservoir.draw(
        units,
        1,
        np.random.default_rng(seed),
        spectral_radius=0.9,
        input_scaling=1,
        bias_scaling=0.5,
        leak=0.5,
    )
    triangle = Triangle(1 + units, 1)
    inputs = np.concatenate([train[:-1, None], reservoir.run(train[None, :-1, None])[0]], axis=1)
    triangle.add(inputs[WASHOUT:], train[WASHOUT + 1 :, None])
    ridge = triangle.ridge()
    inner = np.arange(len(inputs) - 10 * AHEAD, len(inputs) - AHEAD, AHEAD // 2)
    actual = np.stack([train[t + 1 : t + 1 + AHEAD] for t in inner])

    def error(readout: Readout) -> float:
        return float(
            np.square(free_run(reservoir, readout, inputs[inner, :1], inputs[inner, 1:], AHEAD) - actual).mean()
        )

    return reservoir, min((ridge.solve([penalty * ridge.scale]) for penalty in PENALTIES), key=error)


def cost(store: Path, quick: bool) -> None:
    """Fit both kinds of models as the suite does, each in a process of its own, one after another."""
    source = f"mackey-glass(train_steps={1000 if quick else 6000}, horizon={12 if quick else 84})"
    settings = "window=96, batch_size=64, patience=30, segment=8, dropout=0, learning_rate=0.003"
    units = (10, 20) if quick else (10, 20, 40, 80, 160, 320)
    models = [f"lstm({settings})", *(f"echo-state(hidden_size={size})" for size in units)]
    asked = api.ask(
        "ts", models=models, datasets=[source], preset="quick" if quick else "paper", seeds=1, store=store, jobs=1
    )
    for _ in asked.start():
        pass
    (table,) = asked.tables()
    print(source)
    print(f"{'model':50}{'MASE':>10}{'fit':>10}{'weights':>10}")
    rows = [(row.label, row.scores["mase"], row.records[0].costs) for row in table.rows if row.scores]
    for label, score, costs in rows:
        name = label if label.startswith("echo") else "lstm"
        print(f"{name:50}{score:10.4f}{costs.fit_seconds:8.1f} s{costs.parameters:10,}")
    lstm = rows[0]
    equal = next((row for row in rows[1:] if row[1] <= lstm[1]), None)
    if equal is None:
        print("no echo state network is as good as the LSTM")
    else:
        ratio = lstm[2].fit_seconds / equal[2].fit_seconds
        print(f"{equal[0]} is as good as the LSTM, and its fit is {ratio:.0f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["memory", "chaos", "cost"])
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--output", type=Path, default=Path("docs/figures/memory_capacity.png"))
    parser.add_argument("--store", type=Path, default=Path("results/echo_state"))
    asked = parser.parse_args()
    for part in asked.parts:
        if part == "memory":
            memory(asked.output, asked.quick)
        elif part == "chaos":
            chaos(asked.quick)
        elif part == "cost":
            cost(asked.store, asked.quick)
        else:
            parser.error(f"there is no part {part!r}; there are: memory, chaos, cost")


if __name__ == "__main__":
    main()
