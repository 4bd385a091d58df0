"""Time recurrent layers on a GPU, forward and backward: torch's module, and custom cells run in four ways.

    python benchmarks/recurrent_gpu.py [--cells peephole] [--repeats 20] [--output recurrent_gpu.json]

Ways: `torch` is nn.LSTM (cuDNN); `eager` is our layer as it is; `graph` is the same, captured once in a CUDA graph and
replayed, which spends no time on launching its many small operations; `compiled` is the loop under torch.compile, at
T = 128 only. Sizes are T = 128 and 1024, B = 16 and 64, 256 and 768 units, in float32 (without TF32) and bfloat16.
Times are medians, measured by events of the GPU after a warm-up; a ratio is to nn.LSTM, per matrix of weights of the
state (nn.LSTM has four).

Without a GPU the script says so and runs torch's module and the eager layer on the CPU at small sizes, so that it is
known to work.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from seqbench.recurrent import (
    CarouselLSTMCell,
    Cell,
    JordanCell,
    MinGRUCell,
    MultiplicativeCell,
    PeepholeLSTMCell,
    Recurrent,
    ResetBeforeGRUCell,
    ShortcutCell,
    SquashedLSTMCell,
)

CELLS: dict[str, Callable[[int, int], Cell[Any]]] = {
    "peephole": PeepholeLSTMCell,
    "squashed": SquashedLSTMCell,
    "carousel": CarouselLSTMCell,
    "gru-before": ResetBeforeGRUCell,
    "shortcut": ShortcutCell,
    "multiplicative": MultiplicativeCell,
    "jordan": JordanCell,
    "mingru": MinGRUCell,
}
WARM_UP = 3


class Size(NamedTuple):
    steps: int
    columns: int
    units: int
    dtype: torch.dtype


def sizes(gpu: bool) -> list[Size]:
    if not gpu:
        return [Size(8, 4, 16, torch.float32)]
    formats = (torch.float32, torch.bfloat16)
    return [Size(*size) for size in product((128, 1024), (16, 64), (256, 768), formats)]


class Outputs(nn.Module):
    """A layer without its state, so that it can be captured."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        outputs: Tensor = self.layer(x)[0]
        return outputs


def ways(name: str, size: Size, device: torch.device) -> Iterator[tuple[str, Callable[[Tensor], Tensor]]]:
    """Yield the name of each way and the module that runs so."""

    def made() -> Outputs:
        return Outputs(Recurrent(CELLS[name](size.units, size.units))).to(device, size.dtype)

    yield "eager", made()
    if device.type != "cuda":
        return
    sample = torch.randn(size.steps, size.columns, size.units, device=device, dtype=size.dtype, requires_grad=True)
    yield "graph", torch.cuda.make_graphed_callables(made(), (sample,))
    if size.steps <= 128:  # the loop is unrolled: compiling 1,024 steps takes longer than any training
        yield "compiled", torch.compile(made())


def seconds(run: Callable[[Tensor], Tensor], size: Size, device: torch.device, repeats: int) -> float:
    """Return the median time of a forward and a backward pass."""
    x = torch.randn(size.steps, size.columns, size.units, device=device, dtype=size.dtype, requires_grad=True)
    slope = torch.randn_like(x)
    found = []
    for _ in range(WARM_UP + repeats):
        x.grad = None
        if device.type == "cuda":
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            start.record()
            torch.autograd.backward(run(x), slope)
            end.record()
            torch.cuda.synchronize()
            found.append(start.elapsed_time(end) / 1e3)
        else:
            started = time.perf_counter()
            torch.autograd.backward(run(x), slope)
            found.append(time.perf_counter() - started)
    return median(found[WARM_UP:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", choices=list(CELLS), default=["peephole", "gru-before", "mingru"])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--output", type=Path, help="also write the times to a JSON file")
    chosen = parser.parse_args()
    gpu = torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    card = torch.cuda.get_device_name() if gpu else platform.processor() or platform.machine()
    versions = f"torch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    print(f"{card}; {versions}" if gpu else "no GPU here: small sizes on the CPU, to see that the script works")
    print(f"{'cell':16}{'T':>6}{'B':>4}{'units':>7} {'format':10}{'way':10}{'ms':>9}{'ratio':>8}")
    rows = []
    for size in sizes(gpu):
        reference = seconds(
            Outputs(nn.LSTM(size.units, size.units)).to(device, size.dtype), size, device, chosen.repeats
        )
        label = f"{size.steps:6}{size.columns:4}{size.units:7} {str(size.dtype).removeprefix('torch.'):10}"
        print(f"{'nn.LSTM':16}{label}{'torch':10}{1e3 * reference:9.2f}{1:8.2f}", flush=True)
        rows.append({"cell": "nn.LSTM", **size._asdict(), "way": "torch", "seconds": reference, "ratio": 1.0})
        for name in chosen.cells:
            cell = CELLS[name](1, 1)
            share = (sum(cell.parts) or cell.gates) / 4
            for way, run in ways(name, size, device):
                try:
                    taken = seconds(run, size, device, chosen.repeats)
                except RuntimeError as error:  # a way that fails is told, and the others are still measured
                    print(f"{name:16}{label}{way:10} fails: {str(error).splitlines()[0]}", flush=True)
                    continue
                ratio = taken / (share * reference)
                print(f"{name:16}{label}{way:10}{1e3 * taken:9.2f}{ratio:8.2f}", flush=True)
                rows.append({"cell": name, **size._asdict(), "way": way, "seconds": taken, "ratio": ratio})
    if chosen.output is not None:
        chosen.output.write_text(json.dumps({"card": card, "versions": versions, "rows": rows}, default=str, indent=1))


if __name__ == "__main__":
    main()
