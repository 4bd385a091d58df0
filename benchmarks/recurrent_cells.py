"""Compare recurrent layers with torch's modules on a CPU: forward and backward, in turn, in one process.

    python benchmarks/recurrent_cells.py [--threads 1 2] [--units 200 650] [--repeats 60] [--only peephole] [--cpu-time]

Sequences have 35 steps, batches 20 columns, inputs as many values as there are units, in float32. A repeat times
nn.LSTM, then one of ours, then nn.LSTM again; its ratio is our time over the mean of the two. The tables show the
median ratio over the repeats with a 95 % interval from order statistics.

Cells that torch lacks are compared with nn.LSTM per matrix: an H x H matrix of weights of the state counts as one
(nn.LSTM has four of them); minGRU, which has none, counts its two matrices of the input. Elman, GRU and LSTM are
compared with torch's modules of the same kind as they are.

--cpu-time counts the seconds of the process instead of those of the clock: for one thread on a busy machine.
"""

import argparse
import math
import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from seqbench.recurrent import (
    CarouselLSTMCell,
    Cell,
    ElmanCell,
    GRUCell,
    JordanCell,
    LSTMCell,
    MinGRUCell,
    MultiplicativeCell,
    PeepholeLSTMCell,
    Recurrent,
    ResetBeforeGRUCell,
    ShortcutCell,
    SquashedLSTMCell,
)

STEPS, COLUMNS, WARM_UP = 35, 20, 3
OWN: dict[str, Callable[[int, int], Cell[Any]]] = {
    "peephole": PeepholeLSTMCell,
    "squashed": SquashedLSTMCell,
    "carousel": CarouselLSTMCell,
    "gru, reset before": ResetBeforeGRUCell,
    "shortcut": ShortcutCell,
    "multiplicative": MultiplicativeCell,
    "jordan": JordanCell,
    "elman, sigmoid": lambda inputs, units: ElmanCell(inputs, units, "sigmoid"),
    "mingru": MinGRUCell,
}
SHARED: dict[str, tuple[Callable[[int, int], Cell[Any]], Callable[[int, int], nn.RNNBase]]] = {
    "elman": (ElmanCell, nn.RNN),
    "gru": (GRUCell, nn.GRU),
    "lstm": (LSTMCell, nn.LSTM),
}


class Ratio(NamedTuple):
    seconds: float
    reference: float
    low: float
    middle: float
    high: float


def matrices(cell: Cell[Any]) -> int:
    return sum(cell.parts) or cell.gates


def once(layer: nn.Module, x: Tensor, slope: Tensor, clock: Callable[[], float]) -> float:
    """Return the seconds of one forward and backward pass."""
    layer.zero_grad()
    x.grad = None
    started = clock()
    torch.autograd.backward(layer(x)[0], slope)
    return clock() - started


def compared(ours: nn.Module, theirs: nn.Module, units: int, repeats: int, clock: Callable[[], float]) -> Ratio:
    x = torch.randn(STEPS, COLUMNS, units, requires_grad=True)
    slope = torch.randn(STEPS, COLUMNS, units)
    for _ in range(WARM_UP):
        once(ours, x, slope, clock)
        once(theirs, x, slope, clock)
    own, reference, ratios = [], [], []
    for _ in range(repeats):
        before, seconds, after = (once(layer, x, slope, clock) for layer in (theirs, ours, theirs))
        own.append(seconds)
        reference.append((before + after) / 2)
        ratios.append(own[-1] / reference[-1])
    return Ratio(median(own), median(reference), *interval(ratios))


def interval(values: list[float]) -> tuple[float, float, float]:
    """Return the median with a 95 % interval: the order statistics that a binomial puts around it."""
    values, n = sorted(values), len(values)
    reach = math.ceil(0.98 * math.sqrt(n))
    return values[max(0, (n - 1) // 2 - reach)], median(values), values[min(n - 1, n // 2 + reach)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--units", type=int, nargs="+", default=[200, 650])
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--only", nargs="+", choices=[*OWN, *SHARED])
    parser.add_argument("--cpu-time", action="store_true")
    chosen = parser.parse_args()
    clock = time.process_time if chosen.cpu_time else time.perf_counter
    torch.manual_seed(0)
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, T = {STEPS}, B = {COLUMNS}")
    for threads in chosen.threads:
        torch.set_num_threads(threads)
        for units in chosen.units:
            print(f"\n{units} units, {threads} thread(s){'ours':>20}{'torch':>11}{'ratio':>9}{'95 % interval':>18}")
            for name in chosen.only or [*OWN, *SHARED]:
                if name in SHARED:
                    make, module = SHARED[name]
                    cell, theirs, share = make(units, units), module(units, units), 1.0
                else:
                    cell, theirs = OWN[name](units, units), nn.LSTM(units, units)
                    share = matrices(cell) / 4
                r = compared(Recurrent(cell), theirs, units, chosen.repeats, clock)
                kind = "nn." + type(theirs).__name__ if share == 1 else f"{4 * share:.0f}/4 nn.LSTM"
                print(
                    f"{name:18} : {kind:13}{1e3 * r.seconds:9.2f} ms{1e3 * share * r.reference:8.2f} ms"
                    f"{r.middle / share:9.2f}{r.low / share:10.2f} .. {r.high / share:.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
